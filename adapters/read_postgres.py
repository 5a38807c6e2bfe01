"""The read database in PostgreSQL: sets of tables side by side in schemas, one of them in use by all processes."""

from __future__ import annotations

import asyncio
import queue
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any, TypeVar

import psycopg
from psycopg import sql

from adapters import read_postgres_query, read_postgres_schema, read_postgres_write
from adapters.read_questions import Questions
from services.ports import StoreUnavailable
from services.read_ports import Changes, ReadDb

READERS = 4  # connections of a process
BLOCK_OF_ROWS = 2000

T = TypeVar("T")


class PostgresReadDb(Questions):
    """ReadDb in the schemas `base`_1, `base`_2 …; `base`.current names the one in use. `open` makes it."""

    def __init__(self, dsn: str, base: str, name: str, *, pinned: bool = False) -> None:
        super().__init__(read_postgres_query, READERS + 1)
        self._dsn, self._base, self._name, self._pinned = dsn, base, name, pinned
        self._lent: queue.LifoQueue[psycopg.Connection | None] = queue.LifoQueue()
        for _ in range(READERS):
            self._lent.put(None)
        self._writer: psycopg.Connection | None = None
        self._writing = asyncio.Lock()

    @classmethod
    def open(cls, dsn: str, base: str = "renling_read") -> PostgresReadDb:
        """The set in use; an empty one when there is none or it is of another version. Raises StoreUnavailable."""
        with _translated(), psycopg.connect(dsn, autocommit=True) as db:
            return cls(dsn, base, read_postgres_schema.prepare(db, base))

    async def apply(self, changes: Changes) -> None:
        async with self._writing:
            await self._in_thread(self._write, changes)

    @asynccontextmanager
    async def beside(self) -> AsyncIterator[ReadDb]:
        name = await self._in_thread(self._once, read_postgres_schema.fresh, self._base)
        other = PostgresReadDb(self._dsn, self._base, name, pinned=True)
        try:
            yield other
        finally:
            await other.close()
            if name != self._name:
                await self._in_thread(self._once, read_postgres_schema.drop, name)

    async def adopt(self, other: ReadDb) -> None:
        assert isinstance(other, PostgresReadDb)
        async with self._writing:
            await self._in_thread(self._once, read_postgres_schema.count, other._name)
            await self._in_thread(self._once, read_postgres_schema.point, self._base, other._name)
            old, self._name = self._name, other._name
            await self._in_thread(self._hang_up)
        await self._in_thread(self._once, read_postgres_schema.drop, old)

    @asynccontextmanager
    async def dump(self) -> AsyncIterator[PostgresDump]:
        db = await self._in_thread(self._connected)
        try:
            position = await self._in_thread(_begin, db)
            yield PostgresDump(db, position, self._in_thread)
        finally:
            db.close()

    async def close(self) -> None:
        await self._in_thread(self._hang_up)
        self._threads.shutdown()

    def _read(self, ask: Callable[..., T], *arguments: Any) -> T:
        db = self._lent.get()
        try:
            with _translated():
                db = self._current(db)
                try:
                    with db.transaction():
                        return ask(db, *arguments)
                except psycopg.errors.UndefinedTable:  # the set was replaced this very moment
                    with self._current(db).transaction():
                        return ask(db, *arguments)
        except StoreUnavailable:
            if db is not None:
                db.close()
            db = None
            raise
        finally:
            self._lent.put(db)

    def _write(self, changes: Changes) -> None:
        try:
            with _translated():
                self._writer = self._current(self._writer, writes=True)
                read_postgres_write.apply(self._writer, changes)
        except StoreUnavailable:
            if self._writer is not None:
                self._writer.close()
            self._writer = None
            raise

    def _current(self, db: psycopg.Connection | None, *, writes: bool = False) -> psycopg.Connection:
        """A connection to the set in use: another process may have put a new one in its place."""
        db = db or self._connected(writes=writes)
        if not self._pinned:
            self._name = read_postgres_schema.turn_to(db, self._base)
        return db

    def _connected(self, *, writes: bool = False) -> psycopg.Connection:
        with _translated():
            db = psycopg.connect(self._dsn, autocommit=True, options="-c synchronous_commit=off" if writes else None)
            db.execute(sql.SQL("SET search_path = {}").format(sql.Identifier(self._name)))
        if not writes:
            db.isolation_level, db.read_only = psycopg.IsolationLevel.REPEATABLE_READ, True
        return db

    def _once(self, act: Callable[..., T], *arguments: Any) -> T:
        with _translated(), psycopg.connect(self._dsn, autocommit=True) as db:
            return act(db, *arguments)

    def _hang_up(self) -> None:
        """Waits for readers that are still out."""
        lent = [self._lent.get() for _ in range(READERS)]
        for db in (*lent, self._writer):
            if db is not None:
                with suppress(psycopg.Error):
                    db.close()
        self._writer = None
        for _ in range(READERS):
            self._lent.put(None)


class PostgresDump:
    """All rows of one moment, for a comparison."""

    tables = tuple(read_postgres_schema.DUMPED)

    def __init__(self, db: psycopg.Connection, position: int, in_thread: Callable[..., Any]) -> None:
        self._db, self.position, self._in_thread = db, position, in_thread

    async def rows(self, table: str) -> AsyncIterator[Sequence[tuple[Any, ...]]]:
        with self._db.cursor(name=f"dump_{table}") as cursor:
            await self._in_thread(cursor.execute, read_postgres_schema.DUMPED[table])
            while block := await self._in_thread(cursor.fetchmany, BLOCK_OF_ROWS):
                yield block


def _begin(db: psycopg.Connection) -> int:
    db.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
    return read_postgres_query.bookmark(db).position


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (psycopg.OperationalError, psycopg.InterfaceError) as error:
        raise StoreUnavailable(f"PostgreSQL: {error}") from error
