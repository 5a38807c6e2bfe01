"""Templates for lists: the columns of a kind with an example, the choices of the rule book, and help in both languages."""

from __future__ import annotations

from collections.abc import Mapping

from api.columns import COLUMNS
from domain.rules import RuleBook
from services.office_ports import FormColumn

EXAMPLES: Mapping[str, Mapping[str, str | int]] = {
    "needs": {
        "title": "示例：重阳节为二十位老人理发", "area": "310101001001", "kind": "理发师", "quantity": 4, "unit": "人",
        "urgency": 2, "beneficiaries": 20, "respond_by": "2026-10-10 18:00", "start": "2026-10-18 09:00",
        "end": "2026-10-18 11:00", "note": "居委活动室，有热水",
    },
    "offers": {
        "title": "示例：会议室周末开放", "kind": "会议室", "quantity": 1, "unit": "间", "reach": "street",
        "weekly": "周六 09:00-12:00", "from": "2026-04-01", "until": "2026-12-31", "note": "可坐三十人",
    },
    "units": {"name": "示例：仁济社区医院", "code": "91310101MA1FL0000X", "kind": "医院", "areas": "310101001"},
    "areas": {
        "id": "示例：310101001009", "name": "和平居民区", "kind": "neighbourhood", "parent": "310101001", "since": "2026-04-01",
        "households": 1800,
    },
}  # fmt: skip
HELP = (
    (
        "每行一条。带 * 的列必填，其他列可以空着，也可以整列删去。",
        "One item a row. Columns with a * are required; others may stay blank or be removed.",
    ),
    ("第一格以“示例”开头的行不会导入。", "Rows whose first cell begins with “示例” or “Example” are not imported."),
    ("时间写作 2026-04-01 09:00（北京时间）。", "Times are written 2026-04-01 09:00 (Beijing time)."),
    ("金额以分计：一万元写 1000000，单位写“分”。", "Money is counted in fen: 10,000 yuan is 1000000 with the unit 分."),
    ("有一行不对，整份都不导入；改好以后重新上传即可。", "If one row is wrong nothing is imported: correct it and upload again."),
    ("请勿填写居民姓名、电话、身份证号等个人信息。", "Leave out names, telephone and identity numbers of residents."),
)


def columns_of(kind: str, book: RuleBook | None) -> list[FormColumn]:
    found = []
    for column in COLUMNS[kind]:
        choices = _choices(kind, column.field, book)
        example = EXAMPLES[kind].get(column.field, choices[0] if choices and column.required else "")
        found.append(FormColumn(
            heading=column.zh[0], hint=column.hint, required=column.required, example=example, choices=choices,
        ))  # fmt: skip
    return found


def _choices(kind: str, field: str, book: RuleBook | None) -> tuple[str, ...]:
    if book is None:
        return ()
    if field == "category":
        return tuple(category.zh for category in book.categories)
    if kind == "areas" and field == "kind":
        return tuple(tier.kind for tier in book.tiers)
    if field == "reach":
        return tuple(tier.kind for tier in book.tiers)
    if field in ("group", "groups"):
        return tuple(group.zh for group in book.groups)
    return {"urgency": ("0", "1", "2", "3"), "vulnerable": ("是", "否")}.get(field, ())
