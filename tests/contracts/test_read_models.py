"""The read models on real databases: rows equal the ledger now and as of any position."""

from __future__ import annotations

from contextlib import suppress
from random import Random

import pytest

from adapters.read_db import SqliteReadDb
from domain.events import Refused
from services.asof import Bookmarked
from services.audit import Trail
from services.boards import KINDS, Boards
from services.dashboards import Dashboards
from services.projection import Projection
from services.read_ports import Fenced, ReadDb
from services.rebuilding import fill
from tests.support.reading import VIEWERS, boards, everything, head, projector, tamper
from tests.support.story import OTHER_STREET, SOUTH, folded
from tests.support.world import AUDITOR, DISTRICT, EAST, STREET, World


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
            {}, {"status": "open,accepted,active,published"},
            {"q": chance.choice(("义诊", "急", "送餐", "XQ", "covid"))},
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


async def test_changes_that_do_not_follow_the_bookmark_are_refused(db, story):
    world = story.world
    rows = await world.log.read_all(0, 40)
    turn = await Projection(db, world.log, world.codec, world.vault).turn(rows)
    await db.apply(turn.changes)
    with pytest.raises(Fenced):
        await db.apply(turn.changes)
    assert (await db.bookmark()).position == 40


async def test_a_row_that_was_tampered_with_is_found(db, story):
    world = story.world
    one = projector(db, world)
    await one.catch_up()
    tamper(db, "UPDATE live SET doc = replace(doc, '\"open\"', '\"met\"') WHERE kind = 'need'")
    found = await one.verify()
    assert found
    assert found[0].startswith("live: ")
