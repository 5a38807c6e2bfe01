"""When people act: on working days, between half past eight and six, Shanghai time."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from domain.calendar import ZONE
from services.demonstration.dice import Dice

_ZONE = ZoneInfo(ZONE)


def midnight(day: date) -> datetime:
    """The start of a local day, UTC."""
    return datetime.combine(day, time(), _ZONE).astimezone(UTC)


def clock_time(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime.combine(day, time(hour, minute), _ZONE).astimezone(UTC)


def local_day(at: datetime) -> date:
    return at.astimezone(_ZONE).date()


def on(day: date, dice: Dice) -> datetime:
    """Some moment of that day, of the Monday after for a weekend."""
    return _working(day + timedelta(days=max(0, 7 - day.weekday()) if day.weekday() > 4 else 0), dice)


def not_after(day: date, dice: Dice) -> datetime:
    """Some moment of that day, of the Friday before for a weekend."""
    return _working(day - timedelta(days=max(0, day.weekday() - 4)), dice)


def by_day(at: datetime, after: datetime) -> datetime:
    """The same local day between nine and five, and later than `after`."""
    local = at.astimezone(_ZONE)
    return max(local.replace(hour=9 + local.hour % 8).astimezone(UTC), after + timedelta(minutes=5))


def later(at: datetime, least: int, most: int, dice: Dice) -> datetime:
    """Some days after `at`, always later than it; a weekend moves on to Monday."""
    days = dice.between(least, most)
    if days == 0:
        return at + timedelta(minutes=dice.between(12, 110), seconds=dice.below(60))
    return on(local_day(at) + timedelta(days=days), dice)


def _working(day: date, dice: Dice) -> datetime:
    return midnight(day) + timedelta(minutes=dice.between(8 * 60 + 30, 17 * 60 + 59), seconds=dice.below(60))
