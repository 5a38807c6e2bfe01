"""The tables of notices, and their rows as the services know them. Times are microseconds since 1970 UTC."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from adapters import private_files
from adapters.private_files import open_database
from services.notice_ports import Channel, Deadline, Notice

SCHEMA = """
CREATE TABLE IF NOT EXISTS cursor (
    one INTEGER PRIMARY KEY CHECK (one = 1), position INTEGER NOT NULL, history INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS notices (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE, reader TEXT NOT NULL, kind TEXT NOT NULL,
    about TEXT NOT NULL, number TEXT NOT NULL, lender TEXT, by_org TEXT, position INTEGER NOT NULL, at INTEGER NOT NULL,
    due INTEGER, items TEXT NOT NULL, count INTEGER NOT NULL, read_at INTEGER, read_by TEXT
);
CREATE INDEX IF NOT EXISTS notices_of ON notices (reader, seq);
CREATE INDEX IF NOT EXISTS notices_unread ON notices (reader, seq) WHERE read_at IS NULL;
CREATE TABLE IF NOT EXISTS near (
    area TEXT NOT NULL, kind TEXT NOT NULL, position INTEGER NOT NULL, item TEXT NOT NULL,
    PRIMARY KEY (area, kind, position, item)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS deadlines (
    item TEXT NOT NULL, reader TEXT NOT NULL, at INTEGER NOT NULL, soon_at INTEGER, goes_over INTEGER NOT NULL,
    number TEXT NOT NULL, lender TEXT, told INTEGER NOT NULL, next_at INTEGER, PRIMARY KEY (item, reader)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS deadlines_next ON deadlines (next_at) WHERE next_at IS NOT NULL;
CREATE TABLE IF NOT EXISTS manners (reader TEXT PRIMARY KEY, doc TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS channels (
    id TEXT PRIMARY KEY, reader TEXT NOT NULL, kind TEXT NOT NULL, address TEXT NOT NULL, secret TEXT NOT NULL,
    paces TEXT NOT NULL, near_from INTEGER NOT NULL, near_at INTEGER, also TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS channels_of ON channels (reader);
CREATE INDEX IF NOT EXISTS channels_near ON channels (near_at) WHERE near_at IS NOT NULL;
CREATE TABLE IF NOT EXISTS waiting (
    channel TEXT NOT NULL, seq INTEGER NOT NULL, due INTEGER NOT NULL, delivery TEXT, PRIMARY KEY (channel, seq)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS waiting_due ON waiting (due) WHERE delivery IS NULL;
CREATE INDEX IF NOT EXISTS waiting_in ON waiting (delivery) WHERE delivery IS NOT NULL;
CREATE TABLE IF NOT EXISTS deliveries (
    id TEXT PRIMARY KEY, channel TEXT NOT NULL, reader TEXT NOT NULL, kind TEXT NOT NULL, address TEXT NOT NULL,
    state TEXT NOT NULL, attempts INTEGER NOT NULL, made_at INTEGER NOT NULL, next_at INTEGER, lease TEXT,
    leased_until INTEGER, error TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS deliveries_next ON deliveries (next_at) WHERE state = 'queued';
CREATE INDEX IF NOT EXISTS deliveries_of ON deliveries (reader, made_at);
CREATE TABLE IF NOT EXISTS tries (kind TEXT NOT NULL, address TEXT NOT NULL, at INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS tries_at ON tries (kind, address, at);
"""
NOTICE = "notices.seq, key, reader, kind, about, number, lender, by_org, position, at, notices.due, items, count, read_at"
CHANNEL = "id, reader, kind, address, secret, paces, near_from, near_at, also"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

translated = partial(private_files.translated, "notices")


class SqliteFile:
    """One private database file that several processes write; each method is one transaction."""

    def __init__(self, path: Path, schema: str = SCHEMA) -> None:
        self._lock = threading.Lock()
        with translated():
            self._db = open_database(path, schema)

    def close(self) -> None:
        with self._lock:
            self._db.close()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        with self._lock, translated():
            yield self._db

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """All of it or nothing. The lock on the file is taken first: what is read stays true until the end."""
        with self._lock, translated():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise


def us(at: datetime | None) -> int | None:
    return None if at is None else (at - _EPOCH) // timedelta(microseconds=1)


def some_us(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(microseconds=1)


def moment(value: int | None) -> datetime | None:
    return None if value is None else some_moment(value)


def some_moment(value: int) -> datetime:
    return _EPOCH + timedelta(microseconds=value)


def marks(values: Sequence[object]) -> str:
    """A question mark for each."""
    return ", ".join("?" * len(values))


def notice_row(notice: Notice) -> tuple[Any, ...]:
    return (
        notice.key, notice.to, notice.kind, notice.about, notice.number, notice.lender, notice.by, notice.position,
        us(notice.at), us(notice.due), json.dumps(notice.items), notice.count, us(notice.read_at),
    )  # fmt: skip


def notice_of(row: tuple[Any, ...]) -> Notice:
    seq, key, to, kind, about, number, lender, by, position, at, due, items, count, read_at = row
    return Notice(
        seq=seq, key=key, to=to, kind=kind, about=about, number=number, lender=lender, by=by, position=position,
        at=some_moment(at), due=moment(due), items=tuple(json.loads(items)), count=count, read_at=moment(read_at),
    )  # fmt: skip


def channel_of(row: tuple[Any, ...]) -> Channel:
    id, to, kind, address, secret, paces, near_from, near_at, also = row
    return Channel(
        id=id, to=to, kind=kind, address=address, secret=secret, paces=json.loads(paces), near_from=near_from,
        near_at=moment(near_at), also=also,
    )  # fmt: skip


def channel_row(channel: Channel) -> tuple[Any, ...]:
    paces: Mapping[str, str] = channel.paces
    return (
        channel.id, channel.to, channel.kind, channel.address, channel.secret, json.dumps(dict(paces)), channel.near_from,
        us(channel.near_at), channel.also,
    )  # fmt: skip


def deadline_of(row: tuple[Any, ...]) -> Deadline:
    item, to, at, soon_at, goes_over, number, lender, told = row
    return Deadline(
        item=item, to=to, at=some_moment(at), soon_at=moment(soon_at), goes_over=bool(goes_over), number=number,
        lender=lender, told=told,
    )  # fmt: skip


def next_of(deadline: Deadline, told: int) -> int | None:
    """When it has something to say next."""
    if told < 1 and deadline.soon_at is not None:
        return us(deadline.soon_at)
    return us(deadline.at) if told < 2 and deadline.goes_over else None
