"""Support for tests of the broker: a ledger that grows by a call, and waiting for what must come true."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import shutil
import signal
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from adapters.nats_server import EmbeddedNats
from services.ports import EventStream, Head, Stored

TYPES = ("need.posted", "claim.proposed", "claim.accepted", "offer.published")


class GrowingLog:
    """The reading half of an EventLog, in memory. `grow` appends events whose text tells their position."""

    def __init__(self, store_id: str = "ledger-1", salt: str = "") -> None:
        self.store_id = store_id
        self.rows: list[Stored] = []
        self._salt = salt
        self._grown = asyncio.Condition()

    async def grow(self, count: int, *, size: int = 200) -> int:
        for position in range(len(self.rows) + 1, len(self.rows) + count + 1):
            state = f'{{"n":{position},"名":"{self._salt}","pad":"{"x" * size}"}}'.encode()
            leaf = hashlib.sha256(state).digest()
            kind = TYPES[position % len(TYPES)]
            row = Stored(position, f"{kind.split('.')[0]}-{position % 7}", position, kind, state, leaf)
            self.rows.append(row)
        async with self._grown:
            self._grown.notify_all()
        return len(self.rows)

    async def read_all(self, after: int = 0, limit: int = 1000) -> Sequence[Stored]:
        return self.rows[after : after + limit]

    async def head(self) -> Head:
        return Head(len(self.rows), 0, self.rows[-1].leaf if self.rows else b"")

    async def wait(self, after: int, timeout_s: float) -> int:
        async def longer() -> None:
            async with self._grown:
                await self._grown.wait_for(lambda: len(self.rows) > after)

        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(longer(), timeout_s)
        return len(self.rows)


async def until(holds: Callable[[], bool] | Callable[[], Awaitable[bool]], within_s: float = 20.0) -> None:
    """Waits until it holds; fails when it never does."""
    deadline = asyncio.get_running_loop().time() + within_s
    while True:
        said = holds()
        if said if isinstance(said, bool) else await said:
            return
        assert asyncio.get_running_loop().time() < deadline, "it never came true"
        await asyncio.sleep(0.01)


async def collect(stream: EventStream, count: int, after: int = 0, limit: int = 500) -> list[Stored]:
    """The next `count` events of a stream."""
    got: list[Stored] = []
    batches = stream.batches(after, limit)
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


async def kill_server(nats: EmbeddedNats) -> None:
    """kill -9, and wait until the supervisor has a new one."""
    old = nats.pid
    os.kill(old, signal.SIGKILL)
    await until(lambda: nats.pid not in (0, old))


async def wipe_server(nats: EmbeddedNats, root: Path) -> None:
    """kill -9 and delete the whole JetStream store."""
    old = nats.pid
    os.kill(old, signal.SIGKILL)
    shutil.rmtree(root / "jetstream", ignore_errors=True)
    await until(lambda: nats.pid not in (0, old))
