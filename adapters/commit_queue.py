"""Group commit: concurrent appends wait in one queue, and whoever is there when the disk is free shares one commit."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from services.ports import Append, Conflict, Receipt, StoreUnavailable

Write = Callable[[Sequence[Append]], Awaitable[Sequence[Receipt | Conflict]]]


class CommitQueue:
    """One writer for one event loop. `write` stores a batch and answers for each command, or raises for all of it."""

    def __init__(self, write: Write, *, most: int = 256) -> None:
        self._write, self._most = write, most
        self._waiting: list[tuple[Append, asyncio.Future[Receipt]]] = []
        self._writer: asyncio.Task[None] | None = None
        self._closed = False

    async def put(self, change: Append) -> Receipt:
        """Returns when the change is on disk; raises its Conflict, or StoreUnavailable."""
        if self._closed:
            raise StoreUnavailable("the store is shutting down")
        answer: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()
        self._waiting.append((change, answer))
        if self._writer is None:
            self._writer = asyncio.create_task(self._drain())
        return await answer

    async def close(self) -> None:
        """Take nothing more, finish what is waiting."""
        self._closed = True
        if self._writer is not None:
            await asyncio.wait([self._writer])

    async def _drain(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
                await self._store(batch)
                # Those just answered may have their next command ready: let it join the next commit.
                await asyncio.sleep(0)
        finally:
            self._writer = None

    async def _store(self, batch: list[tuple[Append, asyncio.Future[Receipt]]]) -> None:
        # Times that were read in another order than the commands arrived would refuse each other needlessly.
        batch.sort(key=lambda waiting: waiting[0].at_us)
        try:
            outcomes = await self._write([change for change, _ in batch])
        except StoreUnavailable as error:
            return _fail(batch, error)
        except Exception as error:
            if len(batch) == 1:
                return _fail(batch, error)
            # One of them cannot be stored at all: the others must not suffer for it.
            for alone in batch:
                await self._store([alone])
            return None
        except BaseException as error:
            _fail(batch, StoreUnavailable(f"the writer was stopped: {error!r}"))
            raise
        for (_, answer), outcome in zip(batch, outcomes, strict=True):
            if answer.done():
                continue
            if isinstance(outcome, Receipt):
                answer.set_result(outcome)
            else:
                answer.set_exception(outcome)
        return None


def _fail(batch: list[tuple[Append, asyncio.Future[Receipt]]], error: Exception) -> None:
    for _, answer in batch:
        if answer.done():
            continue
        if isinstance(error, StoreUnavailable):
            # One for each: a shared exception would collect every caller's traceback.
            one = StoreUnavailable(str(error), full=error.full)
            one.__cause__ = error.__cause__ or error
            answer.set_exception(one)
        else:
            answer.set_exception(error)


class Bell:
    """Wakes whoever waits for the ledger to grow past a position."""

    def __init__(self, position: int = 0) -> None:
        self.position = position
        self._rung = asyncio.Event()

    def ring(self, position: int) -> None:
        """The ledger has at least this many events now."""
        self.position = max(position, self.position)
        self._rung.set()
        self._rung = asyncio.Event()

    async def past(self, after: int, timeout_s: float) -> int:
        """The position as soon as it is > after, else after timeout_s."""
        try:
            async with asyncio.timeout(timeout_s):
                while self.position <= after:
                    await self._rung.wait()
        except TimeoutError:
            return self.position
        # A loop that waits again and again must let others run even when there is always something new.
        await asyncio.sleep(0)
        return self.position
