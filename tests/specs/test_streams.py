"""Load, decide, append, try again: what a command promises while others are under way, the disk is slow, or fails."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from adapters.memory import MemoryStore
from domain.access import SYSTEM
from services.claims import ClaimDraft
from services.command import Ask
from services.ports import StoreUnavailable
from services.streams import Streams
from services.work import Work
from tests.support.gate import GatedLog, in_flight
from tests.support.telling import refused, status, used
from tests.support.world import BOOK, COMMITTEE, OTHER_COMMITTEE, STREET_OFFICE, World, people


@pytest_asyncio.fixture
async def slow(tmp_path: Path) -> AsyncIterator[tuple[World, GatedLog]]:
    log = GatedLog(MemoryStore())
    world = await World(tmp_path, log).begin()
    yield world, log
    world.vault.close()


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
