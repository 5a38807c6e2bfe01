"""Proposing a claim, from either side or by a tier: who gives, who gets, does it fit, who answers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from domain import need as needs
from domain import offer as offers
from domain.calendar import Window, check, last_end
from domain.capacity import Amount, Line, check_lines, place, shortage, totals
from domain.claim import ClaimProposed, ClaimState, ClaimWaitlisted, Member, Proposer, Terms
from domain.claim_legal import Changes
from domain.events import Event, Refused, Text
from domain.need import NeedState
from domain.offer import OfferHeld, OfferState
from domain.rules import RuleBook


@dataclass(frozen=True, kw_only=True, slots=True)
class Invitation:
    org: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Sides:
    provider: str
    receiver: str
    role: str  # of the proposer: provider, receiver, tier, matcher


def sides(need: NeedState | None, offer: OfferState | None, org: str, *, tier: bool) -> Sides:
    """Who gives and who gets, from who asks. Refused: claim.needs_item, claim.own_item, claim.not_a_side."""
    giver = offer.content.owner if offer else None
    getter = need.content.owner if need else None
    if need is None and offer is None:
        raise Refused(
            "claim.needs_item", "请写明认领哪个需求（need）或资源（offer）。",
            "Name the need or the offer that is claimed.", kind="invalid", field="need",
        )  # fmt: skip
    if giver == getter or (need is None and org == giver) or (offer is None and org == getter):
        raise Refused(
            "claim.own_item", "不能认领自己的需求或资源：请由对方认领。",
            "You cannot claim your own item: the other side claims it.",
        )  # fmt: skip
    if offer is None and not tier:
        return Sides(provider=org, receiver=getter or "", role="provider")
    if need is None and not tier:
        return Sides(provider=giver or "", receiver=org, role="receiver")
    if org in (giver, getter):
        return Sides(provider=giver or "", receiver=getter or "", role="provider" if org == giver else "receiver")
    if tier and need is not None and offer is not None:
        return Sides(provider=giver or "", receiver=getter or "", role="tier")
    raise Refused(
        "claim.not_a_side", "同时写明需求和资源时，只有其中一方或上级协调员可以提出；协调员须两项都写明。",
        "With a need and an offer, one of the two owners or a coordinator proposes; a coordinator names both.",
        kind="forbidden",
    )  # fmt: skip


def pair(need: str | None, offer: str | None, provider: str, receiver: str) -> str:
    """What can have only one live claim: (need, offer), else (need, provider), else (offer, receiver)."""
    if need and offer:
        return f"{need}|{offer}"
    return f"{need}|{provider}" if need else f"{offer}|{receiver}"


def propose(
    *, claim: str, number: str, need: NeedState | None, offer: OfferState | None, org: str, between: Sides, area: str,
    lines: tuple[Line, ...], window: Window | None, invitations: tuple[Invitation, ...], note: Text | None,
    respond_by: datetime | None, at: datetime, book: RuleBook, kept: tuple[Amount, ...] = (),
    round: str | None = None,
) -> Changes:  # fmt: skip
    """The claim, its hold on the offer, or its place on the wait list of a covered need. `kept`: what those who have
    been promoted before are still asked about; `round`: whose pair it is."""
    members = _members(between, lines, invitations, book)
    own = members[0].lines if members else lines
    _check(own, members)
    check_window(window, at)
    waits = need is not None and _waits(need, own, window, members, kept)
    held = free_of(offer, own, window) if offer is not None else ()
    category = need.content.category if need else offer.content.category if offer else ""
    terms = Terms(
        need=need.id if need else None, offer=offer.id if offer else None, provider=between.provider,
        receiver=between.receiver, area=area, category=category, lines=own, window=window, members=members,
    )  # fmt: skip
    proposed = ClaimProposed(
        number=number, terms=terms, proposed_by=Proposer(org=org, role=between.role), note=note, round=round,
        awaiting=_awaiting(between, org, members),
        expires_at=answer_by(at, book, window, respond_by, need.content.respond_by if need else None),
    )  # fmt: skip
    events: list[tuple[str, Event]] = [(claim, proposed)]
    if waits:
        events.append((claim, ClaimWaitlisted()))
    elif offer is not None:
        events.append((offer.id, OfferHeld(claim=claim, receiver=between.receiver, amounts=held)))
    return tuple(events)


def answer_by(at: datetime, book: RuleBook, window: Window | None, *wishes: datetime | None) -> datetime:
    """When a proposal expires: the rule book's days, the end of its window, or an earlier wish that is still ahead."""
    ahead = [wish for wish in (*wishes, _end(window)) if wish is not None and wish > at]
    return min([at + timedelta(days=book.clocks.answer_days), *ahead])


def free_of(offer: OfferState, lines: tuple[Line, ...], window: Window | None) -> tuple[Amount, ...]:
    """What a claim takes of an offer that is published and has room for it; else refused."""
    offers.taking_claims(offer)
    amounts = hold_amounts(offer, lines, window)
    if left := shortage(offer.capacity, amounts):
        raise no_capacity(left)
    return amounts


def hold_amounts(offer: OfferState, lines: tuple[Line, ...], window: Window | None) -> tuple[Amount, ...]:
    return place(lines, window, offer.capacity, offer.content.windows, every=False)


def is_over(window: Window | None, at: datetime) -> bool:
    """Nothing of it is left to come."""
    end = _end(window)
    return end is not None and end <= at


def check_window(window: Window | None, at: datetime) -> None:
    """Refuses a window that does not hold, or has passed."""
    if window is not None:
        check((window,), "window")
    if is_over(window, at):
        raise Refused(
            "window.over", "所选时段已过，请选以后的时段。", "That window has passed: choose a later one.", kind="invalid",
            field="window",
        )  # fmt: skip


def wanted(need: NeedState, claim: ClaimState) -> tuple[Amount, ...] | None:
    """What a claim asks of the need as it stands; None when an amendment has left the need without such a line or window."""
    try:
        return need_amounts(need, claim.lines, claim.terms.window)
    except Refused:
        return None


def kept_for(need: NeedState, claims: Iterable[ClaimState]) -> tuple[Amount, ...]:
    """What claims from the wait list are asked about now: newcomers and others who wait come after them."""
    promoted = (claim for claim in claims if claim.promoted and claim.status == "proposed")
    return tuple(amount for claim in promoted for amount in wanted(need, claim) or ())


def no_room_beside(need: NeedState, asked: tuple[Amount, ...], kept: tuple[Amount, ...]) -> bool:
    """What is open, less what is kept for others, is too little somewhere."""
    theirs = totals(kept)
    return any(need.capacity.free(*bucket) - theirs.get(bucket, 0) < n for bucket, n in totals(asked).items())


def need_amounts(need: NeedState, lines: tuple[Line, ...], window: Window | None) -> tuple[Amount, ...]:
    return place(lines, window, need.capacity, need.content.windows, every=True)


def no_capacity(left: Amount) -> Refused:
    """The one refusal for "it does not fit": says what is left."""
    when = f"（{left.occurrence}）" if left.occurrence else ""
    return Refused(
        "claim.no_capacity", f"“{left.kind}”{when}只剩 {left.quantity} {left.unit}，请减少数量或换一个时段。",
        f"Only {left.quantity} {left.unit} of “{left.kind}”{when} are left: take fewer or another window.",
    )  # fmt: skip


def _members(
    between: Sides, lines: tuple[Line, ...], invitations: tuple[Invitation, ...], book: RuleBook
) -> tuple[Member, ...]:
    """The lead first. An invitation of the lead itself states the lead's own lines."""
    others = [i for i in invitations if i.org != between.provider]
    if not others:
        return ()
    own = next((i.lines for i in invitations if i.org == between.provider), lines)
    orgs = [i.org for i in others]
    if between.role != "provider" or between.receiver in orgs or len(set(orgs)) < len(orgs):
        raise Refused(
            "claim.bad_members", "联合认领由牵头单位提出；每个成员单位写一次，且不含接收方。",
            "A joint claim is proposed by its lead unit; each member is named once, and never the receiver.",
            kind="invalid", field="members",
        )  # fmt: skip
    if len(others) >= book.limits.members:
        raise Refused(
            "claim.too_many_members", f"联合认领最多 {book.limits.members} 个单位。",
            f"A joint claim has at most {book.limits.members} units.", kind="invalid", field="members",
        )  # fmt: skip
    lead = Member(org=between.provider, lines=own, status="joined", lead=True)
    return (lead, *(Member(org=i.org, lines=i.lines, status="invited") for i in others))


def _check(own: tuple[Line, ...], members: tuple[Member, ...]) -> None:
    check_lines(own)
    for member in members:
        check_lines(member.lines, "members")


def _end(window: Window | None) -> datetime | None:
    return last_end((window,)) if window is not None else None


def _waits(
    need: NeedState, own: tuple[Line, ...], window: Window | None, members: tuple[Member, ...], kept: tuple[Amount, ...]
) -> bool:
    """Whether the claim joins the wait list: what is open is less than it wants. More than the need ever asks: refused."""
    needs.taking_claims(need)
    shares = [m.lines for m in members] or [own]
    asked = tuple(amount for lines in shares for amount in need_amounts(need, lines, window))
    empty = replace(need.capacity, used={})
    if over := shortage(empty, asked):
        raise Refused(
            "claim.exceeds_need", f"需求只要 {over.quantity} {over.unit} “{over.kind}”，请按需要的数量认领。",
            f"The need asks for {over.quantity} {over.unit} of “{over.kind}” only: claim no more.",
            kind="invalid", field="lines",
        )  # fmt: skip
    return no_room_beside(need, asked, kept)


def _awaiting(between: Sides, org: str, members: tuple[Member, ...]) -> tuple[str, ...]:
    """Who must answer: the side that did not propose (both, for a tier or the matcher), and each invited member."""
    parties = [o for o in (between.provider, between.receiver) if o != org or between.role == "matcher"]
    return (*parties, *(m.org for m in members if m.status == "invited"))
