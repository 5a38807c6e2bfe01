"""Two moments of a board on real databases: equal to a plain difference of two replays."""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import Any

import pytest

from adapters.read_db import SqliteReadDb
from services import comparing
from services.asof import Bookmarked
from services.comparing import STATUSES, Comparing
from services.dashboards import Dashboards
from services.projection import Projection
from services.read_ports import Doc, ReadDb
from services.rebuilding import fill
from tests.support.reading import boards, everything, head, projector
from tests.support.story import SOUTH
from tests.support.world import DISTRICT, EAST, STREET, World


async def cut_at(position: int, world: World, folder: Any) -> ReadDb:
    db = SqliteReadDb.open(folder / f"cut-{position}")
    await fill(Projection(db, world.log, world.codec, world.vault), db, world.log, position)
    return db


async def board_of(db: ReadDb, world: World, kind: str, area: str) -> dict[str, Doc]:
    docs = [doc async for doc in _all(db, world, kind, area)]
    return {doc["id"]: doc for doc in docs}


async def _all(db: ReadDb, world: World, kind: str, area: str) -> Any:
    cursor = None
    while True:
        page = await boards(db, world).public(kind, area=area or None, limit=200, cursor=cursor)
        for doc in page.items:
            yield doc
        if (cursor := page.next) is None:
            return


@pytest.mark.parametrize("kind", ["needs", "offers"])
async def test_a_comparison_equals_the_difference_of_two_replays(db, story, tmp_path, kind: str):
    world, chance = story.world, Random(7)
    await projector(db, world).catch_up()
    one = Comparing(db, world.log, Bookmarked(db))
    end = await head(world)
    told = 0
    for area in ("", EAST, STREET, SOUTH):
        at, to = chance.randrange(20, end // 2), chance.randrange(end // 2, end + 1)
        cuts = [await cut_at(position, world, tmp_path) for position in (at, to)]
        then, now = [await board_of(cut, world, kind, area) for cut in cuts]
        for cut in cuts:
            await cut.close()
        shifts = {
            id: (then[id]["status"] if id in then else None, now[id]["status"] if id in now else None)
            for id in then.keys() | now.keys()
        }
        changed = {id: shift for id, shift in shifts.items() if shift[0] != shift[1]}
        found = await everything_changed(one, kind.removesuffix("s"), at, to, area)
        assert {(row.now or row.then)["id"]: row.shift for row in found} == changed
        for row in found:
            doc = row.now or row.then
            assert (_noteless(row.then), _noteless(row.now)) == (then.get(doc["id"]), now.get(doc["id"]))
        counts = (await one.boards(kind.removesuffix("s"), at, to, area=area)).counts
        assert counts == Counter(changed.values())
        told += len(changed)
    assert told > 20


async def everything_changed(one: Comparing, kind: str, at: int, to: int, area: str) -> list[comparing.Shifted]:
    """All pages, newest first; what one shift alone gives is what the whole gives of it."""
    found: list[comparing.Shifted] = []
    before: int | None = None
    while True:
        page = await one.boards(kind, at, to, area=area, before=before, limit=7)
        found += page.rows
        if (before := page.next) is None:
            break
    assert [row.seq for row in found] == sorted({row.seq for row in found}, reverse=True)
    for shift, n in page.counts.items():
        assert len((await one.boards(kind, at, to, area=area, only=shift, limit=1000)).rows) == n
    return found


def _noteless(doc: Doc | None) -> Doc | None:
    return {name: value for name, value in doc.items() if name != "note"} if doc else None


async def test_nothing_differs_between_a_moment_and_itself(db, story):
    await projector(db, story.world).catch_up()
    one, end = Comparing(db, story.world.log, Bookmarked(db)), await head(story.world)
    found = await one.boards("need", end, end)
    assert (found.counts, found.rows) == ({}, ())
    assert found.same == len(await everything(boards(db, story.world), "needs", None))


async def test_figures_differ_by_what_two_replays_differ_by(db, story, tmp_path):
    world = story.world
    await projector(db, world).catch_up()
    end = await head(world)
    at, to = end // 3, end - 5
    cuts = [await cut_at(position, world, tmp_path) for position in (at, to)]
    replayed = [(await Dashboards(cut, world.log, Bookmarked(cut)).of(DISTRICT))["figures"] for cut in cuts]
    for cut in cuts:
        await cut.close()
    now = Dashboards(db, world.log, Bookmarked(db))
    asked = [(await now.of(DISTRICT, str(position)))["figures"] for position in (at, to)]
    found = comparing.figures(*asked)
    assert found == comparing.figures(*replayed)
    named = {each.name: (each.then, each.now) for each in found}
    assert named["needs/total"] == (replayed[0]["needs"]["total"], replayed[1]["needs"]["total"])
    assert named["money/received_fen"][1] == replayed[1]["money"]["received_fen"] > 0
    assert {f"quantities/{row['unit']}/needed" for row in replayed[1]["quantities"]} <= named.keys()


async def test_every_status_that_a_row_can_have_is_compared(db, story):
    await projector(db, story.world).catch_up()
    for kind, statuses in STATUSES.items():
        rows = await everything(boards(db, story.world), f"{kind}s", None)
        assert {row["status"] for row in rows} <= set(statuses)


def test_lines_are_told_place_by_place():
    line = {"kind": "志愿者", "unit": "人", "quantity": 20, "delivered": 0, "committed": 0, "held": 0, "free": 20}
    taken = {**line, "committed": 12, "free": 8}
    gone = {"kind": "场地", "unit": "间", "quantity": 1, "delivered": 0, "committed": 0, "held": 0, "free": 1}
    found = comparing.lines({"lines": [gone, line]}, {"lines": [taken]})
    assert [(key, [(d.name, d.then, d.now) for d in places]) for key, places in found] == [
        (("志愿者", "人"), [("committed", 0, 12), ("free", 20, 8)]), (("场地", "间"), [("quantity", 1, 0), ("free", 1, 0)]),
    ]  # fmt: skip
    assert comparing.lines({"lines": [line]}, {"lines": [line]}) == []
