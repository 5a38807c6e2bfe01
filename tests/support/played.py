"""The demonstration district as it was played: by whom, and everything that came of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from adapters.system import SeededClock
from domain.claim import ClaimState
from services.demonstration.play import Summary, play
from services.ports import EventLog, Stored
from services.rulebooks import load_pack
from tests.support.world import World

TODAY = date(2026, 3, 2)


class Player(World):
    """The use cases over an empty ledger, by a clock that begins long ago."""

    def __init__(self, folder: Path, log: EventLog | None = None) -> None:
        folder.mkdir(exist_ok=True)
        super().__init__(folder, log, clock=SeededClock(datetime(2010, 1, 1, tzinfo=UTC)))

    async def demonstrate(self, progress: Callable[[int, int], None], today: date = TODAY) -> Summary:
        return await play(self, load_pack("huangpu"), today=today, set_clock=self.clock.set, progress=progress)


@dataclass(frozen=True)
class Played:
    player: Player
    summary: Summary
    ledger: list[Stored]
    states: dict[str, Any]  # every stream, folded from the ledger
    told: list[tuple[int, int]]  # progress

    def of(self, kind: type) -> list[Any]:
        return [state for state in self.states.values() if isinstance(state, kind)]

    @property
    def accepted(self) -> list[ClaimState]:
        """Claims that stand or were fulfilled."""
        return [claim for claim in self.of(ClaimState) if claim.status in ("accepted", "fulfilled")]
