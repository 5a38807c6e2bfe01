"""Answering a claim: accept, decline, counter, withdraw, expire. Every guard is decided before any event is made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.calendar import Window
from domain.capacity import Amount, Line, check_lines, shortage
from domain.claim import (
    ClaimAccepted,
    ClaimCountered,
    ClaimDeclined,
    ClaimExpired,
    ClaimReinstated,
    ClaimSuperseded,
    ClaimWithdrawn,
)
from domain.claim_legal import Changes, Deal, require
from domain.claim_proposing import (
    answer_by,
    check_window,
    free_of,
    hold_amounts,
    need_amounts,
    no_capacity,
    wanted,
)
from domain.events import Event, Refused, Text
from domain.need import NeedCommitted, NeedState, evolve, taking_claims
from domain.offer import OfferCommitted, OfferHeld, OfferHoldReleased
from domain.project import ProjectOpened
from domain.rules import RuleBook


@dataclass(frozen=True, kw_only=True, slots=True)
class NewProject:
    """Ids for the project that an acceptance opens."""

    id: str
    number: str


def accept(
    deal: Deal, rivals: Sequence[Deal], *, org: str, note: Text | None, project: NewProject, at: datetime, book: RuleBook
) -> Changes:
    """One side's yes. The last yes binds: need, offer and claim change together, the project opens, and proposals that
    now find the need covered are superseded."""
    claim = deal.claim
    require(claim, "acceptance", org, at, ("proposed",))
    if set(claim.awaiting) - {org}:
        return ((claim.id, ClaimAccepted(by=org, final=False, note=note)),)
    accepted = ClaimAccepted(by=org, final=True, project=project.id, note=note)
    return ((claim.id, accepted), *bind(deal, rivals, project=project, at=at, book=book, held=True))


def bind(
    deal: Deal, rivals: Sequence[Deal], *, project: NewProject, at: datetime, book: RuleBook, held: bool
) -> Changes:
    """All that follows from the last yes, without the yes itself. `held`: the offer's capacity was held by the claim."""
    claim, events = deal.claim, list[tuple[str, Event]]()
    if deal.need is not None:
        after = deal.need
        for event in _commitments(deal, deal.need):
            events.append((deal.need.id, event))
            after = evolve(after, event, after.id)
        events += left_with_nothing(after, [rival for rival in rivals if rival.claim.id != claim.id], by=claim.id)
    if deal.offer is not None:
        terms = claim.terms
        amounts = deal.offer.holds.get(claim.id, ()) if held else free_of(deal.offer, terms.lines, terms.window)
        receiver = claim.terms.receiver
        events.append((deal.offer.id, OfferCommitted(claim=claim.id, receiver=receiver, amounts=amounts, fresh=not held)))
    members = tuple(org for org, _ in claim.shares)
    opened = ProjectOpened(
        number=project.number, claim=claim.id, need=claim.terms.need, offer=claim.terms.offer,
        provider=claim.terms.provider, members=members, receiver=claim.terms.receiver, area=claim.terms.area,
        category=claim.terms.category, lines=claim.lines, due_at=at + timedelta(days=book.clocks.delivery_days),
    )  # fmt: skip
    return (*events, (project.id, opened))


def decline(deal: Deal, *, org: str, reason: Text | None, at: datetime) -> Changes:
    require(deal.claim, "refusal", org, at, ("proposed",))
    return ((deal.claim.id, ClaimDeclined(by=org, reason=reason)), *let_go(deal))


def withdraw(deal: Deal, *, org: str, reason: Text | None, at: datetime) -> Changes:
    require(deal.claim, "withdrawal", org, at, ("proposed", "waitlisted"))
    return ((deal.claim.id, ClaimWithdrawn(by=org, reason=reason)), *let_go(deal))


def expire(deal: Deal, *, at: datetime) -> Changes:
    """By the clock: nobody answered in time. Nothing when it is not due or already over."""
    if deal.claim.status != "proposed" or at < deal.claim.expires_at:
        return ()
    return ((deal.claim.id, ClaimExpired()), *let_go(deal))


def counter(
    deal: Deal, *, org: str, lines: tuple[Line, ...] | None, window: Window | None, note: Text | None, at: datetime,
    book: RuleBook,
) -> Changes:  # fmt: skip
    """Other lines or another window; now the other side answers. The offer's hold moves with it."""
    claim = deal.claim
    require(claim, "counter", org, at, ("proposed",))
    new_lines, new_window = lines or claim.terms.lines, window or claim.terms.window
    if (new_lines, new_window) == (claim.terms.lines, claim.terms.window):
        raise Refused(
            "claim.nothing_countered", "还价须改动数量或时段；若同意原条件，请直接接受。",
            "A counter changes lines or window; to agree, accept.", kind="invalid", field="lines",
        )  # fmt: skip
    if claim.terms.members and lines is not None:
        raise Refused(
            "claim.joint_lines", "联合认领的数量由牵头单位与成员单位商定，请在备注中说明并谢绝，或只改时段。",
            "The lines of a joint claim are the lead's and members' to settle: decline with a note, or counter the window.",
        )  # fmt: skip
    check_lines(new_lines)
    if new_window != claim.terms.window:
        check_window(new_window, at)
    if deal.need is not None:
        _fits_need(deal.need, need_amounts(deal.need, claim.lines if claim.terms.members else new_lines, new_window))
    countered = ClaimCountered(
        by=org, lines=new_lines, window=new_window, awaiting=_asked_again(deal, org), note=note,
        expires_at=answer_by(at, book, new_window),
    )  # fmt: skip
    return ((claim.id, countered), *_hold_moved(deal, new_lines, new_window))


def supersede(deal: Deal, *, cause: str, by: str | None) -> Changes:
    """A live proposal whose item or cover has gone."""
    return ((deal.claim.id, ClaimSuperseded(cause=cause, by=by)), *let_go(deal))


def reinstate(
    deal: Deal, rivals: Sequence[Deal], *, org: str, reason: Text | None, project: NewProject, at: datetime, book: RuleBook
) -> Changes:
    """A release both sides say was a mistake: the second one's word binds again, if there is still room."""
    claim = deal.claim
    require(claim, "reinstatement", org, at, ("released",))
    others = {claim.terms.provider, claim.terms.receiver} - {org, *claim.reinstating}
    if others:
        return ((claim.id, ClaimReinstated(by=org, final=False, reason=reason)),)
    agreed = ClaimReinstated(by=org, final=True, project=project.id, reason=reason)
    return ((claim.id, agreed), *bind(deal, rivals, project=project, at=at, book=book, held=False))


def left_with_nothing(need: NeedState, rivals: Sequence[Deal], *, by: str) -> Changes:
    """The end of proposals for which the need, as it now stands, has nothing at all left of what they ask."""
    changes: list[tuple[str, Event]] = []
    for rival in rivals:
        asked = wanted(need, rival.claim)
        none_left = need.status != "open" if asked is None else all(
            need.capacity.free(a.kind, a.unit, a.occurrence) <= 0 for a in asked
        )
        if rival.claim.status == "proposed" and none_left:
            changes += supersede(rival, cause="covered", by=by)
    return tuple(changes)


def let_go(deal: Deal) -> Changes:
    """The hold on the offer comes back."""
    if deal.offer is None or deal.claim.id not in deal.offer.holds:
        return ()
    return ((deal.offer.id, OfferHoldReleased(claim=deal.claim.id, amounts=deal.offer.holds[deal.claim.id])),)


def _commitments(deal: Deal, need: NeedState) -> list[NeedCommitted]:
    """One commitment a contributor, refused when they do not all fit."""
    taking_claims(need)
    shares = [(org, need_amounts(need, lines, deal.claim.terms.window)) for org, lines in deal.claim.shares]
    _fits_need(need, tuple(amount for _, amounts in shares for amount in amounts))
    return [NeedCommitted(claim=deal.claim.id, provider=org, amounts=amounts) for org, amounts in shares]


def _fits_need(need: NeedState, amounts: tuple[Amount, ...]) -> None:
    if left := shortage(need.capacity, amounts):
        raise no_capacity(left)


def _asked_again(deal: Deal, org: str) -> tuple[str, ...]:
    """The other side, and every member: nobody is bound to a window that they have not agreed to."""
    claim = deal.claim
    other = claim.terms.receiver if claim.side_of(org) == "provider" else claim.terms.provider
    return (other, *(m.org for m in claim.active if not m.lead))


def _hold_moved(deal: Deal, lines: tuple[Line, ...], window: Window | None) -> Changes:
    """The old hold released and the new one made, in one step."""
    offer, claim = deal.offer, deal.claim
    if offer is None:
        return ()
    old = offer.holds.get(claim.id, ())
    new = hold_amounts(offer, lines, window)
    if left := shortage(offer.capacity, new, returning=old):
        raise no_capacity(left)
    held = OfferHeld(claim=claim.id, receiver=claim.terms.receiver, amounts=new)
    return ((offer.id, OfferHoldReleased(claim=claim.id, amounts=old)), (offer.id, held))
