"""What a list holds: by window, by line, and for whom."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from adapters.log_stream import LogStream
from adapters.read_db import SqliteReadDb
from domain.calendar import Slot, Span, Weekly
from services.asof import Bookmarked
from services.lists import Lists, Wanted, falls_in
from services.projector import Projector
from tests.support.world import COMMITTEE, OTHER_COMMITTEE, WEST, World

WEDNESDAYS = {"weekly": [{"day": 3, "from": "09:00", "to": "11:00"}], "from": "2026-03-04", "until": "2026-03-18", "except": ["2026-03-11"]}


@pytest.fixture
async def db(tmp_path: Path) -> AsyncIterator[SqliteReadDb]:
    made = SqliteReadDb.open(tmp_path / "read")
    yield made
    await made.close()


async def listed(db: SqliteReadDb, world: World, viewer=None, **more):
    await Projector(db, LogStream(world.log), world.log, world.codec, world.vault).catch_up()
    limit, before = more.pop("limit", 50), more.pop("before", None)
    return await Lists(db, world.log, Bookmarked(db)).of(Wanted(**more), viewer, limit=limit, before=before)


@pytest.mark.parametrize(
    ("since", "until", "falls"),
    [
        ("2026-03-04", "2026-03-04", True), ("2026-03-05", "2026-03-17", False), ("2026-03-11", "2026-03-11", False),
        ("2026-03-05", "2026-03-18", True), ("2026-03-19", None, False), (None, "2026-03-03", False), (None, None, True),
        (None, "2026-03-04", True),
    ],
)  # fmt: skip
def test_weekly_windows_fall_in_on_their_days_and_not_on_those_left_out(since, until, falls):
    assert falls_in({"windows": [WEDNESDAYS]}, since, until) is falls


def test_a_window_without_end_falls_in_for_ever_and_an_item_without_windows_always():
    endless = {**WEDNESDAYS, "until": None}
    assert falls_in({"windows": [endless]}, "2099-01-01", "2099-01-31")
    assert falls_in({"windows": []}, "2099-01-01", None)


def test_a_span_falls_in_by_its_days_in_shanghai():
    late = {"windows": [{"start": "2026-03-02T17:00:00Z", "end": "2026-03-02T18:00:00Z"}]}  # the 3rd in Shanghai
    assert falls_in(late, "2026-03-03", "2026-03-03")
    assert not falls_in(late, "2026-03-02", "2026-03-02")


async def test_a_list_holds_what_can_happen_between_the_days(db, world):
    start = datetime(2026, 4, 1, 1, tzinfo=UTC)
    april = await world.need(COMMITTEE, windows=(Span(start, start.replace(hour=3)),))
    weekly = await world.need(COMMITTEE, windows=(Weekly((Slot(3, "09:00", "11:00"),), date(2026, 5, 1), date(2026, 5, 30)),))
    always = await world.need(COMMITTEE)
    found = await listed(db, world, kind="needs", since="2026-04-01", until="2026-04-30")
    assert [row["id"] for row in found.rows] == [always.id, april.id]
    found = await listed(db, world, kind="needs", since="2026-05-01")
    assert [row["id"] for row in found.rows] == [always.id, weekly.id]


async def test_a_line_is_that_of_the_unit_that_gives(db, world):
    theirs = await world.offer(world.units[0])
    await world.offer(COMMITTEE)
    found = await listed(db, world, kind="offers", line="医院")
    assert [row["id"] for row in found.rows] == [theirs.id]
    assert (await listed(db, world, kind="offers", line="国企")).rows == ()


async def test_drafts_are_listed_for_their_owner_alone_and_notes_for_nobody(db, world):
    draft = await world.need(COMMITTEE, as_draft=True, note="秘密说明")
    assert [row["id"] for row in (await listed(db, world, COMMITTEE, kind="needs")).rows] == [draft.id]
    for viewer in (None, OTHER_COMMITTEE, world.units[0]):
        assert (await listed(db, world, viewer, kind="needs")).rows == ()
    assert "note" not in (await listed(db, world, COMMITTEE, kind="needs")).rows[0]


async def test_projects_that_came_to_nothing_are_listed_for_their_parties_alone(db, world):
    claims = [await world.claim(world.units[0], need=(await world.need(COMMITTEE)).id) for _ in range(2)]
    for claim in claims:
        await world.claims.accept(world.ask(COMMITTEE), claim.id)
    await world.claims.release(world.ask(world.units[0]), claims[0].id)
    assert len((await listed(db, world, kind="projects")).rows) == 1
    assert len((await listed(db, world, world.units[0], kind="projects")).rows) == 2
    assert len((await listed(db, world, world.units[1], kind="projects")).rows) == 1
    assert (await listed(db, world, kind="projects")).rows[0]["title"] == "周末义诊志愿者"


async def test_a_list_goes_on_where_its_page_ended_and_tells_the_past(db, world):
    needs = [(await world.need(COMMITTEE)).id for _ in range(5)]
    before = (await world.log.head()).position
    await world.need(OTHER_COMMITTEE, area=WEST)
    first = await listed(db, world, kind="needs", limit=2, at=str(before))
    rest = await listed(db, world, kind="needs", limit=10, at=str(before), before=first.next)
    assert [row["id"] for row in (*first.rows, *rest.rows)] == needs[::-1]
    assert (rest.next, first.position) == (None, before)
