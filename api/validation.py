"""What pydantic found wrong with a request, as our own errors: field, code and a sentence in two languages."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from domain.events import Refused

# pydantic's type of error -> (our code, Chinese, English); {…} from pydantic's context
_SENTENCES: Mapping[str, tuple[str, str, str]] = {
    "missing": ("field.missing", "这一项必填。", "This is required."),
    "extra_forbidden": ("field.unknown", "没有这一项，请核对名称。", "There is no such field: check its name."),
    "string_type": ("field.text", "须为文字。", "It must be text."),
    "string_unicode": ("field.text", "须为有效的 UTF-8 文字。", "It must be valid UTF-8."),
    "control_characters": ("field.characters", "不能含控制字符。", "It must not hold control characters."),
    "string_too_short": ("field.too_short", "至少 {min_length} 字。", "At least {min_length} characters."),
    "string_too_long": ("field.too_long", "最多 {max_length} 字。", "At most {max_length} characters."),
    "string_pattern_mismatch": ("field.format", "格式不符：{pattern}", "It must match {pattern}"),
    "too_short": ("field.too_few", "至少 {min_length} 项。", "At least {min_length}."),
    "too_long": ("field.too_many", "最多 {max_length} 项。", "At most {max_length}."),
    "int_type": ("field.whole_number", "须为整数。", "It must be a whole number."),
    "int_parsing": ("field.whole_number", "须为整数。", "It must be a whole number."),
    "int_parsing_size": ("field.whole_number", "数字过大。", "The number is too large."),
    "int_from_float": ("field.whole_number", "须为整数。", "It must be a whole number."),
    "greater_than_equal": ("field.range", "不能小于 {ge}。", "It must be at least {ge}."),
    "less_than_equal": ("field.range", "不能大于 {le}。", "It must be at most {le}."),
    "bool_type": ("field.true_or_false", "须为 true 或 false。", "It must be true or false."),
    "bool_parsing": ("field.true_or_false", "须为 true 或 false。", "It must be true or false."),
    "list_type": ("field.list", "须为列表。", "It must be a list."),
    "model_type": ("field.object", "须为对象。", "It must be an object."),
    "model_attributes_type": ("field.object", "须为 JSON 对象。", "It must be a JSON object."),
    "dict_type": ("field.object", "须为对象。", "It must be an object."),
    "literal_error": ("field.choice", "可选：{expected}。", "One of: {expected}."),
    "moment": (
        "field.time", "时间须带时区，例如 2026-03-07T09:00:00+08:00。",
        "A time needs its offset, for example 2026-03-07T09:00:00+08:00.",
    ),
    "day": ("field.day", "日期写作 2026-03-07。", "A day is written 2026-03-07."),
    "clock": ("field.clock", "时间写作 09:30。", "A time of day is written 09:30."),
    "ends_first": ("field.order", "结束须晚于开始。", "It must end after it begins."),
    "weekdays": ("field.weekdays", "请至少选一个星期几。", "Choose at least one day of the week."),
    "money": ("field.money", "金额写作 1200 或 1200.50（元）。", "An amount is written 1200 or 1200.50 (yuan)."),
    "emptied": ("field.emptied", "已写的内容可以改写，不能清空。", "What stands here can be rewritten, not emptied."),
    "organisation": (
        "field.organisation", "没有找到这个单位或居民区，请写全称或编号。",
        "There is no such unit or neighbourhood: write its whole name or its id.",
    ),
    "area_id": ("field.format", "区域编号不能以 unit- 开头。", "An area's id must not begin with unit-."),
    "funds": (
        "funds.form", "请写明 kind 和 amount_fen，或者一行 lines，二者取一。",
        "Give kind and amount_fen, or one line that says the same.",
    ),
}  # fmt: skip
_ANY = ("field.invalid", "格式不正确。", "It is not valid.")


def found_wrong(errors: Iterable[Mapping[str, Any]]) -> list[dict[str, str]]:
    """pydantic's errors as {field, code, zh, en}, one a field."""
    found = []
    for error in errors:
        code, zh, en = _SENTENCES.get(error["type"], _ANY)
        context = error.get("ctx") or {}
        said = {"zh": _filled(zh, context), "en": _filled(en, context)}
        found.append({"field": name_of(error["loc"]), "code": code, **said})
    return found


def field_errors(errors: Iterable[Mapping[str, Any]], *, zh: bool) -> list[dict[str, Any]]:
    """The same in one language, as problem documents have them."""
    return [
        {"field": said["field"], "code": said["code"], "detail": said["zh" if zh else "en"]}
        for said in found_wrong(errors)
    ]


def name_of(loc: Sequence[int | str]) -> str:
    """("body", "lines", 0, "quantity") -> lines[0].quantity; the marks of window shapes (=span) are left out."""
    parts = [part for part in loc if not str(part).startswith("=")]
    if len(parts) > 1 and parts[0] in ("body", "query", "path", "header"):
        parts = parts[1:]
    name = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in parts)
    return name.removeprefix(".")[:200]


def refusal(errors: Sequence[Mapping[str, Any]]) -> Refused:
    """The refusal that carries them: an unreadable body is malformed, everything else is invalid."""
    if any(error["type"] == "json_invalid" for error in errors):
        return Refused(
            "body.malformed", "请求体不是有效的 JSON。", "The body is not valid JSON.", kind="malformed", field="body"
        )
    fields = [name_of(error["loc"]) for error in errors][:5]
    return Refused(
        "body.invalid", f"请检查这些项：{'、'.join(fields)}。", f"Please check: {', '.join(fields)}.", kind="invalid"
    )


def _filled(sentence: str, context: Mapping[str, Any]) -> str:
    return re.sub(r"\{(\w+)\}", lambda match: str(context.get(match[1], "…"))[:100], sentence)
