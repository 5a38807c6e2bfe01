"""The ledger in PostgreSQL as a recorder of the eventsourcing library: its tools read and write the same rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from eventsourcing.persistence import OperationalError, StoredEvent
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore
from psycopg import Cursor
from psycopg.rows import DictRow, tuple_row

from adapters import postgres_arrays
from adapters import postgres_schema as pg
from adapters.admission import ABSENT, Batch, seal
from services.ports import NewEvent


class PostgresRecorder(PostgresApplicationRecorder):
    """Stands beside any number of running stores. Originator ids must be text, and the library's functions off."""

    def __init__(self, datastore: PostgresDatastore, *, events_table_name: str = "stored_events") -> None:
        if events_table_name != "stored_events" or datastore.originator_id_type != "text":
            raise ValueError("a schema holds one ledger, in stored_events, and its stream names are text")
        if datastore.enable_db_functions:
            raise ValueError("unset POSTGRES_ENABLE_DB_FUNCTIONS: readers at the tail would miss events")
        super().__init__(datastore, events_table_name=events_table_name)
        self._sql = pg.Statements(datastore.schema)
        self.channel_name = pg.channel(datastore.schema)  # where the library's subscription listens

    def create_table(self) -> None:
        """The district's tables when they are missing, without the library's composite type and functions."""
        with self.datastore.transaction(commit=True) as curs:
            self._create_table(curs)

    def _create_table(self, curs: Cursor[DictRow]) -> None:
        curs.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"renling {self._sql.schema}"])
        there = curs.execute("SELECT to_regclass(%s) AS head", [f"{self._sql.name}.ledger_head"]).fetchone()
        if there == {"head": None}:
            curs.execute(self._sql(pg.all_tables()), prepare=False)
            curs.execute(self._sql(pg.FIRST_HEAD), [str(uuid4()), "sha256", pg.VERSION])

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int]:
        """Positions of the events, sealed and on disk. IntegrityError: a stream has such a version already.

        Not tried again by itself: after a lost acknowledgement nobody could tell a stored event from a conflict.
        """
        with self.datastore.transaction(commit=True) as curs, curs.connection.cursor(row_factory=tuple_row) as cursor:
            return self._insert_sealed(cursor, stored_events)

    def _insert_sealed(self, cursor: Cursor[Any], stored_events: Sequence[StoredEvent]) -> Sequence[int]:
        postgres_arrays.register(cursor)
        head = cursor.execute(self._sql(pg.HEAD + " FOR UPDATE")).fetchone()
        if head is None:
            raise OperationalError("the ledger has no head")
        known = pg.known_from(head)
        before = known.head.position
        new = [NewEvent(str(e.originator_id), e.originator_version, e.topic, e.state) for e in stored_events]
        streams = list({event.stream for event in new})
        known.tips.update(dict.fromkeys(streams, ABSENT))
        for stream, version, leaf in cursor.execute(self._sql(pg.TIPS), [postgres_arrays.texts(streams)]):
            known.tips[stream] = (version, leaf)
        rows = seal(new, known.head.at_us, known)
        known.frontier = known.frontier.extend(row[5] for row in rows)
        if rows:
            cursor.execute(self._sql(pg.STORE), pg.store_arguments(Batch(events=rows), before, known))
            cursor.execute("SELECT pg_notify(%s, %s)", [self.channel_name, str(rows[-1][0])])
        return [row[0] for row in rows]
