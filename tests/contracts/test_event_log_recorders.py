"""The eventsourcing library over our tables: its own recorder tests, and a stock Application that reads every event."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID, uuid4

import pytest
from eventsourcing.application import Application
from eventsourcing.persistence import ApplicationRecorder, OperationalError, StoredEvent
from eventsourcing.postgres import PostgresDatastore
from eventsourcing.sqlite import SQLiteDatastore
from eventsourcing.tests.persistence import ApplicationRecorderTestCase
from psycopg.conninfo import conninfo_to_dict

from adapters.file_lock import DataFolderInUse
from adapters.postgres_recorder import PostgresRecorder
from adapters.sqlite_recorder import SqliteRecorder
from tests.support.logs import Place, command, everything, posted, sealed


def recorder_of(place: Place) -> ApplicationRecorder:
    recorder: SqliteRecorder | PostgresRecorder
    if place.kind == "sqlite":
        name = str(Path(place.folder) / "ledger.db")
        recorder = SqliteRecorder(SQLiteDatastore(name, originator_id_type="text"))
    else:
        recorder = PostgresRecorder(postgres_datastore(place))
    recorder.create_table()
    return recorder


def postgres_datastore(place: Place) -> PostgresDatastore:
    parts = conninfo_to_dict(place.url)
    return PostgresDatastore(
        str(parts["dbname"]),
        str(parts["host"]),
        str(parts.get("port", "5432")),
        str(parts["user"]),
        str(parts.get("password", "")),
        schema=place.schema,
        originator_id_type="text",
        pool_size=4,  # each subscription keeps one
    )


class Stored(Application):
    """Nothing of ours but the name: the library derives the table stored_events from it."""


class LibrarysOwn(ApplicationRecorderTestCase[ApplicationRecorder]):
    """Every test of the library's recorder test case."""

    def create_recorder(self) -> ApplicationRecorder:
        return recorder_of(self.place)

    def new_originator_id(self) -> UUID | str:
        return str(uuid4())

    def test_subscribing(self) -> None:
        self.optional_test_insert_subscribe()


class TestSqliteAsTheLibraryTestsIt(LibrarysOwn):
    @pytest.fixture(autouse=True)
    def _place(self, tmp_path: Path) -> None:
        self.place = Place("sqlite", str(tmp_path), "", "")


class TestPostgresAsTheLibraryTestsIt(LibrarysOwn):
    @pytest.fixture(autouse=True)
    def _place(self, postgres_url: str) -> None:
        self.place = Place("postgres", "", postgres_url, f"renling_{uuid4().hex[:12]}")


del LibrarysOwn, ApplicationRecorderTestCase  # they are no tests by themselves


async def test_a_stock_application_reads_every_event_through_its_notification_log(place: Place) -> None:
    async with place.open() as log:
        for n in range(30):
            await log.append(command(posted(f"need-{n}"), posted(f"need-{n}", 2, "need.closed")))
        ours = await everything(log)
        with Stored(env=stock_env(place)) as app:
            theirs = [n for start in range(1, 61, 10) for n in app.notification_log.select(start, 10)]
            assert [(n.id, n.originator_id, n.originator_version, n.topic, n.state) for n in theirs] == [
                (s.position, s.stream, s.version, s.type, s.state) for s in ours
            ]
            assert app.recorder.max_notification_id() == 60
            assert [e.originator_version for e in app.recorder.select_events("need-7")] == [1, 2]


async def test_no_stock_recorder_can_write_an_unsealed_event(place: Place) -> None:
    async with place.open() as log:
        with Stored(env=stock_env(place)) as app, pytest.raises(Exception, match=r"7 columns|null value"):
            app.recorder.insert_events([StoredEvent("need-1", 1, "need.posted", b"{}")])
        assert (await log.head()).position == 0
        await log.append(command(posted("need-1")))


async def test_what_our_recorder_writes_for_the_library_is_sealed_too(place: Place) -> None:
    recorder = recorder_of(place)
    recorder.insert_events([StoredEvent(f"need-{n}", 1, "need.posted", b"{}") for n in range(9)])
    recorder.insert_events([StoredEvent("need-1", 2, "need.closed", b"{}")])
    del recorder
    async with place.open() as log:
        await log.append(command(posted("need-1", 3)))
        ledger = await everything(log)
        assert sealed(ledger).size == 11
        assert (await log.head()).leaf == ledger[-1].leaf


async def test_the_librarys_writer_is_refused_while_a_store_has_the_file(tmp_path: Path) -> None:
    place = Place("sqlite", str(tmp_path), "", "")
    async with place.open():
        with pytest.raises((DataFolderInUse, OperationalError)):
            recorder_of(place).insert_events([StoredEvent("need-1", 1, "need.posted", b"{}")])


def stock_env(place: Place) -> dict[str, str]:
    """Nothing of ours: the library's recorder on the same tables."""
    if place.kind == "sqlite":
        module = {"PERSISTENCE_MODULE": "eventsourcing.sqlite", "SQLITE_DBNAME": str(Path(place.folder) / "ledger.db")}
    else:
        parts = {key: str(value) for key, value in conninfo_to_dict(place.url).items()}
        module = {
            "PERSISTENCE_MODULE": "eventsourcing.postgres",
            "POSTGRES_DBNAME": parts["dbname"],
            "POSTGRES_HOST": parts["host"],
            "POSTGRES_PORT": parts.get("port", "5432"),
            "POSTGRES_USER": parts["user"],
            "POSTGRES_PASSWORD": parts.get("password", ""),
            "POSTGRES_SCHEMA": place.schema,
        }
    return {**module, "ORIGINATOR_ID_TYPE": "text"}
