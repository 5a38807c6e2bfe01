"""The fields of any item by name, as words: what the pages of claims and projects would show, and what a comparison
sets side by side."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from api.pages import shown
from api.pages.places import Doc, category_words, group_words, names, rule_book
from api.pages.words import URGENCY, Tongue, status_word
from domain.access import Principal
from services.command import kind_of
from services.engine import Engine

FIELDS: Mapping[str, str] = {  # in the order they are shown
    "status": "状态", "title": "标题", "name": "名称", "code": "统一社会信用代码", "owner": "提出方或提供方",
    "provider": "提供方", "receiver": "接收方", "members": "联合成员", "area": "区域", "areas": "所在区域",
    "parent": "上级区域", "category": "类别", "reach": "服务范围", "urgency": "紧急程度", "beneficiaries": "惠及人数",
    "cover_pct": "覆盖率", "respond_by": "答复期限", "expires_at": "答复截止", "due_at": "交付截止", "window": "时段",
    "windows": "时段", "outside": "区外受益", "skill": "所需技能", "skills": "会的技能", "group": "面向的居民群体",
    "groups": "只面向的居民群体", "vulnerable": "困难群体", "minimum": "起领数量", "limit": "同时承接上限",
    "awaiting": "等待答复", "counters": "还价次数", "need": "有关需求",
    "offer": "有关资源", "claim": "有关认领", "project": "有关项目", "milestones": "节点", "money": "资金",
    "fed_back": "已反馈", "evaluations": "评价", "disputed_by": "提出异议方", "outcome": "裁定", "households": "户数",
    "since": "设立日期", "until": "撤并日期", "successor": "并入区域", "reopened": "重新开放次数",
    "mode": "规则", "wave": "第几轮", "cutoff": "截止序位", "needs": "纳入的需求", "pairs": "配成", "served": "配上的需求",
    "full": "全部配满的需求", "unserved": "未配上的需求", "value": "总分", "pins": "指定的配对", "prohibitions": "排除的配对",
    "claims": "已提出的认领", "dropped": "未能提出的配对", "to": "转交", "backend": "求解器", "result": "结果摘要值",
    "merged_into": "并入需求", "public": "公开", "note": "说明",
}  # fmt: skip
MODES = {"normal": "平时规则", "emergency": "应急规则"}
_ORGS = ("owner", "provider", "receiver", "area", "parent", "reach", "successor", "to")
_ITEMS = ("need", "offer", "merged_into")
_TIMES = ("respond_by", "expires_at", "due_at")
_LISTS = ("members", "awaiting", "areas")
_INSIDE = ("note",)  # for those who are logged in only


async def facts_of(engine: Engine, doc: Doc, viewer: Principal, at: str, say: Tongue) -> list[tuple[str, str]]:
    """(word, value) of the fields that say something."""
    write = await writer(engine, [doc], at, say)
    said = ("status", "title", *(("owner",) if doc.get("provider") else ()))  # elsewhere on the page
    found = ((field, write(doc, field)) for field in fields_for(viewer) if field not in said)
    return [(say(FIELDS[field]), value) for field, value in found if value]


def fields_for(viewer: Principal) -> list[str]:
    return [field for field in FIELDS if viewer.role != "public" or field not in _INSIDE]


class Writer:
    """Values of fields as words."""

    def __init__(
        self, called: Mapping[str, str], categories: Mapping[str, str], groups: Mapping[str, str], say: Tongue
    ) -> None:
        self._called, self._categories, self._groups, self._say = called, categories, groups, say

    def __call__(self, doc: Doc | None, field: str) -> str:
        """"" when the field says nothing."""
        value = doc.get(field) if doc else None
        if doc is None or value is None or value in ("", [], {}):
            return ""
        return self._written(doc, field, value)

    def _written(self, doc: Doc, field: str, value: Any) -> str:
        say = self._say
        if field == "status":
            return say(status_word(kind_of_doc(doc), value))
        if field in (*_ORGS, *_ITEMS):
            return self._called.get(value, str(value))
        if field in _TIMES:
            return shown.minute(value)
        if field in _LISTS:
            orgs = [each["org"] if isinstance(each, dict) else each for each in value]
            return say("、").join(self._called.get(org, org) for org in orgs)
        return self._plain(field, value)

    def _plain(self, field: str, value: Any) -> str:
        say = self._say
        match field, value:
            case _, bool():
                return say("是") if value else say("否")
            case "mode", _:
                return say(MODES.get(value, value))
            case "category", _:
                return self._categories.get(value, value)
            case "group" | "groups", _:
                return say("、").join(self._groups.get(group, group) for group in ([value] if isinstance(value, str) else value))
            case "skills", _:
                return say("、").join(value)
            case "urgency", _:
                return say(URGENCY.get(value, "一般"))
            case "cover_pct", _:
                return f"{value}%"
            case "window", _:
                return shown.window(value, say)
            case "windows", _:
                return say("、").join(shown.window(each, say) for each in value)
            case "money", _:
                return say("承诺 {pledged} · 到账 {received} · 支出 {spent}", **{
                    name: shown.money(value[f"{name}_fen"], say) for name in ("pledged", "received", "spent")})
            case "evaluations", _:
                return say("、").join(f"{each['role']} {each['score']}" for each in value)
            case "milestones", _:
                return say("、").join(f"{each['id']} {each['status']}" for each in value)
        return shown.number(value) if isinstance(value, int) else str(value)


async def writer(engine: Engine, docs: Iterable[Doc | None], at: str | None, say: Tongue) -> Writer:
    """With the names of everything that the documents mention."""
    ids = {id for doc in docs if doc for id in _mentioned(doc)}
    book = await rule_book(engine)
    return Writer(await names(engine, ids, at), category_words(book, say), group_words(book, say), say)


def kind_of_doc(doc: Doc) -> str:
    kind = kind_of(doc["id"])
    return kind if kind in ("need", "offer", "claim", "project", "unit", "round") else "area"


def _mentioned(doc: Doc) -> list[str]:
    found = [doc.get(field) for field in (*_ORGS, *_ITEMS)]
    for field in _LISTS:
        found += [each["org"] if isinstance(each, dict) else each for each in doc.get(field) or ()]
    return [str(id) for id in found if id]
