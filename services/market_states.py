"""The states of what is live, read from the ledger and moved on as it grows; nothing else is made into facts."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

from services.command import evolve, kind_of
from services.ports import Codec, EventLog

EVERY = 50  # events between two turns of everybody else


class LiveStates:
    """By stream, all of them as they were at one ledger position or, while they are moved on, before it."""

    def __init__(self, log: EventLog, codec: Codec) -> None:
        self._log, self._codec = log, codec
        self._held: dict[str, tuple[int, Any]] = {}  # version and state

    def __contains__(self, stream: str) -> bool:
        return stream in self._held

    def get(self, stream: str) -> Any:
        """The state, or None."""
        return self._held.get(stream, (0, None))[1]

    def of(self, kind: str) -> Iterable[Any]:
        """All states of one kind."""
        return [state for stream, (_, state) in self._held.items() if kind_of(stream) == kind]

    def drop(self, streams: Iterable[str]) -> None:
        for stream in streams:
            self._held.pop(stream, None)

    async def move_on(self, streams: Iterable[str], position: int) -> None:
        """Each of the streams as it was at the position, which is not before the one they are held at."""
        turns = 0
        for stream in streams:
            version, state = self._held.get(stream, (0, None))
            for row in await self._log.read_stream(stream, version):
                if row.position > position:
                    break
                version, state = row.version, evolve(kind_of(stream), state, self._codec.decode(row).event, stream)
                turns += 1
                if turns % EVERY == 0:
                    await asyncio.sleep(0)
            if version:
                self._held[stream] = version, state
