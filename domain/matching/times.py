"""When a need and an offer meet: occurrences as minutes, half-days as bits, and the window a claim on both would name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from domain.calendar import MOST_OCCURRENCES, Slot, Span, Weekly, Window, expand, key_of

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EAST_MIN = 8 * 60  # Shanghai is eight hours ahead, the whole year
HALF_MIN = 12 * 60
DAY_MIN = 2 * HALF_MIN
MANY = 600  # occurrences of one window that are looked at; far more than a horizon holds


@dataclass(frozen=True, slots=True)
class Stretch:
    """One occurrence, minutes since 1970 UTC; `key` is its name in the item's capacity ledger."""

    start: int
    end: int
    key: str


@dataclass(frozen=True, slots=True, eq=False)
class Times:
    """An item's future occurrences in order, and the half-days they touch: bit n is the n-th half-day from the beginning.
    Made once for the same windows, so compared by identity."""

    always: bool  # no windows: any time will do
    stretches: tuple[Stretch, ...] = ()
    mask: int = 0
    halves: int = 0  # bits in the mask


ANY_TIME = Times(always=True)


class Meeting(NamedTuple):
    """A stretch that lies inside an occurrence of both ("" for an item without windows). Made by the hundred for each answer."""

    start: int
    end: int
    need_key: str
    offer_key: str


def minutes_of(at: datetime) -> int:
    """Whole minutes since 1970 UTC."""
    return (at - EPOCH) // timedelta(minutes=1)


def day_of(minutes: int) -> int:
    """The local day, as a proleptic ordinal."""
    return EPOCH.toordinal() + (minutes + EAST_MIN) // (2 * HALF_MIN)


def next_half(at: int) -> int:
    """When the next local half-day begins, at midnight or at noon: nobody is proposed for the one under way."""
    return ((at + EAST_MIN) // HALF_MIN + 1) * HALF_MIN - EAST_MIN


@lru_cache(maxsize=65536)
def times_of(windows: tuple[Window, ...], begin: int, horizon_days: int) -> Times:
    """What is still to come of the windows: begun at or after `begin` (a half-day's beginning), within the horizon."""
    if not windows:
        return ANY_TIME
    last = begin + horizon_days * 2 * HALF_MIN
    found = dict.fromkeys(s for window in windows for s in _stretches(window, begin, last) if begin <= s.start < last)
    ordered = tuple({s.key: s for s in sorted(found, key=lambda s: (s.start, s.end))}.values())  # the ledger knows each key once
    mask = _mask(ordered, begin)
    return Times(False, ordered, mask, mask.bit_count())


@lru_cache(maxsize=8192)
def meetings(need: Times, offer: Times) -> tuple[Meeting, ...]:
    """All of them in order, each occurrence of the need once; () when they never meet or neither has windows."""
    if need.always or offer.always:
        alone = offer.stretches or need.stretches
        return tuple(Meeting(s.start, s.end, "" if need.always else s.key, "" if offer.always else s.key) for s in alone)
    found: list[Meeting] = []
    first, theirs = 0, offer.stretches
    for mine in need.stretches:
        while first < len(theirs) and theirs[first].end <= mine.start:
            first += 1
        best = max((m for m in _overlaps(mine, theirs, first)), key=lambda m: (m.end - m.start, -m.start), default=None)
        if best is not None:
            found.append(best)
    return tuple(found)


@lru_cache(maxsize=8192)
def every_meeting(need: Times, offer: Times) -> tuple[tuple[tuple[str, str], ...], Window | None]:
    """All of them: (need's key, offer's key) of each, and the one window that says so, if there is one."""
    met = meetings(need, offer)
    return tuple((m.need_key, m.offer_key) for m in met), window_over(met) if met else None


def window_over(chosen: Sequence[Meeting]) -> Window | None:
    """One window whose occurrences are exactly these; None when no single window is."""
    return _window(tuple((m.start, m.end) for m in chosen))


@lru_cache(maxsize=8192)
def _window(stretches: tuple[tuple[int, int], ...]) -> Window | None:
    if len(stretches) == 1:
        return _span(*stretches[0])
    slots: dict[int, set[tuple[int, int]]] = {}  # by weekday: minutes of the day
    days: dict[int, set[tuple[int, int]]] = {}
    for start, end in stretches:
        day, opens = divmod(start + EAST_MIN, DAY_MIN)
        closes = end + EAST_MIN - day * DAY_MIN
        if closes >= DAY_MIN:
            return None
        slots.setdefault(_weekday(day), set()).add((opens, closes))
        days.setdefault(day, set()).add((opens, closes))
    if len(stretches) > MOST_OCCURRENCES or any(on != slots[_weekday(day)] for day, on in days.items()):
        return None
    first, last = min(days), max(days)
    skipped = (day for day in range(first, last + 1) if _weekday(day) in slots and day not in days)
    weekly = tuple(Slot(day, _clock(opens), _clock(closes)) for day in sorted(slots) for opens, closes in sorted(slots[day]))
    return Weekly(weekly, _date(first), _date(last), tuple(_date(day) for day in skipped))


def _stretches(window: Window, begin: int, last: int) -> Iterable[Stretch]:
    """With a margin on both sides; the caller cuts."""
    if isinstance(window, Weekly):
        since = max(window.since, date.fromordinal(day_of(begin)))
        until = min(window.until or date.max, date.fromordinal(day_of(last)))
        window = Weekly(window.weekly, since, until, window.skipped)
    for span in expand(window, limit=MANY):
        start, end = -((EPOCH - span.start) // timedelta(minutes=1)), minutes_of(span.end)  # a whole minute inside
        if start < end:
            yield Stretch(start, end, key_of(span))


def _mask(stretches: Sequence[Stretch], begin: int) -> int:
    mask = 0
    for s in stretches:
        first, last = (s.start - begin) // HALF_MIN, (s.end - 1 - begin) // HALF_MIN
        mask |= ((1 << (last - first + 1)) - 1) << first
    return mask


def _overlaps(mine: Stretch, theirs: Sequence[Stretch], first: int) -> Iterable[Meeting]:
    for n in range(first, len(theirs)):
        their = theirs[n]
        if their.start >= mine.end:
            return
        start, end = max(mine.start, their.start), min(mine.end, their.end)
        if start < end:
            yield Meeting(start, end, mine.key, their.key)


def _span(start: int, end: int) -> Span:
    return Span(EPOCH + timedelta(minutes=start), EPOCH + timedelta(minutes=end))


def _weekday(day: int) -> int:
    """1 is Monday; day 0 is the first of 1970, a Thursday."""
    return (day + 3) % 7 + 1


def _date(day: int) -> date:
    return date.fromordinal(EPOCH.toordinal() + day)


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"
