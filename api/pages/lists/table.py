"""A list as a table: the same columns on the page, in print and in the spreadsheet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from api.pages import shown
from api.pages.places import category_words, names, rule_book
from api.pages.site import link
from api.pages.words import Tongue, status_word
from services.engine import Engine
from services.read_ports import Doc

TITLES = {"needs": "需求清单", "offers": "资源清单", "projects": "项目清单"}
HEADINGS = {
    "needs": ("编号", "标题", "状态", "类别", "提出方", "所在区域", "明细", "尚缺", "时段", "惠及", "覆盖率", "发布于"),
    "offers": ("编号", "标题", "状态", "类别", "提供方", "所在区域", "明细", "还可认领", "时段", "服务范围", "发布于"),
    "projects": (
        "编号", "标题", "状态", "类别", "提供方", "接收方", "所在区域", "承诺", "确认交付", "惠及", "交付期限", "立项于",
    ),
}  # fmt: skip
WINDOWS = 3  # said of an item; the others are counted

Cell = str | int


@dataclass(frozen=True, slots=True)
class Table:
    """`rows`: (address of the item, status, cells); numbers stand to the right."""

    headings: Sequence[str]
    rows: Sequence[tuple[str, str, Sequence[Cell]]]

    @property
    def plain(self) -> list[Sequence[Cell]]:
        return [cells for _, _, cells in self.rows]


async def table(engine: Engine, kind: str, docs: Sequence[Doc], at: str | None, say: Tongue) -> Table:
    wanted = [doc.get(name) for doc in docs for name in ("owner", "provider", "receiver", "reach", "area")]
    called = await names(engine, [id for id in wanted if id], at)
    categories = category_words(await rule_book(engine), say)
    make = {"needs": _need, "offers": _offer, "projects": _project}[kind]
    rows = [(_href(doc, at), doc["status"], _cells(doc, kind, called, categories, make(doc, called, say), say)) for doc in docs]
    return Table([say(heading) for heading in HEADINGS[kind]], rows)


def _href(doc: Doc, at: str | None) -> str:
    """The page of a need or offer; of a project that of what it is about."""
    item = (doc["need"] or doc["offer"] or doc["id"]) if "milestones" in doc else doc["id"]
    return link(f"/{str(item).partition('-')[0]}s/{item}", at=at)


def _cells(
    doc: Doc, kind: str, called: Mapping[str, str], categories: Mapping[str, str], rest: Sequence[Cell], say: Tongue
) -> list[Cell]:  # fmt: skip
    title = doc["title"] or say("（文字已删除）")
    category = categories.get(doc["category"], doc["category"])
    return [doc["number"], title, say(status_word(kind.removesuffix("s"), doc["status"])), category, *rest]


def _need(doc: Doc, called: Mapping[str, str], say: Tongue) -> list[Cell]:
    return [
        called[doc["owner"]], called[doc["area"]], shown.amounts(doc["lines"], say), _places(doc["lines"], "free", say),
        _windows(doc["windows"], say), doc["beneficiaries"], f"{doc['cover_pct']}%", shown.day(doc["created_at"]),
    ]  # fmt: skip


def _offer(doc: Doc, called: Mapping[str, str], say: Tongue) -> list[Cell]:
    return [
        called[doc["owner"]], called[doc["area"]], shown.amounts(doc["lines"], say), _places(doc["lines"], "free", say),
        _windows(doc["windows"], say), called.get(doc["reach"] or "", ""), shown.day(doc["created_at"]),
    ]  # fmt: skip


def _project(doc: Doc, called: Mapping[str, str], say: Tongue) -> list[Cell]:
    return [
        called[doc["provider"]], called[doc["receiver"]], called[doc["area"]], shown.amounts(doc["lines"], say),
        _places(doc["lines"], "confirmed", say), doc["beneficiaries"], shown.day(doc["due_at"]),
        shown.day(doc["created_at"]),
    ]  # fmt: skip


def _places(lines: Sequence[Mapping[str, Any]], place: str, say: Tongue) -> str:
    """What of the lines is free, or confirmed; with the kind where there are several."""
    said = [
        f"{line['kind'] if len(lines) > 1 else ''} {shown.amount(line, say, line[place])}".strip()
        for line in lines
        if line[place]
    ]
    return say("、").join(said) or "0"


def _windows(windows: Sequence[Mapping[str, Any]], say: Tongue) -> str:
    said = [shown.window(window, say) for window in windows[:WINDOWS]]
    if len(windows) > WINDOWS:
        said.append(say("另有 {n} 个时段", n=len(windows) - WINDOWS))
    return say("；").join(said)
