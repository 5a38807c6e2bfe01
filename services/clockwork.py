"""What happens because time has passed: proposals expire, needs lapse, offers end, rounds are finished or due. Each is an
idempotent command."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from domain.access import SYSTEM
from domain.events import Refused
from services.claims import Claims
from services.command import Ask
from services.needs import Needs
from services.offers import Offers
from services.ports import Clock
from services.round_clock import RoundClock


class Due(Protocol):
    async def due(self, at: datetime) -> Sequence[tuple[str, str, int]]:
        """(kind, id, version) of claims, needs and offers whose time is up, as the read models know them."""


class Clockwork:
    def __init__(
        self, clock: Clock, due: Due, claims: Claims, needs: Needs, offers: Offers, rounds: RoundClock
    ) -> None:
        self._clock, self._due, self._rounds = clock, due, rounds
        self._acts = {"claim": claims.expire, "need": needs.lapse, "offer": offers.expire}

    async def tick(self) -> int:
        """Do what is due; returns how many things changed. A thing that has moved on meanwhile is left alone."""
        changed = 0
        for kind, item, version in await self._due.due(self._clock.now()):
            ask = Ask(principal=SYSTEM, key=f"clock-{item}-{version}", fingerprint=f"{kind} is due")
            try:
                done = await self._acts[kind](ask, item)
                changed += done.version > version
            except Refused:
                continue
        return changed + await self._rounds.tick()
