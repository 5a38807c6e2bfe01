"""How a claim's facts make its state: one case a fact; nothing is refused here and no rule is computed."""

from __future__ import annotations

from dataclasses import replace

from domain.claim import (
    ClaimAccepted,
    ClaimCountered,
    ClaimDeclined,
    ClaimExpired,
    ClaimFailed,
    ClaimFulfilled,
    ClaimPromoted,
    ClaimProposed,
    ClaimReinstated,
    ClaimReleased,
    ClaimState,
    ClaimSuperseded,
    ClaimWaitlisted,
    ClaimWithdrawn,
    LeadChanged,
    Member,
    MemberDeclined,
    MemberInvited,
    MemberJoined,
    MemberLeft,
    Terms,
)
from domain.events import Event


def evolve(state: ClaimState | None, event: Event, stream: str) -> ClaimState:
    if isinstance(event, ClaimProposed):
        return ClaimState(
            id=stream, number=event.number, terms=event.terms, proposed_by=event.proposed_by, status="proposed",
            awaiting=event.awaiting, expires_at=event.expires_at, note=event.note, round=event.round,
        )  # fmt: skip
    assert state is not None
    match event:
        case ClaimWaitlisted():
            return replace(state, status="waitlisted")
        case ClaimPromoted():
            return replace(state, status="proposed", expires_at=event.expires_at, promoted=True)
        case ClaimCountered():
            return replace(
                state, terms=_countered(state.terms, event), awaiting=event.awaiting,
                expires_at=event.expires_at, counters=state.counters + 1,
            )  # fmt: skip
        case ClaimAccepted() if event.final:
            return replace(state, status="accepted", awaiting=(), project=event.project)
        case ClaimAccepted():
            return _answered(state, event.by)
        case (
            ClaimDeclined() | ClaimWithdrawn() | ClaimExpired() | ClaimSuperseded() | ClaimReleased() | ClaimFailed()
            | ClaimFulfilled()
        ):  # fmt: skip
            return _ended(state, event.TYPE.removeprefix("claim."))  # the end is named as the fact is
        case ClaimReinstated() if event.final:
            return replace(state, status="accepted", reinstating=(), awaiting=(), project=event.project)
        case ClaimReinstated():
            other = tuple(o for o in (state.terms.provider, state.terms.receiver) if o != event.by)
            return replace(state, reinstating=(*state.reinstating, event.by), awaiting=other)
        case _:
            return _member_changed(state, event)


def _member_changed(state: ClaimState, event: Event) -> ClaimState:
    members = state.terms.members
    match event:
        case MemberInvited():
            lead = Member(org=state.terms.provider, lines=state.terms.lines, status="joined", lead=True)
            kept = tuple(m for m in members if m.org != event.org) or (lead,)
            invited = Member(org=event.org, lines=event.lines, status="invited")
            return replace(_members(state, (*kept, invited)), awaiting=event.awaiting)
        case MemberJoined():
            return _answered(_members(state, _with_status(members, event.org, "joined")), event.org)
        case MemberDeclined():
            return _answered(_members(state, _with_status(members, event.org, "declined")), event.org)
        case MemberLeft():
            return _answered(_members(state, _with_status(members, event.org, "left")), event.org)
        case LeadChanged():
            changed = tuple(replace(m, lead=m.org == event.org) for m in members)
            lines = next(m.lines for m in members if m.org == event.org)
            awaiting = tuple(event.org if org == state.terms.provider else org for org in state.awaiting)
            terms = replace(state.terms, provider=event.org, lines=lines, members=changed)
            return replace(state, terms=terms, awaiting=awaiting)
        case _:
            raise TypeError(event)


def _members(state: ClaimState, members: tuple[Member, ...]) -> ClaimState:
    return replace(state, terms=replace(state.terms, members=members))


def _with_status(members: tuple[Member, ...], org: str, status: str) -> tuple[Member, ...]:
    return tuple(replace(m, status=status) if m.org == org else m for m in members)


def _countered(terms: Terms, event: ClaimCountered) -> Terms:
    """The new terms; members who had joined are asked again."""
    members = tuple(
        replace(m, lines=event.lines) if m.lead else replace(m, status="invited") if m.org in event.awaiting else m
        for m in terms.members
    )
    return replace(terms, lines=event.lines, window=event.window, members=members)


def _answered(state: ClaimState, org: str) -> ClaimState:
    return replace(state, awaiting=tuple(o for o in state.awaiting if o != org))


def _ended(state: ClaimState, status: str) -> ClaimState:
    return replace(state, status=status, awaiting=())
