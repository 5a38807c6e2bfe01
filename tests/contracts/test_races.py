"""Many act at once, as tasks of one process on SQLite and as three processes on PostgreSQL: never too much, never twice.

Each race ends with the ledger read from the start: every rule of the state machine holds for what was stored."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from adapters.postgres_store import PostgresStore
from adapters.sqlite_store import SqliteStore
from domain.access import SYSTEM
from services.register import AreaDraft
from services.streams import evolve, kind_of
from tests.specs import workflow_checks as checks
from tests.support.logs import everything
from tests.support.races import Act, Course, OneProcess, Processes, Racer, a_world, racers
from tests.support.telling import status, used
from tests.support.world import COMMITTEE, OTHER_COMMITTEE, STREET, World

PROCESSES = 3
DAYS_10 = 10 * 24 * 3600


@pytest.fixture(scope="module")
def started() -> Iterator[list[Racer]]:
    with racers(PROCESSES) as found:
        yield found


@pytest.fixture(params=["sqlite", "postgres"])
async def course(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Course]:
    log: SqliteStore | PostgresStore
    if request.param == "sqlite":
        log = await SqliteStore.open(tmp_path / "ledger.db")
        world = await a_world(log, tmp_path, shared=False).begin()
        yield OneProcess(world)
    else:
        job = {
            "url": request.getfixturevalue("postgres_url"),
            "schema": f"r{uuid4().hex[:12]}",
            "folder": str(tmp_path),
        }
        log = await PostgresStore.open(job["url"], job["schema"], allow_unsafe=True)
        world = await a_world(log, tmp_path, shared=True).begin()
        yield Processes(world, request.getfixturevalue("started"), job)
    await every_rule_holds(world)
    world.vault.close()
    await log.close()


async def every_rule_holds(world: World) -> None:
    states: dict[str, object] = {}
    for row in await everything(world.log):
        event = world.codec.decode(row).event
        states[row.stream] = evolve(kind_of(row.stream), states.get(row.stream), event, row.stream)
    checks.capacity_is_kept(states)
    checks.commitments_add_up(states)
    checks.one_live_claim_a_pair(states)
    checks.each_binding_claim_has_its_project(states)


def dealt(acts: list[Act]) -> list[list[Act]]:
    """To the processes in turn."""
    return [acts[n::PROCESSES] for n in range(PROCESSES)]


async def neighbourhoods(world: World, count: int) -> list[str]:
    found = [f"{STREET}{n:03d}" for n in range(100, 100 + count)]
    for area in found:
        draft = AreaDraft(area=area, name=f"第{area[-3:]}居民区", kind="neighbourhood", parent=STREET)
        await world.register.open_area(world.ask(SYSTEM), draft)
    return found


async def test_of_a_hundred_committees_exactly_fifty_get_a_place(course: Course):
    world = course.world
    committees = await neighbourhoods(world, 100)
    offer = await world.offer(world.units[0], 50)
    outcomes = await course.race(dealt([Act("want", c, f"want-{c}", offer.id, 1) for c in committees]))
    assert (outcomes.count("ok"), outcomes.count("claim.no_capacity")) == (50, 50)
    assert (await used(world, offer.id), await status(world, offer.id)) == ((0, 50, 0, 0), "exhausted")
    claims = await world.log.citing(offer.id)
    assert len(claims) == 50
    answers = await course.race(dealt([Act("accept", world.units[0].org, f"yes-{c}", c) for c in claims]))
    assert answers.count("ok") == 50
    assert await used(world, offer.id) == (0, 0, 50, 0)
    numbers = [(await world.state(claim)).number for claim in claims]
    assert len(set(numbers)) == 50


async def test_the_same_request_sent_everywhere_at_once_is_done_once(course: Course):
    world = course.world
    offers = [await world.offer(world.units[0], 50) for _ in range(5)]
    lane = [Act("want", COMMITTEE.org, f"once-{offer.id}", offer.id, 30) for offer in offers]
    outcomes = await course.race([lane] * PROCESSES)
    assert set(outcomes.of.values()) <= {"ok", "command.in_flight"}
    assert [await used(world, offer.id) for offer in offers] == [(20, 30, 0, 0)] * 5


async def test_two_yeses_for_the_last_places_bind_one(course: Course):
    world, pairs = course.world, []
    for _ in range(8):
        need = await world.need(COMMITTEE, 20)
        pairs.append((need, [await world.claim(unit, 20, need=need.id) for unit in world.units[:2]]))
    lanes = [[Act("accept", COMMITTEE.org, f"yes-{c[n].id}", c[n].id) for _, c in pairs] for n in range(2)]
    outcomes = await course.race(lanes)
    assert outcomes.count("ok") == 8
    assert outcomes.count("claim.wrong_state", "claim.no_capacity") == 8
    for need, claims in pairs:
        assert await used(world, need.id) == (0, 0, 20, 0)
        assert sorted([await status(world, c.id) for c in claims]) == ["accepted", "superseded"]


async def test_a_yes_against_the_clock_has_one_winner(course: Course):
    """In processes the clocks differ, as machines' clocks do: here ten days, to the second."""
    world, offer = course.world, await course.world.offer(course.world.units[0], 50)
    claims = [await world.claim(unit, 5, offer=offer.id) for unit in world.units[1:]]
    claims += [await world.claim(who, 5, offer=offer.id) for who in (COMMITTEE, OTHER_COMMITTEE)]
    yes = [Act("accept", world.units[0].org, f"yes-{c.id}", c.id, late_s=DAYS_10 - 1) for c in claims]
    clock = [Act("expire", "system", f"clock-{c.id}", c.id, late_s=DAYS_10) for c in claims]
    outcomes = await course.race([yes, clock])
    ends = [await status(world, claim.id) for claim in claims]
    accepted = ends.count("accepted")
    assert set(ends) <= {"accepted", "expired"}
    assert [outcomes.of[f"yes-{c.id}"] == "ok" for c in claims] == [end == "accepted" for end in ends]
    assert await used(world, offer.id) == (50 - 5 * accepted, 0, 5 * accepted, 0)


async def test_a_yes_against_a_withdrawal_has_one_winner(course: Course):
    world, offers = course.world, []
    for _ in range(8):
        offer = await world.offer(world.units[0], 20)
        offers.append((offer, await world.claim(COMMITTEE, 20, offer=offer.id)))
    yes = [Act("accept", world.units[0].org, f"yes-{c.id}", c.id) for _, c in offers]
    no = [Act("withdraw", COMMITTEE.org, f"no-{c.id}", c.id) for _, c in offers]
    outcomes = await course.race([yes, no])
    assert outcomes.count("ok") == outcomes.count("claim.wrong_state") == 8
    for offer, claim in offers:
        won = outcomes.of[f"yes-{claim.id}"] == "ok"
        assert await used(world, offer.id) == ((0, 0, 20, 0) if won else (20, 0, 0, 0))


async def test_a_cut_against_a_claim_never_leaves_more_promised_than_there_is(course: Course):
    world = course.world
    offers = [await world.offer(world.units[0], 50) for _ in range(8)]
    cut = [Act("cut", world.units[0].org, f"cut-{o.id}", o.id, 10) for o in offers]
    want = [Act("want", COMMITTEE.org, f"want-{o.id}", o.id, 40) for o in offers]
    outcomes = await course.race([cut, want])
    for offer in offers:
        cut_won, claim_won = (outcomes.of[f"{what}-{offer.id}"] == "ok" for what in ("cut", "want"))
        assert cut_won != claim_won
        assert await used(world, offer.id) == ((10, 0, 0, 0) if cut_won else (10, 40, 0, 0))


async def test_a_unit_suspended_while_it_posts_has_posted_before_or_not_at_all(course: Course):
    world = course.world
    units = [await world.unit(n) for n in range(50, 58)]
    post = [Act("offer", unit.org, f"post-{unit.org}", quantity=5) for unit in units]
    suspend = [Act("suspend", "street", f"stop-{unit.org}", unit.org) for unit in units]
    outcomes = await course.race([post, suspend])
    assert all(outcomes.of[f"stop-{unit.org}"] == "ok" for unit in units)
    rows = await everything(world.log)
    stopped = {row.stream: row.position for row in rows if row.type == "unit.suspended"}
    posted = {
        world.codec.decode(row).event.content.owner: row.position for row in rows if row.type == "offer.published"
    }
    for unit in units:
        assert (outcomes.of[f"post-{unit.org}"] == "ok") == (unit.org in posted)
        assert posted.get(unit.org, 0) < stopped[unit.org]


@pytest.mark.parametrize("course", ["postgres"], indirect=True)
@pytest.mark.parametrize(("fault", "outcome"), [("", "unit.suspended"), ("trusts its memory", "ok")])
async def test_a_process_that_remembers_the_unit_as_it_was_is_put_right(course: Processes, fault: str, outcome: str):
    """The second case shows that this race would catch a store that does not look at what was only read."""
    unit = course.world.units[0].org
    lanes = [[Act("offer", unit, "post", quantity=5)], [Act("suspend", "street", "stop", unit)]]
    outcomes = course.in_turn(lanes, fault=fault)
    assert outcomes.of == {"stop": "ok", "post": outcome}


async def test_a_released_claim_and_its_successor_are_never_both_alive(course: Course):
    world, unit, needs = course.world, course.world.units[0], []
    for _ in range(6):
        need = await world.need(COMMITTEE, 20)
        claim = await world.claim(unit, 5, need=need.id)
        await world.claims.accept(world.ask(COMMITTEE), claim.id)
        await world.claims.release(world.ask(unit), claim.id)
        await world.claims.reinstate(world.ask(unit), claim.id)
        needs.append((need, claim))
    back = [Act("reinstate", COMMITTEE.org, f"back-{c.id}", c.id) for _, c in needs]
    new = [Act("help", unit.org, f"new-{n.id}", n.id, 5) for n, _ in needs]
    outcomes = await course.race([back, new])
    assert outcomes.count("ok") == outcomes.count("claim.duplicate") == 6


async def test_many_units_cover_a_need_exactly_and_the_rest_wait(course: Course):
    world = course.world
    units = [await world.unit(n) for n in range(60, 84)]
    need = await world.need(COMMITTEE, 20)
    first = await course.race(dealt([Act("help", u.org, f"help-{u.org}", need.id, 2) for u in units]))
    assert first.count("ok") == 24
    claims = await world.log.citing(need.id)
    answers = await course.race(dealt([Act("accept", COMMITTEE.org, f"yes-{c}", c) for c in claims]))
    assert (answers.count("ok"), await used(world, need.id)) == (10, (0, 0, 20, 0))
    ends = [await status(world, claim) for claim in claims]
    assert (ends.count("accepted"), ends.count("superseded")) == (10, 14)
