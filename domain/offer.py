"""One offer. draft -> published <-> paused; exhausted (derived: nothing is free) -> retired, expired."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import ClassVar

from domain.calendar import Window
from domain.capacity import Amount, Capacity, Line, all_occurrences, move
from domain.events import Event, Refused, Text


@dataclass(frozen=True, kw_only=True, slots=True)
class OfferContent:
    owner: str  # organisation: a unit, a committee, a platform
    area: str  # its home
    category: str
    title: Text
    lines: tuple[Line, ...]
    reach: str  # id of the area within which it can be claimed
    windows: tuple[Window, ...] = ()
    note: Text | None = None
    skills: tuple[str, ...] = ()  # what its people can do
    groups: tuple[str, ...] = ()  # only for these residents of the rule book; empty: for everybody
    minimum: int = 0  # fewer of a line, in its unit, are not worth coming for


@dataclass(frozen=True, kw_only=True, slots=True)
class OfferDrafted(Event):
    TYPE: ClassVar[str] = "offer.drafted"
    number: str
    content: OfferContent


@dataclass(frozen=True, kw_only=True, slots=True)
class OfferPublished(Event):
    """`content` is None when a draft is published as it stands."""

    TYPE: ClassVar[str] = "offer.published"
    number: str
    content: OfferContent | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class OfferAmended(Event):
    """Only what changed is set."""

    TYPE: ClassVar[str] = "offer.amended"
    title: Text | None = None
    note: Text | None = None
    lines: tuple[Line, ...] | None = None
    windows: tuple[Window, ...] | None = None
    skills: tuple[str, ...] | None = None
    groups: tuple[str, ...] | None = None
    minimum: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class OfferPaused(Event):
    TYPE: ClassVar[str] = "offer.paused"
    reason: Text | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class OfferResumed(Event):
    TYPE: ClassVar[str] = "offer.resumed"


@dataclass(frozen=True, kw_only=True, slots=True)
class OfferHeld(Event):
    TYPE: ClassVar[str] = "offer.held"
    claim: str
    receiver: str
    amounts: tuple[Amount, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class OfferHoldReleased(Event):
    TYPE: ClassVar[str] = "offer.hold_released"
    claim: str
    amounts: tuple[Amount, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class OfferCommitted(Event):
    """Held becomes committed; `fresh` amounts were free before (a reinstated claim)."""

    TYPE: ClassVar[str] = "offer.committed"
    claim: str
    receiver: str
    amounts: tuple[Amount, ...]
    fresh: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class OfferCommitmentReleased(Event):
    TYPE: ClassVar[str] = "offer.commitment_released"
    claim: str
    amounts: tuple[Amount, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class OfferDelivered(Event):
    TYPE: ClassVar[str] = "offer.delivered"
    claim: str
    amounts: tuple[Amount, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class OfferRetired(Event):
    """No new claims; accepted ones stay binding."""

    TYPE: ClassVar[str] = "offer.retired"
    reason: Text | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class OfferExpired(Event):
    TYPE: ClassVar[str] = "offer.expired"


@dataclass(frozen=True, kw_only=True, slots=True)
class OfferState:
    id: str
    number: str
    content: OfferContent
    phase: str  # draft published paused retired expired
    capacity: Capacity
    occurrences: tuple[str, ...]  # () when its windows never end
    holds: Mapping[str, tuple[Amount, ...]] = field(default_factory=dict)  # by claim
    commitments: Mapping[str, tuple[Amount, ...]] = field(default_factory=dict)  # by claim, not yet delivered
    public: bool = False  # whether others may see it: it has been published once

    @property
    def status(self) -> str:
        """The phase, but for a published offer with nothing free: exhausted."""
        if self.phase != "published" or not self.occurrences:
            return self.phase
        free = any(self.capacity.free(line.kind, line.unit, o) > 0 for line in self.capacity.lines for o in self.occurrences)
        return "published" if free else "exhausted"


def evolve(state: OfferState | None, event: Event, stream: str) -> OfferState:
    match event:
        case OfferDrafted():
            return _begun(stream, event.number, event.content, "draft")
        case OfferPublished() if event.content is not None:
            return _begun(stream, event.number, event.content, "published")
    assert state is not None
    match event:
        case OfferPublished() | OfferResumed():
            return replace(state, phase="published", public=True)
        case OfferAmended():
            return _amended(state, event)
        case OfferPaused():
            return replace(state, phase="paused")
        case OfferHeld():
            held = replace(state, holds={**state.holds, event.claim: event.amounts})
            return _moved(held, event.amounts, into="held")
        case OfferHoldReleased():
            return _moved(replace(state, holds=_without(state.holds, event.claim)), event.amounts, out_of="held")
        case OfferCommitted():
            bound = replace(
                state, holds=_without(state.holds, event.claim),
                commitments={**state.commitments, event.claim: event.amounts},
            )  # fmt: skip
            return _moved(bound, event.amounts, out_of="" if event.fresh else "held", into="committed")
        case OfferCommitmentReleased():
            return _moved(_settled(state, event.claim, event.amounts), event.amounts, out_of="committed")
        case OfferDelivered():
            return _moved(_settled(state, event.claim, event.amounts), event.amounts, out_of="committed", into="delivered")
        case OfferRetired():
            return replace(state, phase="retired")
        case OfferExpired():
            return replace(state, phase="expired")
        case _:
            raise TypeError(event)


def taking_claims(offer: OfferState) -> OfferState:
    """The offer, if it can be claimed: published, also when exhausted (the capacity check says what is left)."""
    if offer.phase != "published":
        raise Refused(
            "offer.not_open", f"资源 {offer.number} 现在不能认领（{offer.status}）。",
            f"Offer {offer.number} cannot be claimed now ({offer.status}).",
        )  # fmt: skip
    return offer


def _begun(stream: str, number: str, content: OfferContent, phase: str) -> OfferState:
    return OfferState(
        id=stream, number=number, content=content, phase=phase, capacity=Capacity(content.lines),
        occurrences=all_occurrences(content.windows), public=phase != "draft",
    )  # fmt: skip


def _amended(state: OfferState, event: OfferAmended) -> OfferState:
    names = ("title", "note", "lines", "windows", "skills", "groups", "minimum")
    content = replace(state.content, **{name: value for name in names if (value := getattr(event, name)) is not None})
    return replace(
        state, content=content, capacity=replace(state.capacity, lines=content.lines),
        occurrences=all_occurrences(content.windows),
    )  # fmt: skip


def _moved(state: OfferState, amounts: tuple[Amount, ...], *, out_of: str = "", into: str = "") -> OfferState:
    return replace(state, capacity=move(state.capacity, amounts, out_of=out_of, into=into))


def _settled(state: OfferState, claim: str, amounts: tuple[Amount, ...]) -> OfferState:
    """Amounts taken out of what the claim still has committed."""
    left = move(Capacity(()), state.commitments.get(claim, ()), into="committed")
    left = move(left, amounts, out_of="committed")
    rest = tuple(Amount(k, u, used.committed, o) for (k, u, o), used in left.used.items())
    without = _without(state.commitments, claim)
    return replace(state, commitments={**without, claim: rest} if rest else without)


def _without(held: Mapping[str, tuple[Amount, ...]], claim: str) -> Mapping[str, tuple[Amount, ...]]:
    return {key: amounts for key, amounts in held.items() if key != claim}
