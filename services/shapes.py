"""JSON of the parts that items have in common: lines with their capacity, windows, times, and any fact as it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any

from domain.calendar import Span, Window, expand, key_of
from domain.capacity import NOTHING, Capacity, Line, Used
from domain.events import Plain, Sealed, Text

Open = Callable[[Text | None], str | None]  # the text, None when there is none or its key was destroyed
Doc = dict[str, Any]  # one JSON object as the API answers it

MOST_WINDOWS = 60  # occurrences listed one by one; beyond that only those that are used


def ledger(
    capacity: Capacity, occurrences: Sequence[str], windows: tuple[Window, ...], *, tightest: bool
) -> list[Doc]:
    """Lines with their capacity. With windows the top level shows one occurrence: the one with the least free
    (`tightest`), else the one with the most; free + held + committed + delivered = quantity at every level."""
    if not windows:
        return [placed(line, _used(capacity, line, "")) for line in capacity.lines]
    ends = _ends(windows) if occurrences else {}
    return [_windowed(capacity, line, tuple(occurrences), ends, tightest) for line in capacity.lines]


def window(w: Window) -> Doc:
    if isinstance(w, Span):
        return {"start": instant(w.start), "end": instant(w.end)}
    return {
        "weekly": [{"day": s.day, "from": s.opens, "to": s.closes} for s in w.weekly],
        "from": w.since.isoformat(),
        "until": w.until.isoformat() if w.until else None,
        "except": [day.isoformat() for day in w.skipped],
    }


@lru_cache(maxsize=16384)
def instant(at: datetime | None) -> str | None:
    """RFC 3339, UTC, with Z; microseconds only where there are some."""
    if at is None:
        return None
    return at.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


def plain(value: object, open: Open) -> Any:
    """Any fact as JSON, its free text opened."""
    match value:
        case Plain() | Sealed():
            return open(value)
        case datetime():
            return instant(value)
        case date():
            return value.isoformat()
        case Mapping():
            return {str(key): plain(inner, open) for key, inner in value.items()}
        case tuple() | list() | set() | frozenset():
            return [plain(inner, open) for inner in value]
    if is_dataclass(value):
        return {f.name: plain(getattr(value, f.name), open) for f in fields(value)}
    return value


def line_of(line: Line) -> Doc:
    return {"kind": line.kind, "unit": line.unit, "quantity": line.quantity}


def placed(line: Line, used: Mapping[str, int]) -> Doc:
    held, committed, delivered = used.get("held", 0), used.get("committed", 0), used.get("delivered", 0)
    return {
        "kind": line.kind, "unit": line.unit, "quantity": line.quantity, "held": held, "committed": committed,
        "delivered": delivered, "free": line.quantity - held - committed - delivered,
    }  # fmt: skip


def _used(capacity: Capacity, line: Line, occurrence: str) -> dict[str, int]:
    used: Used = capacity.used.get((line.kind, line.unit, occurrence), NOTHING)
    return {"held": used.held, "committed": used.committed, "delivered": used.delivered}


def _windowed(
    capacity: Capacity, line: Line, occurrences: tuple[str, ...], ends: Mapping[str, str], tightest: bool
) -> Doc:
    touched = {o for (kind, unit, o) in capacity.used if (kind, unit) == (line.kind, line.unit)}
    all_of_them = occurrences or tuple(sorted(touched))
    by_free = sorted(all_of_them, key=lambda o: (capacity.free(line.kind, line.unit, o), o))
    untouched = not by_free or not (occurrences or tightest)  # windows without end always have a free occurrence left
    shown = "" if untouched else by_free[0] if tightest else by_free[-1]
    listed = all_of_them if len(all_of_them) <= MOST_WINDOWS else tuple(sorted(touched))
    by_window = [_occurrence(capacity, line, o, ends) for o in listed]
    return {**placed(line, _used(capacity, line, shown)), "by_window": by_window}


def _occurrence(capacity: Capacity, line: Line, start: str, ends: Mapping[str, str]) -> Doc:
    counted = placed(line, _used(capacity, line, start))
    del counted["kind"], counted["unit"]
    return {"start": start, **({"end": ends[start]} if start in ends else {}), **counted}


@lru_cache(maxsize=2048)
def _ends(windows: tuple[Window, ...]) -> dict[str, str]:
    """Start -> end of every occurrence of windows that end."""
    return {key_of(span): str(instant(span.end)) for w in windows for span in expand(w)}
