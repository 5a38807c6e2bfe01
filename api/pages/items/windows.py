"""Windows as people type them, a day with hours or weekdays until a day, and as the API takes them; local time."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from api.pages import shown
from api.pages.items.rows import Row
from domain.calendar import Span, Window

Doc = dict[str, Any]
Wrong = list[dict[str, Any]]  # as pydantic has them: type, loc, ctx
DAYS = range(1, 8)
_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)", re.ASCII)
_EXCEPT = re.compile(r"[\s,，\u3001;；]+")


def read(rows: Sequence[Row]) -> tuple[list[Doc], Wrong]:
    """The windows as the body has them, and what is wrong with those that cannot be read."""
    wrong: Wrong = []
    found = [(_weekly if row.get("kind") == "weekly" else _span)(_Row(row, n, wrong)) for n, row in enumerate(rows)]
    return ([] if wrong else found), wrong


def typed(windows: Sequence[Mapping[str, Any]]) -> list[Row]:
    """Rows as somebody would have typed them; slots of a week with other hours get a row of their own."""
    return [row for window in windows for row in (_rows_of(window) if "weekly" in window else [_row_of(window)])]


def as_shown(windows: Sequence[Window]) -> list[Doc]:
    """As items show them."""
    return [_shown(window) for window in windows]


class _Row:
    """One row, read part by part; what is wrong is noted with its field."""

    def __init__(self, row: Row, n: int, wrong: Wrong) -> None:
        self._row, self._n, self._wrong = row, n, wrong

    def __getitem__(self, part: str) -> str:
        return unicodedata.normalize("NFKC", self._row.get(part, "")).strip()

    def bad(self, part: str, type_: str) -> None:
        self._wrong.append({"type": type_, "loc": ("windows", self._n, part)})

    def day(self, part: str, *, must: bool = True) -> str:
        day = self[part].replace("/", "-")
        if (must and not day) or (day and not shown.is_day(day)):
            self.bad(part, "day" if day else "missing")
        return day

    def hours(self) -> tuple[str, str]:
        opens, closes = (self._clock(part) for part in ("opens", "closes"))
        if opens and closes and closes <= opens and self["last"] in ("", self["date"]):
            self.bad("closes", "ends_first")
        return opens, closes

    def _clock(self, part: str) -> str:
        match = _CLOCK.fullmatch(self[part])
        if match is None:
            self.bad(part, "clock" if self[part] else "missing")
            return ""
        return f"{int(match[1]):02d}:{match[2]}"


def _span(row: _Row) -> Doc:
    """Until another day only where it was so before, or somebody says so."""
    day, (opens, closes), last = row.day("date"), row.hours(), row.day("last", must=False)
    if last and last < day:
        row.bad("last", "ends_first")
    return {"start": f"{day}T{opens}:00+08:00", "end": f"{last or day}T{closes}:00+08:00"}


def _weekly(row: _Row) -> Doc:
    days = [day for day in DAYS if row[f"day{day}"]]
    if not days:
        row.bad("day1", "weekdays")
    (opens, closes), since, until = row.hours(), row.day("since"), row.day("until", must=False)
    if until and until < since:
        row.bad("until", "ends_first")
    skipped = [day.replace("/", "-") for day in _EXCEPT.split(row["except"]) if day]
    if not all(shown.is_day(day) for day in skipped):
        row.bad("except", "day")
    weekly = [{"day": day, "from": opens, "to": closes} for day in days]
    return {"weekly": weekly, "from": since, "until": until or None, "except": skipped}


def _row_of(window: Mapping[str, Any]) -> Row:
    start, end = (shown.local(window[edge]) for edge in ("start", "end"))
    last = {} if start.date() == end.date() else {"last": f"{end:%Y-%m-%d}"}
    return {"kind": "span", "date": f"{start:%Y-%m-%d}", "opens": f"{start:%H:%M}", "closes": f"{end:%H:%M}", **last}


def _rows_of(window: Mapping[str, Any]) -> Iterator[Row]:
    by_hours: dict[tuple[str, str], list[int]] = {}
    for slot in window["weekly"]:
        by_hours.setdefault((slot["from"], slot["to"]), []).append(slot["day"])
    for (opens, closes), days in by_hours.items():
        yield {
            "kind": "weekly", **{f"day{day}": "on" for day in sorted(days)}, "opens": opens, "closes": closes,
            "since": window["from"], "until": window.get("until") or "", "except": " ".join(window.get("except") or ()),
        }  # fmt: skip


def _shown(window: Window) -> Doc:
    if isinstance(window, Span):
        return {"start": window.start.isoformat(), "end": window.end.isoformat()}
    return {
        "weekly": [{"day": s.day, "from": s.opens, "to": s.closes} for s in window.weekly],
        "from": window.since.isoformat(), "until": window.until.isoformat() if window.until else None,
        "except": [day.isoformat() for day in window.skipped],
    }  # fmt: skip
