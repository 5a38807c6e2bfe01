"""One process of the stream's torture: a relay or a reader over a SQLite ledger that another process writes.

`python -m tests.torture.stream_part relay|reader`, the rest in $STREAM_PART as JSON. It ends when its stdin is closed.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import sqlite3
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from adapters import nats_publish, sqlite_schema
from adapters.nats_reader import NatsStream
from adapters.nats_relay import Relay
from adapters.nats_server import ExternalNats
from services.ports import Head, Stored

POLL_S = 0.02


class OurNats(ExternalNats):
    """The embedded server of the process that started us: its copies may be deleted, its restarts are not ours."""

    owned = True

    async def restart(self) -> None:
        pass


class ReadOnlyLedger:
    """What a relay needs of an EventLog, from another process's file."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite_schema.connect(path, writes=False)
        (self.store_id,) = self._db.execute("SELECT store_id FROM ledger_head").fetchone()

    async def read_all(self, after: int = 0, limit: int = 1000) -> Sequence[Stored]:
        query = "SELECT rowid, originator_id, originator_version, topic, state, leaf FROM stored_events"
        rows = self._db.execute(query + " WHERE rowid > ? ORDER BY rowid LIMIT ?", (after, limit)).fetchall()
        return [Stored(*row) for row in rows]

    async def head(self) -> Head:
        return Head(*self._db.execute("SELECT size, at_us, leaf FROM ledger_head").fetchone())

    async def wait(self, after: int, timeout_s: float) -> int:
        for _ in range(int(timeout_s / POLL_S)):
            if (await self.head()).position > after:
                break
            await asyncio.sleep(POLL_S)
        return (await self.head()).position


def open_seen(path: Path) -> sqlite3.Connection:
    """Where readers write what they saw, with the cursor in the same transaction."""
    db = sqlite3.connect(path, isolation_level=None, timeout=5)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("CREATE TABLE IF NOT EXISTS seen (position INTEGER, digest BLOB)")
    db.execute("CREATE TABLE IF NOT EXISTS cursor (one INTEGER PRIMARY KEY CHECK (one = 1), seq INTEGER)")
    db.execute("INSERT OR IGNORE INTO cursor VALUES (1, 0)")
    return db


def digest(row: Stored) -> bytes:
    told = f"{row.position}/{row.stream}/{row.version}/{row.type}/{row.leaf.hex()}/".encode()
    return hashlib.sha256(told + row.state).digest()


def apply(db: sqlite3.Connection, rows: Sequence[Stored]) -> bool:
    """Whole or not at all; False when another reader has been here."""
    db.execute("BEGIN IMMEDIATE")
    try:
        move = "UPDATE cursor SET seq = ? WHERE seq = ?"
        ours = db.execute(move, (rows[-1].position, rows[0].position - 1)).rowcount == 1
        if ours:
            db.executemany("INSERT INTO seen VALUES (?, ?)", [(row.position, digest(row)) for row in rows])
        db.execute("COMMIT" if ours else "ROLLBACK")
    except BaseException:
        db.execute("ROLLBACK")
        raise
    return ours


async def read(broker: OurNats, seen: Path) -> None:
    db = open_seen(seen)
    stream = NatsStream(broker, "huangpu", heartbeat_s=0.5, expires_s=5)
    while True:
        (cursor,) = db.execute("SELECT seq FROM cursor").fetchone()
        batches = stream.batches(cursor)
        async for rows in batches:
            if not apply(db, rows):
                break
        await batches.aclose()


async def main(role: str, told: dict[str, Any]) -> None:
    asyncio.get_running_loop().add_reader(0, os._exit, 0)
    broker = OurNats(told["url"], token=told["token"])
    if told["fault"]:
        nats_publish.EXPECTED = "Es-Ignored"  # what a relay must never forget
    if role == "relay":
        ledger = ReadOnlyLedger(Path(told["ledger"]))
        await Relay(ledger, broker, "huangpu", check_s=0.5, timeout_s=2.0).run()  # type: ignore[arg-type]
    else:
        await read(broker, Path(told["seen"]))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], json.loads(os.environ["STREAM_PART"])))
