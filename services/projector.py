"""The projector: takes the ledger's events in order and keeps the read models."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

from services.ports import Codec, EventLog, EventStream, Vault
from services.read_ports import ReadDb


@dataclass(frozen=True, slots=True)
class Status:
    """`halted_at` is the position of an event that cannot be projected; lists stay at the one before."""

    position: int
    halted_at: int | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Changed:
    """What a committed batch touched: names only."""

    position: int
    ids: frozenset[str]
    areas: frozenset[str]


class Projector:
    def __init__(self, db: ReadDb, source: EventStream, log: EventLog, codec: Codec, vault: Vault) -> None:
        self._db, self._source, self._log, self._codec, self._vault = db, source, log, codec, vault

    @property
    def status(self) -> Status:
        raise NotImplementedError

    async def run(self) -> None:
        """Until cancelled."""

    def resume(self) -> None:
        """Try again after a halt."""

    async def wait_for(self, position: int, timeout_s: float) -> int:
        """The position reached, as soon as it is >= `position`, else after timeout_s."""
        raise NotImplementedError

    def changed(self) -> AsyncIterator[Changed]:
        """What every commit from now on touched, for server-sent events; a slow reader gets several in one."""
        raise NotImplementedError

    async def catch_up(self) -> int:
        """Read the ledger itself to its head, before the port opens; returns the position."""
        raise NotImplementedError

    async def rebuild(self) -> int:
        """Make all read models anew from the ledger beside the live ones, then switch; returns the position."""
        raise NotImplementedError

    async def verify(self) -> list[str]:
        """Differences between the live rows and a fresh rebuild, at most 100; [] when equal."""
        raise NotImplementedError
