"""Notices in an SQLite file of their own: the inbox and where the reading of the ledger stands, in one transaction."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from adapters.notice_outbox_db import OutboxDb
from adapters.notice_schema import (
    NOTICE,
    deadline_of,
    marks,
    next_of,
    notice_of,
    notice_row,
    some_us,
    translated,
    us,
)
from adapters.private_files import open_database
from services.notice_ports import Deadline, Near, Notice, Waiting

_INSERT = """
INSERT INTO notices (key, reader, kind, about, number, lender, by_org, position, at, due, items, count, read_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO NOTHING
"""
_WAIT = """
INSERT INTO waiting (channel, seq, due)
SELECT ?, seq, ? FROM notices WHERE key = ? ON CONFLICT (channel, seq) DO NOTHING
"""


class SqliteNoticeBook(OutboxDb):
    """The NoticeBook. Work on the disk is done in threads; only the count of what is unread is taken at once, over a
    connection of its own that waits for no writer."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        with translated():
            self._glance = open_database(path, "")

    def close(self) -> None:
        super().close()
        self._glance.close()

    async def position(self) -> int:
        return await asyncio.to_thread(self._position)

    async def begin(self, head: int) -> int:
        return await asyncio.to_thread(self._begin, head)

    async def take(
        self, after: int, upto: int, notices: Sequence[Notice], *, near: Sequence[Near] = (),
        deadlines: Mapping[str, Sequence[Deadline]] | None = None, waiting: Sequence[Waiting] = (),
    ) -> bool:  # fmt: skip
        return await asyncio.to_thread(self._take, after, upto, notices, near, deadlines or {}, waiting)

    async def due(self, at: datetime, limit: int) -> Sequence[Deadline]:
        return await asyncio.to_thread(self._due, some_us(at), limit)

    async def tell(self, told: Sequence[tuple[Deadline, int]], notices: Sequence[Notice], waiting: Sequence[Waiting]) -> None:
        await asyncio.to_thread(self._tell, told, notices, waiting)

    async def add(self, notices: Sequence[Notice], waiting: Sequence[Waiting]) -> None:
        await asyncio.to_thread(self._tell, (), notices, waiting)

    def unread(self, to: Sequence[str]) -> int:
        sql = f"SELECT count(*) FROM notices WHERE reader IN ({marks(to)}) AND read_at IS NULL"
        with translated():
            found: int = self._glance.execute(sql, tuple(to)).fetchone()[0]
        return found

    async def inbox(
        self, to: Sequence[str], *, kinds: Sequence[str] = (), read: bool | None = None, before: int | None = None,
        limit: int = 50,
    ) -> Sequence[Notice]:  # fmt: skip
        return await asyncio.to_thread(self._inbox, to, kinds, read, before, limit)

    async def mark(self, to: Sequence[str], at: datetime, by: str, upto: int, seqs: Sequence[int] | None = None) -> int:
        return await asyncio.to_thread(self._mark, to, at, by, upto, seqs)

    def _position(self) -> int:
        with self.reading() as db:
            row = db.execute("SELECT position FROM cursor").fetchone()
        return row[0] if row else 0

    def _begin(self, head: int) -> int:
        with self.reading() as db:
            row = db.execute("SELECT history FROM cursor").fetchone()
        if row is None:
            with self.writing() as db:
                db.execute("INSERT INTO cursor VALUES (1, 0, ?) ON CONFLICT DO NOTHING", (head,))
                row = db.execute("SELECT history FROM cursor").fetchone()
        found: int = row[0]
        return found

    def _take(
        self, after: int, upto: int, notices: Sequence[Notice], near: Sequence[Near],
        deadlines: Mapping[str, Sequence[Deadline]], waiting: Sequence[Waiting],
    ) -> bool:  # fmt: skip
        with self.writing() as db:
            if db.execute("SELECT position FROM cursor").fetchone()[0] != after:
                return False
            self._insert(db, notices, waiting)
            db.executemany(
                "INSERT OR IGNORE INTO near VALUES (?, ?, ?, ?)",
                [(area, each.kind, each.position, each.item) for each in near for area in each.areas],
            )
            for item, theirs in deadlines.items():
                _replace(db, item, theirs)
            db.execute("UPDATE cursor SET position = ?", (upto,))
        return True

    def _insert(self, db: sqlite3.Connection, notices: Sequence[Notice], waiting: Sequence[Waiting]) -> None:
        db.executemany(_INSERT, [notice_row(notice) for notice in notices])
        db.executemany(_WAIT, [(w.channel, us(w.due), w.key) for w in waiting])

    def _due(self, at: int, limit: int) -> list[Deadline]:
        sql = (
            "SELECT item, reader, at, soon_at, goes_over, number, lender, told FROM deadlines "
            "WHERE next_at <= ? ORDER BY next_at LIMIT ?"
        )
        with self.reading() as db:
            return [deadline_of(row) for row in db.execute(sql, (at, limit))]

    def _tell(
        self, told: Sequence[tuple[Deadline, int]], notices: Sequence[Notice], waiting: Sequence[Waiting]
    ) -> None:
        with self.writing() as db:
            self._insert(db, notices, waiting)
            db.executemany(
                "UPDATE deadlines SET told = ?, next_at = ? WHERE item = ? AND reader = ? AND at = ?",
                [(now, next_of(d, now), d.item, d.to, us(d.at)) for d, now in told],
            )

    def _inbox(
        self, to: Sequence[str], kinds: Sequence[str], read: bool | None, before: int | None, limit: int
    ) -> list[Notice]:
        where, values = [f"reader IN ({marks(to)})"], [*to]
        if kinds:
            where.append(f"kind IN ({marks(kinds)})")
            values += kinds
        if read is not None:
            where.append("read_at IS NOT NULL" if read else "read_at IS NULL")
        if before is not None:
            where.append(f"seq < {int(before)}")
        sql = f"SELECT {NOTICE} FROM notices WHERE {' AND '.join(where)} ORDER BY seq DESC LIMIT {int(limit)}"
        with self.reading() as db:
            return [notice_of(row) for row in db.execute(sql, values)]

    def _mark(self, to: Sequence[str], at: datetime, by: str, upto: int, seqs: Sequence[int] | None) -> int:
        chosen = "" if seqs is None else " AND seq IN (SELECT value FROM json_each(?))"
        sql = (
            f"UPDATE notices SET read_at = ?, read_by = ? WHERE reader IN ({marks(to)}) AND seq <= ? "
            f"AND read_at IS NULL{chosen}"
        )
        values = [us(at), by, *to, upto, *(() if seqs is None else (json.dumps(list(seqs)),))]
        with self.writing() as db:
            return db.execute(sql, values).rowcount


def _replace(db: sqlite3.Connection, item: str, deadlines: Sequence[Deadline]) -> None:
    """Those that stay as they are keep what has been told of them."""
    known = {row[:2]: row[2] for row in db.execute("SELECT reader, at, told FROM deadlines WHERE item = ?", (item,))}
    db.execute("DELETE FROM deadlines WHERE item = ?", (item,))
    for d in deadlines:
        told = known.get((d.to, some_us(d.at)), 0)
        row = (item, d.to, us(d.at), us(d.soon_at), d.goes_over, d.number, d.lender, told, next_of(d, told))
        db.execute("INSERT OR REPLACE INTO deadlines VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
