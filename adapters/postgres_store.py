"""The event log in PostgreSQL: any number of processes on one ledger, each with its own group commit."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Sequence
from typing import Any

from psycopg import AsyncConnection, Error
from psycopg.conninfo import conninfo_to_dict
from psycopg.sql import SQL, Identifier
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from adapters import postgres_arrays
from adapters import postgres_schema as pg
from adapters.admission import LedgerDamaged, check_shape, repeated
from adapters.commit_queue import Bell, CommitQueue
from adapters.postgres_writer import PostgresWriter
from services.ports import Append, Head, Receipt, Stored, StoreUnavailable

PLAIN: dict[str, Any] = {"autocommit": True, "prepare_threshold": 0}  # transactions by hand, every statement prepared
POLL_S = 1.0  # how late another process's events are noticed when its word does not reach us
TELL_EVERY_S = 0.01  # how often the others are told while we store without a pause
READERS = 4
# A process that is stopped while it holds the ledger's lock must not stop the others for ever.
SESSION = (
    "-c default_transaction_isolation=read\\ committed -c idle_in_transaction_session_timeout=10s -c lock_timeout=10s"
)
EVENT = "SELECT notification_id, originator_id, originator_version, topic, state, leaf FROM {s}.stored_events "


class PostgresStore:
    """EventLog on PostgreSQL. `open` makes it."""

    store_id: str

    def __init__(self, dsn: str, statements: pg.Statements, store_id: str, position: int) -> None:
        self._dsn, self._sql, self.store_id = dsn, statements, store_id
        self._channel = pg.channel(statements.schema)
        self._bell = Bell(position)
        self._writer = PostgresWriter(lambda: connect(dsn), statements, self._grown)
        self._queue = CommitQueue(self._writer.write)
        self._pool: AsyncConnectionPool[AsyncConnection[Any]] = AsyncConnectionPool(
            dsn,
            min_size=1,
            max_size=READERS,
            open=False,
            timeout=5,
            kwargs={"autocommit": True, "prepare_threshold": 0},
        )
        self._telling: asyncio.Task[None] | None = None
        self._untold = 0
        self._listener: asyncio.Task[None] | None = None

    @classmethod
    async def open(
        cls, dsn: str, schema: str = "renling", *, algorithm: str = "sha256", allow_unsafe: bool = False
    ) -> PostgresStore:
        """The ledger in this schema, made when it is missing. `algorithm` counts only then.

        Raises LedgerDamaged when the server would lose commits or events (allow_unsafe: for tests on a server whose
        fsync is off), StoreUnavailable when it cannot be reached.
        """
        if os.environ.get("POSTGRES_ENABLE_DB_FUNCTIONS"):
            raise LedgerDamaged("unset POSTGRES_ENABLE_DB_FUNCTIONS: readers at the tail would miss events")
        statements = pg.Statements(schema)
        try:
            async with await connect(dsn) as db:
                if not allow_unsafe:
                    await pg.must_be_durable(db)
                store_id = await pg.create(db, statements, algorithm)
                head = await pg.must_be_whole(db, statements)
        except Error as error:
            raise StoreUnavailable(f"PostgreSQL: {error}") from error
        store = cls(dsn, statements, store_id, head.position)
        await store._pool.open()
        store._listener = asyncio.create_task(store._listen())
        return store

    async def append(self, change: Append) -> Receipt:
        check_shape(change)
        return await self._queue.put(change)

    async def command(self, command_id: str) -> Receipt | None:
        rows = await self._read(pg.ONE_COMMAND, command_id)
        return repeated(Receipt(*rows[0][1:])) if rows else None

    async def read_stream(self, stream: str, after: int = 0) -> Sequence[Stored]:
        where = "WHERE originator_id = %s AND originator_version > %s ORDER BY originator_version"
        return [Stored(*row) for row in await self._read(EVENT + where, stream, after)]

    async def read_all(self, after: int = 0, limit: int = 1000) -> Sequence[Stored]:
        where = "WHERE notification_id > %s ORDER BY notification_id LIMIT %s"
        return [Stored(*row) for row in await self._read(EVENT + where, after, limit)]

    async def citing(self, target: str) -> Sequence[str]:
        query = "SELECT citing FROM {s}.citations WHERE target = %s ORDER BY position, citing"
        return [citing for (citing,) in await self._read(query, target)]

    async def last_number(self, series: str) -> int:
        query = "SELECT coalesce(max(n), 0) FROM {s}.numbers WHERE series = %s"
        return int((await self._read(query, series))[0][0])

    async def head(self) -> Head:
        position, at_us, leaf, _, _ = (await self._read(pg.HEAD))[0]
        return Head(position, at_us, leaf)

    async def position_at(self, at_us: int) -> int:
        return int((await self._read("SELECT {s}.position_at(%s)", at_us))[0][0])

    async def wait(self, after: int, timeout_s: float) -> int:
        return await self._bell.past(after, timeout_s)

    async def close(self) -> None:
        """Finish what is waiting and let go of every connection."""
        await self._queue.close()
        if self._telling is not None:
            await asyncio.wait([self._telling])
        if self._listener is not None:
            self._listener.cancel()
            await asyncio.wait([self._listener])
        await self._writer.disconnect()
        await self._pool.close()

    async def _read(self, query: str, *arguments: object) -> list[Any]:
        try:
            async with self._pool.connection() as db:
                return await (await db.execute(self._sql(query), arguments, binary=True)).fetchall()
        except (Error, PoolTimeout) as error:
            raise StoreUnavailable(f"PostgreSQL: {error}") from error

    def _grown(self, head: Head) -> None:
        """Our commit is on disk: wake the waiters here at once, and tell the other processes."""
        self._bell.ring(head.position)
        self._untold = head.position
        if self._telling is None:
            self._telling = asyncio.create_task(self._tell())

    async def _tell(self) -> None:
        # Outside the commit: NOTIFY inside would hold a lock of the whole server until the commit is on disk. What
        # happens meanwhile goes into the next word; a word that is lost is made good by the others' polling.
        try:
            while self._untold:
                position, self._untold = self._untold, 0
                with contextlib.suppress(StoreUnavailable):
                    await self._read("SELECT pg_notify(%s, %s)", self._channel, str(position))
                await asyncio.sleep(TELL_EVERY_S)
        finally:
            self._telling = None

    async def _listen(self) -> None:
        """Hear of other processes' events; connect again for ever."""
        while True:
            with contextlib.suppress(Error):
                async with await connect(self._dsn) as db:
                    await db.execute(SQL("LISTEN {}").format(Identifier(self._channel)))
                    while True:
                        cursor = await db.execute(self._sql("SELECT size FROM {s}.ledger_head"))
                        self._heard((await cursor.fetchone() or (0,))[0])
                        async for word in db.notifies(timeout=POLL_S, stop_after=100):
                            self._heard(int(word.payload))
            await asyncio.sleep(POLL_S)

    def _heard(self, position: int) -> None:
        self._writer.moved(position)
        if position > self._bell.position:
            self._bell.ring(position)


async def connect(dsn: str) -> AsyncConnection[Any]:
    """A connection for whoever writes or listens."""
    options = f"{conninfo_to_dict(dsn).get('options') or ''} {SESSION}"
    db = await AsyncConnection.connect(dsn, options=options, **PLAIN)
    postgres_arrays.register(db)
    return db
