"""For tests of the event log: opening each kind of it, and commands made of a few words."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg

from adapters.postgres_store import PostgresStore
from adapters.sqlite_store import SqliteStore
from domain.ledger import NO_LEAF, Frontier, leaf_hash
from services.ports import Append, EventLog, NewEvent, Receipt, Stored

STATE = b'{"data":{"lines":[{"kind":"tutor","quantity":2}]}}'


def posted(stream: str, version: int = 1, type: str = "need.posted", state: bytes = STATE) -> NewEvent:
    return NewEvent(stream, version, type, state)


def command(
    *events: NewEvent,
    id: str | None = None,
    at_us: int = 1_000,
    reads: Sequence[tuple[str, int]] = (),
    cites: Sequence[tuple[str, str]] = (),
    cited: Sequence[tuple[str, int]] = (),
    numbers: Sequence[tuple[str, int]] = (),
) -> Append:
    """A command that nobody sent before, unless it has an id."""
    name = id or uuid4().hex
    answer = f'{{"answer":"{name}"}}'.encode()
    return Append(
        events, name, f"print of {name}", answer, at_us, tuple(reads), tuple(cites), tuple(cited), tuple(numbers)
    )


async def post(log: EventLog, *streams: str) -> list[Receipt]:
    """One command for each new stream."""
    return [await log.append(command(posted(stream))) for stream in streams]


async def everything(log: EventLog) -> list[Stored]:
    found: list[Stored] = []
    while batch := await log.read_all(len(found), 500):
        found += batch
    return found


def sealed(ledger: Sequence[Stored]) -> Frontier:
    """The frontier recomputed from the stored bytes; fails when a position, a leaf or a link is not what it must be."""
    last: dict[str, bytes] = {}
    for index, stored in enumerate(ledger):
        prev = last.get(stored.stream, NO_LEAF)
        leaf = leaf_hash(prev, index, stored.stream, stored.version, stored.type, stored.state)
        assert (stored.position, stored.leaf) == (index + 1, leaf)
        last[stored.stream] = leaf
    return Frontier().extend(stored.leaf for stored in ledger)


@dataclass(frozen=True)
class Place:
    """Where a ledger lies that lasts, so that it can be opened again, also by another process, and looked into."""

    kind: str
    folder: str
    url: str
    schema: str

    @asynccontextmanager
    async def open(self) -> AsyncIterator[EventLog]:
        log: EventLog
        if self.kind.startswith("sqlite"):
            slow = self.kind == "sqlite on a slow disk"
            log = await SqliteStore.open(Path(self.folder) / "ledger.db", slow_disk=slow)
        else:
            log = await PostgresStore.open(self.url, self.schema, allow_unsafe=True)
        try:
            yield log
        finally:
            await log.close()

    def sql(self, statement: str) -> list[Any]:
        """Run a statement as somebody at the database's own console would."""
        if self.kind.startswith("sqlite"):
            with closing(sqlite3.connect(Path(self.folder) / "ledger.db", isolation_level=None)) as file:
                return file.execute(statement).fetchall()
        with psycopg.connect(self.url, autocommit=True, options=f"-c search_path={self.schema}") as server:
            cursor = server.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []
