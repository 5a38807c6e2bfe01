"""How values are written on pages: days and times of Shanghai, numbers, money, quantities, windows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from api.pages.words import WEEKDAYS, Tongue
from domain.calendar import ZONE
from domain.capacity import MONEY_UNITS

WAN_FEN = 1_000_000  # 1 万元
_ENGLISH_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def local(instant: str) -> datetime:
    return datetime.fromisoformat(instant).astimezone(ZoneInfo(ZONE))


def day(instant: str) -> str:
    return f"{local(instant):%Y-%m-%d}"


def minute(instant: str) -> str:
    return f"{local(instant):%Y-%m-%d %H:%M}"


def points(thousandths: int) -> str:
    """Points of a hundred, with their tenth: all of it, so that parts add up."""
    sign, whole = ("−" if thousandths < 0 else ""), abs(thousandths)
    return f"{sign}{whole // 10:,}.{whole % 10}"


def number(n: int) -> str:
    return f"{n:,}"


def money(fen: int, say: Tongue) -> str:
    """With its unit: 元 below ten thousand, 万元 above; exact to the fen below, to a hundredth of 万元 above."""
    return " ".join(part for part in money_parts(fen, say) if part)


def money_parts(fen: int, say: Tongue) -> tuple[str, str]:
    """(amount, unit) for figures that are set apart from their unit."""
    if say.lang == "zh" and abs(fen) >= WAN_FEN:
        return _hundredths((fen * 100 + WAN_FEN // 2) // WAN_FEN), "万元"
    yuan = _hundredths(fen) + ("0" if fen % 100 and fen % 10 == 0 else "")
    return (yuan, "元") if say.lang == "zh" else (f"¥{yuan}", "")


def amount(line: Mapping[str, Any], say: Tongue, quantity: int | None = None) -> str:
    """"20 人次", or money."""
    n = line["quantity"] if quantity is None else quantity
    return money(n, say) if line["unit"] in MONEY_UNITS else f"{n:,} {line['unit']}"


def amounts(lines: Sequence[Mapping[str, Any]], say: Tongue) -> str:
    """"志愿者 20 人次、场地 1 间"; the same line on several occurrences is said once, with their number."""
    found: dict[tuple[str, str], list[int]] = {}
    for line in lines:
        found.setdefault((line["kind"], line["unit"]), []).append(line["quantity"])
    return say("、").join(_amount(kind, unit, each, say) for (kind, unit), each in found.items())


def window(w: Mapping[str, Any], say: Tongue) -> str:
    """"2026-03-01 09:00–11:00", or "每周三 14:00–16:00，2026-03-01 起，至 2026-06-30"."""
    if "weekly" not in w:
        return span(w["start"], w["end"])
    slots = say("、").join(f"{day_of_week(s['day'], say)} {s['from']}–{s['to']}" for s in w["weekly"])
    said = say("{slots}，{day} 起", slots=slots, day=w["from"])
    if w.get("until"):
        said += say("，至 {day}", day=w["until"])
    if w.get("except"):
        said += say("（{n} 天除外）", n=len(w["except"]))
    return said


def span(start: str, end: str | None) -> str:
    if end is None:
        return minute(start)
    same = day(start) == day(end)
    return f"{minute(start)}–{local(end):%H:%M}" if same else f"{minute(start)} – {minute(end)}"


def weekday(instant: str, say: Tongue) -> str:
    return day_of_week(local(instant).isoweekday(), say)


def months_before(month: str, n: int) -> list[str]:
    """The n months up to and with "2026-03", oldest first."""
    year, of_year = (int(part) for part in month.split("-"))
    last = year * 12 + of_year - 1
    return [f"{m // 12:04d}-{m % 12 + 1:02d}" for m in range(last - n + 1, last + 1)]


def is_day(text: str) -> bool:
    try:
        return bool(date.fromisoformat(text)) and len(text) == 10
    except ValueError:
        return False


def _amount(kind: str, unit: str, quantities: list[int], say: Tongue) -> str:
    each = amount({"unit": unit, "quantity": quantities[0]}, say)
    if len(quantities) > 1 and len(set(quantities)) == 1:
        each = say("{n} 场，每场 {each}", n=len(quantities), each=each)
    elif len(quantities) > 1:
        all_of_them = amount({"unit": unit, "quantity": sum(quantities)}, say)
        each = say("{n} 场，共 {each}", n=len(quantities), each=all_of_them)
    return f"{kind} {each}".strip()


def day_of_week(number_of_day: int, say: Tongue) -> str:
    """1 is Monday."""
    return f"周{WEEKDAYS[number_of_day - 1]}" if say.lang == "zh" else _ENGLISH_DAYS[number_of_day - 1]


def _hundredths(n: int) -> str:
    whole, part = divmod(abs(n), 100)
    return f"{'-' if n < 0 else ''}{whole:,}" + (f".{part:02d}".rstrip("0") if part else "")
