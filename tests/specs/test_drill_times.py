"""What is timed from when to when, told in small stories."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters.log_stream import LogStream
from adapters.read_db import SqliteReadDb
from services.asof import Bookmarked
from services.drill import Choice, Drill, Sums, days_and_months
from services.projector import Projector
from tests.support.world import COMMITTEE, DISTRICT, World


@pytest.fixture
async def db(tmp_path: Path) -> AsyncIterator[SqliteReadDb]:
    made = SqliteReadDb.open(tmp_path / "read")
    yield made
    await made.close()


async def sums(db: SqliteReadDb, world: World, at: str | None = None, **chosen: str) -> Sums:
    await Projector(db, LogStream(world.log), world.log, world.codec, world.vault).catch_up()
    return await Drill(db, world.log, Bookmarked(db)).sums(Choice(area=DISTRICT, **chosen), at)


async def test_the_first_response_is_the_first_claim_and_no_later_one(db, world):
    need = await world.need(COMMITTEE)
    world.later(hours=5)
    await world.claim(world.units[0], 5, need=need.id)
    then = str((await world.log.head()).position)
    assert (await sums(db, world)).times["first"] == {5: 1}  # also when the next claim meets a projector begun anew
    world.later(hours=40)
    await world.claim(world.units[1], 5, need=need.id)
    for chosen in ({}, {"since": "2026-03-01"}):
        assert (await sums(db, world, **chosen)).times["first"] == {5: 1}
        assert (await sums(db, world, then, **chosen)).times["first"] == {5: 1}
    assert (await sums(db, world, str(need.position))).times.get("first", {}) == {}


async def test_a_claim_that_waited_in_line_is_not_timed(db, world):
    need = await world.need(COMMITTEE)
    first = await world.claim(world.units[0], need=need.id)
    world.later(hours=3)
    await world.claims.accept(world.ask(COMMITTEE), first.id)
    waiting = await world.claim(world.units[1], need=need.id)
    world.later(hours=30)
    await world.claims.release(world.ask(world.units[0]), first.id)
    await world.claims.accept(world.ask(COMMITTEE), waiting.id)
    assert (await world.state(waiting.id)).promoted
    assert (await sums(db, world)).times["answer"] == {3: 1}


async def test_delivery_and_feedback_are_timed_in_days_from_two_days_on(db, world):
    claim = await world.claim(world.units[0], need=(await world.need(COMMITTEE)).id)
    await world.claims.accept(world.ask(COMMITTEE), claim.id)
    project = (await world.state(claim.id)).project
    world.later(hours=60)
    await world.projects.report(world.ask(world.units[0]), project)
    await world.projects.confirm(world.ask(COMMITTEE), project, beneficiaries=3)
    world.later(hours=7)
    await world.projects.feed_back(world.ask(COMMITTEE), project, note="很好")
    found = await sums(db, world)
    assert (found.times["delivery"], found.times["feedback"]) == ({48: 1}, {7: 1})
    assert (found.n.get("projects_unheard", 0), found.n["projects_fed_back"]) == (0, 1)


def test_a_month_that_is_not_whole_is_told_by_its_days():
    assert days_and_months("2026-02-01", "2026-02-27") == [f"d/2026-02-{day:02d}" for day in range(1, 28)]
