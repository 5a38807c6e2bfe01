"""Webhooks in the file of the notices: addresses with their place in the ledger, and answers to commands about them."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from adapters.notice_schema import SqliteFile, moment, some_moment, some_us, us
from services.webhook_ports import Endpoint, HookChange

KEPT = timedelta(days=7)  # answers to commands; whoever asks again later asks anew
_SCHEMA = """
CREATE TABLE IF NOT EXISTS endpoints (
    id TEXT PRIMARY KEY, org TEXT NOT NULL, role TEXT NOT NULL, area TEXT, url TEXT NOT NULL, types TEXT NOT NULL,
    secret TEXT NOT NULL, old_secret TEXT NOT NULL, old_until INTEGER, cursor INTEGER NOT NULL, made_at INTEGER NOT NULL,
    made_by TEXT NOT NULL, active INTEGER NOT NULL, failing_since INTEGER, attempts INTEGER NOT NULL, next_at INTEGER,
    last_at INTEGER, last_status INTEGER NOT NULL, last_error TEXT NOT NULL, lease TEXT NOT NULL, leased_until INTEGER
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS endpoints_of ON endpoints (org);
CREATE TABLE IF NOT EXISTS hook_answers (
    command TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, answer BLOB NOT NULL, at INTEGER NOT NULL
) WITHOUT ROWID;
"""
_COLUMNS = (
    "id, org, role, area, url, types, secret, old_secret, old_until, cursor, made_at, made_by, active, failing_since, "
    "attempts, next_at, last_at, last_status, last_error, lease"
)


class SqliteHookBook(SqliteFile):
    """The HookBook."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, _SCHEMA)

    async def answer(self, command_id: str) -> tuple[str, bytes] | None:
        return await asyncio.to_thread(self._answer, command_id)

    async def change(
        self, change: HookChange | None, command_id: str, fingerprint: str, answer: bytes, at: datetime
    ) -> bool:
        return await asyncio.to_thread(self._change, change, command_id, fingerprint, answer, at)

    async def endpoints(self, org: str) -> Sequence[Endpoint]:
        return await asyncio.to_thread(self._endpoints, org)

    async def lease(self, now: datetime, until: datetime, lease: str, head: int) -> Endpoint | None:
        return await asyncio.to_thread(self._lease, some_us(now), some_us(until), lease, head)

    async def arrived(self, endpoint: Endpoint, cursor: int, at: datetime, until: datetime, status: int | None) -> bool:
        called = "" if status is None else ", last_at = ?, last_status = ?, last_error = '', failing_since = NULL, attempts = 0"
        values = () if status is None else (us(at), status)
        return await self._held(
            f"cursor = ?, leased_until = ?, next_at = NULL{called}", (cursor, us(until), *values), endpoint
        )

    async def failed(
        self, endpoint: Endpoint, at: datetime, next_at: datetime | None, status: int, error: str
    ) -> bool:
        changes = (
            "attempts = attempts + 1, failing_since = coalesce(failing_since, ?), next_at = ?, active = ?, last_at = ?, "
            "last_status = ?, last_error = ?, lease = '', leased_until = NULL"
        )
        values = (us(at), us(next_at), next_at is not None, us(at), status, error[:300])
        return await self._held(changes, values, endpoint)

    async def release(self, endpoint: Endpoint) -> None:
        await self._held("lease = '', leased_until = NULL", (), endpoint)

    async def _held(self, changes: str, values: tuple[Any, ...], endpoint: Endpoint) -> bool:
        """Only while the lease is ours; a replay takes it away."""
        sql = f"UPDATE endpoints SET {changes} WHERE id = ? AND lease = ?"
        return await asyncio.to_thread(self._written, sql, (*values, endpoint.id, endpoint.lease))

    def _written(self, sql: str, values: Sequence[Any]) -> bool:
        with self.writing() as db:
            return db.execute(sql, values).rowcount == 1

    def _answer(self, command_id: str) -> tuple[str, bytes] | None:
        with self.reading() as db:
            row = db.execute("SELECT fingerprint, answer FROM hook_answers WHERE command = ?", (command_id,)).fetchone()
        return (row[0], row[1]) if row else None

    def _change(self, change: HookChange | None, command: str, fingerprint: str, answer: bytes, at: datetime) -> bool:
        with self.writing() as db:
            db.execute("DELETE FROM hook_answers WHERE at < ?", (us(at - KEPT),))
            kept = db.execute(
                "INSERT INTO hook_answers VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
                (command, fingerprint, answer, us(at)),
            ).rowcount
            if kept and change is not None:
                _apply(db, change)
        return bool(kept)

    def _endpoints(self, org: str) -> list[Endpoint]:
        with self.reading() as db:
            return [_endpoint(row) for row in db.execute(
                f"SELECT {_COLUMNS} FROM endpoints WHERE org = ? ORDER BY id", (org,)
            )]  # fmt: skip

    def _lease(self, now: int, until: int, lease: str, head: int) -> Endpoint | None:
        sql = (
            "UPDATE endpoints SET lease = ?, leased_until = ? WHERE id = (SELECT id FROM endpoints WHERE active "
            "AND cursor < ? AND (next_at IS NULL OR next_at <= ?) AND (leased_until IS NULL OR leased_until <= ?) "
            f"ORDER BY coalesce(last_at, 0) LIMIT 1) RETURNING {_COLUMNS}"
        )
        with self.writing() as db:
            row = db.execute(sql, (lease, until, head, now, now)).fetchone()
        return _endpoint(row) if row else None


def _apply(db: sqlite3.Connection, change: HookChange) -> None:
    if change.add is not None:
        row = _row(change.add)
        db.execute(f"INSERT INTO endpoints ({_COLUMNS}) VALUES ({', '.join('?' * len(row))})", row)
    if change.drop is not None:
        db.execute("DELETE FROM endpoints WHERE id = ?", (change.drop,))
    if change.rotate is not None:
        id, secret, until = change.rotate
        db.execute(
            "UPDATE endpoints SET old_secret = secret, old_until = ?, secret = ? WHERE id = ?", (us(until), secret, id)
        )
    if change.replay is not None:
        id, after = change.replay
        db.execute(
            "UPDATE endpoints SET cursor = ?, active = 1, next_at = NULL, attempts = 0, failing_since = NULL, lease = '', "
            "leased_until = NULL WHERE id = ?", (after, id),
        )  # fmt: skip


def _row(e: Endpoint) -> tuple[Any, ...]:
    return (
        e.id, e.org, e.role, e.area, e.url, json.dumps(e.types), e.secret, e.old_secret, us(e.old_until), e.cursor,
        us(e.made_at), e.made_by, e.active, us(e.failing_since), e.attempts, us(e.next_at), us(e.last_at), e.last_status,
        e.last_error, e.lease,
    )  # fmt: skip


def _endpoint(row: tuple[Any, ...]) -> Endpoint:
    (
        id, org, role, area, url, types, secret, old_secret, old_until, cursor, made_at, made_by, active, failing_since,
        attempts, next_at, last_at, last_status, last_error, lease,
    ) = row  # fmt: skip
    return Endpoint(
        id=id, org=org, role=role, area=area, url=url, types=tuple(json.loads(types)), secret=secret,
        old_secret=old_secret, old_until=moment(old_until), cursor=cursor, made_at=some_moment(made_at), made_by=made_by,
        active=bool(active), failing_since=moment(failing_since), attempts=attempts, next_at=moment(next_at),
        last_at=moment(last_at), last_status=last_status, last_error=last_error, lease=lease,
    )  # fmt: skip
