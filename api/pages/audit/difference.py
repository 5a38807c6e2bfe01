"""Differences as rows of tables: shifts of a board, and the figures of a dashboard group by group."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from api.pages import shown
from api.pages.site import link
from api.pages.words import STATUSES, Tongue, status_word
from domain.capacity import MONEY_UNITS
from services.comparing import BoardChange, Difference, Shift

GROUPS = {"needs": "需求", "offers": "资源", "claims": "认领", "projects": "项目", "units": "单位"}
ALONE = {  # figure -> its word, its unit of count, the kind of item whose events it comes from
    "needs_met": ("需求已办成", "项", "need"), "offers_used": ("资源已动用", "项", "offer"),
    "items_claimed": ("供需被认领", "项", None), "claims_accepted": ("认领成立", "次", "claim"),
    "projects_delivered": ("项目已交付", "个", "project"), "beneficiaries": ("惠及居民", "人次", "project"),
    "cover_pct": ("平均覆盖率", "%", "need"),
}  # fmt: skip
UNITS = {"needs": "项", "offers": "项", "claims": "次", "projects": "个", "units": "家"}
MONEY = {"pledged_fen": "承诺", "received_fen": "到账", "spent_fen": "支出"}
PLACES = {"needed": "需要", "committed": "已认领", "delivered": "已交付"}

Row = tuple[str, str, str, str, int]  # word, then, now, difference, its sign


def shift_rows(kind: str, found: BoardChange, here: Callable[..., str], say: Tongue) -> list[dict[str, Any]]:
    """How many rows went from which status to which; those that appeared first, those that left next."""
    order = list(STATUSES[kind])

    def place(shift: Shift) -> tuple[int, ...]:
        first = 0 if shift[0] is None else 1 if shift[1] is None else 2
        return (first, *(order.index(status) if status in order else -1 for status in shift))

    return [
        {"was": shift[0], "is": shift[1], "n": found.counts[shift], "href": here(only=">".join(s or "" for s in shift))}
        for shift in sorted(found.counts, key=place)
    ]


def figure_rows(
    differences: Sequence[Difference], area: str, between: tuple[int, int], say: Tongue
) -> list[dict[str, Any]]:
    """Groups of rows: the figures that stand alone, then statuses by kind, money, quantities. Rows of nothing but zeros
    are left out. Each group leads to the events between."""
    by_group: dict[str, list[Row]] = {}
    for each in differences:
        if each.then or each.now:
            by_group.setdefault(each.name.partition("/")[0] if "/" in each.name else "", []).append(_row(each, say))
    order = [group for group in ("", *GROUPS, "money", "quantities") if group in by_group]
    return [
        {"word": _group_word(group, say), "rows": by_group[group], "events": _events(group, area, between)}
        for group in (*order, *(by_group.keys() - set(order)))
    ]


def _events(group: str, area: str, between: tuple[int, int]) -> str:
    kind = group.removesuffix("s") if group in GROUPS else "project" if group == "money" else None
    return link("/audit/trail", type=kind, area=area, since=between[0], until=between[1])


def _group_word(group: str, say: Tongue) -> str:
    if group in GROUPS:
        return say("{noun}（{unit}）", noun=say(GROUPS[group]), unit=say(UNITS[group]))
    return say({"": "总览", "money": "资金", "quantities": "按计量单位"}.get(group, "其他"))


def _row(each: Difference, say: Tongue) -> Row:
    group, _, rest = each.name.partition("/")
    write = _writer(group, rest, say)
    change = each.now - each.then
    sign = (change > 0) - (change < 0)
    written = ("+" if sign > 0 else "−" if sign < 0 else "") + write(abs(change)) if change else "0"
    return _word(group, rest, say), write(each.then), write(each.now), written, sign


def _word(group: str, rest: str, say: Tongue) -> str:
    if group in GROUPS:
        return say("合计") if rest == "total" else say(status_word(group.removesuffix("s"), rest))
    if group == "money":
        return say(MONEY.get(rest, "其他"))
    if group == "quantities":
        unit, _, place = rest.rpartition("/")
        return f"{say('金额') if unit in MONEY_UNITS else unit} · {say(PLACES[place])}"
    word, unit, _ = ALONE.get(group, (group, "", None))
    return say("{noun}（{unit}）", noun=say(word), unit=say(unit)) if unit else word


def _writer(group: str, rest: str, say: Tongue) -> Callable[[int], str]:
    unit = rest.rpartition("/")[0]
    is_money = group == "money" or (group == "quantities" and unit in MONEY_UNITS)
    return (lambda n: shown.money(n, say)) if is_money else shown.number
