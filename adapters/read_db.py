"""The read database in SQLite: sets of tables side by side in one folder, one of them in use."""

from __future__ import annotations

import asyncio
import os
import queue
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from adapters import read_sqlite_query, read_sqlite_schema, read_sqlite_write
from adapters.read_questions import Questions
from services.ports import StoreUnavailable
from services.read_ports import Changes, ReadDb

READERS = 2  # threads; each answer is one call into SQLite, which runs beside Python
SMALL = 24  # versions: a batch up to this is written on the event loop, faster than a thread could start
COPY_AFTER = 1000  # versions written: then the write-ahead log is copied back
BLOCK_OF_ROWS = 2000

T = TypeVar("T")


class TableSet:
    """One file: a writer, and readers that are lent out."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.writer = read_sqlite_schema.connect(path, writes=True)
        self._writing = threading.Lock()  # a write goes on in its thread when whoever waited for it has gone
        self._readers: queue.LifoQueue[sqlite3.Connection] = queue.LifoQueue()
        for _ in range(READERS):
            self._readers.put(read_sqlite_schema.connect(path, writes=False))

    def read(self, ask: Callable[..., T], *arguments: Any) -> T:
        """Ask within one moment of the tables."""
        reader = self._readers.get()
        try:
            reader.execute("BEGIN")
            return ask(reader, *arguments)
        finally:
            if reader.in_transaction:
                reader.execute("COMMIT")
            self._readers.put(reader)

    def write(self, changes: Changes) -> None:
        with self._writing:
            read_sqlite_write.apply(self.writer, changes)

    def copy_back(self) -> None:
        """Keep the write-ahead log short; what readers still need waits."""
        with suppress(sqlite3.OperationalError):
            checkpointer = read_sqlite_schema.connect(self.path, writes=True)
            checkpointer.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
            checkpointer.close()

    def close(self) -> None:
        """Waits for readers that are still out and for a write under way: closed beneath them, SQLite takes the process
        down."""
        for _ in range(READERS):
            self._readers.get().close()
        with self._writing:
            self.writer.close()


class SqliteReadDb(Questions):
    """ReadDb in a folder: `current` names the file in use; any other file is left from a rebuild and is removed."""

    def __init__(self, folder: Path, tables: TableSet) -> None:
        super().__init__(read_sqlite_query, READERS + 1)
        self._folder, self._set = folder, tables
        self._writing = asyncio.Lock()
        self._since_copy = 0
        self._copying: asyncio.Future[None] = asyncio.Future()
        self._copying.set_result(None)

    @classmethod
    def open(cls, folder: Path) -> SqliteReadDb:
        """The set in use; an empty one when there is none or it is of another version (the projector fills it)."""
        folder.mkdir(parents=True, exist_ok=True)
        name = (folder / "current").read_text().strip() if (folder / "current").is_file() else ""
        path = folder / name
        if not name or path.parent != folder or not read_sqlite_schema.usable(path):
            path = _fresh(folder)
            _point(folder, path)
        for other in folder.glob("*.db*"):
            if not other.name.startswith(path.name):
                other.unlink()
        return cls(folder, TableSet(path))

    async def apply(self, changes: Changes) -> None:
        async with self._writing:
            with _translated():
                if len(changes.versions) <= SMALL:
                    self._set.write(changes)
                else:
                    await self._in_thread(self._set.write, changes)
        self._since_copy += len(changes.versions)
        if self._since_copy >= COPY_AFTER and self._copying.done():
            self._since_copy = 0
            self._copying = self._in_thread(self._set.copy_back)

    @asynccontextmanager
    async def beside(self) -> AsyncIterator[ReadDb]:
        other = SqliteReadDb(self._folder, TableSet(_fresh(self._folder)))
        path = other._set.path
        try:
            yield other
        finally:
            await other.close()
            if path != self._set.path:
                _remove(path)

    async def adopt(self, other: ReadDb) -> None:
        assert isinstance(other, SqliteReadDb)
        async with self._writing:
            await self._in_thread(other._set.copy_back)
            _point(self._folder, other._set.path)
            old, self._set = self._set, TableSet(other._set.path)
        await self._in_thread(old.close)
        _remove(old.path)

    @asynccontextmanager
    async def dump(self) -> AsyncIterator[SqliteDump]:
        db = read_sqlite_schema.connect(self._set.path, writes=False)
        try:
            yield SqliteDump(db, self._in_thread)
        finally:
            db.close()

    async def close(self) -> None:
        await self._copying
        await self._in_thread(self._set.close)
        self._threads.shutdown()

    def _read(self, ask: Callable[..., T], *arguments: Any) -> T:
        with _translated():
            return self._set.read(ask, *arguments)


class SqliteDump:
    """All rows of one moment, for a comparison."""

    tables = tuple(read_sqlite_schema.DUMPED)

    def __init__(self, db: sqlite3.Connection, in_thread: Callable[..., Any]) -> None:
        self._db, self._in_thread = db, in_thread
        db.execute("PRAGMA query_only = OFF")  # the vocabulary is a temporary table
        db.execute("CREATE VIRTUAL TABLE temp.vocabulary USING fts5vocab (main, terms, row)")
        db.execute("BEGIN")
        self.position = read_sqlite_query.bookmark(db).position

    async def rows(self, table: str) -> AsyncIterator[Sequence[tuple[Any, ...]]]:
        cursor = await self._in_thread(self._db.execute, read_sqlite_schema.DUMPED[table])
        while block := await self._in_thread(cursor.fetchmany, BLOCK_OF_ROWS):
            yield block


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as error:  # locked, disk full, cannot be opened
        full = error.sqlite_errorcode == sqlite3.SQLITE_FULL
        raise StoreUnavailable(f"read models: {error}", full=full) from error


def _fresh(folder: Path) -> Path:
    taken = [int(path.stem.removeprefix("read-")) for path in folder.glob("read-*.db") if path.stem[5:].isdigit()]
    path = folder / f"read-{max(taken, default=0) + 1}.db"
    read_sqlite_schema.create(path)
    return path


def _point(folder: Path, path: Path) -> None:
    """Name the set in use: the old name or the new one is there at any moment."""
    draft = folder / "current.new"
    draft.write_text(path.name)
    os.replace(draft, folder / "current")


def _remove(path: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        Path(f"{path}{suffix}").unlink(missing_ok=True)
