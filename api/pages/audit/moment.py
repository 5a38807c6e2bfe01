"""When: a position of the ledger by time, by number or by the how-manieth event of an item; and the moments beside it."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from api.pages import shown
from api.pages.audit.subject import Subject
from api.pages.words import Tongue
from services.asof import parse_at
from services.engine import Engine

TYPED = ("day", "clock", "position", "step")  # what the forms of the page send instead of `at`
_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d", re.ASCII)
_STEP = re.compile(r"\d{1,9}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Moment:
    """`at` as it was asked for ("" is now); `instant` of the last event until then, None before the first one."""

    at: str
    position: int
    head: int
    instant: str | None

    @property
    def day(self) -> str:
        if shown.is_day(self.at[:10]):
            return shown.day(self.at) if len(self.at) > 10 else self.at
        return shown.day(self.instant) if self.instant else ""

    @property
    def clock(self) -> str:
        """Of the time asked for; of the event when a position was asked for."""
        if shown.is_day(self.at[:10]):
            return shown.minute(self.at)[11:] if len(self.at) > 10 else ""
        return shown.minute(self.instant)[11:] if self.instant else ""

    def said(self, say: Tongue) -> str:
        """"2026-03-02 09:00，序位 1,234"."""
        when = f"{self.day} {self.clock}".strip()
        return say("{when}，序位 {n}", when=when, n=shown.number(self.position)) if when else say("账本为空之时")


async def moment_of(engine: Engine, at: str) -> Moment:
    """Refused: at.invalid."""
    at = at.strip()
    head = (await engine.log.head()).position
    cut = await parse_at(at, engine.log)
    position = head if cut is None else cut
    rows = await engine.log.read_all(position - 1, 1) if position else ()
    instant = engine.trail.record(rows[0])["at"] if rows else None
    return Moment(at, position, head, instant)


def typed_at(typed: Mapping[str, str], history: Sequence[Mapping[str, Any]] | None) -> str | None:
    """What the fields of a form mean as `at`; None when none was sent. `history`: of an item, for its steps."""
    day, clock, position, step = (typed.get(name, "").strip() for name in TYPED)
    if step and history is not None and _STEP.fullmatch(step):
        return str(position_of_step(int(step), history))
    if position or step:
        return position or step
    if day:
        return f"{day}T{clock}:00+08:00" if _CLOCK.fullmatch(clock) else day
    return "" if any(name in typed for name in TYPED) else None


def position_of_step(step: int, history: Sequence[Mapping[str, Any]]) -> int:
    """Right after the how-manieth event; 0: right before the first."""
    n = min(step, len(history))
    return int(history[n - 1]["position"] if n else history[0]["position"] - 1)


def step_of(position: int, history: Sequence[Mapping[str, Any]]) -> int:
    return bisect_right([entry["position"] for entry in history], position)


def days_beside(subject: Subject, moment: Moment, today: str) -> tuple[str, str]:
    """Addresses of the ends of the day before and of the day after; "" where there is none."""
    if not moment.day:
        return "", ""
    here = date.fromisoformat(moment.day)
    after = min((here + timedelta(days=1)).isoformat(), today)
    before = (here - timedelta(days=1)).isoformat()
    return subject.href(at=before), subject.href(at=after) if after > moment.day else ""
