"""Read, decide, append, try again: the one way in which anything is changed.

A command loads what it needs, decides synchronously and hands all its events to the store at once. States are kept in
memory and moved on before the store has answered, so commands on the same item share one commit; nobody is told before
the data is on disk, and when anything fails the states it touched are forgotten and loaded again."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

from domain import areas
from domain.events import Refused
from services.command import Ask, Done, Held, evolve, from_us, kind_of
from services.ports import Clock, Codec, Conflict, EventLog, Ids, Receipt, Stored, Vault
from services.work import Work

TRIES = 40  # of a command that loses races; past that the caller is asked to come back


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
        # Where other processes write, a refusal is never given on memory alone, so to look when storing is soon enough;
        # there it would cost every command a round trip.
        known = None if self.shared else await self.log.command(command_id)
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
        """The newest state, also of commands whose commit is under way; None when nothing was ever written.

        Where other processes write, a commit under way is waited for: theirs may take the version that it would have
        had, and who had built on it would be stored on a state that never was."""
        while True:
            if (held := self._held.get(stream)) is None:
                held = self.fold(stream, await self.log.read_stream(stream))
                if self._held.get(stream) is None:
                    if held is not None:
                        self._remember(stream, held)
                    return held
            elif held.on_its_way is None or not self.shared:
                self._held.move_to_end(stream)
                return held
            else:
                await held.on_its_way.wait()
                if held.on_its_way is not None and self._held.get(stream) is held:
                    del self._held[stream]

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
            key = self.codec.key_of(event) or key  # after an erasure words have a new one
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
            if receipt.repeated:
                self.forget(work.touched)  # it was stored before; what we decided was not, its numbers are free again
                self._numbers.clear()
            else:
                work.stored()
        except BaseException:
            self.forget(work.touched)
            raise
        finally:
            work.on_its_way.set()
        return self._answer(receipt, work.ask)

    async def _nothing_new(self, work: Work, primary: str) -> Done:
        """Asked for what is already so: the item as it stands, and nothing is written."""
        known = await self.log.command(work.ask.command_id)
        if known is not None:
            return self._answer(known, work.ask)
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

    async def stands(self, org: str | None) -> tuple[str, ...]:
        """The areas where an organisation belongs, and all above them; () when it is neither unit nor neighbourhood."""
        held = await self.load(org) if org and org.startswith("unit-") else None
        here = held.state.areas if held else (org,) if org else ()
        return tuple(dict.fromkeys([above for area in here for above in await self.path(area)]))

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


def _in_flight(*, same: bool) -> Refused:
    if same:
        return Refused("command.in_flight", "同一请求正在办理，请稍候。", "The same request is being handled: wait.", kind="busy409")
    return Refused(
        "command.misused", "这个 Idempotency-Key 正用于另一个请求，请换一个新的。",
        "This Idempotency-Key is in use for another request: take a new one.", kind="invalid", field="Idempotency-Key",
    )  # fmt: skip
