"""A command and its answer, and a stream as it is held in memory."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from domain import areas, claim_evolution, delegation, need, offer, policy_draft, project, rules, suggestion, units
from domain import round as rounds
from domain.access import Principal
from domain.events import Event

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True, slots=True)
class Ask:
    """Who asks, under which idempotency key. `fingerprint` is of method, path and body."""

    principal: Principal
    key: str
    fingerprint: str
    if_match: int | None = None
    on_behalf_of: str | None = None
    basis: str | None = None
    command_id: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "command_id", hashlib.sha256(f"{self.principal.id}\n{self.key}".encode()).hexdigest()[:40])


@dataclass(frozen=True, kw_only=True, slots=True)
class Done:
    """The answer to a command; the same bytes whenever it is repeated."""

    id: str
    number: str | None
    version: int
    status: str
    position: int
    index: int
    leaf: str  # hex
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Held:
    """A stream in memory: its state at `version`, and the key of its text. `on_its_way`: the command that made it is not
    stored yet; it may never be, and then this state never was, whatever another one of the same version says."""

    state: Any
    version: int
    key: str | None
    on_its_way: asyncio.Event | None = None  # set when the command has been stored or has failed


def evolve(kind: str, state: Any, event: Event, stream: str) -> Any:
    """The next state of a stream of one kind (need, offer, claim, project, unit, area, rules, round, objection, suggestion)."""
    match kind:
        case "need":
            return need.evolve(state, event, stream)
        case "offer":
            return offer.evolve(state, event, stream)
        case "claim":
            return claim_evolution.evolve(state, event, stream)
        case "project":
            return project.evolve(state, event, stream)
        case "unit":
            return units.evolve(state, event)
        case "area":
            return areas.evolve(state, event)
        case "rules":
            return (policy_draft if stream == policy_draft.STREAM else rules).evolve(state, event)
        case "round":
            return rounds.evolve(state, event, stream)
        case "objection":
            return delegation.evolve(state, event, stream)
        case "suggestion":
            return suggestion.evolve(state, event, stream)
        case _:
            raise ValueError(f"no such kind of stream: {stream}")


def kind_of(stream: str) -> str:
    return stream.partition("-")[0]


def version_of(held: Held | None) -> int:
    return held.version if held else 0


def to_us(at: datetime) -> int:
    """Microseconds since 1970 UTC."""
    return (at - EPOCH) // timedelta(microseconds=1)


def from_us(us: int) -> datetime:
    return EPOCH + timedelta(microseconds=us)
