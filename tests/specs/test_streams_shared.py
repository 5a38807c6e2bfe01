"""Two processes on one ledger, each with a memory of its own: neither decides on what the other has changed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest_asyncio

from adapters.system import SeededIds
from services.command import Ask
from services.needs import NeedDraft
from services.streams import Streams
from tests.support.gate import GatedLog, a_while, in_flight
from tests.support.telling import refused, used
from tests.support.world import COMMITTEE, EAST, OTHER_COMMITTEE, STREET_OFFICE, WEST, World, people


@pytest_asyncio.fixture
async def two(tmp_path: Path) -> AsyncIterator[tuple[World, World]]:
    """Two processes' services over one ledger, each with a memory of its own."""
    here = await World(tmp_path).begin()
    there = World(tmp_path, here.log)
    there.units = here.units
    for n, world in enumerate((here, there)):
        world.ids = SeededIds(f"process{n}", world.clock.now)
        world.streams = Streams(world.log, world.codec, world.vault, world.clock, world.ids, shared=True)
        world.serve(f"process{n}")
    yield here, there
    here.vault.close()
    there.vault.close()


def other(ask: Ask) -> Ask:
    """The same key with another body."""
    return replace(ask, fingerprint="another")


async def test_a_request_sent_to_two_processes_at_once_has_one_answer(two):
    here, there = two
    need = await here.need(COMMITTEE)
    claim = await here.claim(here.units[0], 20, need=need.id)
    ask = here.ask(COMMITTEE, "once")
    answers = await asyncio.gather(here.claims.accept(ask, claim.id), there.claims.accept(ask, claim.id))
    assert answers[0] == answers[1]
    assert (await here.types(claim.id)).count("claim.accepted") == 1
    assert (await there.claims.release(there.ask(COMMITTEE), claim.id)).status == "released"
    assert (await here.claims.reinstate(here.ask(COMMITTEE), claim.id)).status == "released"


async def test_where_others_write_too_a_repeated_request_writes_nothing_and_takes_no_number(two):
    here, there = two
    ask, draft = here.ask(COMMITTEE, "once"), NeedDraft(title="义诊", category="service", area=EAST, lines=people(5))
    first = await here.needs.post(ask, draft)
    for world in (here, there, here):
        assert await world.needs.post(ask, draft) == first
    await refused(there.needs.post(other(ask), draft), "command.misused")
    second = await there.needs.post(there.ask(COMMITTEE), draft)
    assert (second.position, int(second.number[-6:])) == (first.position + 1, int(first.number[-6:]) + 1)


async def test_where_others_write_too_the_first_answer_stands_when_nothing_is_left_to_do(two):
    here, there = two
    offer = await here.offer(here.units[0])
    ask = here.ask(here.units[0], "once")
    first = await here.offers.pause(ask, offer.id)
    await here.offers.resume(here.ask(here.units[0]), offer.id)
    again = await there.offers.pause(there.ask(here.units[0]), offer.id)
    assert await there.offers.pause(ask, offer.id) == first != again


async def test_a_need_is_not_posted_in_an_area_closed_meanwhile_by_another_process(two):
    here, there = two
    await there.need(OTHER_COMMITTEE, area=WEST)  # this process remembers the area as open
    await here.close_area(WEST)
    await refused(there.need(OTHER_COMMITTEE, area=WEST), "area.closed")


async def test_a_claim_is_not_bound_to_a_unit_suspended_by_another_process(two):
    here, there = two
    need = await there.need(COMMITTEE)
    claim = await there.claim(there.units[0], 20, need=need.id)
    await here.register.suspend_unit(here.ask(STREET_OFFICE), here.units[0].org)
    await refused(there.claims.accept(there.ask(COMMITTEE), claim.id), "unit.suspended")
    assert await used(here, need.id) == (20, 0, 0, 0)


async def test_a_refusal_does_not_rest_on_what_another_process_has_changed(two):
    here, there = two
    offer = await here.offer(here.units[0], 50)
    claim = await there.claim(COMMITTEE, 50, offer=offer.id)
    await here.claims.refuse(here.ask(here.units[0]), claim.id)
    assert (await there.claim(OTHER_COMMITTEE, 50, offer=offer.id)).status == "proposed"
    await here.offers.pause(here.ask(here.units[0]), offer.id)
    await here.offers.resume(here.ask(here.units[0]), offer.id)
    assert (await there.offers.pause(there.ask(there.units[0]), offer.id)).version == 7


async def test_two_processes_do_not_make_two_live_claims_of_a_pair(two):
    here, there = two
    need = await here.need(COMMITTEE)
    claims = await asyncio.gather(
        here.claim(here.units[0], 5, need=need.id), there.claim(here.units[0], 5, need=need.id), return_exceptions=True
    )
    assert sorted(getattr(c, "code", "stored") for c in claims) == ["claim.duplicate", "stored"]


async def test_a_new_lead_in_one_process_is_seen_by_a_proposal_in_another(two):
    here, there = two
    lead, second = here.units[:2]
    need = await here.need(COMMITTEE, 30)
    await there.claim(here.units[2], 1, need=need.id)  # this process knows the need's claims, as they are now
    claim = await here.claim(lead, 12, need=need.id, members=((second.org, 8),))
    await here.joint.join(here.ask(second), claim.id, org=second.org)
    await here.joint.change_lead(here.ask(lead), claim.id, org=second.org)
    await refused(there.claim(second, 5, need=need.id), "claim.duplicate")


async def test_nobody_builds_on_what_another_process_has_overtaken(two):
    """The withdrawal is on its way when the other process says yes: what it would have freed was never free."""
    here, there = two
    offer = await here.offer(here.units[0], 50)
    claim = await here.claim(COMMITTEE, 50, offer=offer.id)
    gate = GatedLog(there.log)
    there.streams.log = gate
    gate.shut()
    withdrawal = await in_flight(gate, there.claims.withdraw(there.ask(COMMITTEE), claim.id))
    built_on_it = asyncio.ensure_future(there.claim(OTHER_COMMITTEE, 50, offer=offer.id))
    await a_while()
    await here.claims.accept(here.ask(here.units[0]), claim.id)
    gate.open()
    await refused(withdrawal, "claim.wrong_state")
    await refused(built_on_it, "claim.no_capacity")
    assert await used(here, offer.id) == (0, 0, 50, 0)


async def test_each_number_is_given_once(two):
    here, there = two
    worlds = (here, there) * 5
    needs = await asyncio.gather(*(world.need(COMMITTEE) for world in worlds))
    assert len({need.number for need in needs}) == 10


async def test_a_clock_that_goes_back_writes_nothing_before_the_newest_event(two):
    here, there = two
    here.later(days=3)
    await here.need(COMMITTEE)
    newest = (await here.log.head()).at_us
    await there.need(COMMITTEE)  # its clock is three days behind
    assert (await here.log.head()).at_us == newest
