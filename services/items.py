"""One item, folded from its stream: its state, and what only the envelopes know."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from domain.areas import AreaState
from domain.claim import ClaimState
from domain.events import Recorded
from domain.need import NeedState
from domain.offer import OfferState
from domain.project import ProjectState
from domain.round import RoundState
from domain.units import UnitState
from services.command import evolve, kind_of

State = NeedState | OfferState | ClaimState | ProjectState | UnitState | AreaState | RoundState

KINDS = ("need", "offer", "claim", "project", "unit", "area", "round")


@dataclass(frozen=True, slots=True)
class Item:
    """One aggregate, folded: its state and what only the envelopes know. Times are UTC."""

    kind: str
    stream: str
    state: State
    status: str
    version: int
    position: int  # of its last event
    created_at: datetime
    updated_at: datetime
    opened_at: datetime | None = None  # when it stopped being a draft
    delivered_at: datetime | None = None  # of a project: when its delivery was first confirmed
    answered_at: datetime | None = None  # of a claim: when the other side first said yes, no or something else
    fed_back_at: datetime | None = None  # of a project: when the asker heard the result


def advance(item: Item | None, recorded: Recorded) -> Item:
    """The item after one more event of its stream; None = before the first."""
    kind, at = kind_of(recorded.stream), recorded.meta.at
    state: State = evolve(kind, item.state if item else None, recorded.event, recorded.stream)
    status = state.status
    created, opened, done = (item.created_at, item.opened_at, item.delivered_at) if item else (at, None, None)
    answered, fed_back = (item.answered_at, item.fed_back_at) if item else (None, None)
    if opened is None and status != "draft":
        opened = at
    if isinstance(state, ProjectState):
        done = done or (at if is_delivered(state) else None)
        fed_back = fed_back or (at if state.fed_back else None)
    elif isinstance(state, ClaimState) and answered is None and _is_answered(state):
        answered = at
    return Item(
        kind, recorded.stream, state, status, recorded.version, recorded.position, created, at, opened, done, answered,
        fed_back,
    )  # fmt: skip


def fold(history: Iterable[Recorded]) -> Item | None:
    """The item after all its events; None when there are none."""
    item: Item | None = None
    for recorded in history:
        item = advance(item, recorded)
    return item


def about(state: State) -> str | None:
    """The id of the item that lends a claim or project its title: its need, else its offer."""
    if isinstance(state, ClaimState):
        return state.terms.need or state.terms.offer
    return state.need or state.offer if isinstance(state, ProjectState) else None


def _is_answered(state: ClaimState) -> bool:
    return state.status in ("accepted", "declined") or state.counters > 0


def is_delivered(state: ProjectState) -> bool:
    """Confirmed by the receiver, or settled as delivered; stays true in a dispute and after closing."""
    return bool(state.confirmed) and state.status != "aborted"
