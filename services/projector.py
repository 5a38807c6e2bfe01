"""The projector: takes the ledger's events in order and keeps the read models."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import cast

from services.ports import Codec, EventLog, EventStream, Stored, StoreUnavailable, Vault
from services.projection import Projection
from services.read_ports import Fenced, ReadDb
from services.rebuilding import differences, fill
from services.turns import Poison

BATCH = 500  # events at once when there are many; a single one is never kept waiting
PAUSE_S = 0.2  # before trouble with the outside is tried again
TRIES = 3  # of an event whose rows cannot be written for an unknown reason

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Status:
    """`halted_at` is the position of an event that cannot be projected; lists stay at the one before."""

    position: int
    halted_at: int | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Changed:
    """What committed batches touched: names only."""

    position: int
    ids: frozenset[str]
    areas: frozenset[str]


class OutOfOrder(Exception):
    """The stream gave another event than the next one."""


class Projector:
    def __init__(self, db: ReadDb, source: EventStream, log: EventLog, codec: Codec, vault: Vault) -> None:
        self._db, self._source, self._log = db, source, log
        self._parts = (log, codec, vault)
        self._projection = Projection(db, *self._parts)
        self._status = Status(0)
        self.remade = 0  # how often the rows were made anew: what was drawn from them before counts no more
        self._moved = asyncio.Condition()
        self._resumed = asyncio.Event()
        self._turning = asyncio.Lock()  # held while rows are written; a rebuild takes it to switch
        self._listeners: set[_Listener] = set()
        self._troubles: tuple[int, str, int] = (0, "", 0)  # position, what, how often in a row

    @property
    def status(self) -> Status:
        return self._status

    async def run(self) -> None:
        """Until cancelled. Trouble with the outside is waited out; a poisonous event halts it until `resume`."""
        while True:
            try:
                await self._follow()
            except Poison as poison:
                await self._halt(poison.position, str(poison))
            except (Fenced, OutOfOrder) as trouble:
                logger.warning("projector starts again: %s", trouble)
                await asyncio.sleep(PAUSE_S)
            except (StoreUnavailable, OSError) as trouble:
                logger.warning("projector waits: %s", trouble)
                await asyncio.sleep(PAUSE_S)
            except Exception as trouble:
                await self._again(trouble)

    def resume(self) -> None:
        """Try again after a halt."""
        self._resumed.set()

    async def catch_up(self) -> int:
        """Read the ledger itself to its head, before the port opens; returns the position, which is before the head
        only when an event cannot be projected. Read models that were made from another ledger are thrown away."""
        await self._fits()
        try:
            await fill(self._projection, self._db, self._log, (await self._log.head()).position)
        except Fenced:
            logger.warning("another projector is at work; following it")
        except Poison as poison:
            logger.error("projector halted at %d: %s", poison.position, poison)
        await self._fits()
        return self._status.position

    async def wait_for(self, position: int, timeout_s: float) -> int:
        """The position reached, as soon as it is >= `position`, else after timeout_s."""
        if self._status.position < position:
            try:
                async with asyncio.timeout(timeout_s), self._moved:
                    await self._moved.wait_for(lambda: self._status.position >= position)
            except TimeoutError:
                pass
        return self._status.position

    async def changed(self) -> AsyncIterator[Changed]:
        """What every commit from now on touched, for server-sent events; a slow reader gets several in one."""
        listener = _Listener()
        self._listeners.add(listener)
        try:
            while True:
                yield await listener.next()
        finally:
            self._listeners.discard(listener)

    async def rebuild(self) -> int:
        """Make all read models anew from the ledger beside the live ones, then switch; returns the position."""
        async with self._db.beside() as other:
            projection = Projection(other, *self._parts)
            while (await other.bookmark()).position < self._status.position - BATCH:
                await fill(projection, other, self._log, self._status.position)
            async with self._turning:  # the last events, while nothing moves
                position = (await self._db.bookmark()).position
                await fill(projection, other, self._log, position)
                await self._db.adopt(other)
                self._projection.forget()
                self.remade += 1
        return position

    async def verify(self) -> list[str]:
        """Differences between the live rows and a fresh rebuild, at most 100; [] when equal. Live work goes on."""
        async with self._db.dump() as live, self._db.beside() as other:
            await fill(Projection(other, *self._parts), other, self._log, live.position)
            async with other.dump() as fresh:
                return await differences(live, fresh)

    async def _follow(self) -> None:
        await self._fits()
        batches = self._source.batches(self._status.position, BATCH)
        async with aclosing(cast("AsyncGenerator[Sequence[Stored], None]", batches)) as opened:
            async for batch in opened:
                await self._take(batch)

    async def _fits(self) -> None:
        """Start from the bookmark. Read models of another ledger, or of one that lost its end, are begun anew."""
        self._projection.forget()
        mark = await self._db.bookmark()
        if mark.position:
            last = await self._log.read_all(mark.position - 1, 1)
            if mark.store_id != self._log.store_id or not last or last[0].leaf != mark.leaf:
                logger.error("the read models belong to another ledger; they are made anew")
                async with self._db.beside() as other:
                    await self._db.adopt(other)
                mark = await self._db.bookmark()
        self._status = replace(self._status, position=mark.position)
        async with self._moved:
            self._moved.notify_all()

    async def _take(self, batch: Sequence[Stored]) -> None:
        """The whole batch into the rows. Poison: everything before it is in."""
        while batch:
            async with self._turning:
                if batch[0].position != self._status.position + 1:
                    raise OutOfOrder(f"{batch[0].position} after {self._status.position}")
                turn = await self._projection.turn(batch)
                if turn.changes.last >= turn.changes.first:
                    await self._db.apply(turn.changes)
                    await self._reached(Changed(turn.changes.last, turn.ids, turn.areas))
            if turn.poison:
                raise turn.poison
            batch = batch[turn.changes.last - turn.changes.first + 1 :]

    async def _reached(self, changed: Changed) -> None:
        self._status = Status(changed.position)
        for listener in self._listeners:
            listener.hear(changed)
        async with self._moved:
            self._moved.notify_all()

    async def _halt(self, position: int, error: str) -> None:
        logger.error("projector halted at %d: %s", position, error)
        self._status = Status(self._status.position, position, error)
        self._resumed.clear()
        await self._resumed.wait()
        self._troubles = (0, "", 0)

    async def _again(self, trouble: Exception) -> None:
        """Trouble of an unknown kind: a few times again, then it counts as poison at the next position."""
        position, what = self._status.position + 1, repr(trouble)
        same = self._troubles[:2] == (position, what)
        self._troubles = (position, what, self._troubles[2] + 1 if same else 1)
        logger.error("projector stumbled before %d", position, exc_info=trouble)
        if self._troubles[2] >= TRIES:
            await self._halt(position, what)
        else:
            await asyncio.sleep(PAUSE_S)


class _Listener:
    """What one reader has not yet taken."""

    def __init__(self) -> None:
        self._waiting: Changed | None = None
        self._heard = asyncio.Event()

    def hear(self, changed: Changed) -> None:
        old = self._waiting
        if old is not None:
            changed = Changed(changed.position, old.ids | changed.ids, old.areas | changed.areas)
        self._waiting = changed
        self._heard.set()

    async def next(self) -> Changed:
        await self._heard.wait()
        self._heard.clear()
        changed, self._waiting = self._waiting, None
        assert changed is not None
        return changed
