"""Stores batches in PostgreSQL: one round trip when nobody else wrote, two under the ledger's lock otherwise."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from psycopg import AsyncConnection, AsyncCursor, DataError, Error, InterfaceError, OperationalError
from psycopg.errors import DiskFull, IntegrityError

from adapters import postgres_schema as pg
from adapters.admission import ABSENT, Batch, Known, Unknown, admit, doubtful, recall, unknown
from services.ports import Append, Conflict, Head, Receipt, StoreUnavailable

Connection = AsyncConnection[Any]
Outcomes = list[Receipt | Conflict]

PAUSES_S = (0.0, 0.1, 0.5, 1.0)  # before each new try after the connection was lost
WARY_BATCHES = 16  # after another process was faster, look before leaping this many times


class PostgresWriter:
    """One connection that writes; other processes have theirs. `stored` hears of each new head of ours."""

    def __init__(
        self, connect: Callable[[], Awaitable[Connection]], sql: pg.Statements, stored: Callable[[Head], None]
    ) -> None:
        self._connect, self._sql, self._stored = connect, sql, stored
        self._connection: Connection | None = None
        self._known: Known | None = None
        self._wary = 0

    async def write(self, changes: Sequence[Append]) -> Outcomes:
        """The outcome of each, on disk. After a lost connection the command ids tell what was stored before."""
        tried: dict[str, Receipt] = {}
        failure: Error | None = None
        for pause_s in PAUSES_S:
            await asyncio.sleep(pause_s)
            try:
                return _as_ours(changes, await self._write_once(changes, tried), tried)
            except DiskFull as error:
                raise StoreUnavailable(str(error), full=True) from error
            except DataError:
                await self.disconnect()
                raise
            except (OperationalError, InterfaceError) as error:
                failure = error
                await self.disconnect()
            except Error as error:
                await self.disconnect()
                raise StoreUnavailable(str(error)) from error
            except asyncio.CancelledError:
                await self.disconnect()
                raise
        raise StoreUnavailable(f"PostgreSQL: {failure}") from failure

    def moved(self, position: int) -> None:
        """Somebody stored up to here: if it was not us, what we know is out of date."""
        if self._known is not None and position > self._known.head.position:
            self._known = None

    async def disconnect(self) -> None:
        self._known = None
        if self._connection is not None:
            connection, self._connection = self._connection, None
            await connection.close()

    async def _write_once(self, changes: Sequence[Append], tried: dict[str, Receipt]) -> Outcomes:
        if self._connection is None:
            self._connection = await self._connect()
        known, self._known = self._known, None
        if known is not None and not self._wary:
            outcomes = await self._leap(self._connection, changes, known, tried)
            if outcomes is not None:
                return outcomes
        self._wary = max(0, self._wary - 1)
        return await self._look_first(self._connection, changes, tried)

    async def _leap(
        self, db: Connection, changes: Sequence[Append], known: Known, tried: dict[str, Receipt]
    ) -> Outcomes | None:
        """Store on what we know, provided that the head has not moved; None when that may be out of date."""
        await _answer(db, self._sql, unknown(changes, known, trusting=True), known)
        before = known.head.position
        batch = admit(changes, known)
        _remember(changes, batch, tried)
        if not batch.events:
            # Nothing was stored that would have proved our view right, so nobody may be refused on it.
            return (
                None if any(isinstance(outcome, Conflict) for outcome in batch.outcomes) else self._keep(known, batch)
            )
        try:
            cursor = await db.execute(self._sql(pg.STORE), pg.store_arguments(batch, before, known))
            if await cursor.fetchone() == (True,):
                await _answer(db, self._sql, doubtful(changes, batch, known), known)
                recall(changes, batch, known)
                return self._keep(known, batch)
            self._wary = WARY_BATCHES
        except IntegrityError:
            pass  # a command id, number or stream that memory did not hold is there already: look everything up
        return None

    async def _look_first(self, db: Connection, changes: Sequence[Append], tried: dict[str, Receipt]) -> Outcomes:
        """Hold the ledger still, look up all that matters, then store."""
        wanted = unknown(changes, Known(), trusting=False)
        async with db.pipeline():
            await db.execute("BEGIN")
            head = await db.execute(self._sql(pg.HEAD + " FOR UPDATE"))
            cursors = await _ask(db, self._sql, wanted)
            known = pg.known_from(await _one(head))
            await _fill(cursors, wanted, known)
        before = known.head.position
        batch = admit(changes, known)
        _remember(changes, batch, tried)
        async with db.pipeline():
            if batch.events:
                await db.execute(self._sql(pg.STORE), pg.store_arguments(batch, before, known))
            await db.execute("COMMIT")
        return self._keep(known, batch)

    def _keep(self, known: Known, batch: Batch) -> Outcomes:
        known.trim()
        self._known = known
        if batch.events:
            self._stored(known.head)
        return batch.outcomes


def _remember(changes: Sequence[Append], batch: Batch, tried: dict[str, Receipt]) -> None:
    for change, outcome in zip(changes, batch.outcomes, strict=True):
        if isinstance(outcome, Receipt) and not outcome.repeated:
            tried.setdefault(change.command_id, outcome)


def _as_ours(changes: Sequence[Append], outcomes: Outcomes, tried: dict[str, Receipt]) -> Outcomes:
    """A command found stored that an earlier try of this very batch stored is no repetition."""
    asked: set[str] = set()
    for n, change in enumerate(changes):
        outcome, mine = outcomes[n], tried.get(change.command_id)
        if isinstance(outcome, Receipt) and mine is not None and change.command_id not in asked:
            asked.add(change.command_id)
            if (outcome.last, outcome.leaf) == (mine.last, mine.leaf):
                outcomes[n] = mine
    return outcomes


async def _ask(db: Connection, sql: pg.Statements, wanted: Unknown) -> list[AsyncCursor[Any]]:
    return [await db.execute(sql(statement), arguments) for statement, arguments in pg.questions(wanted)]


async def _answer(db: Connection, sql: pg.Statements, wanted: Unknown, known: Known) -> None:
    if wanted:
        async with db.pipeline():
            await _fill(await _ask(db, sql, wanted), wanted, known)


async def _fill(cursors: list[AsyncCursor[Any]], wanted: Unknown, known: Known) -> None:
    """Read the answers to `questions` into `known`."""
    answers = iter(cursors)
    if wanted.streams:
        known.tips.update(dict.fromkeys(wanted.streams, ABSENT))
        known.tips.update((stream, (version, leaf)) for stream, version, leaf in await next(answers).fetchall())
    if wanted.commands:
        known.commands.update((row[0], Receipt(*row[1:])) for row in await next(answers).fetchall())
    if wanted.targets:
        known.citations.update(dict.fromkeys(wanted.targets, 0))
        known.citations.update(await next(answers).fetchall())
    if wanted.numbers:
        known.numbers.update(await next(answers).fetchall())


async def _one(cursor: AsyncCursor[Any]) -> Any:
    row = await cursor.fetchone()
    if row is None:
        raise OperationalError("the ledger has no head")
    return row
