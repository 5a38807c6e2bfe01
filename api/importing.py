"""From a list in a file to what is asked for: headings to fields, rows to drafts, and what is wrong with the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import ValidationError

from api.bodies import NeedIn, OfferIn
from api.bodies_register import AreaIn, UnitIn
from api.columns import body_of, column_of, field_of
from api.validation import found_wrong
from domain.events import Refused
from domain.rules import RuleBook
from services.imports import ImportRow, RowError
from services.office_ports import Sheet

Kind = Literal["offers", "needs", "units", "areas"]
BODIES: Mapping[str, type[OfferIn | NeedIn | UnitIn | AreaIn]] = {
    "offers": OfferIn, "needs": NeedIn, "units": UnitIn, "areas": AreaIn,
}  # fmt: skip
EXAMPLE = ("示例", "Example")  # how the first cell of a template's example begins


@dataclass(frozen=True, kw_only=True, slots=True)
class Understood:
    """Rows of the right shape, what is wrong with the others, and heading by field. `examples`: rows left out."""

    rows: Sequence[ImportRow]
    wrong: Sequence[RowError]
    headings: Mapping[str, str]
    total: int
    examples: int

    def heading(self, field: str) -> str | None:
        """The heading in the file under which a field stands."""
        return column_of(field, self.headings)


def understood(kind: Kind, sheet: Sheet, book: RuleBook | None) -> Understood:
    """Categories may be named by their id or as the rule book calls them. Refused: import.empty, when there is nothing but
    examples."""
    headings: dict[str, str] = {}
    rows: list[ImportRow] = []
    wrong: list[RowError] = []
    asked = [(number, cells) for number, cells in sheet.rows if not _is_example(cells)]
    if not asked:
        raise Refused("import.empty", "文件没有数据行。", "The file holds no rows.", kind="invalid", field="file")
    for heading in sheet.columns:
        headings[field_of(kind, heading) or heading] = heading
    for number, cells in asked:
        fields = {heading: field_of(kind, heading) or heading for heading in cells}
        headings |= {field: heading for heading, field in fields.items()}
        named, unknown = _categorised(number, {fields[heading]: cells[heading] for heading in cells}, book)
        wrong += unknown
        try:
            body = BODIES[kind].model_validate(body_of(kind, named))
        except ValidationError as error:
            wrong += [RowError(row=number, **said) for said in found_wrong(error.errors(include_url=False))]
            continue
        if unknown:
            continue
        rows.append(ImportRow(number=number, draft=body.asked(), as_draft=getattr(body, "draft", False)))
    examples = len(sheet.rows) - len(asked)
    return Understood(rows=rows, wrong=wrong, headings=headings, total=len(asked), examples=examples)


def _categorised(
    number: int, fields: dict[str, Any], book: RuleBook | None
) -> tuple[dict[str, Any], list[RowError]]:
    """With the category's id instead of its name; an unknown one is told, and the rest of the row still looked at."""
    if book is None or not fields.get("category"):
        return fields, []
    try:
        return {**fields, "category": book.category(str(fields["category"])).id}, []
    except Refused as error:
        told = RowError(row=number, field="category", code=error.code, zh=error.zh, en=error.en)
        return {**fields, "category": book.categories[0].id}, [told]


def _is_example(cells: Mapping[str, Any]) -> bool:
    return str(next(iter(cells.values()), "")).startswith(EXAMPLE)
