"""What was acknowledged stays: after restarts, kills, lost connections and full disks; nothing is ever changed."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from random import Random
from uuid import uuid4

import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from adapters.admission import LedgerDamaged
from adapters.file_lock import DataFolderInUse
from adapters.postgres_store import PostgresStore
from adapters.sqlite_store import SqliteStore
from domain.ledger import Frontier
from services.ports import Conflict, EventLog, Receipt, StoreUnavailable
from tests.support.logs import Place, command, everything, post, posted, sealed
from tests.support.proxy import line_to


async def test_a_reopened_ledger_goes_on_where_it_stood(place: Place) -> None:
    async with place.open() as log:
        first = await log.append(command(posted("need-1"), id="c1", numbers=[("XQ", 7)], cites=[("need-1", "claim-1")]))
        before = (log.store_id, await log.head(), await everything(log))
    async with place.open() as log:
        assert (log.store_id, await log.head(), await everything(log)) == before
        assert await log.append(command(posted("need-1"), id="c1")) == replace(first, repeated=True)
        for what, change in {
            "version": command(posted("need-1")),
            "read": command(posted("claim-1"), reads=[("need-1", 0)]),
            "cited": command(posted("claim-1"), cited=[("need-1", 0)]),
            "number": command(posted("need-2"), numbers=[("XQ", 7)]),
            "time": command(posted("need-2"), at_us=1),
        }.items():
            with pytest.raises(Conflict) as caught:
                await log.append(change)
            assert caught.value.what == what
        await log.append(command(posted("need-1", 2)))
        assert sealed(await everything(log)).size == 2


async def test_the_root_recomputed_from_the_rows_is_the_heads(place: Place) -> None:
    async with place.open() as log:
        await asyncio.gather(*(log.append(command(posted(f"need-{n}"), posted(f"offer-{n}"))) for n in range(37)))
        recomputed = sealed(await everything(log))
    ((size, frontier),) = place.sql("SELECT size, frontier FROM ledger_head")
    assert Frontier.from_bytes(size, frontier).root() == recomputed.root()
    assert place.sql("SELECT min(idx), max(idx), count(*) FROM ledger") == [(0, 73, 74)]


@pytest.mark.parametrize("table", ["stored_events", "commands", "citations", "numbers", "ledger_head"])
async def test_nothing_stored_can_be_changed_or_deleted(place: Place, table: str) -> None:
    async with place.open() as log:
        change = command(posted("need-1"), cites=[("need-1", "claim-1")], numbers=[("XQ", 1)])
        await log.append(change)
        rows = place.sql(f"SELECT * FROM {table}")
        column = {"citations": "citing", "numbers": "series", "commands": "answer"}.get(table, "leaf")
        if table != "ledger_head":
            with pytest.raises(Exception, match="append-only"):
                place.sql(f"UPDATE {table} SET {column} = 'x'")
        with pytest.raises(Exception, match=r"append-only|one head"):
            place.sql(f"DELETE FROM {table}")
        assert place.sql(f"SELECT * FROM {table}") == rows


ROOT = Path(__file__).parents[2]


@contextmanager
def writing(place: Place, name: str, count: int) -> Iterator[subprocess.Popen[str]]:
    """Another process that appends; dead at the end."""
    words = [place.kind, place.folder, place.url, place.schema, name, str(count)]
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.support.writer", *words], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


async def test_a_killed_writer_loses_nothing_acknowledged_and_applies_nothing_twice(place: Place) -> None:
    chance, acknowledged = Random(4), []
    for name in ("first", "second", "third"):
        with writing(place, name, 1_000_000) as process:
            assert process.stdout is not None
            acknowledged += [process.stdout.readline().strip() for _ in range(chance.randrange(1, 150))]
            process.send_signal(signal.SIGKILL)
            acknowledged += process.stdout.read().split()
    async with place.open() as log:
        ledger = await everything(log)
        assert sealed(ledger).size == (await log.head()).position == 2 * len({s.stream for s in ledger})
        for id in acknowledged:
            receipt = await log.command(id)
            assert receipt is not None
            assert [s.version for s in await log.read_stream(f"need-{id}")] == [1, 2]
            again = await log.append(command(posted(f"need-{id}"), posted(f"need-{id}", 2), id=id))
            assert again == receipt
        assert (await log.head()).position == len(ledger)


async def test_a_reader_at_the_tail_of_four_writing_processes_misses_nothing(postgres_url: str) -> None:
    place = Place("postgres", "", postgres_url, f"renling_{uuid4().hex[:12]}")
    seen: list[int] = []
    async with place.open() as log:
        with ExitStack() as writers:
            processes = [writers.enter_context(writing(place, f"w{w}", 150)) for w in range(4)]
            async with asyncio.timeout(40):
                while len(seen) < 1_200:
                    assert not any(process.poll() for process in processes)
                    await log.wait(len(seen), 1)
                    seen += [stored.position for stored in await log.read_all(len(seen), 50)]
            assert [process.wait() for process in processes] == [0, 0, 0, 0]
        assert seen == list(range(1, 1_201))
        assert sealed(await everything(log)).size == 1_200


async def test_another_processs_event_wakes_whoever_waits_here(postgres_url: str) -> None:
    place = Place("postgres", "", postgres_url, f"renling_{uuid4().hex[:12]}")
    async with place.open() as here, place.open() as there:
        waiting = asyncio.create_task(here.wait(0, 30))
        await post(there, "need-1")
        assert await waiting == 1


async def test_two_processes_that_decide_on_the_same_version_never_both_succeed(postgres_url: str) -> None:
    place = Place("postgres", "", postgres_url, f"renling_{uuid4().hex[:12]}")
    async with place.open() as here, place.open() as there:
        for n in range(1, 41):
            both = [log.append(command(posted("need-1", n))) for log in (here, there)]
            outcomes = await asyncio.gather(*both, return_exceptions=True)
            assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Conflict", "Receipt"]
        # What one of them knows is out of date every time the other was faster: neither may refuse on it.
        for n in range(41, 61, 2):
            await here.append(command(posted("need-1", n), reads=[("unit-1", 0)]))
            await there.append(command(posted("need-1", n + 1)))
        assert sealed(await everything(here)).size == 60


async def test_a_lost_connection_is_made_good_without_the_caller_noticing(postgres_url: str) -> None:
    place = Place("postgres", "", postgres_url, f"renling_{uuid4().hex[:12]}")
    async with place.open() as log:
        await post(log, "need-0")
        for n in range(1, 4):
            place.sql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                f"WHERE query LIKE '%{place.schema}%' AND pid <> pg_backend_pid()"
            )
            await post(log, f"need-{n}")
        assert sealed(await everything(log)).size == 4


async def test_after_a_lost_acknowledgement_the_command_is_found_not_repeated(
    postgres_url: str, tmp_path: Path
) -> None:
    schema = f"renling_{uuid4().hex[:12]}"
    host = Path(str(conninfo_to_dict(postgres_url)["host"]))
    if not host.is_dir():
        pytest.skip("TEST_POSTGRES_URL is not a socket: its answers cannot be intercepted here")
    place = Place("postgres", "", make_conninfo(postgres_url, host=str(tmp_path)), schema)
    async with line_to(host, tmp_path) as line, place.open() as log:
        await log.append(command(posted("need-1"), id="known"))
        # A repeated command in the same batch makes the store look everything up before it stores.
        for n, (nth, neighbour) in enumerate(
            [(1, command(posted("need-2"))), (3, command(posted("need-1"), id="known"))]
        ):
            line.lose_the_answer_to(f"need-lost-{n}".encode(), nth)
            change = command(posted(f"need-lost-{n}"))
            lost, _ = await asyncio.gather(log.append(change), log.append(neighbour))
            assert (line.cuts, lost.repeated) == (n + 1, False)
            assert await log.command(change.command_id) == replace(lost, repeated=True)
        assert sealed(await everything(log)).size == 4


async def test_a_second_start_on_the_same_file_is_refused_with_the_firsts_pid(tmp_path: Path) -> None:
    place = Place("sqlite", str(tmp_path), "", "")
    async with place.open():
        with pytest.raises(DataFolderInUse) as caught:
            await SqliteStore.open(tmp_path / "ledger.db")
        assert caught.value.pid == os.getpid()
        asking = (
            "import asyncio, pathlib, adapters.sqlite_store as s; asyncio.run(s.SqliteStore.open(pathlib.Path({!r})))"
        )
        second = subprocess.run(
            [sys.executable, "-c", asking.format(str(tmp_path / "ledger.db"))], capture_output=True, text=True, cwd=ROOT
        )
        assert second.returncode != 0
        assert f"DataFolderInUse: {tmp_path / 'ledger.db.lock'} 正由进程 {os.getpid()} 使用" in second.stderr
    async with place.open() as log:
        await post(log, "need-1")


async def test_a_full_disk_refuses_new_commands_and_heals_by_itself(tmp_path: Path) -> None:
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", tmp_path], capture_output=True).returncode:
        assert not os.environ.get("CI"), "a small disk must be mountable here"
        pytest.skip("only root may mount the small disk that this test fills")
    try:
        ballast = tmp_path / "ballast"
        ballast.write_bytes(bytes(300_000))
        place = Place("sqlite", str(tmp_path), "", "")
        stored: list[Receipt] = []
        async with place.open() as log:
            with pytest.raises(StoreUnavailable) as caught:
                await _fill(log, stored)
            assert caught.value.full
            assert len(await everything(log)) == len(stored) == (await log.head()).position > 0
            ballast.unlink()
            await post(log, "need-after")
            assert sealed(await everything(log)).size == len(stored) + 1
    finally:
        subprocess.run(["umount", tmp_path], check=True)


async def _fill(log: EventLog, stored: list[Receipt]) -> None:
    for n in range(1_000):
        stored.append(await log.append(command(posted(f"need-{n}", state=bytes(20_000)))))


async def test_a_ledger_whose_tail_was_cut_off_is_not_opened(place: Place) -> None:
    async with place.open() as log:
        await post(log, "need-1", "need-2")
    if place.kind == "sqlite":
        place.sql("DROP TRIGGER stored_events_no_DELETE")
        place.sql("DELETE FROM stored_events WHERE rowid = 2")
    else:
        place.sql("ALTER TABLE stored_events DISABLE TRIGGER ALL")
        place.sql("DELETE FROM stored_events WHERE notification_id = 2")
    with pytest.raises(LedgerDamaged, match="2 events"):
        async with place.open():
            pass


async def test_a_ledger_of_a_newer_version_is_left_alone(place: Place) -> None:
    async with place.open() as log:
        await post(log, "need-1")
    place.sql("PRAGMA user_version = 2" if place.kind == "sqlite" else "UPDATE ledger_head SET format = 2")
    with pytest.raises(LedgerDamaged, match="newer version"):
        async with place.open():
            pass


async def test_a_server_that_could_lose_commits_or_events_is_refused(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(LedgerDamaged, match="synchronous_commit"):
        await PostgresStore.open(make_conninfo(postgres_url, options="-c synchronous_commit=off"), "renling_x")
    monkeypatch.setenv("POSTGRES_ENABLE_DB_FUNCTIONS", "y")
    with pytest.raises(LedgerDamaged, match="POSTGRES_ENABLE_DB_FUNCTIONS"):
        await PostgresStore.open(postgres_url, "renling_x", allow_unsafe=True)


async def test_a_store_that_is_shutting_down_finishes_what_it_took(place: Place) -> None:
    async with place.open() as log:
        accepted = [asyncio.create_task(log.append(command(posted(f"need-{n}")))) for n in range(20)]
        await asyncio.sleep(0)
        closing = asyncio.create_task(log.close())
        assert {type(outcome) for outcome in await asyncio.gather(*accepted)} == {Receipt}
        with pytest.raises(StoreUnavailable):
            await log.append(command(posted("need-late")))
        await closing


async def test_a_command_that_no_database_can_hold_does_not_harm_its_neighbours(place: Place) -> None:
    async with place.open() as log:
        impossible = command(posted("need-0"), numbers=[("XQ", 1 << 70)])
        changes = [command(posted("need-1")), impossible, command(posted("need-2")), command(posted("need-3\ud800"))]
        outcomes = await asyncio.gather(*(log.append(change) for change in changes), return_exceptions=True)
        assert [isinstance(outcome, Receipt) for outcome in outcomes] == [True, False, True, False]
        assert not any(isinstance(outcome, StoreUnavailable) for outcome in outcomes)
        assert sealed(await everything(log)).size == 2
