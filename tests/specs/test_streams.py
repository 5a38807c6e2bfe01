"""Load, decide, append, try again: what a command promises while others are under way, the disk is slow, or fails."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from adapters.memory import MemoryStore
from adapters.system import SeededIds
from domain.access import SYSTEM
from services.claims import ClaimDraft
from services.command import Ask
from services.needs import NeedDraft
from services.ports import StoreUnavailable
from services.streams import Streams
from services.work import Work
from tests.support.gate import GatedLog, a_while, in_flight
from tests.support.telling import refused, status, used
from tests.support.world import BOOK, COMMITTEE, EAST, OTHER_COMMITTEE, STREET_OFFICE, WEST, World, people


@pytest_asyncio.fixture
async def slow(tmp_path: Path) -> AsyncIterator[tuple[World, GatedLog]]:
    log = GatedLog(MemoryStore())
    world = await World(tmp_path, log).begin()
    yield world, log
    world.vault.close()


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


async def test_while_a_request_is_handled_its_double_is_told_to_wait(slow):
    world, log = slow
    need = await world.need(COMMITTEE)
    ask = world.ask(COMMITTEE, "once")
    log.shut()
    first = await in_flight(log, world.needs.withdraw(ask, need.id))
    refusal = await refused(world.needs.withdraw(ask, need.id), "command.in_flight")
    assert refusal.kind == "busy409"
    await refused(world.needs.withdraw(other(ask), need.id), "command.misused")
    log.open()
    done = await first
    assert await world.needs.withdraw(ask, need.id) == done


async def test_a_key_is_never_used_for_two_things(world: World):
    ask = world.ask(COMMITTEE, "once")
    need = await world.need(COMMITTEE)
    await world.needs.withdraw(ask, need.id)
    refusal = await refused(world.needs.withdraw(other(ask), need.id), "command.misused")
    assert (refusal.kind, refusal.field) == ("invalid", "Idempotency-Key")
    other_person = replace(ask, principal=OTHER_COMMITTEE)
    await refused(world.needs.withdraw(other_person, need.id), "access.forbidden")


async def test_a_refusal_is_not_remembered_but_decided_anew(world: World):
    need = await world.need(COMMITTEE, as_draft=True)
    ask = world.ask(world.units[0], "once")
    draft = ClaimDraft(need=need.id, lines=people(5))
    await refused(world.claims.propose(ask, draft), "item.not_found")
    await world.needs.publish(world.ask(COMMITTEE), need.id)
    assert (await world.claims.propose(ask, draft)).status == "proposed"


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


async def test_what_is_already_so_is_answered_only_from_the_disk(slow):
    world, log = slow
    offer = await world.offer(world.units[0])
    log.shut()
    first = await in_flight(log, world.offers.pause(world.ask(world.units[0]), offer.id))
    second = asyncio.ensure_future(world.offers.pause(world.ask(world.units[0]), offer.id))
    await asyncio.sleep(0)
    assert not second.done()
    log.open()
    assert (await first).version == (await second).version == 2
    assert (await world.types(offer.id)).count("offer.paused") == 1


async def test_commands_on_the_same_item_need_not_wait_for_each_others_disk(slow):
    world, log = slow
    offer = await world.offer(world.units[0], 50)
    log.shut()
    first = await in_flight(log, world.claim(COMMITTEE, 30, offer=offer.id))
    second = await in_flight(log, world.claim(OTHER_COMMITTEE, 20, offer=offer.id), 2)
    log.open()
    assert [(await claim).status for claim in (first, second)] == ["proposed", "proposed"]
    assert await used(world, offer.id) == (0, 50, 0, 0)


async def test_when_the_disk_fails_nothing_was_done_and_the_same_key_may_try_again(slow):
    world, log = slow
    offer = await world.offer(world.units[0], 50)
    ask = world.ask(world.units[0], "once")
    log.broken = True
    with pytest.raises(StoreUnavailable):
        await world.offers.pause(ask, offer.id)
    with pytest.raises(StoreUnavailable):
        await world.claim(COMMITTEE, 50, offer=offer.id)
    log.broken = False
    assert (await used(world, offer.id), await status(world, offer.id)) == ((50, 0, 0, 0), "published")
    assert (await world.claim(OTHER_COMMITTEE, 50, offer=offer.id)).status == "proposed"
    assert (await world.offers.pause(ask, offer.id)).status == "paused"


async def test_who_built_on_what_was_never_stored_decides_again(slow):
    world, log = slow
    offer = await world.offer(world.units[0], 50)
    log.shut()
    lost = await in_flight(log, world.claim(COMMITTEE, 30, offer=offer.id))
    built_on_it = await in_flight(log, world.claim(OTHER_COMMITTEE, 20, offer=offer.id), 2)
    lost.cancel()
    await asyncio.gather(lost, return_exceptions=True)
    log.open()
    assert (await built_on_it).status == "proposed"
    assert await used(world, offer.id) == (30, 20, 0, 0)


async def test_a_unit_suspended_while_it_posts_does_not_post(slow):
    world, log = slow
    unit = world.units[0]
    log.shut()
    suspension = await in_flight(log, world.register.suspend_unit(world.ask(STREET_OFFICE), unit.org))
    world.streams.forget([unit.org])  # as another process, which knows nothing of the suspension yet
    offer = await in_flight(log, world.offer(unit), 2)
    log.open()
    await suspension
    await refused(offer, "unit.suspended")
    assert await world.log.last_number("ZY-310101-2026") == 0


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


async def test_a_command_that_waited_does_not_go_on_with_a_state_that_never_was(slow):
    """As above in one process: the first one fails, others take its place, and the second had looked before."""
    world, log = slow
    offer = await world.offer(world.units[0], 50)
    claim = await world.claim(COMMITTEE, 50, offer=offer.id)
    log.shut()
    lost = await in_flight(log, world.claims.withdraw(world.ask(COMMITTEE), claim.id))
    work = Work(world.streams, world.ask(OTHER_COMMITTEE), world.clock.now())
    assert (await work.state(offer.id)).capacity.free("志愿者", "人") == 50
    log.broken = True
    log.open()
    with pytest.raises(StoreUnavailable):
        await lost
    log.broken = False
    await world.claims.accept(world.ask(world.units[0]), claim.id)
    assert not work.still_true()


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


async def test_the_answer_proves_where_the_event_lies(world: World):
    done = await world.need(COMMITTEE)
    head = await world.log.head()
    assert (done.position, done.index, done.leaf) == (head.position, head.position - 1, head.leaf.hex())


async def test_an_event_says_who_when_why_and_under_which_rules(world: World):
    need = await world.need(COMMITTEE)
    row = (await world.log.read_stream(need.id))[0]
    meta = world.codec.decode(row).meta
    assert (meta.actor, meta.at, meta.correlation) == (COMMITTEE.id, world.clock.now(), need.id)
    assert (await world.state("rules-book")).digest.startswith(meta.rules)
    assert len(meta.rules) == 16


async def test_memory_is_bounded_and_what_was_forgotten_is_read_again(tmp_path: Path):
    world = World(tmp_path)
    world.streams = Streams(world.log, world.codec, world.vault, world.clock, world.ids, keep=3)
    world.serve("small")
    await world.begin()
    need = await world.need(COMMITTEE)
    claim = await world.claim(world.units[0], 20, need=need.id)
    assert (await world.claims.accept(world.ask(COMMITTEE), claim.id)).status == "accepted"
    assert len(world.streams._held) <= 3
    world.vault.close()


async def test_nothing_is_decided_before_a_rule_book_is_adopted(tmp_path: Path):
    world = World(tmp_path)
    await refused(world.need(COMMITTEE), "rules.none")
    assert (await world.register.adopt(world.ask(SYSTEM), BOOK)).version == 1
    assert (await world.register.adopt(world.ask(SYSTEM), BOOK)).version == 1
    await refused(world.register.adopt(world.ask(STREET_OFFICE), replace(BOOK, zh="别的区")), "access.forbidden")
    world.vault.close()
