"""The end of an accepted claim: released, failed or fulfilled; what it gives back, and who is promoted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from domain.capacity import Amount, Bucket, Line, totals
from domain.claim import ClaimFailed, ClaimFulfilled, ClaimPromoted, ClaimReleased
from domain.claim_legal import Changes, Deal, require
from domain.claim_proposing import answer_by, free_of, is_over, no_room_beside, wanted
from domain.events import Event, Refused, Text
from domain.need import NeedDelivered, NeedReopened, NeedState, NeedUncommitted
from domain.offer import OfferCommitmentReleased, OfferDelivered, OfferHeld
from domain.project import ProjectAborted, ProjectState
from domain.rules import RuleBook


def release(deal: Deal, project: ProjectState | None, *, org: str, reason: Text | None, at: datetime) -> Changes:
    """Before delivery either side may step back; capacity returns, the need is open again with its whole past."""
    require(deal.claim, "release", org, at, ("accepted",))
    assert project is not None, "an accepted claim has a project"
    not_yet_delivered(project)
    return (
        (deal.claim.id, ClaimReleased(by=org, reason=reason)),
        *give_back(deal, cause="released"),
        (project.id, ProjectAborted(cause="released")),
    )


def not_yet_delivered(project: ProjectState) -> None:
    """Nobody steps out of what has been reported as delivered, not even by way of a dispute."""
    if "active" not in (project.status, project.before_dispute if project.status == "disputed" else None):
        raise Refused(
            "claim.already_delivered", "已报告交付，不能解除或退出；如有异议请提出争议（dispute）。",
            "Delivery has been reported, so nobody steps out of it; dispute it instead.", legal=("dispute",),
        )  # fmt: skip


def fail(deal: Deal, *, cause: str, reason: Text | None) -> Changes:
    """Nothing was delivered: all of it comes back."""
    return ((deal.claim.id, ClaimFailed(cause=cause, reason=reason)), *give_back(deal, cause="failed"))


def fulfil(deal: Deal, *, confirmed: tuple[Line, ...]) -> Changes:
    """What was confirmed counts as delivered; what is missing comes back and reopens the need."""
    events: list[tuple[str, Event]] = [(deal.claim.id, ClaimFulfilled(lines=confirmed))]
    if deal.need is not None:
        events += _need_fulfilled(deal, deal.need, confirmed)
    if deal.offer is not None:
        bound = deal.offer.commitments.get(deal.claim.id, ())
        done, rest = split(bound, confirmed)
        if done:
            events.append((deal.offer.id, OfferDelivered(claim=deal.claim.id, amounts=done)))
        if rest:
            events.append((deal.offer.id, OfferCommitmentReleased(claim=deal.claim.id, amounts=rest)))
    return tuple(events)


def give_back(deal: Deal, *, cause: str, only: str | None = None) -> Changes:
    """Commitments of the claim (of one contributor, with `only`) return; a need that was covered is reopened."""
    claim, events = deal.claim, list[tuple[str, Event]]()
    if deal.need is not None:
        back = {p: a for (c, p), a in deal.need.by_claim.items() if c == claim.id and only in (None, p)}
        for provider, amounts in back.items():
            events.append((deal.need.id, NeedUncommitted(claim=claim.id, provider=provider, amounts=amounts)))
        if back and deal.need.status != "open":
            events.append((deal.need.id, NeedReopened(cause=cause, claim=claim.id)))
    if deal.offer is not None and only in (None, deal.offer.content.owner):
        bound = deal.offer.commitments.get(claim.id, ())
        if bound:
            events.append((deal.offer.id, OfferCommitmentReleased(claim=claim.id, amounts=bound)))
    return tuple(events)


def promote(
    need: NeedState, waiting: Sequence[Deal], *, kept: tuple[Amount, ...], at: datetime, book: RuleBook
) -> Changes:
    """Wait-listed claims, first come first, that fit into what is open now beside what is kept for those before them,
    and are not over; each then waits for the usual answer."""
    events: list[tuple[str, Event]] = []
    for deal in waiting:
        claim = deal.claim
        asked = wanted(need, claim)
        if asked is None or is_over(claim.terms.window, at) or no_room_beside(need, asked, kept):
            continue
        hold = _hold(deal)
        if hold is None:
            continue
        kept = (*kept, *asked)
        events.append((claim.id, ClaimPromoted(expires_at=answer_by(at, book, claim.terms.window))))
        events += hold
    return tuple(events)


def split(amounts: Sequence[Amount], confirmed: Sequence[Line]) -> tuple[tuple[Amount, ...], tuple[Amount, ...]]:
    """Amounts cut into (confirmed, missing), in their order. Lines count per occurrence and mean the same lines of the
    item as when they were claimed: by kind and unit, else the only one with that unit."""
    done: list[Amount] = []
    rest: list[Amount] = []
    arrived = _arrived(amounts, confirmed)
    left: dict[Bucket, int] = {}
    for amount in amounts:
        bucket = (amount.kind, amount.unit, amount.occurrence)
        budget = left.setdefault(bucket, arrived.get(bucket[:2], 0))
        quantity = min(amount.quantity, budget)
        left[bucket] = budget - quantity
        if quantity:
            done.append(Amount(amount.kind, amount.unit, quantity, amount.occurrence))
        if quantity < amount.quantity:
            rest.append(Amount(amount.kind, amount.unit, amount.quantity - quantity, amount.occurrence))
    return tuple(done), tuple(rest)


def _need_fulfilled(deal: Deal, need: NeedState, confirmed: tuple[Line, ...]) -> list[tuple[str, Event]]:
    """Confirmed lines are spread over the contributors in their order; the rest reopens the need."""
    shares = [(p, a) for (c, p), amounts in need.by_claim.items() if c == deal.claim.id for a in amounts]
    budget = totals(split([amount for _, amount in shares], confirmed)[0])
    delivered: dict[str, list[Amount]] = {}
    missing: dict[str, list[Amount]] = {}
    for provider, amount in shares:
        slot = (amount.kind, amount.unit, amount.occurrence)
        quantity = min(amount.quantity, budget.get(slot, 0))
        budget[slot] = budget.get(slot, 0) - quantity
        if quantity:
            delivered.setdefault(provider, []).append(Amount(*slot[:2], quantity, slot[2]))
        if quantity < amount.quantity:
            missing.setdefault(provider, []).append(Amount(*slot[:2], amount.quantity - quantity, slot[2]))
    claim = deal.claim.id
    events: list[tuple[str, Event]] = [
        (need.id, NeedDelivered(claim=claim, provider=p, amounts=tuple(a))) for p, a in delivered.items()
    ]
    events += [(need.id, NeedUncommitted(claim=claim, provider=p, amounts=tuple(a))) for p, a in missing.items()]
    if missing and need.status != "open":
        events.append((need.id, NeedReopened(cause="partial", claim=claim)))
    return events


def _arrived(amounts: Sequence[Amount], confirmed: Sequence[Line]) -> dict[tuple[str, str], int]:
    """What was confirmed, by the item's own words (kind, unit)."""
    own = {(amount.kind, amount.unit) for amount in amounts}
    found: dict[tuple[str, str], int] = {}
    for line in confirmed:
        named = (line.kind, line.unit)
        alike = [each for each in own if each[1] == line.unit]
        key = named if named in own or len(alike) != 1 else alike[0]
        found[key] = found.get(key, 0) + line.quantity
    return found


def _hold(deal: Deal) -> Changes | None:
    """The hold a promoted claim takes on its offer; None when the offer has no room or takes no claims."""
    offer, claim = deal.offer, deal.claim
    if offer is None:
        return ()
    try:
        amounts = free_of(offer, claim.terms.lines, claim.terms.window)
    except Refused:
        return None
    return ((offer.id, OfferHeld(claim=claim.id, receiver=claim.terms.receiver, amounts=amounts)),)
