"""What is to be sent: how readers want to be written to, what waits, and messages that one process at a time holds."""

from __future__ import annotations

import asyncio
import json
import secrets
import sqlite3
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from adapters.notice_schema import (
    CHANNEL,
    NOTICE,
    SqliteFile,
    channel_of,
    channel_row,
    marks,
    moment,
    notice_of,
    some_moment,
    some_us,
    us,
)
from services.notice_ports import Channel, Delivery, Manners, Notice, Sent, Waiting

MINUTE_US = 60_000_000
MOST_NOTICES = 30  # of one message; the rest goes with the next
_SENT = "deliveries.id, reader, kind, address, state, attempts, made_at, next_at, error"


class OutboxDb(SqliteFile):
    async def manners(self, to: Sequence[str]) -> Mapping[str, Manners]:
        return await asyncio.to_thread(self._manners, to)

    async def set_manners(self, manners: Manners) -> None:
        doc = {name: getattr(manners, name) for name in manners.__slots__ if name != "to"}
        await self._write("INSERT OR REPLACE INTO manners VALUES (?, ?)", (manners.to, json.dumps(doc)))

    async def channels(self, to: Sequence[str] | None = None) -> Sequence[Channel]:
        return await asyncio.to_thread(self._channels, to)

    async def keep_channel(self, channel: Channel) -> None:
        row = channel_row(channel)
        await self._write(f"INSERT OR REPLACE INTO channels ({CHANNEL}) VALUES ({marks(row)})", row)

    async def drop_channel(self, channel: str, to: str) -> bool:
        return await asyncio.to_thread(self._drop, channel, to)

    async def near(self, kind: str, areas: Sequence[str], after: int, limit: int) -> tuple[int, Sequence[str], int]:
        return await asyncio.to_thread(self._near, kind, areas, after, limit)

    async def near_told(self, channel: Channel, notice: Notice | None, waiting: Sequence[Waiting], now: datetime) -> bool:
        return await asyncio.to_thread(self._near_told, channel, notice, waiting, now)

    async def near_due(self, now: datetime) -> Sequence[Channel]:
        return await asyncio.to_thread(self._near_due, some_us(now))

    async def tried(self, channel: Channel, now: datetime, most: int) -> bool:
        return await asyncio.to_thread(self._tried, channel, some_us(now), most)

    async def lease(self, now: datetime, until: datetime, lease: str, limits: Mapping[str, int]) -> Delivery | None:
        return await asyncio.to_thread(self._lease, some_us(now), some_us(until), lease, limits)

    async def sent(self, delivery: Delivery, at: datetime) -> bool:
        return await self._write(
            "UPDATE deliveries SET state = 'sent', attempts = attempts + 1, next_at = NULL, lease = NULL, error = '' "
            "WHERE id = ? AND lease = ?", (delivery.id, delivery.lease),
        )  # fmt: skip

    async def failed(self, delivery: Delivery, at: datetime, next_at: datetime | None, error: str) -> bool:
        return await self._write(
            "UPDATE deliveries SET state = ?, attempts = attempts + 1, next_at = ?, lease = NULL, error = ? "
            "WHERE id = ? AND lease = ?",
            ("dead" if next_at is None else "queued", us(next_at), error[:300], delivery.id, delivery.lease),
        )  # fmt: skip

    async def deliveries(self, to: Sequence[str] | None, state: str | None, limit: int) -> Sequence[Sent]:
        return await asyncio.to_thread(self._deliveries, to, state, limit)

    async def tidy(self, before: datetime) -> int:
        return await asyncio.to_thread(self._tidy, some_us(before))

    async def revive(self, delivery: str, now: datetime) -> bool:
        sql = "UPDATE deliveries SET state = 'queued', attempts = 0, next_at = ? WHERE id = ? AND state = 'dead'"
        return await self._write(sql, (us(now), delivery))

    def _manners(self, to: Sequence[str]) -> dict[str, Manners]:
        with self.reading() as db:
            rows = db.execute(f"SELECT reader, doc FROM manners WHERE reader IN ({marks(to)})", tuple(to)).fetchall()
        return {reader: Manners(to=reader, **json.loads(doc)) for reader, doc in rows}

    def _channels(self, to: Sequence[str] | None) -> list[Channel]:
        where = "" if to is None else f"WHERE reader IN ({marks(to)}) OR also IN ({marks(to)})"
        sql = f"SELECT {CHANNEL} FROM channels {where} ORDER BY id"
        with self.reading() as db:
            rows = db.execute(sql, (*(to or ()), *(to or ()))).fetchall()
        return [channel_of(row) for row in rows]

    def _near_due(self, now: int) -> list[Channel]:
        with self.reading() as db:
            return [channel_of(row) for row in db.execute(f"SELECT {CHANNEL} FROM channels WHERE near_at <= ?", (now,))]

    def _tried(self, channel: Channel, now: int, most: int) -> bool:
        with self.writing() as db:
            db.execute("DELETE FROM tries WHERE at <= ?", (now - MINUTE_US,))
            if not _has_room(db, channel.kind, channel.address, {channel.kind: most}):
                return False
            db.execute("INSERT INTO tries VALUES (?, ?, ?)", (channel.kind, channel.address, now))
        return True

    def _drop(self, channel: str, to: str) -> bool:
        with self.writing() as db:
            gone = db.execute("DELETE FROM channels WHERE id = ? AND reader = ?", (channel, to)).rowcount == 1
            if gone:
                db.execute("DELETE FROM waiting WHERE channel = ?", (channel,))
                db.execute("DELETE FROM deliveries WHERE channel = ? AND state <> 'sent'", (channel,))
        return gone

    def _near(self, kind: str, areas: Sequence[str], after: int, limit: int) -> tuple[int, list[str], int]:
        sql = (
            f"SELECT DISTINCT position, item FROM near WHERE area IN ({marks(areas)}) AND kind = ? AND position > ? "
            "ORDER BY position DESC"
        )
        with self.reading() as db:
            rows = db.execute(sql, (*areas, kind, after)).fetchall()
        items = list(dict.fromkeys(item for _, item in rows))
        return len(items), items[:limit], rows[0][0] if rows else after

    def _near_told(self, channel: Channel, notice: Notice | None, waiting: Sequence[Waiting], now: datetime) -> bool:
        with self.writing() as db:
            moved = db.execute(
                "UPDATE channels SET near_from = ?, near_at = ? WHERE id = ? AND near_at <= ?",
                (channel.near_from, us(channel.near_at), channel.id, us(now)),
            ).rowcount
            if moved and notice is not None:
                self._insert(db, [notice], waiting)
        return bool(moved)

    def _insert(self, db: sqlite3.Connection, notices: Sequence[Notice], waiting: Sequence[Waiting]) -> None:
        raise TypeError(f"a book inserts {len(notices)} notices")  # the book itself knows how

    def _lease(self, now: int, until: int, lease: str, limits: Mapping[str, int]) -> Delivery | None:
        with self.writing() as db:
            db.execute("DELETE FROM tries WHERE at <= ?", (now - MINUTE_US,))
            id = _queued(db, now, limits) or _gathered(db, now, limits)
            if id is None:
                return None
            db.execute(
                "UPDATE deliveries SET lease = ?, leased_until = ?, next_at = ? WHERE id = ?", (lease, until, until, id)
            )
            db.execute("INSERT INTO tries SELECT kind, address, ? FROM deliveries WHERE id = ?", (now, id))
            return _delivery(db, id, lease)

    def _tidy(self, before: int) -> int:
        old = "SELECT id FROM deliveries WHERE made_at < ? AND state <> 'queued'"
        with self.writing() as db:
            db.execute(f"DELETE FROM waiting WHERE delivery IN ({old})", (before,))
            return db.execute(f"DELETE FROM deliveries WHERE id IN ({old})", (before,)).rowcount

    def _deliveries(self, to: Sequence[str] | None, state: str | None, limit: int) -> list[Sent]:
        where: list[str] = []
        values: list[Any] = []
        if to is not None:
            where.append(f"reader IN ({marks(to)})")
            values += to
        if state is not None:
            where.append("state = ?")
            values.append(state)
        counted = "(SELECT count(*) FROM waiting WHERE delivery = deliveries.id)"
        chosen = f"WHERE {' AND '.join(where)}" if where else ""
        sql = f"SELECT {_SENT}, {counted} FROM deliveries {chosen} ORDER BY made_at DESC LIMIT {int(limit)}"
        with self.reading() as db:
            return [_sent(row) for row in db.execute(sql, values)]

    async def _write(self, sql: str, values: Sequence[Any]) -> bool:
        return await asyncio.to_thread(self._written, sql, values)

    def _written(self, sql: str, values: Sequence[Any]) -> bool:
        with self.writing() as db:
            return db.execute(sql, values).rowcount == 1


def _queued(db: sqlite3.Connection, now: int, limits: Mapping[str, int]) -> str | None:
    """A message that is due again, or whose holder has not come back."""
    sql = "SELECT id, kind, address FROM deliveries WHERE state = 'queued' AND next_at <= ? ORDER BY next_at"
    rows = db.execute(sql, (now,)).fetchall()
    return next((id for id, kind, address in rows if _has_room(db, kind, address, limits)), None)


def _gathered(db: sqlite3.Connection, now: int, limits: Mapping[str, int]) -> str | None:
    """A new message of all that is due for one channel, the channel that has waited longest first."""
    sql = (
        "SELECT channels.id, channels.reader, kind, address, min(due) FROM waiting JOIN channels ON channel = channels.id "
        "WHERE delivery IS NULL AND due <= ? GROUP BY channels.id ORDER BY min(due)"
    )
    for channel, reader, kind, address, _ in db.execute(sql, (now,)).fetchall():
        if _has_room(db, kind, address, limits) and not _is_under_way(db, channel):
            id = f"msg-{secrets.token_hex(12)}"
            db.execute(
                "INSERT INTO deliveries VALUES (?, ?, ?, ?, ?, 'queued', 0, ?, ?, NULL, NULL, '')",
                (id, channel, reader, kind, address, now, now),
            )
            db.execute(
                "UPDATE waiting SET delivery = ? WHERE channel = ? AND seq IN (SELECT seq FROM waiting WHERE channel = ? "
                "AND delivery IS NULL AND due <= ? ORDER BY seq LIMIT ?)", (id, channel, channel, now, MOST_NOTICES),
            )  # fmt: skip
            return id
    return None


def _has_room(db: sqlite3.Connection, kind: str, address: str, limits: Mapping[str, int]) -> bool:
    """Whether the target may be written to within this minute, whoever shares it."""
    tried: int = db.execute("SELECT count(*) FROM tries WHERE kind = ? AND address = ?", (kind, address)).fetchone()[0]
    return tried < limits[kind]


def _is_under_way(db: sqlite3.Connection, channel: str) -> bool:
    """While one message waits to be sent again, what comes after it waits too, and goes together."""
    sql = "SELECT 1 FROM deliveries WHERE channel = ? AND state = 'queued'"
    return db.execute(sql, (channel,)).fetchone() is not None


def _delivery(db: sqlite3.Connection, id: str, lease: str) -> Delivery | None:
    attempts, channel = db.execute("SELECT attempts, channel FROM deliveries WHERE id = ?", (id,)).fetchone()
    row = db.execute(f"SELECT {CHANNEL} FROM channels WHERE id = ?", (channel,)).fetchone()
    sql = f"SELECT {NOTICE} FROM waiting JOIN notices ON notices.seq = waiting.seq WHERE delivery = ? ORDER BY notices.seq"
    notices = tuple(notice_of(each) for each in db.execute(sql, (id,)))
    if row is None:
        return None
    return Delivery(id=id, channel=channel_of(row), notices=notices, attempts=attempts, lease=lease)


def _sent(row: tuple[Any, ...]) -> Sent:
    id, to, kind, address, state, attempts, made_at, next_at, error, notices = row
    return Sent(
        id=id, to=to, kind=kind, address=address, state=state, attempts=attempts, notices=notices,
        made_at=some_moment(made_at), next_at=moment(next_at), error=error,
    )  # fmt: skip
