"""Windows of an item that is done again: the same weekdays and times, moved by whole weeks into the future."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from domain.calendar import ZONE, Span, Weekly, Window

WEEK = timedelta(weeks=1)
YEAR = timedelta(weeks=52)  # keeps the weekday
SEASON = timedelta(weeks=12)  # what comes round again within it waits for its season; the rest is wanted next week


def again(windows: Sequence[Window], at: datetime, zone: str = ZONE) -> tuple[Window, ...]:
    """The windows as somebody who copies the item at `at` (UTC) will want them. Weekly slots that still run begin today;
    all others move together, by the least number of weeks after which the first of them is still to come, or to its
    season when that is near. Days that were skipped are days of the past, and are not skipped again."""
    today = at.astimezone(ZoneInfo(zone)).date()
    by = _moved_by([_first_day(w, zone) for w in windows if not _runs(w, today)], today)
    return tuple(_from_today(w, today) if _runs(w, today) else _later(w, by) for w in windows)


def _moved_by(days: Sequence[date], today: date) -> timedelta:
    first = min(days, default=today + WEEK)
    if first > today:
        return timedelta(0)
    years, past = divmod(today - first, YEAR)
    return YEAR * (years + 1) if YEAR - past <= SEASON else YEAR * years + WEEK * (past // WEEK + 1)


def _runs(window: Window, today: date) -> bool:
    return isinstance(window, Weekly) and window.since <= today and (window.until is None or window.until >= today)


def _first_day(window: Window, zone: str) -> date:
    return window.since if isinstance(window, Weekly) else window.start.astimezone(ZoneInfo(zone)).date()


def _from_today(window: Window, today: date) -> Window:
    return replace(window, since=today) if isinstance(window, Weekly) else window


def _later(window: Window, by: timedelta) -> Window:
    if isinstance(window, Span):
        return Span(window.start + by, window.end + by)
    skipped = window.skipped if not by else ()
    return replace(window, since=window.since + by, until=window.until and window.until + by, skipped=skipped)
