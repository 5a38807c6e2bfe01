"""The relay: sequence = position through every fault, and an alarm instead of a guess."""

import asyncio
import os
import random
import shutil

import pytest

from adapters import nats_server
from adapters import nats_stream as stream
from adapters.memory import MemoryStore
from adapters.nats_link import Rejected, open_link
from adapters.nats_server import EmbeddedNats
from tests.support.nats import (
    api,
    collect,
    copied,
    grow,
    hang_server,
    kill_server,
    ledger,
    reader,
    relaying,
    the_stream_is_the_ledger,
    until,
    wipe_server,
    with_a_hole,
)


@pytest.fixture
async def server(tmp_path):
    server = await EmbeddedNats.start(tmp_path)
    yield server
    await server.stop()


@pytest.fixture
def log():
    return MemoryStore("ledger-1")


@pytest.mark.parametrize("count", [1, 49, 50, 999, 1000, 1001, 2500])
async def test_any_number_of_events_is_copied_under_the_same_numbers(server, log, count):
    await grow(log, count)
    async with relaying(log, server) as relay:
        await until(lambda: relay.position == count)
        await until(lambda: relay.state == "running")
    await copied(server, log)


async def test_a_message_says_where_its_fact_lies(server, log):
    await grow(log, 1)
    async with relaying(log, server) as relay:
        await until(lambda: relay.position == 1)
    row = (await ledger(log))[0]
    async with open_link(server) as link:
        assert await stream.leaf_at(link, "huangpu", 1) == row.leaf
        message = (await link.api("STREAM.MSG.GET.EVENTS_huangpu", {"seq": 1}))["message"]
    assert message["subject"] == f"events.huangpu.{row.type}"


async def test_nobody_can_delete_or_purge_single_messages(server, log):
    await grow(log, 3)
    async with relaying(log, server) as relay:
        await until(lambda: relay.position == 3)
    with pytest.raises(Rejected):
        await api(server, "STREAM.MSG.DELETE.EVENTS_huangpu", {"seq": 2})
    with pytest.raises(Rejected):
        await api(server, "STREAM.PURGE.EVENTS_huangpu", {})


async def test_killing_the_server_again_and_again_loses_and_doubles_nothing(server, log):
    async with relaying(log, server):
        reading = asyncio.create_task(collect(reader(server), 600))
        for _ in range(3):
            await grow(log, 150)
            await asyncio.sleep(random.random() / 20)
            await kill_server(server)
            await grow(log, 50)
        assert await reading == await ledger(log)
        await copied(server, log)


async def test_a_wiped_broker_is_filled_again_though_nothing_new_happens(server, log, tmp_path):
    await grow(log, 300)
    async with relaying(log, server):
        await copied(server, log)
        await wipe_server(server, tmp_path)
        await copied(server, log)


async def test_readers_that_have_left_leave_no_consumer_behind(server, log):
    await grow(log, 10)
    async with relaying(log, server):
        for _ in range(5):
            await the_stream_is_the_ledger(server, log)

        async def nobody_reads():
            return (await api(server, "STREAM.INFO.EVENTS_huangpu"))["state"]["consumer_count"] == 0

        await until(nobody_reads)


async def test_a_reader_goes_on_after_the_broker_was_wiped_and_sees_nothing_twice(server, log, tmp_path):
    await grow(log, 300)
    async with relaying(log, server):
        batches = reader(server).batches(0)
        rows = []
        while len(rows) < 300:
            rows += await anext(batches)
        await wipe_server(server, tmp_path)
        await grow(log, 20)
        while len(rows) < 320:
            rows += await anext(batches)
        await batches.aclose()
        assert rows == await ledger(log)


async def test_a_stream_that_was_deleted_while_idle_is_filled_again(server, log):
    await grow(log, 300)
    async with relaying(log, server):
        await copied(server, log)
        await api(server, "STREAM.DELETE.EVENTS_huangpu")
        await copied(server, log)


async def test_two_relays_at_once_write_every_event_once(server, log):
    async with relaying(log, server) as one, relaying(log, server) as other:
        for n in range(60):
            await grow(log, 1 + n % 3 * 40)
            await asyncio.sleep(0.005)
        end = (await log.head()).position
        await until(lambda: one.position == other.position == end)
        assert one.alarm is None
        assert other.alarm is None
        await copied(server, log)


async def test_a_relay_that_is_stopped_anywhere_is_followed_by_one_that_knows_where(server, log):
    for n in range(15):
        await grow(log, 400)
        async with relaying(log, server):
            await asyncio.sleep(n * 0.003)
    async with relaying(log, server):
        await copied(server, log)


async def test_a_server_that_hangs_is_restarted_and_the_copy_goes_on(server, log):
    async with relaying(log, server) as relay:
        await grow(log, 10)
        await until(lambda: relay.position == 10)
        await hang_server(server)
        await grow(log, 10)
        await until(lambda: relay.position == 20)
        await copied(server, log)


async def test_a_cut_off_block_is_noticed_and_filled_again(tmp_path, log):
    await grow(log, 3000)
    server = await EmbeddedNats.start(tmp_path)
    async with relaying(log, server):
        await copied(server, log)
    await server.stop()
    block = next(tmp_path.rglob("1.blk"))
    os.truncate(block, block.stat().st_size // 2)
    server = await EmbeddedNats.start(tmp_path)
    async with relaying(log, server):
        await copied(server, log)
    await server.stop()


async def test_a_hole_is_noticed_and_the_stream_filled_again(server, log):
    await with_a_hole(server, log)
    async with relaying(log, server):
        await copied(server, log)


async def test_a_reader_never_steps_over_a_hole(server, log):
    await with_a_hole(server, log)
    reading = asyncio.create_task(collect(reader(server), 10))
    await asyncio.sleep(0.3)
    assert not reading.done()
    async with relaying(log, server):
        assert await reading == await ledger(log)


async def test_a_copy_of_another_ledger_is_thrown_away_when_the_server_is_ours(server, log):
    other = MemoryStore("ledger-2")
    await grow(other, 50, salt="other")
    async with relaying(other, server) as relay:
        await until(lambda: relay.position == 50)
    await grow(log, 20)
    async with relaying(log, server):
        await copied(server, log)


async def test_a_store_that_vanishes_under_the_running_server_is_filled_again(server, log, tmp_path):
    await grow(log, 300)
    async with relaying(log, server):
        await copied(server, log)
        shutil.rmtree(tmp_path / "jetstream")
        await grow(log, 5000, size=4000)
        await kill_server(server)
        await copied(server, log)


async def test_a_broker_that_ran_out_of_room_goes_on_when_there_is_room_again(tmp_path, log, monkeypatch):
    room = nats_server._room
    monkeypatch.setattr(nats_server, "_room", lambda root: 1_000_000)
    server = await EmbeddedNats.start(tmp_path)
    async with relaying(log, server) as relay:
        await grow(log, 3000, size=500)
        await until(lambda: 0 < relay.position < 3000)
        await asyncio.sleep(0.5)
        assert relay.state == "catching_up"
        monkeypatch.setattr(nats_server, "_room", room)
        await copied(server, log)
    await server.stop()
