"""Rounds as time passes: what was begun and left is finished, and the calendar opens a round of the whole district."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from domain import areas, rules
from domain.access import SYSTEM
from domain.events import Refused
from domain.rules import RulesState, policy_in_force
from services.command import Ask
from services.figures import day_of
from services.ports import Clock
from services.read_ports import Query, ReadDb
from services.rounds import RoundDraft, Rounds
from services.streams import Streams

PATIENCE = timedelta(minutes=2)  # whoever is at work on a round is left alone so long
AT_ONCE = 20
UNFINISHED = ("round/s/opened", "round/pending")


class RoundClock:
    def __init__(self, clock: Clock, db: ReadDb, streams: Streams, rounds: Rounds) -> None:
        self._clock, self._db, self._streams, self._rounds = clock, db, streams, rounds

    async def tick(self) -> int:
        """How many rounds this has changed or opened."""
        return await self._finish() + await self._by_calendar()

    async def _finish(self) -> int:
        found = await self._db.page(Query(groups=(UNFINISHED,), limit=AT_ONCE))
        left = [doc["id"] for _, doc in found.rows if _of(doc["updated_at"]) + PATIENCE <= self._clock.now()]
        changed = 0
        for round in left:
            try:
                changed += await self._rounds.finish(round)
            except Refused:
                continue
        return changed

    async def _by_calendar(self) -> int:
        """The first one at once, then as often as the policy says; never two on a day."""
        held, now = await self._streams.load(rules.STREAM), self._clock.now()
        if held is None:
            return 0
        state: RulesState = held.state
        days, area = policy_in_force(state, now)[0].every_days, state.book.area
        if not days or await self._streams.load(areas.stream(area)) is None:
            return 0
        last = await self._db.page(Query(groups=(("round/calendar",),), limit=1))
        if last.rows and _of(last.rows[0][1]["created_at"]) + timedelta(days=days) > now:
            return 0
        ask = Ask(principal=SYSTEM, key=f"calendar-round-{day_of(now)}", fingerprint="a round is due")
        known = await self._streams.log.command(ask.command_id)
        await self._rounds.open(ask, RoundDraft(area=area, calendar=True))
        return known is None


def _of(told: Any) -> datetime:
    return datetime.fromisoformat(str(told))
