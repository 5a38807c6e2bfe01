"""The ledger in SQLite as a recorder of the eventsourcing library: its tools read, and write sealed, the same rows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from threading import Thread
from time import sleep
from typing import Any
from uuid import UUID

from eventsourcing.persistence import ApplicationRecorder, ListenNotifySubscription, StoredEvent, Subscription
from eventsourcing.sqlite import SQLiteApplicationRecorder, SQLiteCursor, SQLiteDatastore

from adapters import sqlite_schema
from adapters.admission import Unknown, seal
from adapters.sqlite_store import lock_of
from services.ports import NewEvent

POLL_S = 0.05


class SqliteRecorder(SQLiteApplicationRecorder):
    """Whoever inserts holds the file's lock from then on, so a running store is never written past."""

    def __init__(self, datastore: SQLiteDatastore, events_table_name: str = "stored_events") -> None:
        if events_table_name != "stored_events":
            raise ValueError("a file holds one ledger, in stored_events")
        super().__init__(datastore, events_table_name)
        self._lock = None if datastore.pool.is_sqlite_memory_mode else lock_of(Path(datastore.pool.db_name))

    def construct_create_table_statements(self) -> list[str]:
        return [*sqlite_schema.TABLES, sqlite_schema.first_head("sha256")]

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int] | None:
        """Positions of the events, sealed and on disk. IntegrityError: a stream has such a version already."""
        if self._lock is not None:
            self._lock.take()
        with self.datastore.get_connection(commit=True) as connection:
            connection.cursor().execute("PRAGMA synchronous = FULL")
            with connection.transaction(commit=True) as cursor:
                return self._insert_events(cursor, stored_events, **kwargs)

    def _insert_events(self, c: SQLiteCursor, stored_events: Sequence[StoredEvent], **_: Any) -> Sequence[int]:
        cursor = c.sqlite_cursor
        cursor.row_factory = None
        # Writing first takes the write lock before anything is read.
        cursor.execute("UPDATE ledger_head SET size = size")
        new = [NewEvent(as_text(e.originator_id), e.originator_version, e.topic, e.state) for e in stored_events]
        known = sqlite_schema.load(cursor)
        sqlite_schema.look_up(cursor, Unknown(frozenset(event.stream for event in new)), known)
        rows = seal(new, known.head.at_us, known)
        known.frontier = known.frontier.extend(row[5] for row in rows)
        sqlite_schema.insert_events(cursor, rows, known)
        return [row[0] for row in rows]

    def subscribe(self, gt: int | None = None, topics: Sequence[str] = ()) -> Subscription[ApplicationRecorder]:
        """Events as they come, also those that another process stores."""
        return SqliteSubscription(self, gt, topics)


class SqliteSubscription(ListenNotifySubscription[SqliteRecorder]):
    """A file tells nobody that it grew, so its end is looked at every 50 ms."""

    def __init__(self, recorder: SqliteRecorder, gt: int | None, topics: Sequence[str]) -> None:
        super().__init__(recorder=recorder, gt=gt, topics=topics)
        Thread(target=self._poll, daemon=True).start()

    def _poll(self) -> None:
        while not self._has_been_stopped:
            self._has_been_notified.set()
            sleep(POLL_S)


def as_text(originator_id: UUID | str) -> str:
    """A stream's name as the library's own recorders store it."""
    return originator_id.hex if isinstance(originator_id, UUID) else originator_id
