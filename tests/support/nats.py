"""For tests of the broker: a ledger that grows by a call, and waiting for what must come true."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

from adapters import nats_stream as stream
from adapters.nats_link import Broker, BrokerTrouble, open_link
from adapters.nats_reader import NatsStream
from adapters.nats_relay import Relay
from adapters.nats_server import EmbeddedNats, ExternalNats
from services.ports import Append, EventLog, EventStream, NewEvent, Stored

TYPES = ("need.posted", "need.amended", "need.committed")


async def grow(log: EventLog, count: int, *, size: int = 200, salt: str = "") -> int:
    """Append events to a few streams, at most 500 a command; returns the ledger's new end."""
    head = await log.head()
    for start in range(head.position, head.position + count, 500):
        positions = range(start + 1, min(start + 500, head.position + count) + 1)
        tips = {f"need-{n}": len(await log.read_stream(f"need-{n}")) for n in range(7)}
        events = []
        for position in positions:
            stream = f"need-{position % 7}"
            tips[stream] += 1
            state = f'{{"n":{position},"名":"{salt}","pad":"{"x" * size}"}}'.encode()
            events.append(NewEvent(stream, tips[stream], TYPES[position % len(TYPES)], state))
        await log.append(Append(tuple(events), f"command-{start}", "", b"", start + 1))
    return head.position + count


async def ledger(log: EventLog) -> list[Stored]:
    return list(await log.read_all(0, 1_000_000))


async def until(holds: Callable[[], bool] | Callable[[], Awaitable[bool]], within_s: float = 20.0) -> None:
    """Waits until it holds; fails when it never does."""
    deadline = asyncio.get_running_loop().time() + within_s
    while True:
        said = holds()
        if said if isinstance(said, bool) else await said:
            return
        assert asyncio.get_running_loop().time() < deadline, "it never came true"
        await asyncio.sleep(0.01)


async def collect(source: EventStream, count: int, after: int = 0, limit: int = 500) -> list[Stored]:
    """The next `count` events of a stream."""
    got: list[Stored] = []
    batches = source.batches(after, limit)
    try:
        async with asyncio.timeout(30):
            async for batch in batches:
                assert 0 < len(batch) <= limit
                got.extend(batch)
                if len(got) >= count:
                    return got
    finally:
        await batches.aclose()  # type: ignore[attr-defined]
    raise AssertionError("a stream never ends")


@contextlib.asynccontextmanager
async def relaying(log: EventLog, nats: Broker, **options: float) -> AsyncIterator[Relay]:
    """A relay at work; it looks at the stream more often than in real life."""
    relay = Relay(log, nats, "huangpu", **{"check_s": 0.3, "timeout_s": 1.0, "stuck_s": 1.0, **options})
    task = asyncio.create_task(relay.run())
    try:
        yield relay
    finally:
        task.cancel()
        await asyncio.wait([task])
    assert task.cancelled(), task.exception()


def reader(nats: Broker) -> NatsStream:
    return NatsStream(nats, "huangpu", heartbeat_s=0.2, expires_s=0.5)


async def kill_server(nats: EmbeddedNats) -> None:
    """kill -9, and wait until the supervisor has a new one."""
    old = nats.pid
    os.kill(old, signal.SIGKILL)
    await until(lambda: nats.pid not in (0, old))


async def hang_server(nats: EmbeddedNats) -> None:
    """kill -STOP, and wait until every thread of it has stopped: what was on its way may still be answered before."""
    tasks = Path(f"/proc/{nats.pid}/task")
    os.kill(nats.pid, signal.SIGSTOP)
    await until(lambda: all((task / "stat").read_text().rpartition(") ")[2][0] == "T" for task in tasks.iterdir()))


async def wipe_server(nats: EmbeddedNats, root: Path) -> None:
    """kill -9 and delete the whole JetStream store."""
    old = nats.pid
    os.kill(old, signal.SIGKILL)
    shutil.rmtree(root / "jetstream", ignore_errors=True)
    await until(lambda: nats.pid not in (0, old))


def as_if_external(server: EmbeddedNats) -> ExternalNats:
    options = server.connect_options()
    return ExternalNats(options.pop("servers")[0], **options)


async def the_stream_is_the_ledger(server: Broker, log: EventLog) -> None:
    """Position by position, byte by byte."""
    rows = await ledger(log)
    assert await collect(reader(server), len(rows)) == rows


async def copied(server: Broker, log: EventLog) -> None:
    """Wait until the broker has as many messages as the ledger, and compare."""
    end = (await log.head()).position

    async def complete() -> bool:
        try:
            async with open_link(server) as link:
                copy = await stream.look(link, "huangpu")
        except BrokerTrouble:  # it hangs, or is being started again
            return False
        return copy is not None and (copy.last, copy.messages) == (end, end)

    await until(complete)
    await the_stream_is_the_ledger(server, log)


async def api(server: Broker, verb: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    async with open_link(server) as link:
        return await link.api(verb, body)


async def with_a_hole(server: Broker, log: EventLog) -> None:
    """A copy with our name and our ledger's, and a message missing in the middle."""
    await api(
        server, "STREAM.CREATE.EVENTS_huangpu", {**stream.config("huangpu", log.store_id, 1), "deny_delete": False}
    )
    await grow(log, 10)
    async with relaying(log, server) as relay:
        await until(lambda: relay.position == 10)
    await api(server, "STREAM.MSG.DELETE.EVENTS_huangpu", {"seq": 5})
