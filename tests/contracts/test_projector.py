"""The projector among faults: poison, rivals, kills, rebuilds; rows always end up equal to the ledger."""

from __future__ import annotations

import asyncio
import signal
import sys
from typing import Any

from adapters.log_stream import LogStream
from adapters.read_db import SqliteReadDb
from adapters.sqlite_store import SqliteStore
from services.ports import Stored
from services.projector import Projector
from tests.support.reading import boards, everything, head, projector, running, until
from tests.support.story import OTHER_STREET, played
from tests.support.world import AUDITOR, COMMITTEE, DISTRICT, EAST, World


class Spoilt:
    """A codec that cannot read one event until it is mended."""

    def __init__(self, codec: Any, position: int) -> None:
        self.codec, self.position = codec, position

    def decode(self, stored: Stored) -> Any:
        if stored.position == self.position:
            raise ValueError("not of this world")
        return self.codec.decode(stored)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.codec, name)


async def test_a_poisonous_event_halts_everything_before_it_and_goes_on_when_mended(db, story):
    world = story.world
    spoilt = Spoilt(world.codec, 321)
    async with running(Projector(db, LogStream(world.log), world.log, spoilt, world.vault)) as one:
        assert await one.wait_for(320, 10) == 320
        await until(lambda: one.status.halted_at is not None)
        assert (one.status.halted_at, (await db.bookmark()).position) == (321, 320)
        assert "not of this world" in str(one.status.error)
        spoilt.position = 0
        one.resume()
        assert await one.wait_for(await head(world), 10) == await head(world)
        assert (one.status.halted_at, await one.verify()) == (None, [])


async def test_a_start_over_a_poisonous_event_serves_what_comes_before_it(db, story):
    world = story.world
    spoilt = Spoilt(world.codec, 321)
    one = Projector(db, LogStream(world.log), world.log, spoilt, world.vault)
    assert await one.catch_up() == (await db.bookmark()).position == 320
    async with running(one):
        await until(lambda: one.status.halted_at == 321)


async def test_a_second_projector_is_fenced_and_both_together_write_every_row_once(open_db, story):
    world = story.world
    first, second = open_db(), open_db()
    async with running(projector(first, world)) as one, running(projector(second, world)) as other:
        for _ in range(5):
            await story.go_on(20)
            await asyncio.sleep(0.05)
        await one.wait_for(await head(world), 20)
        assert await other.wait_for(await head(world), 20) == await head(world)
        assert await one.verify() == []


async def test_a_projector_killed_in_the_middle_of_a_transaction_goes_on_where_it_was(tmp_path):
    dying = [sys.executable, "-m", "tests.support.dying_projector", str(tmp_path)]
    assert (await (await asyncio.create_subprocess_exec(*dying)).wait()) == -signal.SIGKILL
    log = await SqliteStore.open(tmp_path / "events.db")
    world, db = World(tmp_path, log), SqliteReadDb.open(tmp_path / "read")
    stopped = (await db.bookmark()).position
    assert 0 < stopped < await head(world)
    one = projector(db, world)
    assert await one.catch_up() == await head(world)
    assert await one.verify() == []
    await db.close()
    await log.close()


async def test_a_rebuild_beside_the_live_rows_equals_them_and_takes_their_place(db, story):
    world = story.world
    async with running(projector(db, world)) as one:
        await one.wait_for(await head(world), 10)
        before = await everything(boards(db, world), "needs", AUDITOR)
        rebuilding = asyncio.create_task(one.rebuild())
        await story.go_on(30)
        await rebuilding
        assert await one.wait_for(await head(world), 10) == await head(world)
        after = {doc["id"]: doc for doc in await everything(boards(db, world), "needs", AUDITOR)}
        assert {doc["id"] for doc in before} <= after.keys()
        assert await one.verify() == []


async def test_text_whose_key_was_destroyed_is_gone_from_the_lists_after_a_rebuild(db, story):
    world = story.world
    one = projector(db, world)
    await one.catch_up()
    doc = (await boards(db, world).list("needs", AUDITOR, limit=1)).items[0]
    row = (await world.log.read_stream(doc["id"]))[0]
    key = world.codec.key_of(world.codec.decode(row).event)
    world.vault.erase(key)
    await one.rebuild()
    erased = (await boards(db, world).list("needs", AUDITOR, limit=1)).items[0]
    assert (doc["title"] is None, erased["title"], erased["number"]) == (False, None, doc["number"])
    assert doc["id"] not in {d["id"] for d in await everything(boards(db, world), "needs", AUDITOR, q=doc["title"])}


async def test_read_models_of_another_ledger_are_made_anew(db, story, tmp_path):
    await projector(db, story.world).catch_up()
    other = await played(tmp_path / "other", seed=9, steps=60)
    one = projector(db, other.world)
    assert await one.catch_up() == await head(other.world)
    assert await one.verify() == []


async def test_a_commit_names_the_items_and_areas_that_it_touched(db, story):
    world = story.world
    async with running(projector(db, world)) as one:
        await one.wait_for(await head(world), 10)
        news = one.changed()
        waiting = asyncio.ensure_future(anext(news))
        await asyncio.sleep(0)
        done = await world.need(COMMITTEE)
        heard = await asyncio.wait_for(waiting, 5)
        assert (heard.ids, heard.areas) == ({done.id}, {EAST, OTHER_STREET, DISTRICT})
        await news.aclose()
