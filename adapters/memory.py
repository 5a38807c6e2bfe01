"""The event log in memory: for specs and simulations, with every promise but the disk."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from uuid import uuid4

from adapters.admission import EventRow, Known, admit, check_shape, repeated
from adapters.commit_queue import Bell
from services.ports import Append, Head, Receipt, Stored, StoreUnavailable


class MemoryStore:
    """EventLog without a disk. Everything the admission knows is the store."""

    def __init__(self, store_id: str | None = None) -> None:
        self.store_id = store_id or str(uuid4())
        self._known = Known()
        self._ledger: list[Stored] = []
        self._times: list[int] = []
        self._streams: dict[str, list[Stored]] = {}
        self._citing: dict[str, list[str]] = {}
        self._last_numbers: dict[str, int] = {}
        self._bell = Bell()
        self._closed = False

    async def append(self, change: Append) -> Receipt:
        self._must_be_open()
        check_shape(change)
        self._known.citations.update((target, len(self._citing.get(target, ()))) for target, _ in change.cited)
        batch = admit([change], self._known)
        for row in batch.events:
            self._store(row)
        for target, _, citing in batch.citations:
            self._citing.setdefault(target, []).append(citing)
        for series, n in batch.numbers:
            self._last_numbers[series] = max(n, self._last_numbers.get(series, 0))
        outcome = batch.outcomes[0]
        if not isinstance(outcome, Receipt):
            raise outcome
        if batch.events:
            self._bell.ring(outcome.last)
        return outcome

    async def command(self, command_id: str) -> Receipt | None:
        self._must_be_open()
        receipt = self._known.commands.get(command_id)
        return repeated(receipt) if receipt else None

    async def read_stream(self, stream: str, after: int = 0) -> Sequence[Stored]:
        self._must_be_open()
        return self._streams.get(stream, [])[max(after, 0) :]

    async def read_all(self, after: int = 0, limit: int = 1000) -> Sequence[Stored]:
        self._must_be_open()
        return self._ledger[max(after, 0) : max(after, 0) + limit]

    async def citing(self, target: str) -> Sequence[str]:
        self._must_be_open()
        return list(self._citing.get(target, ()))

    async def last_number(self, series: str) -> int:
        self._must_be_open()
        return self._last_numbers.get(series, 0)

    async def head(self) -> Head:
        self._must_be_open()
        return self._known.head

    async def position_at(self, at_us: int) -> int:
        self._must_be_open()
        return bisect_right(self._times, at_us)

    async def wait(self, after: int, timeout_s: float) -> int:
        self._must_be_open()
        return await self._bell.past(after, timeout_s)

    async def close(self) -> None:
        self._closed = True

    def _store(self, row: EventRow) -> None:
        position, stream, version, type, state, leaf, at_us = row
        stored = Stored(position, stream, version, type, state, leaf)
        self._ledger.append(stored)
        self._times.append(at_us)
        self._streams.setdefault(stream, []).append(stored)

    def _must_be_open(self) -> None:
        if self._closed:
            raise StoreUnavailable("the store is shut")
