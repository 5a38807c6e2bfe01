"""The event log in one SQLite file: one process, one writer, every commit on disk before it is acknowledged."""

from __future__ import annotations

import asyncio
import math
import os
import shutil
import sqlite3
import time
from bisect import bisect_right
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from adapters import sqlite_schema
from adapters.admission import Known, admit, check_shape, doubtful, recall, repeated, unknown
from adapters.commit_queue import Bell, CommitQueue
from adapters.file_lock import FileLock
from services.ports import Append, Conflict, Head, Receipt, Stored, StoreUnavailable

SLOW_COMMIT_S = 0.001  # from here on a commit would stop the event loop for too long
RECENT_COMMITS = 8  # that tell how fast the disk is now: others use it too
EVENT = "SELECT rowid, originator_id, originator_version, topic, state, leaf FROM stored_events "


class SqliteStore:
    """EventLog on SQLite. Reads take about 20 µs and run on the event loop."""

    store_id: str

    def __init__(
        self, path: Path, lock: FileLock, writer: sqlite3.Connection, reader: sqlite3.Connection, *, slow_disk: bool | None
    ) -> None:
        self._path, self._lock, self._writer, self._reader, self._slow = path, lock, writer, reader, slow_disk
        self._commit_s = 0.0 if slow_disk is not None else sync_seconds(path.parent)
        self._known: Known | None = sqlite_schema.load(writer)
        self._head = self._known.head
        (self.store_id,) = writer.execute("SELECT store_id FROM ledger_head").fetchone()
        self._committing = False  # in a thread
        self._queue = CommitQueue(self._write)
        self._bell = Bell(self._head.position)

    @classmethod
    async def open(cls, path: Path, *, algorithm: str = "sha256", slow_disk: bool | None = None) -> SqliteStore:
        """The ledger in this file, made when it is missing. `algorithm` counts only then.

        slow_disk: whether commits run beside the event loop; None: they do while the disk is slow.
        Raises DataFolderInUse when another process has it open, LedgerDamaged when it does not fit its seal.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = lock_of(path)
        lock.take()
        try:
            writer = sqlite_schema.connect(path, writes=True)
            sqlite_schema.create(writer, algorithm)
            reader = sqlite_schema.connect(path, writes=False)
            return cls(path, lock, writer, reader, slow_disk=slow_disk)
        except BaseException:
            lock.release()
            raise

    async def append(self, change: Append) -> Receipt:
        check_shape(change)
        return await self._queue.put(change)

    async def command(self, command_id: str) -> Receipt | None:
        rows = self._read(sqlite_schema.SELECT_COMMAND, sqlite_schema.key_of(command_id))
        return repeated(Receipt(*rows[0])) if rows else None

    async def read_stream(self, stream: str, after: int = 0) -> Sequence[Stored]:
        where = "WHERE originator_id = ? AND originator_version > ? ORDER BY originator_version"
        return [Stored(*row) for row in self._read(EVENT + where, stream, after)]

    async def read_all(self, after: int = 0, limit: int = 1000) -> Sequence[Stored]:
        return [Stored(*row) for row in self._read(EVENT + "WHERE rowid > ? ORDER BY rowid LIMIT ?", after, limit)]

    async def citing(self, target: str) -> Sequence[str]:
        query = "SELECT citing FROM citations WHERE target = ? ORDER BY position, citing"
        return [citing for (citing,) in self._read(query, target)]

    async def last_number(self, series: str) -> int:
        ((last,),) = self._read("SELECT max(n) FROM numbers WHERE series = ?", series)
        return last or 0

    async def head(self) -> Head:
        return self._head

    async def position_at(self, at_us: int) -> int:
        query = "SELECT at_us FROM stored_events WHERE rowid = ?"
        positions = range(1, self._head.position + 1)
        return bisect_right(positions, at_us, key=lambda position: self._read(query, position)[0][0])

    async def wait(self, after: int, timeout_s: float) -> int:
        return await self._bell.past(after, timeout_s)

    async def close(self) -> None:
        """Finish what is waiting, fold the log into the file, let the next process in."""
        await self._queue.close()
        self._reader.close()
        self._writer.close()
        self._lock.release()

    def _read(self, query: str, *arguments: str | int | bytes) -> list[Any]:
        # The writer has the pages it wrote still at hand; but while it commits in a thread it would keep us waiting.
        db = self._reader if self._committing else self._writer
        try:
            return db.execute(query, arguments).fetchall()
        except sqlite3.Error as error:
            raise self._unavailable(error) from error

    async def _write(self, changes: Sequence[Append]) -> Sequence[Receipt | Conflict]:
        try:
            try:
                return await self._store(changes, trusting=True)
            except sqlite3.IntegrityError:
                # A command id, number or stream that memory did not hold is there already: look everything up.
                self._forget()
                return await self._store(changes, trusting=False)
        except sqlite3.Error as error:
            raise self._unavailable(error) from error
        finally:
            if self._writer.in_transaction:
                self._forget()

    async def _store(self, changes: Sequence[Append], *, trusting: bool) -> Sequence[Receipt | Conflict]:
        self._writer.execute("BEGIN IMMEDIATE")
        known = self._known or sqlite_schema.load(self._writer)
        # Until the commit is on disk what is known counts for nothing: after any failure it is read again.
        self._known = None
        sqlite_schema.look_up(self._writer, unknown(changes, known, trusting=trusting), known)
        batch = admit(changes, known)
        if doubts := doubtful(changes, batch, known):
            sqlite_schema.look_up(self._writer, doubts, known)
            recall(changes, batch, known)
        if batch.events:
            sqlite_schema.insert(self._writer, batch, known)
        await self._commit()
        known.trim()
        self._known, self._head = known, known.head
        if batch.events:
            self._bell.ring(known.head.position)
        return batch.outcomes

    async def _commit(self) -> None:
        started = time.perf_counter()
        if self._commit_s > SLOW_COMMIT_S if self._slow is None else self._slow:
            await self._commit_beside()
        else:
            self._writer.execute("COMMIT")
        self._commit_s += (time.perf_counter() - started - self._commit_s) / RECENT_COMMITS

    async def _commit_beside(self) -> None:
        self._committing = True
        try:
            await asyncio.to_thread(self._writer.execute, "COMMIT")
        finally:
            self._committing = False

    def _forget(self) -> None:
        """Nothing of the failed transaction holds, in the file or in memory."""
        self._known = None
        if self._writer.in_transaction:
            self._writer.execute("ROLLBACK")

    def _unavailable(self, error: sqlite3.Error) -> StoreUnavailable:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        full = code == sqlite3.SQLITE_FULL
        if code == sqlite3.SQLITE_IOERR:
            full = shutil.disk_usage(self._path.parent).free < 1 << 20
        return StoreUnavailable(f"{self._path}: {error}", full=full)


def lock_of(path: Path) -> FileLock:
    """The lock that whoever writes to this file must hold."""
    return FileLock(path.with_name(path.name + ".lock"))


def sync_seconds(folder: Path, rounds: int = 5) -> float:
    """How long this disk takes to make 4 KiB durable: the median of a few tries; for ever when it takes nothing."""
    probe, took = folder / f".sync-probe-{os.getpid()}", []
    file = os.open(probe, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        for _ in range(rounds):
            started = time.perf_counter()
            os.pwrite(file, bytes(4096), 0)
            os.fsync(file)
            took.append(time.perf_counter() - started)
    except OSError:
        return math.inf
    finally:
        os.close(file)
        probe.unlink()
    return sorted(took)[rounds // 2]
