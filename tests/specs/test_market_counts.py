"""What the matcher knows of those who give, of those who ask, and of where they are."""

from __future__ import annotations

from domain.access import SYSTEM, Principal
from domain.matching.snapshot import AreaFacts, AskerFacts, GiverFacts
from tests.specs.test_joint_claim import all_bound
from tests.support.market import known
from tests.support.telling import bound, delivered
from tests.support.world import COMMITTEE, DISTRICT, EAST, OTHER_COMMITTEE, STREET, STREET_OFFICE, WEST, World


async def giver(world: World, who: Principal) -> GiverFacts:
    return next(giver for giver in (await known(world)).givers if giver.id == who.org)


async def asker(world: World, who: Principal = COMMITTEE) -> AskerFacts:
    found = (asker for asker in (await known(world)).askers if asker.id == who.org)
    return next(found, AskerFacts(id=who.org))


async def test_a_giver_is_bound_by_what_is_proposed_and_accepted_and_has_kept_what_is_fulfilled(world: World):
    unit = world.units[0]
    await world.offer(unit, 50)
    await world.register.limit_unit(world.ask(unit), unit.org, engagements=3)
    first, second, third = [await world.need(COMMITTEE, 20) for _ in range(3)]
    _, project = await bound(world, unit, 10, first)
    await world.claim(unit, 10, need=second.id)
    declined = await world.claim(unit, 10, need=third.id)
    await world.claims.refuse(world.ask(COMMITTEE), declined.id)
    assert await giver(world, unit) == GiverFacts(id=unit.org, live=2, limit=3)
    await delivered(world, unit, project)
    assert await giver(world, unit) == GiverFacts(id=unit.org, live=1, limit=3, kept=1, done=1)


async def test_a_promise_is_broken_by_who_releases_it_until_both_take_that_back(world: World):
    unit = world.units[0]
    for owner in (unit, COMMITTEE):
        await world.offer(owner, 50)
    claim, _ = await bound(world, unit, 10, await world.need(COMMITTEE, 20))
    await world.claims.release(world.ask(unit), claim)
    assert await giver(world, unit) == GiverFacts(id=unit.org, done=1)
    await world.claims.reinstate(world.ask(unit), claim)
    assert await giver(world, unit) == GiverFacts(id=unit.org, done=1)
    await world.claims.reinstate(world.ask(COMMITTEE), claim)
    assert await giver(world, unit) == GiverFacts(id=unit.org, live=1)
    await world.claims.release(world.ask(COMMITTEE), claim)
    for owner in (unit, COMMITTEE):
        assert await giver(world, owner) == GiverFacts(id=owner.org)


async def test_what_was_not_delivered_is_a_promise_broken(world: World):
    unit = world.units[0]
    await world.offer(unit, 50)
    _, project = await bound(world, unit, 10, await world.need(COMMITTEE, 20))
    await world.projects.dispute(world.ask(COMMITTEE), project, reason="没有来")
    await world.projects.settle(world.ask(STREET_OFFICE), project, outcome="failed")
    assert await giver(world, unit) == GiverFacts(id=unit.org, done=1)


async def test_each_member_of_a_joint_claim_gives_and_who_steps_out_after_it_binds_has_broken_its_word(world: World):
    _, claim, project, (lead, second, third) = await all_bound(world)
    for unit in (lead, second, third):
        await world.offer(unit, 50)
    assert await giver(world, second) == GiverFacts(id=second.org, live=1)
    await world.joint.leave(world.ask(third), claim, org=third.org)
    await delivered(world, lead, project)
    assert await giver(world, lead) == GiverFacts(id=lead.org, kept=1, done=1)
    assert await giver(world, second) == GiverFacts(id=second.org, kept=1, done=1)
    assert await giver(world, third) == GiverFacts(id=third.org, done=1)


async def test_an_asker_has_asked_for_what_it_posted_and_is_served_when_somebody_commits(world: World):
    first, second = await world.need(COMMITTEE, 20), await world.need(COMMITTEE, 20)
    await world.need(COMMITTEE, 20, as_draft=True)
    await world.needs.withdraw(world.ask(COMMITTEE), second.id)
    assert (await asker(world), await asker(world, OTHER_COMMITTEE)) == (
        AskerFacts(id=EAST, asked=1), AskerFacts(id=WEST),
    )  # fmt: skip
    claim, _ = await bound(world, world.units[0], 10, first)
    await world.claims.release(world.ask(world.units[0]), claim)
    await world.needs.withdraw(world.ask(COMMITTEE), first.id)
    assert await asker(world) == AskerFacts(id=EAST, asked=1, served=1)


async def test_the_areas_are_the_tree_as_it_is_now(world: World):
    neighbourhoods = tuple(AreaFacts(id=area, kind="neighbourhood", parent=STREET) for area in (EAST, WEST))
    above = (AreaFacts(id=DISTRICT, kind="district"), AreaFacts(id=STREET, kind="street", parent=DISTRICT))
    assert (await known(world)).areas == (*above, *neighbourhoods)
    await world.register.move_area(world.ask(SYSTEM), WEST, parent=DISTRICT)
    assert (await known(world)).areas[3] == AreaFacts(id=WEST, kind="neighbourhood", parent=DISTRICT)
