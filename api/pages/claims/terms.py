"""Quantities and windows of a claim as people type and choose them, and back."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from api.fields import LineIn
from api.pages import shown
from api.pages.forms import Form, NotRead
from api.pages.words import Tongue
from domain.calendar import ZONE, Span, Weekly, Window, expand, key_of, last_end
from domain.capacity import MONEY_UNITS, Capacity, Line
from services.shapes import instant
from services.shapes import window as told

AHEAD = timedelta(days=60)  # how far occurrences can be chosen one by one
MOST_CHOICES = 40
_NUMBER = re.compile(r"\d{1,13}", re.ASCII)
_MONEY = re.compile(r"(\d{1,11})(?:\.(\d{1,2}))?", re.ASCII)
_SPAN = re.compile(r"(\S{20})/(\S{20})", re.ASCII)

Doc = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Row:
    """A line that can be typed into: the names of its fields begin with `name`."""

    name: str
    kind: str
    unit: str
    money: bool

    @property
    def said(self) -> str:
        return "元" if self.money else self.unit


def rows(lines: Iterable[Doc], list_name: str = "lines") -> list[Row]:
    return [Row(f"{list_name}-{n}", x["kind"], x["unit"], x["unit"] in MONEY_UNITS) for n, x in enumerate(lines)]


def filled(lines: Sequence[Doc], quantities: Sequence[int], list_name: str = "lines") -> dict[str, str]:
    """Fields with these quantities (0: left blank), money in yuan."""
    found: dict[str, str] = {}
    for row, n in zip(rows(lines, list_name), quantities, strict=True):
        found |= {f"{row.name}-kind": row.kind, f"{row.name}-unit": row.unit, f"{row.name}-quantity": _typed(n, row.money)}
    return found


def typed_lines(form: Form, list_name: str = "lines", *, least: int = 1) -> list[LineIn]:
    """The lines for which a quantity was typed. Raises NotRead."""
    found, wrong = list[LineIn](), list[dict[str, Any]]()
    for n in form.rows(list_name, 0):
        name = f"{list_name}-{n}"
        typed = form[f"{name}-quantity"].strip()
        kind, unit = form[f"{name}-kind"], form[f"{name}-unit"]
        if not typed or not kind or not unit:
            continue
        count = _counted(typed, unit in MONEY_UNITS)
        if count is None:
            wrong.append({"type": "money" if unit in MONEY_UNITS else "int_type", "loc": (list_name, n, "quantity")})
        elif count:
            found.append(LineIn.model_validate({"kind": kind, "unit": unit, "quantity": count}))
    if not wrong and len(found) < least:
        wrong.append({"type": "missing", "loc": (list_name, 0, "quantity")})
    if wrong:
        raise NotRead(wrong)
    return found


def counted(typed: str) -> int | None:
    """A whole number as it is typed; None when it is none."""
    return _counted(typed, False)


def fen(typed: str) -> int | None:
    """Yuan as they are typed, in fen; None when it is no amount."""
    return _counted(typed, True)


def choices(
    windows: Sequence[Window], capacity: Capacity, at: datetime, say: Tongue, *, every: bool
) -> list[tuple[str, str]]:
    """What a claim may choose of an item's windows: (value, what it is and how much is free in it). `every`: all at once
    is the rule (a need); an offer is claimed by the occurrence."""
    if not windows:
        return []
    found = [("", say("全部场次"))] if every else []
    for n, window in enumerate(windows):
        end = last_end((window,))
        if isinstance(window, Weekly) and end is not None and end > at:
            found.append((f"w{n}", shown.window(told(window), say)))
    for span in _ahead(windows, at)[:MOST_CHOICES]:
        free = [(line, capacity.free(line.kind, line.unit, key_of(span))) for line in capacity.lines]
        left = say("、").join(shown.amount({"unit": line.unit}, say, max(n, 0)) for line, n in free)
        when = f"{shown.span(str(instant(span.start)), instant(span.end))} {shown.weekday(str(instant(span.start)), say)}"
        found.append((f"{instant(span.start)}/{instant(span.end)}", say("{when}，余 {left}", when=when, left=left)))
    return found


def chosen(value: str, windows: Sequence[Window]) -> Window | None:
    """The window that a choice means; None for all of them. Raises NotRead for what was never offered."""
    if not value:
        return None
    if value[0] == "w" and value[1:].isdigit() and int(value[1:]) < len(windows):
        return windows[int(value[1:])]
    if match := _SPAN.fullmatch(value):
        try:
            return Span(*(datetime.fromisoformat(part).astimezone(UTC) for part in match.groups()))
        except ValueError:
            pass
    raise NotRead([{"type": "literal_error", "loc": ("window",), "ctx": {"expected": "…"}}])


def as_told(window: Doc | None) -> dict[str, Any] | None:
    """A window out of an event, as the API tells it."""
    if window is None or "start" in window:
        return dict(window) if window else None
    slots = [{"day": s["day"], "from": s["opens"], "to": s["closes"]} for s in window["weekly"]]
    return {"weekly": slots, "from": window["since"], "until": window["until"], "except": window["skipped"]}


def lines_said(lines: Iterable[Line] | Sequence[LineIn]) -> list[dict[str, Any]]:
    return [{"kind": line.kind, "unit": line.unit, "quantity": line.quantity} for line in lines]


def _ahead(windows: Sequence[Window], at: datetime) -> list[Span]:
    """Occurrences that are not over, up to two months from now (a span that stands alone: whenever it is)."""
    day = at.astimezone(ZoneInfo(ZONE)).date()
    found: dict[str, Span] = {}
    for window in windows:
        if isinstance(window, Weekly):
            last = (at + AHEAD).date()
            window = replace(
                window, since=max(window.since, day), until=min(window.until, last) if window.until else last
            )
        found |= {key_of(span): span for span in expand(window) if span.end > at}
    return sorted(found.values(), key=lambda span: span.start)


def _counted(typed: str, money: bool) -> int | None:
    plain = unicodedata.normalize("NFKC", typed).replace(",", "").strip()
    if not money:
        return int(plain) if _NUMBER.fullmatch(plain) else None
    match = _MONEY.fullmatch(plain)
    return int(match[1]) * 100 + int((match[2] or "0").ljust(2, "0")) if match else None


def _typed(n: int, money: bool) -> str:
    if n <= 0:
        return ""
    if not money:
        return str(n)
    return f"{n // 100}.{n % 100:02d}" if n % 100 else str(n // 100)
