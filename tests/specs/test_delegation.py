"""A coordinator acts in another's name: both stand in the record, and the represented party has three working days to object."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from domain.access import Principal
from domain.delegation import until
from services.command import Ask
from services.delegation import Delegations
from services.needs import NeedChange, NeedDraft
from tests.support.telling import refused
from tests.support.world import AUDITOR, COMMITTEE, EAST, OTHER_COMMITTEE, STREET_OFFICE, World, people


@pytest_asyncio.fixture
async def at(tmp_path: Path) -> AsyncIterator[tuple[World, Delegations]]:
    world = await World(tmp_path).begin()
    yield world, Delegations(world.streams)
    world.vault.close()


def behalf(world: World, org: str, basis: str = "phone", who: Principal = STREET_OFFICE) -> Ask:
    return replace(world.ask(who), on_behalf_of=org, basis=basis)


async def posted_for_east(world: World) -> str:
    draft = NeedDraft(title="代发的需求", category="service", area=EAST, lines=people(5))
    return (await world.needs.post(behalf(world, EAST), draft)).id


async def first_act(delegations: Delegations, org: str = EAST) -> int:
    return (await delegations.of(org))[0].position


async def test_what_was_done_is_the_partys_and_says_who_did_it(at):
    world, delegations = at
    need = await posted_for_east(world)
    assert (await world.state(need)).content.owner == EAST
    (act,) = await delegations.of(EAST)
    assert (act.actor, act.org, act.basis, act.item, act.type) == (STREET_OFFICE.id, EAST, "phone", need, "need.posted")
    assert await delegations.about(need) == [act]
    assert await delegations.of(OTHER_COMMITTEE.org) == []


async def test_one_command_is_one_act_and_own_acts_are_none(at):
    world, delegations = at
    need = await world.need(COMMITTEE)
    claim = await world.claim(world.units[0], 5, need=need.id)
    await world.claims.accept(behalf(world, EAST, "minutes"), claim.id)
    (act,) = await delegations.of(EAST)
    assert (act.type, act.item, act.basis) == ("claim.accepted", claim.id, "minutes")


async def test_the_list_goes_on_where_it_stood(at):
    world, delegations = at
    need = await posted_for_east(world)
    assert len(await delegations.of(EAST)) == 1
    await world.needs.amend(behalf(world, EAST, "visit"), need, NeedChange(urgency=3))
    assert [act.type for act in await delegations.of(EAST)] == ["need.amended", "need.posted"]


async def test_the_represented_party_objects_once_and_it_is_kept_beside_the_act(at):
    world, delegations = at
    need = await posted_for_east(world)
    position = await first_act(delegations)
    done = await delegations.object(world.ask(COMMITTEE), position, "not_asked")
    again = await delegations.object(world.ask(COMMITTEE), position, "mistake")
    assert (done.id, again.id, again.position) == (f"objection-{position}", f"objection-{position}", done.position)
    (act,) = await delegations.of(EAST)
    assert act.objection is not None
    assert (act.objection.ground, act.objection.by) == ("not_asked", COMMITTEE.id)
    assert await delegations.objected() == [act] == await delegations.about(need)
    assert await world.types(f"objection-{position}") == ["objection.raised"]


async def test_nobody_else_objects_and_nothing_else_can_be_objected_to(at):
    world, delegations = at
    await posted_for_east(world)
    position = await first_act(delegations)
    for who in (OTHER_COMMITTEE, world.units[0], STREET_OFFICE, AUDITOR):
        await refused(delegations.object(world.ask(who), position, "mistake"), "access.forbidden")
    own = await world.need(COMMITTEE)
    await refused(delegations.object(world.ask(COMMITTEE), own.position, "mistake"), "access.forbidden")
    await refused(delegations.object(world.ask(COMMITTEE), 0, "mistake"), "item.not_found")
    await refused(delegations.object(world.ask(COMMITTEE), 10_000, "mistake"), "item.not_found")
    await refused(delegations.object(world.ask(COMMITTEE), position, "因为"), "objection.ground")


async def test_an_act_is_objected_to_at_its_first_event_alone(at):
    world, delegations = at
    need = await world.need(COMMITTEE)
    claim = await world.claim(world.units[0], 5, need=need.id)
    await world.claims.accept(behalf(world, EAST), claim.id)
    position = await first_act(delegations)
    await refused(delegations.object(world.ask(COMMITTEE), position + 1, "mistake"), "item.not_found")
    await delegations.object(world.ask(COMMITTEE), position, "mistake")


async def test_after_three_working_days_it_is_too_late(at):
    world, delegations = at
    await posted_for_east(world)
    (act,) = await delegations.of(EAST)
    world.clock.advance(act.until - world.clock.now() - timedelta(seconds=1))
    assert act.open(world.clock.now())
    early = await delegations.object(world.ask(COMMITTEE), act.position, "otherwise")
    assert early.status == "raised"


async def test_at_the_last_stroke_it_is_too_late(at):
    world, delegations = at
    await posted_for_east(world)
    (act,) = await delegations.of(EAST)
    world.clock.advance(act.until - world.clock.now())
    assert not act.open(world.clock.now())
    await refused(delegations.object(world.ask(COMMITTEE), act.position, "otherwise"), "objection.late")


@pytest.mark.parametrize(
    ("done", "ends"),
    [
        ("2026-03-02T01:00", "2026-03-05T16:00"),  # Monday morning: all of Thursday
        ("2026-03-05T01:00", "2026-03-10T16:00"),  # Thursday: Friday, Monday, Tuesday
        ("2026-03-06T20:00", "2026-03-11T16:00"),  # Friday in London is Saturday in Shanghai
        ("2026-03-08T01:00", "2026-03-11T16:00"),  # Sunday
    ],
)
def test_three_working_days_end_at_midnight_in_shanghai(done, ends):
    assert until(datetime.fromisoformat(done).replace(tzinfo=UTC)) == datetime.fromisoformat(ends).replace(tzinfo=UTC)
