"""When: spans of time, weekly slots, and the occurrences that capacity is counted by."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from domain.events import Refused

ZONE = "Asia/Shanghai"  # China has one zone; weekly slots and due days are local
_CLOCK = re.compile("([01][0-9]|2[0-3]):[0-5][0-9]")
MOST_OCCURRENCES = 120  # of one claim or one need: about two years of weeks
YEARS = range(1900, 2200)  # beyond them dates could not be told in every zone


@dataclass(frozen=True, slots=True)
class Span:
    """One stretch of time, UTC."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Slot:
    """Part of a weekday in local time; day 1 is Monday, opens and closes are "HH:MM"."""

    day: int
    opens: str
    closes: str


@dataclass(frozen=True, slots=True)
class Weekly:
    """Slots that come again every week, local days since..until inclusive, but not on the skipped days."""

    weekly: tuple[Slot, ...]
    since: date
    until: date | None = None
    skipped: tuple[date, ...] = ()


Window = Span | Weekly


def key_of(occurrence: Span) -> str:
    """The name an occurrence has in the capacity ledger: its start, ISO 8601 UTC."""
    return occurrence.start.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def check(windows: Sequence[Window], field: str = "windows") -> None:
    """Refuses windows that end before they begin, empty weeks and unknown days."""
    for window in windows:
        if not (_span_holds(window) if isinstance(window, Span) else _week_holds(window)):
            raise Refused(
                "window.invalid", "时段无效：结束须晚于开始，每周时段须写明星期 1–7。",
                "The window is invalid: it must end after it starts; weekly slots name a day from 1 to 7.",
                kind="invalid", field=field,
            )  # fmt: skip


def expand(window: Window, zone: str = ZONE, limit: int = MOST_OCCURRENCES) -> tuple[Span, ...]:
    """All occurrences of a window that ends, in order; at most `limit` + 1 of them (a caller sees that it is too long)."""
    if isinstance(window, Span):
        return (window,)
    found: list[Span] = []
    for occurrence in _days(window, zone, window.since, window.until):
        found.append(occurrence)
        if len(found) > limit:
            break
    return tuple(found)


def occurrence_with(windows: Sequence[Window], span: Span, zone: str = ZONE) -> Span | None:
    """The first occurrence that holds the whole of `span`, or None."""
    for occurrence in _on_day_of(windows, span.start, zone):
        if occurrence.start <= span.start and span.end <= occurrence.end:
            return occurrence
    return None


def keeps(before: Sequence[Window], after: Sequence[Window], key: str, zone: str = ZONE) -> bool:
    """Whether the occurrence of that name, once it was agreed, still holds under the windows after an amendment: at the
    same start and not cut short. "" is the one total of an item without windows."""
    if not key or not after:
        return not key and not after
    start = datetime.fromisoformat(key)
    agreed = max((o.end for o in _on_day_of(before, start, zone) if key_of(o) == key), default=start)
    return any(key_of(o) == key and o.end >= agreed for o in _on_day_of(after, start, zone))


def last_end(windows: Sequence[Window], zone: str = ZONE) -> datetime | None:
    """When the last occurrence is over; None when there are no windows or one of them never ends."""
    ends: list[datetime] = []
    for window in windows:
        if isinstance(window, Span):
            ends.append(window.end)
        elif window.until is None:
            return None
        else:
            ends.append(_moment(window.until, "23:59", zone))
    return max(ends, default=None)


def _on_day_of(windows: Sequence[Window], start: datetime, zone: str) -> Iterator[Span]:
    """Spans, and the weekly occurrences of the local day of `start`."""
    day = start.astimezone(ZoneInfo(zone)).date()
    for window in windows:
        if isinstance(window, Span):
            yield window
        else:
            yield from _days(window, zone, max(day, window.since), _earliest(day, window.until))


def _span_holds(window: Span) -> bool:
    return window.start < window.end and window.start.year in YEARS and window.end.year in YEARS


def _week_holds(window: Weekly) -> bool:
    days = window.since.year in YEARS and (window.until is None or window.since <= window.until)
    ends = window.until is None or window.until.year in YEARS
    return days and ends and bool(window.weekly) and all(_slot_holds(slot) for slot in window.weekly)


def _slot_holds(slot: Slot) -> bool:
    return 1 <= slot.day <= 7 and bool(_CLOCK.fullmatch(slot.opens) and _CLOCK.fullmatch(slot.closes)) and slot.opens < slot.closes


def _days(window: Weekly, zone: str, first: date, last: date | None) -> Iterator[Span]:
    """Occurrences on the local days first..last; for ever when last is None."""
    day = first
    while last is None or day <= last:
        if day not in window.skipped:
            for slot in window.weekly:
                if slot.day == day.isoweekday():
                    yield Span(_moment(day, slot.opens, zone), _moment(day, slot.closes, zone))
        day += timedelta(days=1)


def _moment(day: date, clock: str, zone: str) -> datetime:
    return datetime.combine(day, time.fromisoformat(clock), ZoneInfo(zone)).astimezone(UTC)


def _earliest(day: date, until: date | None) -> date:
    return day if until is None else min(day, until)
