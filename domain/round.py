"""One round of matching: opened on a moment of the ledger, computed, looked at, published or discarded.
opened -> computed -> published; off: discarded. A decision about a pair sends it back to opened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import ClassVar, assert_never

from domain.events import Event, Text
from domain.matching.outcome import Outcome, Pair, Scope

PREFIX = "round"  # the kind of their streams


@dataclass(frozen=True, kw_only=True, slots=True)
class RoundOpened(Event):
    """All that the result will depend on, besides the ledger itself, is fixed before anything of it is read."""

    TYPE: ClassVar[str] = "round.opened"
    number: str
    scope: Scope
    cutoff: int  # position in the ledger; what came later is not in the round
    at: int  # minutes since 1970 UTC
    policy: str  # digest
    algorithm: str
    key: str  # of the lots
    mode: str  # normal, emergency
    wave: int = 1
    parent: str | None = None  # the round whose answers have come in
    calendar: bool = False  # asked for by the calendar, not by somebody


@dataclass(frozen=True, kw_only=True, slots=True)
class PairPinned(Event):
    TYPE: ClassVar[str] = "round.pair_pinned"
    need: str
    offer: str
    reason: Text


@dataclass(frozen=True, kw_only=True, slots=True)
class PairProhibited(Event):
    TYPE: ClassVar[str] = "round.pair_prohibited"
    need: str
    offer: str
    reason: Text


@dataclass(frozen=True, kw_only=True, slots=True)
class RoundComputed(Event):
    """The result with the digests of what it was made from and of what it says."""

    TYPE: ClassVar[str] = "round.computed"
    outcome: Outcome
    inputs: str
    rules: str
    result: str
    certificate: str
    backend: str  # which solver found it


@dataclass(frozen=True, kw_only=True, slots=True)
class RoundPublished(Event):
    """`escalated`: needs that are handed to the area `to`, because nobody here can serve them or no wave is left."""

    TYPE: ClassVar[str] = "round.published"
    by: str  # the organisation that proposes the pairs
    escalated: tuple[str, ...] = ()
    to: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class RoundDiscarded(Event):
    TYPE: ClassVar[str] = "round.discarded"
    reason: Text | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class PairProposed(Event):
    """In one step with the claim itself."""

    TYPE: ClassVar[str] = "round.pair_proposed"
    need: str
    offer: str
    claim: str


@dataclass(frozen=True, kw_only=True, slots=True)
class PairDropped(Event):
    """The ordinary door refused the claim: something has happened since the cut-off."""

    TYPE: ClassVar[str] = "round.pair_dropped"
    need: str
    offer: str
    code: str  # of the refusal


RoundEvent = (
    RoundOpened | PairPinned | PairProhibited | RoundComputed | RoundPublished | RoundDiscarded | PairProposed | PairDropped
)
Names = tuple[str, str]  # need, offer


@dataclass(frozen=True, kw_only=True, slots=True)
class Digests:
    inputs: str
    rules: str
    result: str
    certificate: str


@dataclass(frozen=True, kw_only=True, slots=True)
class RoundState:
    """`scope` holds all that was pinned and prohibited so far; `outcome` the last one computed."""

    id: str
    number: str
    status: str
    scope: Scope
    cutoff: int
    at: int  # minutes since 1970 UTC
    policy: str
    algorithm: str
    key: str
    mode: str
    wave: int
    parent: str | None = None
    calendar: bool = False
    outcome: Outcome | None = None
    digests: Digests | None = None
    backend: str | None = None
    by: str | None = None
    escalated: tuple[str, ...] = ()
    to: str | None = None
    proposed: Mapping[Names, str] = field(default_factory=dict)  # -> claim
    dropped: Mapping[Names, str] = field(default_factory=dict)  # -> code

    @property
    def area(self) -> str:
        return self.scope.area

    @property
    def category(self) -> str | None:
        return self.scope.category

    @property
    def is_pending(self) -> bool:
        """Published, and not every pair has become a claim or was dropped."""
        pairs = self.outcome.pairs if self.outcome else ()
        return self.status == "published" and len(self.proposed) + len(self.dropped) < len(pairs)

    @property
    def pending(self) -> tuple[Pair, ...]:
        """Pairs of a published round that no claim has come of yet, and no refusal either."""
        if not self.is_pending or self.outcome is None:
            return ()
        settled = self.proposed.keys() | self.dropped.keys()
        return tuple(pair for pair in self.outcome.pairs if (pair.need, pair.offer) not in settled)

    def pair(self, need: str, offer: str) -> Pair | None:
        pairs = self.outcome.pairs if self.outcome else ()
        return next((pair for pair in pairs if (pair.need, pair.offer) == (need, offer)), None)


def evolve(state: RoundState | None, event: Event, stream: str) -> RoundState:
    assert isinstance(event, RoundEvent)
    if isinstance(event, RoundOpened):
        return RoundState(
            id=stream, number=event.number, status="opened", scope=event.scope, cutoff=event.cutoff, at=event.at,
            policy=event.policy, algorithm=event.algorithm, key=event.key, mode=event.mode, wave=event.wave,
            parent=event.parent, calendar=event.calendar,
        )  # fmt: skip
    assert state is not None
    match event:
        case PairPinned():
            return replace(state, status="opened", scope=pinned(state.scope, (event.need, event.offer)))
        case PairProhibited():
            return replace(state, status="opened", scope=prohibited(state.scope, (event.need, event.offer)))
        case RoundComputed():
            digests = Digests(
                inputs=event.inputs, rules=event.rules, result=event.result, certificate=event.certificate
            )
            return replace(state, status="computed", outcome=event.outcome, digests=digests, backend=event.backend)
        case RoundPublished():
            return replace(state, status="published", by=event.by, escalated=event.escalated, to=event.to)
        case RoundDiscarded():
            return replace(state, status="discarded")
        case PairProposed():
            return replace(state, proposed={**state.proposed, (event.need, event.offer): event.claim})
        case PairDropped():
            return replace(state, dropped={**state.dropped, (event.need, event.offer): event.code})
        case _:
            assert_never(event)


def pinned(scope: Scope, names: Names) -> Scope:
    """With the pair among the pins; the last word counts."""
    return replace(
        scope, pins=tuple(sorted({*scope.pins, names})), prohibitions=tuple(p for p in scope.prohibitions if p != names)
    )


def prohibited(scope: Scope, names: Names) -> Scope:
    return replace(
        scope, prohibitions=tuple(sorted({*scope.prohibitions, names})), pins=tuple(p for p in scope.pins if p != names)
    )
