"""The event stream: every fact once, in order, under its position; from the store itself or through the broker."""

import asyncio
import logging

import pytest

from adapters.log_stream import LogStream
from adapters.memory import MemoryStore
from adapters.nats_server import EmbeddedNats
from tests.support.nats import collect, grow, ledger, reader, relaying


@pytest.fixture
def log():
    return MemoryStore()


@pytest.fixture(params=["store", "broker"])
async def events(request, log, tmp_path):
    if request.param == "store":
        yield LogStream(log)
        return
    server = await EmbeddedNats.start(tmp_path)
    async with relaying(log, server):
        yield reader(server)
    await server.stop()


async def test_the_stream_is_the_ledger(log, events):
    await grow(log, 1234)
    assert await collect(events, 1234) == await ledger(log)


async def test_a_reader_starts_where_it_is_told(log, events):
    await grow(log, 100)
    assert await collect(events, 40, after=60) == (await ledger(log))[60:]


@pytest.mark.parametrize("limit", [1, 2, 7])
async def test_a_batch_is_never_longer_than_asked(log, events, limit):
    await grow(log, 30)
    assert await collect(events, 30, limit=limit) == await ledger(log)


async def test_what_comes_later_is_read_too(log, events):
    reading = asyncio.create_task(collect(events, 300))
    for count in (1, 49, 50, 200):
        await grow(log, count)
        await asyncio.sleep(0.02)
    assert await reading == await ledger(log)


async def test_a_reader_beyond_the_end_waits(log, events):
    await grow(log, 5)
    reading = asyncio.create_task(collect(events, 3, after=8))
    await asyncio.sleep(0.1)
    assert not reading.done()
    await grow(log, 6)
    assert await reading == (await ledger(log))[8:]


async def test_a_single_event_is_given_without_waiting_for_more(log, events):
    batches = events.batches(0)
    for position in range(1, 6):
        await grow(log, 1)
        assert [row.position for row in await anext(batches)] == [position]
    await batches.aclose()


async def test_the_first_event_after_a_quiet_while_arrives_each_time(log, events, caplog):
    batches = events.batches(0)
    for position in range(1, 21):
        await grow(log, 1)
        assert [row.position for row in await anext(batches)] == [position]
        caplog.set_level(logging.INFO)
        await asyncio.sleep(0.1)  # the pulls that lie at the server end every half second
    await batches.aclose()
    assert "opening again" not in caplog.text  # it was the quiet consumer that delivered, not a new one


async def test_several_readers_do_not_disturb_each_other(log, events):
    await grow(log, 200)
    first, second = await asyncio.gather(collect(events, 200, limit=10), collect(events, 150, after=50, limit=100))
    assert first[50:] == second


async def test_a_reader_that_is_cancelled_leaves_at_once(log, events):
    reading = asyncio.create_task(collect(events, 1))
    await asyncio.sleep(0.05)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading


async def test_large_facts_come_through_whole(log, events):
    await grow(log, 60, size=200_000)
    assert await collect(events, 60) == await ledger(log)
