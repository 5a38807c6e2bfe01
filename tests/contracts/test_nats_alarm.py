"""The relay's alarm: where copy and ledger contradict each other it stops and says so, and guesses nothing."""

import asyncio

import pytest

from adapters.memory import MemoryStore
from adapters.nats_link import open_link
from adapters.nats_relay import forget_copy
from adapters.nats_server import EmbeddedNats, ExternalNats
from tests.support.nats import (
    as_if_external,
    collect,
    copied,
    grow,
    ledger,
    reader,
    relaying,
    the_stream_is_the_ledger,
    until,
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


async def test_a_foreign_server_keeps_another_ledgers_copy_and_we_raise_the_alarm(server, log):
    other = MemoryStore("ledger-2")
    await grow(other, 50, salt="other")
    async with relaying(other, server) as relay:
        await until(lambda: relay.position == 50)
    await grow(log, 20)
    async with relaying(log, as_if_external(server)) as relay:
        await until(lambda: relay.state == "alarm")
        assert "另一个账本" in relay.alarm
        assert "another ledger" in relay.alarm
    await the_stream_is_the_ledger(server, other)


async def test_a_hole_at_a_foreign_server_is_an_alarm(server, log):
    await with_a_hole(server, log)
    async with relaying(log, as_if_external(server)) as relay:
        await until(lambda: relay.state == "alarm")
        assert "1 messages are missing" in relay.alarm


async def test_a_stream_ahead_of_the_ledger_is_an_alarm_until_somebody_decides(server, log):
    await grow(log, 80)
    async with relaying(log, server) as relay:
        await until(lambda: relay.position == 80)
    restored = MemoryStore("ledger-1")
    await grow(restored, 60)
    async with relaying(restored, server) as relay:
        await until(lambda: relay.state == "alarm")
        assert "80" in relay.alarm
        assert "60" in relay.alarm
        await the_stream_is_the_ledger(server, log)
        await forget_copy(server, "huangpu")
        await until(lambda: relay.state == "running")
        assert relay.alarm is None
        await copied(server, restored)


async def test_a_ledger_that_went_another_way_is_an_alarm_and_nothing_is_appended(server, log):
    await grow(log, 40)
    async with relaying(log, server) as relay:
        await until(lambda: relay.position == 40)
    restored = MemoryStore("ledger-1")
    await grow(restored, 30)
    await grow(restored, 20, salt="otherwise")
    async with relaying(restored, server) as relay:
        await until(lambda: relay.state == "alarm")
        assert "40" in relay.alarm
        await asyncio.sleep(0.5)
        assert relay.state == "alarm"
    await the_stream_is_the_ledger(server, log)


async def test_a_message_that_somebody_else_wrote_is_an_alarm(server, log):
    await grow(log, 5)
    async with relaying(log, server) as relay:
        await until(lambda: relay.position == 5)
        async with open_link(server) as link:
            await link.request("events.huangpu.need.posted", b"{}")
        await until(lambda: relay.state == "alarm")
        await grow(log, 5)
        await until(lambda: relay.state == "alarm")
    assert await collect(reader(server), 5) == (await ledger(log))[:5]


async def test_a_fact_too_large_for_the_broker_is_an_alarm_that_names_the_limit(server, log):
    await grow(log, 1, size=9 * 1024 * 1024)
    async with relaying(log, server) as relay:
        await until(lambda: relay.state == "alarm")
        assert str(8 * 1024 * 1024) in relay.alarm


async def test_a_server_that_is_too_old_is_an_alarm(log):
    async def greet(reader, writer):
        writer.write(b'INFO {"server_id":"x","version":"2.9.10","max_payload":1048576,"headers":true}\r\n')
        while line := await reader.readline():
            if line.startswith(b"PING"):
                writer.write(b"PONG\r\n")

    old = await asyncio.start_server(greet, "127.0.0.1")
    port = old.sockets[0].getsockname()[1]
    async with relaying(log, ExternalNats(f"nats://127.0.0.1:{port}")) as relay:
        await until(lambda: relay.state == "alarm")
        assert "2.9.10" in relay.alarm
    old.close()


async def test_wrong_credentials_are_an_alarm(server, log):
    async with relaying(log, ExternalNats(server.url, token="guess")) as relay:
        await until(lambda: relay.state == "alarm")
        assert "credentials" in relay.alarm
