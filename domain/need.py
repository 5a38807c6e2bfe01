"""One need. draft -> posted (where endorsement is asked for) -> open -> covered -> met -> closed;
off: rejected, withdrawn, merged, lapsed. Covered and met are derived from the capacity ledger, never commanded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import ClassVar

from domain.calendar import Window
from domain.capacity import Amount, Capacity, Line, all_occurrences, move
from domain.events import Event, Refused, Text


@dataclass(frozen=True, kw_only=True, slots=True)
class NeedContent:
    owner: str  # organisation: a committee, a unit, a platform
    area: str
    category: str
    title: Text
    lines: tuple[Line, ...]
    urgency: int  # 0–3
    windows: tuple[Window, ...] = ()
    beneficiaries: int = 0  # people
    respond_by: datetime | None = None  # UTC
    outside: str | None = None  # beneficiaries outside the district: their region
    note: Text | None = None
    skill: str | None = None  # what somebody who comes must be able to do: 手语, 急救 …
    vulnerable: bool = False  # for people in difficulty (困难群体)
    group: str | None = None  # the residents it is for, as the rule book has them


@dataclass(frozen=True, kw_only=True, slots=True)
class NeedDrafted(Event):
    TYPE: ClassVar[str] = "need.drafted"
    number: str
    content: NeedContent


@dataclass(frozen=True, kw_only=True, slots=True)
class NeedPosted(Event):
    """`content` is None when a draft is posted as it stands. `opens`: no endorsement is asked for."""

    TYPE: ClassVar[str] = "need.posted"
    number: str
    opens: bool
    content: NeedContent | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class NeedEndorsed(Event):
    TYPE: ClassVar[str] = "need.endorsed"


@dataclass(frozen=True, kw_only=True, slots=True)
class NeedRejected(Event):
    TYPE: ClassVar[str] = "need.rejected"
    reason: Text | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class NeedAmended(Event):
    """Only what changed is set; "" takes a skill or a group away."""

    TYPE: ClassVar[str] = "need.amended"
    title: Text | None = None
    note: Text | None = None
    lines: tuple[Line, ...] | None = None
    urgency: int | None = None
    windows: tuple[Window, ...] | None = None
    beneficiaries: int | None = None
    respond_by: datetime | None = None
    skill: str | None = None
    vulnerable: bool | None = None
    group: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class NeedCommitted(Event):
    TYPE: ClassVar[str] = "need.committed"
    claim: str
    provider: str
    amounts: tuple[Amount, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class NeedUncommitted(Event):
    TYPE: ClassVar[str] = "need.uncommitted"
    claim: str
    provider: str
    amounts: tuple[Amount, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class NeedDelivered(Event):
    TYPE: ClassVar[str] = "need.delivered"
    claim: str
    provider: str
    amounts: tuple[Amount, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class NeedFedBack(Event):
    TYPE: ClassVar[str] = "need.fed_back"
    project: str


@dataclass(frozen=True, kw_only=True, slots=True)
class NeedClosed(Event):
    TYPE: ClassVar[str] = "need.closed"
    waiver: Text | None = None  # why feedback or evaluation is missing


@dataclass(frozen=True, kw_only=True, slots=True)
class NeedWithdrawn(Event):
    TYPE: ClassVar[str] = "need.withdrawn"
    reason: Text | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class NeedMerged(Event):
    TYPE: ClassVar[str] = "need.merged"
    into: str
    reason: Text | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class NeedLapsed(Event):
    TYPE: ClassVar[str] = "need.lapsed"


@dataclass(frozen=True, kw_only=True, slots=True)
class NeedReopened(Event):
    TYPE: ClassVar[str] = "need.reopened"
    cause: str  # released, failed, partial, member_left, owner
    claim: str | None = None
    reason: Text | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class NeedState:
    id: str
    number: str
    content: NeedContent
    phase: str  # draft posted open closed rejected withdrawn merged lapsed
    capacity: Capacity
    occurrences: tuple[str, ...]
    by_claim: Mapping[tuple[str, str], tuple[Amount, ...]] = field(default_factory=dict)  # (claim, provider): committed
    fed_back: tuple[str, ...] = ()  # projects
    merged_into: str | None = None
    reopened: int = 0
    before: str = "draft"  # the last of draft, posted, open: what a reopened need goes back to
    answered: bool = False  # somebody has committed since it was last put on the board by its owner

    @property
    def public(self) -> bool:
        """Whether others may see it: what was never posted, or was rejected, stays the owner's."""
        return self.before != "draft" and self.phase != "rejected"

    @property
    def status(self) -> str:
        """The phase, but for an open need: covered when every line is committed, met when every line is delivered."""
        if self.phase != "open" or not self.occurrences or not self.capacity.used:
            return self.phase
        used = [self.capacity.used.get((line.kind, line.unit, o)) for line in self.capacity.lines for o in self.occurrences]
        wanted = [line.quantity for line in self.capacity.lines for _ in self.occurrences]
        if all(u and u.delivered >= q for u, q in zip(used, wanted, strict=True)):
            return "met"
        if all(u and u.committed + u.delivered >= q for u, q in zip(used, wanted, strict=True)):
            return "covered"
        return "open"

    @property
    def cover_pct(self) -> int:
        """Whole per cent of all lines and occurrences that are committed or delivered, each line weighing the same."""
        if not self.capacity.used:
            return 0
        shares = [
            100 * min(u.committed + u.delivered, line.quantity) // line.quantity
            for line in self.capacity.lines
            for o in self.occurrences
            for u in (self.capacity.used.get((line.kind, line.unit, o)),)
            if u
        ]
        return sum(shares) // max(len(self.capacity.lines) * len(self.occurrences), 1)


def evolve(state: NeedState | None, event: Event, stream: str) -> NeedState:
    match event:
        case NeedDrafted():
            return _begun(stream, event.number, event.content, "draft")
        case NeedPosted() if event.content is not None:
            return _begun(stream, event.number, event.content, "open" if event.opens else "posted")
    assert state is not None
    match event:
        case NeedPosted():
            return _live(state, "open" if event.opens else "posted")
        case NeedEndorsed():
            return _live(state, "open")
        case NeedRejected():
            return replace(state, phase="rejected")
        case NeedAmended():
            return _amended(state, event)
        case NeedCommitted():
            return _moved(replace(state, answered=True), event, into="committed")
        case NeedUncommitted():
            return _moved(state, event, out_of="committed")
        case NeedDelivered():
            return _moved(state, event, out_of="committed", into="delivered")
        case NeedFedBack():
            return replace(state, fed_back=(*state.fed_back, event.project))
        case NeedClosed():
            return replace(state, phase="closed")
        case NeedWithdrawn():
            return replace(state, phase="withdrawn")
        case NeedMerged():
            return replace(state, phase="merged", merged_into=event.into)
        case NeedLapsed():
            return replace(state, phase="lapsed")
        case NeedReopened() if event.cause == "owner":
            content = replace(state.content, respond_by=None)  # the old date has passed, or no longer binds
            again = replace(state, content=content, reopened=state.reopened + 1, answered=False)
            return _live(again, state.before)
        case NeedReopened():
            return replace(state, reopened=state.reopened + 1)
        case _:
            raise TypeError(event)


def taking_claims(need: NeedState) -> NeedState:
    """The need, if it can be claimed: open, covered (the wait list) and not yet met."""
    if need.status not in ("open", "covered"):
        raise Refused(
            "need.not_open", f"需求 {need.number} 现在不能认领（{need.status}）。",
            f"Need {need.number} cannot be claimed now ({need.status}).",
        )  # fmt: skip
    return need


def _begun(stream: str, number: str, content: NeedContent, phase: str) -> NeedState:
    return NeedState(
        id=stream, number=number, content=content, phase=phase, before=phase, capacity=Capacity(content.lines),
        occurrences=all_occurrences(content.windows),
    )  # fmt: skip


def _live(state: NeedState, phase: str) -> NeedState:
    return replace(state, phase=phase, before=phase)


def _amended(state: NeedState, event: NeedAmended) -> NeedState:
    names = ("title", "note", "lines", "urgency", "windows", "beneficiaries", "respond_by", "vulnerable")
    changes = {name: value for name in names if (value := getattr(event, name)) is not None}
    changes |= {name: value or None for name in ("skill", "group") if (value := getattr(event, name)) is not None}
    content = replace(state.content, **changes)
    return replace(
        state, content=content, capacity=replace(state.capacity, lines=content.lines),
        occurrences=all_occurrences(content.windows),
    )  # fmt: skip


def _moved(
    state: NeedState, event: NeedCommitted | NeedUncommitted | NeedDelivered, *, out_of: str = "", into: str = ""
) -> NeedState:
    pair = (event.claim, event.provider)
    by_claim = dict(state.by_claim)
    left = move(Capacity((), {}), by_claim.get(pair, ()), into="committed")
    left = move(left, event.amounts, into="committed") if into == "committed" else move(left, event.amounts, out_of="committed")
    by_claim[pair] = tuple(Amount(k, u, used.committed, o) for (k, u, o), used in left.used.items())
    if not by_claim[pair]:
        del by_claim[pair]
    return replace(state, by_claim=by_claim, capacity=move(state.capacity, event.amounts, out_of=out_of, into=into))
