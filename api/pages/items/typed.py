"""From what was typed to a body of the API, and from an item back to what somebody would have typed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from api.pages import shown
from api.pages.forms import Form, NotRead, nested
from api.pages.items import windows
from api.pages.items.rows import Row, flat, rows_of
from domain.capacity import MONEY_UNITS

YUAN = {"元": 100, "yuan": 100, "rmb": 100, "¥": 100, "万元": 1_000_000}  # fen
END_OF_DAY = "T23:59:59+08:00"
# what one form asks for, in its order; a change is a change of one of these
PARTS = {
    "need": (
        *("title", "category", "area", "lines", "windows", "beneficiaries", "urgency", "respond_by", "outside"),
        *("skill", "group", "vulnerable", "note"),
    ),
    "offer": ("title", "category", "reach", "lines", "windows", "skills", "groups", "minimum", "note"),
}
FIXED = ("category", "area", "reach", "outside")  # chosen once, when the item is made
ON = "on"  # a box that is ticked
_NOT_PLAIN = ("lines", "windows", "respond_by", "vulnerable", "skills", "groups", "minimum")
_BETWEEN = re.compile(r"[\u3001,，;；\n]+")
_MONEY = re.compile(r"\d{1,12}(\.\d{1,2})?", re.ASCII)

Doc = Mapping[str, Any]
Read = TypeVar("Read", bound=BaseModel)


def values(form: Form, kind: str) -> dict[str, Any]:
    """What was typed as the API says it, by part. Raises NotRead."""
    found, wrong = _values(form, kind)
    if wrong:
        raise NotRead(wrong)
    return found


def body(form: Form, kind: str, model: type[Read], **more: Any) -> Read:
    """What was typed as a body. Raises NotRead with all that is wrong at once."""
    found, wrong = _values(form, kind)
    return checked(model, {**found, **more}, kind, wrong)


def checked(model: type[Read], found: Mapping[str, Any], kind: str, wrong: Sequence[Doc] = ()) -> Read:
    """A body, checked as the API checks it; with what was `wrong` before. Raises NotRead."""
    all_wrong = [*wrong]
    try:
        read = model.model_validate(found)
    except ValidationError as error:
        known = {each["loc"] for each in wrong}
        all_wrong += [{**each, "loc": _place(each["loc"])} for each in error.errors() if each["loc"] not in known]
    if all_wrong:
        raise NotRead(_in_order(all_wrong, kind))
    return read


def unit_shown(unit: str) -> str:
    """Money is counted in fen and typed in yuan."""
    return "元" if unit in MONEY_UNITS else unit


def counted(row: Row) -> int:
    """How much a row asks for, in the unit that is stored; nothing when it cannot be read."""
    found, wrong = _values(Form({f"lines-0-{part}": typed for part, typed in row.items()}), "need")
    quantity = found["lines"][0].get("quantity") if found.get("lines") else 0
    return quantity if isinstance(quantity, int) and not wrong else 0


def fields(item: Doc, kind: str) -> dict[str, str]:
    """The item as somebody would have typed it."""
    plain = {part: str(item[part]) for part in PARTS[kind] if item.get(part) and part not in _NOT_PLAIN}
    plain |= {f"groups-{group}": ON for group in item.get("groups") or () if kind == "offer"}
    if kind == "need":
        plain["urgency"] = str(item["urgency"])
        plain["respond_by"] = shown.day(item["respond_by"]) if item.get("respond_by") else ""
        plain |= {"vulnerable": ON} if item.get("vulnerable") else {}
    elif item.get("minimum"):
        money = all(line["unit"] in MONEY_UNITS for line in item["lines"])
        plain["minimum"] = _line_row({"kind": "", "quantity": item["minimum"], "unit": MONEY_UNITS[0] if money else ""})["quantity"]
    if kind == "offer":
        plain["skills"] = "、".join(item.get("skills") or ())
    return flat(plain, {"lines": [_line_row(line) for line in item["lines"]], "windows": windows.typed(item["windows"])})


def same(one: Any, other: Any) -> bool:
    """Whether two values of a part mean the same: texts without the space around them."""
    clean = [each.strip().replace("\r\n", "\n") if isinstance(each, str) else each for each in (one, other)]
    return bool(clean[0] == clean[1]) or not (clean[0] or clean[1])


def taken(form: Form, item: Doc, kind: str, parts: set[str]) -> Form:
    """The form with these parts as the item has them now."""
    now, kept = fields(item, kind), dict(form.fields)
    for part in parts:
        kept = {name: typed for name, typed in kept.items() if _part(name) != part}
        kept |= {name: typed for name, typed in now.items() if _part(name) == part}
    return Form(kept, form.wrong, form.key)


def _values(form: Form, kind: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    apart = ("windows", "groups", "skills", "vulnerable")
    typed = {name: value for name, value in form.fields.items() if _part(name) in PARTS[kind] and _part(name) not in apart}
    found, wrong = nested(typed), list[dict[str, Any]]()
    found["windows"], bad = windows.read(rows_of(form.fields, "windows"))
    for n, line in enumerate(found.get("lines", ())):
        wrong += _count_money(line, n)
    if day := found.get("respond_by"):
        found["respond_by"] = f"{day}{END_OF_DAY}"
        wrong += [] if shown.is_day(day) else [{"type": "day", "loc": ("respond_by",)}]
    if kind == "need":
        found["vulnerable"] = bool(form["vulnerable"])
    else:
        found |= {"skills": _words(form["skills"]), "groups": _ticked(form)}
        wrong += _count_minimum(found)
    return found, [*wrong, *bad]


def _words(typed: str) -> list[str]:
    return list(dict.fromkeys(word for word in (each.strip() for each in _BETWEEN.split(typed)) if word))


def _ticked(form: Form) -> list[str]:
    return sorted(name.partition("-")[2] for name, value in form.fields.items() if _part(name) == "groups" and value)


def _count_minimum(found: dict[str, Any]) -> list[dict[str, Any]]:
    """Of an offer of money alone it is typed in yuan, like its lines."""
    units = {line.get("unit") for line in found.get("lines", ())}
    if "minimum" not in found or units != {MONEY_UNITS[0]}:
        return []
    counted = {"quantity": found["minimum"], "unit": "元"}
    wrong = _count_money(counted, 0)
    found["minimum"] = counted["quantity"]
    return [{**each, "loc": ("minimum",)} for each in wrong]


def _count_money(line: dict[str, Any], n: int) -> list[dict[str, Any]]:
    """Yuan as fen, in place; what cannot be counted so."""
    fen = YUAN.get(str(line.get("unit", "")).strip().lower())
    if fen is None or "quantity" not in line:
        return []
    amount = unicodedata.normalize("NFKC", str(line["quantity"])).replace(",", "")
    if not _MONEY.fullmatch(amount):
        return [{"type": "money", "loc": ("lines", n, "quantity")}]
    whole, _, part = amount.partition(".")
    line["quantity"], line["unit"] = int(whole) * fen + int(part.ljust(2, "0") or 0) * fen // 100, MONEY_UNITS[0]
    return []


def _line_row(line: Doc) -> Row:
    quantity = str(line["quantity"])
    if line["unit"] in MONEY_UNITS:
        yuan, fen = divmod(line["quantity"], 100)
        quantity = f"{yuan}.{fen:02d}" if fen else str(yuan)
    return {"kind": line["kind"], "quantity": quantity, "unit": unit_shown(line["unit"])}


def _place(loc: tuple[Any, ...]) -> tuple[Any, ...]:
    """Skills are typed into one field, groups are ticked in one list."""
    return loc[:1] if loc[0] in ("skills", "groups") else loc


def _part(name: str) -> str:
    return name.partition("-")[0]


def _in_order(wrong: Sequence[Doc], kind: str) -> list[Doc]:
    order = {part: n for n, part in enumerate(PARTS[kind])}
    return sorted(wrong, key=lambda each: (order.get(str(each["loc"][0]), -1), [str(x).zfill(4) for x in each["loc"][1:2]]))
