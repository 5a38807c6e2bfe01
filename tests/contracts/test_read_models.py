"""The read models on a real database: rows equal the ledger now and as of any position, whatever happens on the way."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from adapters.log_stream import LogStream
from adapters.read_db import SqliteReadDb
from adapters.sqlite_store import SqliteStore
from domain.access import SYSTEM, Facts, Principal, decide
from domain.areas import AreaMoved
from domain.events import Refused
from services.asof import Bookmarked, parse_at
from services.audit import Trail
from services.boards import KINDS, Boards
from services.dashboards import Dashboards
from services.labels import direct_areas, parties
from services.ports import Stored
from services.projection import Projection
from services.projector import Projector
from services.read_ports import Behind, Doc, Fenced, ReadDb
from services.rebuilding import fill
from services.tree import path
from tests.support.story import OTHER_STREET, SOUTH, Story, folded, played
from tests.support.world import AUDITOR, COMMITTEE, DISTRICT, DISTRICT_OFFICE, EAST, STREET, STREET_OFFICE, World

VIEWERS = (AUDITOR, COMMITTEE, STREET_OFFICE, DISTRICT_OFFICE, Principal(id="k", role="unit", org="nobody"))


@pytest.fixture(params=["sqlite"])
async def db(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[ReadDb]:
    made = SqliteReadDb.open(tmp_path / "read")
    yield made
    await made.close()


@pytest.fixture
async def story(tmp_path: Path) -> AsyncIterator[Story]:
    """A district with a past, in which a neighbourhood moved to another street."""
    made = await played(tmp_path, seed=3, steps=350)
    await move(made.world, EAST, OTHER_STREET)
    await made.go_on(250)
    yield made
    made.world.vault.close()


async def move(world: World, area: str, parent: str) -> None:
    async def act(work: Any) -> str:
        await work.state(f"area-{area}")
        work.write(f"area-{area}", AreaMoved(area=area, parent=parent, since=world.clock.now().date()))
        return f"area-{area}"

    await world.streams.command(world.ask(SYSTEM), act)


def projector(db: ReadDb, world: World) -> Projector:
    return Projector(db, LogStream(world.log), world.log, world.codec, world.vault)


def boards(db: ReadDb, world: World) -> Boards:
    return Boards(db, world.log, Bookmarked(db))


@asynccontextmanager
async def running(one: Projector) -> AsyncIterator[Projector]:
    task = asyncio.create_task(one.run())
    try:
        yield one
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not true():
            await asyncio.sleep(0.01)  # noqa: ASYNC110 - nothing tells a test


async def head(world: World) -> int:
    return (await world.log.head()).position


async def everything(board: Boards, kind: str, viewer: Principal, limit: int = 200, **more: Any) -> list[Doc]:
    """All pages of a list."""
    found: list[Doc] = []
    cursor = None
    while True:
        page = await board.list(kind, viewer, limit=limit, cursor=cursor, **more)
        found += page.items
        assert len(page.items) == limit or page.next is None
        if (cursor := page.next) is None:
            return found


async def test_every_row_equals_its_item_folded_from_the_ledger(db, story):
    world = story.world
    await projector(db, world).catch_up()
    trail = Trail(world.log, world.codec, world.vault, db)
    streams = {row.stream for row in await world.log.read_all(0, 10_000)} - {"rules-book"}
    rows = [doc for kind in KINDS for doc in await everything(boards(db, world), kind, AUDITOR)]
    assert len(rows) == len(streams) > 100
    for doc in rows:
        stream = f"area-{doc['id']}" if f"area-{doc['id']}" in streams else doc["id"]
        assert doc == await trail.item(stream)


async def test_pages_are_complete_and_stable_whatever_their_size(db, story):
    world = story.world
    await projector(db, world).catch_up()
    board = boards(db, world)
    whole = await everything(board, "needs", AUDITOR)
    assert [doc["id"] for doc in await everything(board, "needs", AUDITOR, limit=7)] == [doc["id"] for doc in whole]
    first = await board.list("needs", AUDITOR, limit=5)
    await world.need(COMMITTEE)
    await projector(db, world).catch_up()
    second = await board.list("needs", AUDITOR, limit=5, cursor=first.next)
    assert [d["id"] for d in first.items + second.items] == [d["id"] for d in whole[:10]]


async def test_as_of_any_position_equals_a_replay_cut_there(db, story, tmp_path):
    world, chance = story.world, Random(5)
    await projector(db, world).catch_up()
    cut_db = SqliteReadDb.open(tmp_path / "cut")
    cut = Projection(cut_db, world.log, world.codec, world.vault)
    for position in sorted(chance.sample(range(1, await head(world)), 100)):
        await fill(cut, cut_db, world.log, position)
        await same_lists(boards(db, world), boards(cut_db, world), position, chance)
        await same_dashboards(db, cut_db, world, position, chance)
        await same_items(db, cut_db, world, position, chance)
    await cut_db.close()


async def same_lists(now: Boards, cut: Boards, position: int, chance: Random) -> None:
    for kind in KINDS:
        more = chance.choice([
            {}, {"status": "open,accepted,active,published"}, {"q": chance.choice(("义诊", "急", "送餐", "XQ", "covid"))},
            {"area": chance.choice((EAST, SOUTH, STREET, OTHER_STREET, DISTRICT))}, {"category": "venue"},
            {"owner": EAST}, {"area": STREET, "status": "open"},
        ])  # fmt: skip
        viewer = chance.choice(VIEWERS)
        then = await everything(now, kind, viewer, limit=chance.choice((3, 200)), at=str(position), **more)
        assert then == await everything(cut, kind, viewer, **more), (position, kind, viewer.role, more)


async def same_dashboards(db: ReadDb, cut_db: ReadDb, world: World, position: int, chance: Random) -> None:
    area = chance.choice((DISTRICT, STREET, OTHER_STREET, EAST))
    dashboards = [Dashboards(each, world.log, Bookmarked(each)) for each in (db, cut_db)]
    with suppress(Refused):
        cut = await dashboards[1].of(area)
        then = await dashboards[0].of(area, at=str(position))
        assert {**then, "at": None} == cut


async def same_items(db: ReadDb, cut_db: ReadDb, world: World, position: int, chance: Random) -> None:
    rows = await world.log.read_all(0, 10_000)
    stream = chance.choice([row.stream for row in rows if not row.stream.startswith("rules")])
    id = stream.removeprefix("area-")
    trail = Trail(world.log, world.codec, world.vault, db)
    kind = next(name for name, row in KINDS.items() if stream.startswith(row))
    cut = {doc["id"]: doc for doc in await everything(boards(cut_db, world), kind, AUDITOR)}
    assert await trail.item_at(stream, position) == cut.get(id)
    assert (await folded(world, stream, position) is None) == (id not in cut)


async def test_figures_of_an_area_are_the_sums_of_its_items(db, story):
    world = story.world
    await projector(db, world).catch_up()
    board, found = boards(db, world), await Dashboards(db, world.log, Bookmarked(db)).of(DISTRICT)
    figures = found["figures"]
    for kind in ("needs", "offers", "claims", "projects"):
        rows = [doc for doc in await everything(board, kind, AUDITOR) if doc["status"] != "draft"]
        assert figures[kind]["total"] == len(rows)
        assert all(figures[kind].get(doc["status"]) for doc in rows)
    projects = await everything(board, "projects", AUDITOR)
    received = sum(doc["money"]["received_fen"] for doc in projects)
    assert figures["money"]["received_fen"] == received > 0
    assert figures["beneficiaries"] == sum(doc["beneficiaries"] for doc in projects) > 0
    assert sum(child["figures"]["needs"]["total"] for child in found["children"]) == figures["needs"]["total"]
    assert sum(month["claims"] for month in found["by_month"]) == figures["claims"]["total"]
    assert {child["area"]["id"] for child in found["children"]} == {STREET, OTHER_STREET}


async def test_a_list_shows_exactly_what_the_rules_let_each_viewer_see(db, story):
    world = story.world
    await projector(db, world).catch_up()
    parents = {doc["id"]: doc["parent"] for doc in await everything(boards(db, world), "areas", AUDITOR)}
    viewers = [*VIEWERS, *world.units]
    for kind, row in KINDS.items():
        shown = {viewer.id: {d["id"] for d in await everything(boards(db, world), kind, viewer)} for viewer in viewers}
        for id in shown[AUDITOR.id]:
            state = await world.state(f"area-{id}" if row == "area" else id)
            hidden = {"need": ("draft", "rejected"), "offer": ("draft",)}.get(row, ())
            public = row in ("unit", "area") or (row in ("need", "offer") and state.status not in hidden)
            above = tuple(a for area in direct_areas(state) for a in path(area, parents))
            facts = Facts(parties=tuple(parties(state)), path=above, public=public)
            for viewer in viewers:
                assert (id in shown[viewer.id]) == (decide(viewer, "see", facts) is None), (viewer, id)


async def test_a_list_can_be_cut_to_an_owner_a_party_and_what_claims_are_about(db, story):
    await projector(db, story.world).catch_up()
    board, unit = boards(db, story.world), story.world.units[0].org
    offers, claims = await everything(board, "offers", AUDITOR), await everything(board, "claims", AUDITOR)
    of_unit = [doc for doc in offers if doc["owner"] == unit]
    assert await everything(board, "offers", AUDITOR, owner=unit) == of_unit != []
    bound = [c for c in claims if unit in (c["provider"], *(m["org"] for m in c["members"] if m["status"] != "left"))]
    assert await everything(board, "claims", AUDITOR, owner=unit, status="accepted") == [
        doc for doc in bound if doc["status"] == "accepted"
    ] != []
    need = next(doc["need"] for doc in claims if doc["need"])
    assert await everything(board, "claims", AUDITOR, about=need) == [doc for doc in claims if doc["need"] == need]


async def test_those_without_log_in_see_no_drafts_no_notes_and_no_claims(db, story):
    await projector(db, story.world).catch_up()
    board = boards(db, story.world)
    needs = (await board.public("needs", limit=200)).items
    assert needs
    assert all(doc["status"] != "draft" and "note" not in doc for doc in needs)
    assert not (await board.public("claims")).items


@pytest.mark.parametrize("kind", ["needs", "offers"])
@pytest.mark.parametrize("q", ["义诊", "诊", "堂", "爬楼机", "暑托 教室", "COVID", "专场", "东区"])
async def test_search_finds_what_holds_the_words_and_nothing_else(db, story, kind, q):
    await projector(db, story.world).catch_up()
    board = boards(db, story.world)
    found = {doc["id"] for doc in await everything(board, kind, AUDITOR, q=q)}
    rows = await everything(board, kind, AUDITOR)
    words = q.lower().split()
    held = {doc["id"] for doc in rows if all(word in f"{doc['title']} {doc['note']}".lower() for word in words)}
    assert found == held
    assert held


async def test_an_item_is_found_by_its_number_its_start_and_the_last_digits(db, story):
    await projector(db, story.world).catch_up()
    board = boards(db, story.world)
    doc = (await board.list("needs", AUDITOR, limit=1)).items[0]
    for q in (doc["number"], doc["number"].lower(), doc["number"][:-1], doc["number"].rpartition("-")[2].lstrip("0")):
        assert doc["id"] in {found["id"] for found in await everything(board, "needs", AUDITOR, q=q)}
    assert not (await board.list("needs", AUDITOR, q="找不到的词")).items


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


async def test_a_second_projector_is_fenced_and_both_together_write_every_row_once(story, tmp_path):
    world = story.world
    first, second = SqliteReadDb.open(tmp_path / "read"), SqliteReadDb.open(tmp_path / "read")
    async with running(projector(first, world)) as one, running(projector(second, world)) as other:
        for _ in range(5):
            await story.go_on(20)
            await asyncio.sleep(0.05)
        await one.wait_for(await head(world), 20)
        assert await other.wait_for(await head(world), 20) == await head(world)
        assert await one.verify() == []
    await first.close()
    await second.close()


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


async def test_changes_that_do_not_follow_the_bookmark_are_refused(db, story):
    world = story.world
    rows = await world.log.read_all(0, 40)
    turn = await Projection(db, world.log, world.codec, world.vault).turn(rows)
    await db.apply(turn.changes)
    with pytest.raises(Fenced):
        await db.apply(turn.changes)
    assert (await db.bookmark()).position == 40


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


async def test_who_asks_for_a_position_waits_for_it_or_is_told_how_far_the_lists_are(db, story):
    world = story.world
    async with running(projector(db, world)) as one:
        board = Boards(db, world.log, one)
        done = await world.need(COMMITTEE)
        page = await board.list("needs", COMMITTEE, min_position=done.position)
        assert page.items[0]["id"] == done.id
    with pytest.raises(Behind):
        await boards(db, world).list("needs", COMMITTEE, min_position=done.position + 1)


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


async def test_a_row_that_was_tampered_with_is_found(db, story):
    world = story.world
    one = projector(db, world)
    await one.catch_up()
    db._set.writer.execute("UPDATE live SET doc = replace(doc, '\"open\"', '\"met\"') WHERE kind = 'need'")
    found = await one.verify()
    assert found
    assert found[0].startswith("live: ")


async def test_a_moment_or_a_position_can_be_asked_for_and_nothing_else(story):
    world = story.world
    rows = await world.log.read_all(100, 1)
    at = world.codec.decode(rows[0]).meta.at
    position = await parse_at(at.isoformat(), world.log)
    assert position is not None
    assert position >= 101
    assert await parse_at((at - timedelta(microseconds=1)).isoformat(), world.log) < 101
    assert await parse_at("42", world.log) == 42
    assert await parse_at(datetime(2020, 1, 1, tzinfo=UTC).isoformat(), world.log) == 0
    for wrong in ("soon", "-1", "2026-03-01T00:00:00", str(10**9)):
        with pytest.raises(Refused):
            await parse_at(wrong, world.log)
