"""What the matcher knows of one need, offer, giver, asker or area: pure functions from folded states."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from domain.areas import AreaState
from domain.capacity import Bucket, Line, totals
from domain.claim import LIVE, ClaimState
from domain.claim_proposing import wanted
from domain.matching.snapshot import AreaFacts, AskerFacts, GiverFacts, Left, NeedFacts, OfferFacts
from domain.need import NeedState
from domain.offer import OfferState
from domain.units import UnitState

TRIED = ("declined", "withdrawn", "released", "failed")  # it was tried and did not come about
NEVER_MIND = ("withdrawn", "rejected", "merged")  # a need that came to nothing, and not for want of givers


@dataclass(frozen=True, kw_only=True, slots=True)
class Promise:
    """What one claim says of those who give."""

    status: str
    givers: tuple[str, ...]  # the provider, or all members who are invited or have joined
    left: tuple[str, ...] = ()  # members who stepped out after it was accepted
    released_by: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """What one need says of its owner."""

    owner: str
    phase: str
    since: int | None = None  # local day it was first posted
    answered: bool = False  # somebody has committed to it, once


@dataclass(frozen=True, slots=True)
class Count:
    """Of one organisation: as a giver live, kept and done; as an asker asked and served."""

    live: int = 0
    kept: int = 0
    done: int = 0
    asked: int = 0
    served: int = 0

    def plus(self, more: Count, times: int = 1) -> Count:
        return Count(
            self.live + times * more.live, self.kept + times * more.kept, self.done + times * more.done,
            self.asked + times * more.asked, self.served + times * more.served,
        )  # fmt: skip


NOTHING = Count()
LIVE_ONE, KEPT_ONE, BROKEN_ONE = Count(live=1), Count(kept=1, done=1), Count(done=1)


def need_facts(need: NeedState, claims: Sequence[ClaimState], since: int) -> NeedFacts | None:
    """A need of which something is open; None when it is not on the board, covered, met or over. `claims`: all that name
    it, ended ones too. What live proposals ask for counts as taken; the wait list takes nothing."""
    if need.status != "open":
        return None
    content, used = need.content, {bucket: u.committed + u.delivered for bucket, u in need.capacity.used.items()}
    for claim in claims:
        if claim.status == "proposed":
            for bucket, quantity in totals(wanted(need, claim) or ()).items():
                used[bucket] = used.get(bucket, 0) + quantity
    partners = {org for claim in claims if claim.status in LIVE for org in givers_of(claim)}
    refused = {claim.terms.offer or claim.terms.provider for claim in claims if _was_tried(claim)}
    return NeedFacts(
        id=need.id, owner=content.owner, area=content.area, category=content.category, urgency=content.urgency,
        lines=_left(content.lines, used), windows=content.windows, vulnerable=content.vulnerable, skill=content.skill,
        group=content.group, since=since, partners=tuple(sorted(partners)), refused=tuple(sorted(refused)),
    )  # fmt: skip


def offer_facts(offer: OfferState) -> OfferFacts | None:
    """A published offer, an exhausted one too: it says why nothing can be had. None for any other."""
    if offer.phase != "published":
        return None
    content = offer.content
    return OfferFacts(
        id=offer.id, owner=content.owner, area=content.area, reach=content.reach, category=content.category,
        lines=_left(content.lines, {bucket: u.total for bucket, u in offer.capacity.used.items()}),
        windows=content.windows, skills=content.skills, groups=content.groups, minimum=content.minimum,
    )  # fmt: skip


def givers_of(claim: ClaimState) -> tuple[str, ...]:
    """The provider alone, or every member who is invited or has joined."""
    return tuple(member.org for member in claim.active) if claim.terms.members else (claim.terms.provider,)


def promised(promise: Promise) -> Iterable[tuple[str, Count]]:
    """What a claim adds to its givers' counts. Live: it is proposed or accepted. Kept: it is fulfilled. Done: it is
    fulfilled or has failed; or it was released by that giver, unless both sides took that back; or the giver, a member of
    an accepted joint claim, stepped out. A claim that the receiver released counts for nobody."""
    for org in promise.left:
        yield org, BROKEN_ONE
    match promise.status:
        case "proposed" | "accepted":
            yield from ((org, LIVE_ONE) for org in promise.givers)
        case "fulfilled":
            yield from ((org, KEPT_ONE) for org in promise.givers)
        case "failed":
            yield from ((org, BROKEN_ONE) for org in promise.givers)
        case "released" if promise.released_by in promise.givers:
            yield str(promise.released_by), BROKEN_ONE


def counted(need: Asked) -> Count:
    """What a need adds to its owner's counts. Asked: it was posted once, unless it was withdrawn, rejected or merged before
    anybody had committed. Served: somebody has committed to it, whatever came of that."""
    asked = need.since is not None and (need.answered or need.phase not in NEVER_MIND)
    return Count(asked=int(asked), served=int(need.answered))


def giver_facts(org: str, unit: UnitState | None, count: Count) -> GiverFacts:
    limit = unit.limit if unit is not None else None
    return GiverFacts(id=org, live=count.live, limit=limit or 0, kept=count.kept, done=count.done)


def asker_facts(org: str, count: Count) -> AskerFacts | None:
    """None for an organisation that has asked for nothing."""
    return AskerFacts(id=org, asked=count.asked, served=count.served) if count.asked else None


def area_facts(area: AreaState) -> AreaFacts:
    """Closed areas too: what is in them still has a place in the tree."""
    return AreaFacts(id=area.id, kind=area.kind, parent=area.parent)


def takes_part(org: str, unit: UnitState | None, area: AreaState | None) -> bool:
    """Whether a new claim may bind it: a unit is registered and not suspended, a neighbourhood not closed. Items of those
    who take no part are not matched. The same rule refuses a claim (`services.common.home`)."""
    if org.startswith("unit-"):
        return unit is not None and not unit.suspended
    return area is None or area.until is None


def _was_tried(claim: ClaimState) -> bool:
    """An expired proposal counts when the matcher had made it: nobody wanted it."""
    return claim.status in TRIED or (claim.status == "expired" and claim.proposed_by.role == "matcher")


def _left(lines: Sequence[Line], used: Mapping[Bucket, int]) -> tuple[Left, ...]:
    by_line: dict[tuple[str, str], list[tuple[str, int]]] = {}
    for (kind, unit, occurrence), taken in used.items():
        if taken:
            by_line.setdefault((kind, unit), []).append((occurrence, taken))
    return tuple(
        Left(kind=line.kind, unit=line.unit, quantity=line.quantity, used=tuple(sorted(by_line.get((line.kind, line.unit), ()))))
        for line in lines
    )
