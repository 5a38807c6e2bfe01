"""Read, decide, append, try again: the one way in which anything is changed.

A command loads what it needs, decides synchronously and hands all its events to the store at once. States are kept in
memory and moved on before the store has answered, so commands on the same item share one commit; nobody is told before
the data is on disk, and when anything fails the states it touched are forgotten and loaded again."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from domain import areas, claim_evolution, need, offer, project, rules, units
from domain.access import Facts, Principal, allow, missing
from domain.events import Event, Meta, Refused
from services.ports import Append, Clock, Codec, Conflict, EventLog, Ids, NewEvent, Receipt, Stored, Vault

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TRIES = 40  # of a command that loses races; past that the caller is asked to come back


@dataclass(frozen=True, kw_only=True, slots=True)
class Ask:
    """Who asks, under which idempotency key. `fingerprint` is of method, path and body."""

    principal: Principal
    key: str
    fingerprint: str
    if_match: int | None = None
    on_behalf_of: str | None = None
    basis: str | None = None

    @property
    def command_id(self) -> str:
        return hashlib.sha256(f"{self.principal.id}\n{self.key}".encode()).hexdigest()[:40]


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
    """A stream in memory: its state at `version`, and the key of its text."""

    state: Any
    version: int
    key: str | None


def evolve(kind: str, state: Any, event: Event, stream: str) -> Any:
    """The next state of a stream of one kind (need, offer, claim, project, unit, area, rules)."""
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
            return rules.evolve(state, event)
        case _:
            raise ValueError(f"no such kind of stream: {stream}")


def kind_of(stream: str) -> str:
    return stream.partition("-")[0]


class Streams:
    """States of all streams, and the loop of every command. `shared`: other processes write the same ledger."""

    def __init__(
        self, log: EventLog, codec: Codec, vault: Vault, clock: Clock, ids: Ids, *, shared: bool = False, keep: int = 20_000
    ) -> None:
        self.log, self.codec, self.vault, self.clock, self.ids = log, codec, vault, clock, ids
        self.shared, self._keep = shared, keep
        self._held: OrderedDict[str, Held] = OrderedDict()
        self._cites: dict[str, list[str]] = {}
        self._numbers: dict[str, int] = {}
        self._in_flight: dict[str, str] = {}
        self._paths: dict[str, tuple[str, ...]] = {}
        self._last: datetime | None = None

    async def command(self, ask: Ask, decide: Callable[[Work], Awaitable[str]]) -> Done:
        """Run one command. `decide` fills the Work and returns the stream the answer is about.
        Refused: the rules say no; command.in_flight; command.misused. StoreUnavailable: come back."""
        command_id = ask.command_id
        known = await self.log.command(command_id)
        if known is not None:
            return self._answer(known, ask)
        if command_id in self._in_flight:
            raise _in_flight(same=self._in_flight[command_id] == ask.fingerprint)
        self._in_flight[command_id] = ask.fingerprint
        try:
            return await self._decided(ask, decide)
        except Refused:
            known = await self.log.command(command_id)
            if known is None:
                raise
            return self._answer(known, ask)  # sent twice at once: the other one was stored, and this is its answer
        finally:
            del self._in_flight[command_id]

    async def load(self, stream: str) -> Held | None:
        """The newest state, also of commands whose commit is under way; None when nothing was ever written."""
        held = self._held.get(stream)
        if held is not None:
            self._held.move_to_end(stream)
            return held
        stored = await self.log.read_stream(stream)
        held = self._held.get(stream) or self.fold(stream, stored)
        if held is not None:
            self._remember(stream, held)
        return held

    async def committed(self, stream: str, upto: int | None = None) -> Held | None:
        """The state on disk, for readers; `upto` cuts it at a ledger position."""
        stored = await self.log.read_stream(stream)
        return self.fold(stream, [s for s in stored if upto is None or s.position <= upto])

    def fold(self, stream: str, stored: Any) -> Held | None:
        """Stored events of one stream, from the first, to its state."""
        state, version, key, kind = None, 0, None, kind_of(stream)
        row: Stored
        for row in stored:
            event = self.codec.decode(row).event
            state, version = evolve(kind, state, event, stream), row.version
            key = key or self.codec.key_of(event)
        return Held(state, version, key) if version else None

    def forget(self, streams: Any = None) -> None:
        """Drop what is in memory (all of it without an argument); it is read again from the store when needed."""
        if streams is None:
            self._held.clear()
            self._cites.clear()
            self._numbers.clear()
            self._last = None
        else:
            for stream in streams:
                self._held.pop(stream, None)
                self._cites.pop(stream, None)
        self._paths.clear()

    async def _decided(self, ask: Ask, decide: Callable[[Work], Awaitable[str]]) -> Done:
        fresh = not self.shared
        for _ in range(TRIES):
            work = Work(self, ask, await self.now())
            try:
                primary = await decide(work)
            except Refused:
                if fresh:
                    raise
                fresh = True  # another process may have changed what we refused on: look again once
                self.forget(work.touched)
                continue
            if not work.still_true():
                continue
            try:
                return await self._append(work, primary)
            except Conflict as conflict:
                self._recover(work, conflict)
        raise Refused("command.busy", "同时办理的人太多，请稍后再试。", "Too many at once; try again shortly.", kind="busy")

    async def _append(self, work: Work, primary: str) -> Done:
        """Hand the work to the store; from here to the store's queue nothing yields, so order in memory is order on disk."""
        if not work.events:
            return await self._nothing_new(work, primary)
        work.keep()
        try:
            receipt = await self.log.append(work.change(primary))
        except BaseException:
            self.forget(work.touched)
            raise
        if receipt.repeated:
            self.forget(work.touched)  # another process stored this command; what we decided was not stored
        else:
            work.keep_newest()
        return self._answer(receipt, work.ask)

    async def _nothing_new(self, work: Work, primary: str) -> Done:
        """Asked for what is already so: the item as it stands, and nothing is written."""
        rows = await self.log.read_stream(primary)
        body = self.codec.unpack(work.answer(primary))
        if not rows or rows[-1].version != body["version"]:
            raise Conflict("version", f"{primary} is not on disk as it is in memory")
        last = rows[-1]
        return Done(**body, position=last.position, index=last.position - 1, leaf=last.leaf.hex())

    def _answer(self, receipt: Receipt, ask: Ask) -> Done:
        if receipt.fingerprint != ask.fingerprint:
            raise Refused(
                "command.misused", "这个 Idempotency-Key 已用于另一个请求，请换一个新的。",
                "This Idempotency-Key was used for another request: take a new one.", kind="invalid", field="Idempotency-Key",
            )  # fmt: skip
        body = self.codec.unpack(receipt.answer)
        return Done(**body, position=receipt.last, index=receipt.last - 1, leaf=receipt.leaf.hex())

    async def now(self) -> datetime:
        """The clock's time, but never before the ledger's newest event."""
        if self._last is None:
            self._last = from_us((await self.log.head()).at_us)
        return max(self.clock.now(), self._last)

    async def path(self, area_id: str) -> tuple[str, ...]:
        """The area and all above it, nearest first; () for an unknown area."""
        known = self._paths.get(area_id)
        if known is not None:
            return known
        found: list[str] = []
        here: str | None = area_id
        while here is not None and here not in found:
            held = await self.load(areas.stream(here))
            if held is None:
                return tuple(found)
            found.append(here)
            here = held.state.parent
        return self._paths.setdefault(area_id, tuple(found))

    def _recover(self, work: Work, conflict: Conflict) -> None:
        self.forget(work.touched)
        if conflict.what == "time":
            self._last = None
        if conflict.what == "number":
            self._numbers.clear()

    def _remember(self, stream: str, held: Held) -> None:
        if kind_of(stream) == "area":
            self._paths.clear()
        self._held[stream] = held
        self._held.move_to_end(stream)
        if len(self._held) > self._keep:
            self._held.popitem(last=False)


class Work:
    """What one try of a command has read and wants to write. Everything loaded is checked again by the store."""

    def __init__(self, streams: Streams, ask: Ask, at: datetime) -> None:
        self._streams, self.ask, self.at, self._at_us = streams, ask, at, to_us(at)
        self._loaded: dict[str, Held | None] = {}
        self._now: dict[str, Held] = {}
        self._cited: dict[str, int] = {}
        self._cites: list[tuple[str, str]] = []
        self._numbers: list[tuple[str, int, str]] = []
        self.events: list[tuple[str, int, Event]] = []
        self.extra: dict[str, Any] = {}

    @property
    def touched(self) -> tuple[str, ...]:
        return (*self._loaded, *self._cited, *(target for target, _ in self._cites))

    async def state(self, stream: str) -> Any:
        """The state as this command has changed it so far, or None. The store will check that it still holds."""
        held = self._now.get(stream) or self._loaded.get(stream)
        if held is None and stream not in self._loaded:
            held = self._loaded[stream] = await self._streams.load(stream)
        return held.state if held else None

    async def found(self, stream: str, kind: str) -> Any:
        """As `state`, but 404 when it does not exist or is of another kind."""
        if kind_of(stream) != kind or (state := await self.state(stream)) is None:
            raise missing()
        return state

    async def main(self, stream: str, kind: str) -> Any:
        """The item the command is about: If-Match is compared with its version."""
        state = await self.found(stream, kind)
        held = self._loaded[stream]
        if self.ask.if_match is not None and held is not None and held.version != self.ask.if_match:
            raise Refused(
                "item.stale", "这一项已被他人更新，请刷新后再办理。", "The item has changed meanwhile: reload it.", kind="stale"
            )
        return state

    async def rules(self) -> rules.RulesState:
        state = await self.state(rules.STREAM)
        if state is None:
            raise Refused("rules.none", "尚未采用规则书。", "No rule book has been adopted yet.")
        found: rules.RulesState = state
        return found

    async def path(self, area_id: str) -> tuple[str, ...]:
        """The area and all above it, nearest first; () for an unknown area. Not checked again: areas move rarely."""
        new = self._now.get(areas.stream(area_id))
        if new is not None and new.state.parent is not None:  # entered by this very command
            return (area_id, *await self.path(new.state.parent))
        return await self._streams.path(area_id)

    async def allow(self, action: str, *, parties: tuple[str, ...], area: str, public: bool = True) -> None:
        allow(self.ask.principal, action, Facts(parties=parties, path=await self.path(area), public=public))

    async def citing(self, target: str) -> tuple[str, ...]:
        """Streams that cite the target, in order; the store will check that none has joined."""
        known = self._streams._cites.get(target)
        if known is None:
            known = list(await self._streams.log.citing(target))
            known = self._streams._cites.setdefault(target, known)
        self._cited[target] = len(known)
        return tuple(known)

    async def cite(self, target: str, source: str) -> None:
        """The new stream `source` cites the target. That others join meanwhile matters only to who asked for `citing`."""
        if target not in self._cited:
            await self.citing(target)
            del self._cited[target]
        self._cites.append((target, source))

    def fresh(self, prefix: str) -> str:
        """The name of a new stream of this kind."""
        stream = self._streams.ids.new(prefix)
        self._loaded[stream] = None
        return stream

    async def number(self, series: str, stream: str) -> str:
        """The next human number of a series, e.g. XQ-310101-2026-000123; taken only if the stream is written."""
        numbers = self._streams._numbers
        if series not in numbers:
            last = await self._streams.log.last_number(series)
            numbers.setdefault(series, last)
        n = max(numbers[series], max((k for s, k, _ in self._numbers if s == series), default=0)) + 1
        self._numbers.append((series, n, stream))
        return f"{series}-{n:06d}"

    def write(self, stream: str, *events: Event) -> None:
        """Events of a stream that was loaded before (or is new), sealed and applied."""
        assert stream in self._loaded, f"{stream} was not loaded"
        held = self._now.get(stream) or self._loaded[stream] or Held(None, 0, None)
        for event in events:
            version, key = held.version + 1, held.key
            if self._streams.codec.has_plain(event):
                key = key or self._streams.vault.new_key()
                event = self._streams.codec.seal(event, stream=stream, version=version, key=key)
            held = Held(evolve(kind_of(stream), held.state, event, stream), version, key)
            self.events.append((stream, version, event))
        self._now[stream] = held

    def write_all(self, changes: Any) -> None:
        for stream, event in changes:
            self.write(stream, event)

    def still_true(self) -> bool:
        """Nothing loaded has moved on in memory while this command was waiting."""
        streams = self._streams
        for stream, loaded in self._loaded.items():
            held = streams._held.get(stream)
            if held is not None and held is not loaded and held.version != _version(loaded):
                return False
        numbers = all(n > streams._numbers.get(series, 0) for series, n in self._taken())
        in_time = streams._last is None or self.at >= streams._last
        return numbers and in_time and all(len(streams._cites.get(t, ())) == n for t, n in self._cited.items())

    def keep(self) -> None:
        """Move the states in memory on."""
        for stream, held in self._now.items():
            self._streams._remember(stream, held)
        for target, source in self._cites:
            if target in self._streams._cites:
                self._streams._cites[target].append(source)
        for series, n in self._taken():
            self._streams._numbers[series] = n
        self._streams._last = self.at

    def keep_newest(self) -> None:
        """Stored: a state read again meanwhile, when a neighbour failed, may be older than ours."""
        for stream, held in self._now.items():
            if _version(self._streams._held.get(stream, held)) < held.version:
                self._streams._remember(stream, held)

    def _taken(self) -> tuple[tuple[str, int], ...]:
        return tuple((series, n) for series, n, stream in self._numbers if stream in self._now)

    def answer(self, primary: str) -> bytes:
        held = self._now.get(primary) or self._loaded[primary]
        assert held is not None
        state = held.state
        body = {"id": getattr(state, "id", primary), "number": getattr(state, "number", None), "version": held.version}
        return self._streams.codec.pack({**body, "status": getattr(state, "status", "adopted"), "extra": self.extra})

    def change(self, primary: str) -> Append:
        """All of it, as the store wants it."""
        ask, codec, command_id = self.ask, self._streams.codec, self.ask.command_id
        book = self._now.get(rules.STREAM) or self._loaded.get(rules.STREAM)
        meta = Meta(
            event_id="", at=self.at, actor=ask.principal.id, command_id=command_id, correlation=primary,
            rules=book.state.digest[:16] if book else "", on_behalf_of=ask.on_behalf_of, basis=ask.basis,
        )  # fmt: skip
        envelope = codec.encode_meta(meta)
        events = tuple(
            NewEvent(s, v, event.TYPE, codec.encode_data(event, envelope, f"{command_id[:24]}.{i}"))
            for i, (s, v, event) in enumerate(self.events)
        )
        return Append(
            events=events, command_id=command_id, fingerprint=ask.fingerprint, answer=self.answer(primary),
            at_us=self._at_us, cites=tuple(self._cites), cited=tuple(self._cited.items()), numbers=self._taken(),
            reads=tuple((s, _version(h)) for s, h in self._loaded.items() if s not in self._now),
        )  # fmt: skip


def to_us(at: datetime) -> int:
    """Microseconds since 1970 UTC."""
    return (at - EPOCH) // timedelta(microseconds=1)


def from_us(us: int) -> datetime:
    return EPOCH + timedelta(microseconds=us)


def _version(held: Held | None) -> int:
    return held.version if held else 0


def _in_flight(*, same: bool) -> Refused:
    if same:
        return Refused("command.in_flight", "同一请求正在办理，请稍候。", "The same request is being handled: wait.", kind="busy409")
    return Refused(
        "command.misused", "这个 Idempotency-Key 正用于另一个请求，请换一个新的。",
        "This Idempotency-Key is in use for another request: take a new one.", kind="invalid", field="Idempotency-Key",
    )  # fmt: skip
