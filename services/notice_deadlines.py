"""By when somebody has to act on an item, and what the clock tells them before and after."""

from __future__ import annotations

from datetime import datetime, timedelta

from domain.claim import ClaimState
from domain.need import NeedState
from domain.project import ProjectState
from services.command import to_us
from services.items import State
from services.notice_ports import Deadline, Notice
from services.notices import lender_of

ANSWER_LEAD = timedelta(hours=24)
RESPONSE_LEAD = timedelta(days=2)
DELIVERY_LEAD = timedelta(days=3)


def deadlines(state: State, stream: str, at: datetime) -> tuple[Deadline, ...]:
    """Those of an item as it is at `at`; () when nobody has to do anything."""
    match state:
        case ClaimState() if state.status == "proposed":
            return tuple(_of(state, stream, org, state.expires_at, ANSWER_LEAD, at) for org in state.awaiting)
        case NeedState() if state.status == "open" and not state.answered and state.content.respond_by:
            return (_of(state, stream, state.content.owner, state.content.respond_by, RESPONSE_LEAD, at),)
        case ProjectState() if state.status == "active":
            return (
                _of(state, stream, state.provider, state.due_at, DELIVERY_LEAD, at, goes_over=True),
                _of(state, stream, state.receiver, state.due_at, None, at, goes_over=True),
            )
    return ()


def told_by(deadline: Deadline, now: datetime) -> tuple[int, Notice | None]:
    """How far it has been told by now, and the notice of it. What is over is not announced as near any more."""
    if deadline.goes_over and deadline.told < 2 and deadline.at <= now:
        return 2, _notice(deadline, "overdue", now)
    if deadline.at <= now or deadline.told:
        return 2, None
    return 1, _notice(deadline, "due_soon", now)


def _of(
    state: ClaimState | NeedState | ProjectState, stream: str, to: str, due: datetime, lead: timedelta | None,
    at: datetime, *, goes_over: bool = False,
) -> Deadline:  # fmt: skip
    soon = due - lead if lead is not None and due - lead > at else None
    return Deadline(
        item=state.id, to=to, at=due, soon_at=soon, goes_over=goes_over, number=state.number,
        lender=lender_of(state, stream),
    )  # fmt: skip


def _notice(deadline: Deadline, kind: str, now: datetime) -> Notice:
    return Notice(
        key=f"{deadline.item}/{deadline.to}/{kind}/{to_us(deadline.at)}", to=deadline.to, kind=kind, about=deadline.item,
        number=deadline.number, lender=deadline.lender, at=now, due=deadline.at,
    )  # fmt: skip
