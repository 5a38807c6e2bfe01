"""An event log whose disk can be made to wait or to fail: what the services do meanwhile is the test's to say."""

from __future__ import annotations

import asyncio
from typing import Any

from services.ports import Append, EventLog, Receipt, StoreUnavailable


class GatedLog:
    """A log before whose disk there is a gate. While it is shut, appends stand there in their order, seen by nobody."""

    def __init__(self, log: EventLog) -> None:
        self._log = log
        self._open = asyncio.Event()
        self._open.set()
        self._order = asyncio.Lock()
        self.waiting = 0
        self.broken = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._log, name)

    def shut(self) -> None:
        self._open.clear()

    def open(self) -> None:
        self._open.set()

    async def append(self, change: Append) -> Receipt:
        self.waiting += 1
        try:
            async with self._order:
                await self._open.wait()
                if self.broken:
                    raise StoreUnavailable("the disk is gone")
                return await self._log.append(change)
        finally:
            self.waiting -= 1

    async def until_waiting(self, count: int = 1) -> None:
        """Until so many appends stand at the gate."""
        while self.waiting < count:  # noqa: ASYNC110 - the loop's own turns are what is waited for
            await asyncio.sleep(0)


async def in_flight(log: GatedLog, act: Any, count: int = 1) -> asyncio.Task[Any]:
    """The act, started, decided and standing at the shut gate."""
    task = asyncio.ensure_future(act)
    await log.until_waiting(count)
    return task


async def a_while() -> None:
    """Some turns of the loop: enough for whatever does not wait for the disk."""
    for _ in range(50):
        await asyncio.sleep(0)
