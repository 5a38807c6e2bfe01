"""How the market follows the ledger: nothing until asked, all of one position at once, and followers told what changed."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from services.market import Market
from services.ports import Stored, StoreUnavailable
from tests.support.market import Follower, UpTo
from tests.support.telling import bound
from tests.support.world import COMMITTEE, STREET_OFFICE, World


class Uneasy(UpTo):
    """A ledger that fails now and then, counts what is read, and lets others have their turn."""

    def __init__(self, world: World) -> None:
        super().__init__(world.log)
        self.broken, self.read = False, 0
        self.read_stream, self.read_all = self._stream, self._all

    async def to(self, world: World) -> int:
        """All that there is can be read from now on."""
        self.position = (await world.log.head()).position
        return self.position

    async def _stream(self, stream: str, after: int = 0) -> Sequence[Stored]:
        await asyncio.sleep(0)
        if self.broken:
            raise StoreUnavailable("the disk is gone")
        return await self._log.read_stream(stream, after)

    async def _all(self, after: int = 0, limit: int = 1000) -> Sequence[Stored]:
        await asyncio.sleep(0)
        rows = await self._log.read_all(after, limit)
        self.read += len(rows)
        return rows


def market_of(log: Any, world: World) -> Market:
    return Market(log, world.codec)


async def test_nothing_is_read_until_it_is_asked_to_catch_up(world: World):
    log = Uneasy(world)
    market = market_of(log, world)
    await world.need(COMMITTEE, 20)
    assert (market.position, market.snapshot(0).needs, log.read) == (0, (), 0)
    head = await log.to(world)
    assert (await market.catch_up(), market.position, log.read) == (head, head, head)
    assert len(market.snapshot(0).needs) == 1


async def test_several_may_ask_at_once_and_each_event_is_read_once(world: World):
    log = Uneasy(world)
    market = market_of(log, world)
    await world.need(COMMITTEE, 20)
    head = await log.to(world)
    assert await asyncio.gather(*(market.catch_up() for _ in range(5))) == [head] * 5
    assert log.read == head


async def test_a_snapshot_is_made_once_for_a_position_and_a_minute(world: World):
    market = market_of(world.log, world)
    await world.need(COMMITTEE, 20)
    await market.catch_up()
    first = market.snapshot(7)
    assert market.snapshot(7) is first
    assert (market.snapshot(8).at, market.snapshot(8).needs) == (8, first.needs)
    await world.need(COMMITTEE, 10)
    await market.catch_up()
    assert (len(first.needs), len(market.snapshot(8).needs)) == (1, 2)


async def test_while_it_catches_up_it_shows_what_was_before(world: World):
    log = Uneasy(world)
    market = market_of(log, world)
    need = await world.need(COMMITTEE, 20)
    await log.to(world)
    await market.catch_up()
    before = market.snapshot(0)
    await bound(world, world.units[0], 5, need)
    await log.to(world)
    catching_up = asyncio.create_task(market.catch_up())
    while not catching_up.done():
        assert market.snapshot(0) == before or market.position == log.position
        await asyncio.sleep(0)
    assert market.snapshot(0) != before


async def test_trouble_with_the_store_leaves_what_is_shown_and_the_next_call_goes_on(world: World):
    log = Uneasy(world)
    market, follower = market_of(log, world), Follower()
    market.subscribe(follower)
    need = await world.need(COMMITTEE, 20)
    await log.to(world)
    await market.catch_up()
    before = market.snapshot(0)
    await bound(world, world.units[0], 20, need)
    await world.offer(world.units[1], 5)
    head, log.broken = await log.to(world), True
    with pytest.raises(StoreUnavailable):
        await market.catch_up()
    assert market.snapshot(0) == before
    log.broken = False
    assert await market.catch_up() == head
    assert (market.snapshot(0).needs, len(market.snapshot(0).offers)) == ((), 1)
    follower.agrees_with(market.snapshot(0))


@pytest.mark.parametrize("turns", range(1, 30, 2))
async def test_a_call_that_is_cancelled_anywhere_loses_nothing(world: World, turns: int):
    log = Uneasy(world)
    market = market_of(log, world)
    need = await world.need(COMMITTEE, 20)
    await bound(world, world.units[0], 5, need)
    await log.to(world)
    given_up = asyncio.create_task(market.catch_up())
    for _ in range(turns):
        await asyncio.sleep(0)
    given_up.cancel()
    await asyncio.gather(given_up, return_exceptions=True)
    anew = market_of(log, world)
    assert await market.catch_up() == await anew.catch_up()
    assert market.snapshot(0) == anew.snapshot(0)


async def test_a_follower_is_told_all_that_there_is_and_then_only_what_changed(world: World):
    market, follower = market_of(world.log, world), Follower()
    need, offer = await world.need(COMMITTEE, 20), await world.offer(world.units[0], 50)
    other = await world.need(COMMITTEE, 10)
    await market.catch_up()
    market.subscribe(follower)
    assert follower.told[0] == "areas"
    assert set(follower.told[1:]) == {world.units[0].org, offer.id, need.id, other.id}
    follower.told.clear()
    await world.claim(world.units[0], 5, need=need.id)
    await market.catch_up()
    assert follower.told == [world.units[0].org, need.id]
    follower.told.clear()
    await world.needs.withdraw(world.ask(COMMITTEE), other.id)
    await world.offers.pause(world.ask(world.units[0]), offer.id)
    await market.catch_up()
    assert follower.told == [f"no {offer.id}", f"no {other.id}"]
    follower.agrees_with(market.snapshot(0))


async def test_nobody_is_told_of_what_does_not_matter(world: World):
    market, follower = market_of(world.log, world), Follower()
    _, project = await bound(world, world.units[0], 5, await world.need(COMMITTEE, 20))
    await world.register.suspend_unit(world.ask(STREET_OFFICE), world.units[3].org)
    await market.catch_up()
    market.subscribe(follower)
    follower.told.clear()
    await world.projects.plan(world.ask(world.units[0]), project, what="第一次上门", due=None)
    await market.catch_up()
    assert follower.told == []
