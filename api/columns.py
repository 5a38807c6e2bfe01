"""The columns of imported lists, in Chinese and English, and how a flat row becomes the body that the API takes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    """`field` is the English heading; `zh` the Chinese ones, the first of which stands in the form."""

    field: str
    zh: tuple[str, ...]
    hint: str
    required: bool = False


def _c(field: str, zh: str, hint: str, required: bool = False) -> Column:
    return Column(field=field, zh=tuple(zh.split()), hint=hint, required=required)


_LINE = (
    _c("kind", "种类 内容", "给什么或要什么，例如 志愿者 / what, e.g. volunteers", True),
    _c("quantity", "数量", "正整数；钱以分计 / a whole number; money in fen", True),
    _c("unit", "单位 计量单位", "例如 人、场、分 / e.g. people, sessions, fen", True),
)
_TIME = (
    _c("start", "开始时间 开始", "一次性时段 / one span, 2026-04-01 09:00"),
    _c("end", "结束时间 结束", "2026-04-01 11:00"),
    _c("weekly", "每周时段 每周", "周二 14:00-16:00；周四 14:00-16:00"),
    _c("from", "起始日期", "每周时段从哪天起 / weekly slots since, 2026-04-01"),
    _c("until", "截止日期", "每周时段到哪天止（含）/ until, inclusive"),
)
COLUMNS: Mapping[str, tuple[Column, ...]] = {
    "offers": (
        _c("title", "标题 资源名称 名称", "1–120 字 / 1 to 120 characters", True),
        _c("category", "类别", "规则书中的类别编号 / a category of the rule book", True), *_LINE,
        _c("reach", "范围 服务范围", "district、street、neighbourhood 或区域编号 / a tier or an area id"), *_TIME,
        _c("skills", "会的技能 技能", "多个用顿号隔开 / several with commas: 手语、急救"),
        _c("groups", "只面向 面向群体", "规则书中的居民群体，空为不限 / groups of residents, blank for everybody"),
        _c("minimum", "起领数量", "少于此数不值得跑一趟 / fewer are not worth coming for"),
        _c("note", "备注 说明", "最多 4000 字 / up to 4000 characters"),
    ),
    "needs": (
        _c("title", "标题 需求名称 名称", "1–120 字 / 1 to 120 characters", True),
        _c("category", "类别", "规则书中的类别编号 / a category of the rule book", True),
        _c("area", "区域 区域编号 居民区", "区域编号 / area id", True), *_LINE,
        _c("urgency", "紧急程度", "0–3"), _c("beneficiaries", "受益人数", "人数 / people"),
        _c("respond_by", "答复期限", "2026-04-01 18:00"), *_TIME,
        _c("outside", "区外受益地区", "区外的受益地区 / region outside"), _c("skill", "所需技能 技能", "例如 手语 / e.g. first aid"),
        _c("group", "面向群体", "规则书中的居民群体 / a group of residents"),
        _c("vulnerable", "困难群体", "是 或空 / yes or blank"), _c("note", "备注 说明", "最多 4000 字"),
    ),
    "units": (
        _c("name", "名称 单位名称", "1–60 字", True),
        _c("code", "统一社会信用代码 信用代码", "18 位 / 18 characters", True),
        _c("kind", "类型 单位类型", "例如 医院 / e.g. hospital"),
        _c("areas", "区域 所在区域", "区域编号，第一个为主；多个用顿号隔开 / area ids, its home first", True),
    ),
    "areas": (
        _c("id", "编号 区域编号", "区划代码 / its code", True), _c("name", "名称 区域名称", "1–60 字", True),
        _c("kind", "层级", "规则书中的层级 / a tier of the rule book", True),
        _c("parent", "上级 上级编号", "上级区域编号 / above it"),
        _c("since", "设立日期", "2026-04-01"), _c("households", "户数", "整数 / a number"),
    ),
}  # fmt: skip
_WHOLE = ("quantity", "urgency", "beneficiaries", "households", "minimum")
_YES = {"是": True, "yes": True, "true": True, "1": True, "否": False, "no": False, "false": False, "0": False}
_SEVERAL = re.compile(r"[、,，;；\n]+")
_TEXT = ("title", "category", "area", "kind", "unit", "reach", "note", "outside", "name", "code", "id", "parent", "skill", "group")
_MINUTES = re.compile(r"(\d{4}-\d\d-\d\d)[ T](\d{1,2}:\d\d)(:\d\d)?", re.ASCII)
_SLOT = re.compile(r"(?:周|星期)([一二三四五六日天])\s*(\d{1,2}:\d\d)\s*[-–—~～至]\s*(\d{1,2}:\d\d)", re.ASCII)


def field_of(kind: str, heading: str) -> str | None:
    """The field that a heading means."""
    for column in COLUMNS[kind]:
        if heading == column.field or heading in column.zh:
            return column.field
    return None


def body_of(kind: str, cells: Mapping[str, Any]) -> dict[str, Any]:
    """The body of one flat row; `cells` by field. What cannot be understood stays as it is: its check will say so."""
    row = {field: _plain(field, value) for field, value in cells.items()}
    if kind in ("offers", "needs") and "lines" not in row:
        line = {field: row.pop(field) for field in ("kind", "quantity", "unit") if field in row}
        row["lines"] = [line]
    window = _window({field: row.pop(field) for field in ("start", "end", "weekly", "from", "until") if field in row})
    if window:
        row["windows"] = [window]
    if isinstance(row.get("areas"), str | int):
        row["areas"] = [part for part in re.split(r"[、,，;；\s]+", str(row["areas"])) if part]
    for field in ("skills", "groups"):
        if isinstance(row.get(field), str | int):
            row[field] = [part.strip() for part in _SEVERAL.split(str(row[field])) if part.strip()]
    return row


def column_of(field: str, headings: Mapping[str, str]) -> str | None:
    """The heading in the file under which a field of the body stands: lines[0].quantity -> 数量."""
    parts = [part for part in re.split(r"[.\[\]\d]+", field) if part]
    known = {"lines": "quantity", "windows": "start", "window": "start"}
    for part in [*reversed(parts), *(known[part] for part in parts if part in known), *(["weekly"] if parts else [])]:
        if part in headings:
            return headings[part]
    return None


def form(kind: str) -> Sequence[tuple[str, str, bool]]:
    return [(column.zh[0], column.hint, column.required) for column in COLUMNS[kind]]


def _plain(field: str, value: Any) -> Any:
    if field in _WHOLE and isinstance(value, str) and re.fullmatch(r"\d{1,15}", value, re.ASCII):
        return int(value)
    if field == "vulnerable":
        return _YES.get(str(value).strip().lower(), value)
    if field in _TEXT and isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if field in ("start", "end", "respond_by") and isinstance(value, str) and (match := _MINUTES.fullmatch(value)):
        return f"{match[1]}T{match[2].zfill(5)}:00+08:00"  # a list is kept in local time
    if field in ("from", "until", "since") and isinstance(value, str):
        return value.removesuffix("T00:00:00").removesuffix(" 00:00:00")
    return value


def _window(given: Mapping[str, Any]) -> dict[str, Any]:
    """A span, or weekly slots."""
    if "weekly" not in given:
        return dict(given)
    text = given["weekly"]
    slots = [
        {"day": "一二三四五六日".index(day.replace("天", "日")) + 1, "from": opens.zfill(5), "to": closes.zfill(5)}
        for day, opens, closes in _SLOT.findall(text if isinstance(text, str) else "")
    ]
    return {**given, "weekly": slots if slots and not _SLOT.sub("", str(text)).strip(" ；;，,、") else text}
