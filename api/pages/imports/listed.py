"""A list that was sent, as the page shows it: what is wrong by cell, and the first rows as they would be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from api.columns import COLUMNS
from api.importing import Kind, Understood
from api.pages.words import Tongue
from services.imports import RowError
from services.office_ports import Sheet

MOST_TOLD = 100  # errors on one page
FIRST = 8  # rows shown


@dataclass(frozen=True, kw_only=True, slots=True)
class Listed:
    kind: Kind
    file: str
    sheet: Sheet
    found: Understood
    categories: tuple[str, ...]  # as the rule book calls them


@dataclass(frozen=True, kw_only=True, slots=True)
class Wrong:
    """What is wrong with one cell. `cell`: "B7", None where the file has no such column; `helps`: what belongs there."""

    row: int
    cell: str | None
    column: str
    sentence: str
    helps: str
    value: str


def told(listed: Listed, errors: Sequence[RowError], say: Tongue) -> list[Wrong]:
    """The first of them, in the order of the file."""
    rows = dict(listed.sheet.rows)
    found = [_wrong(listed, error, rows.get(error.row, {}), say) for error in errors[:MOST_TOLD]]
    helped: set[str] = set()  # what belongs into a column is said once
    for n, each in enumerate(found):
        found[n] = replace(each, helps="") if each.helps in helped else each
        helped.add(each.helps)
    return found


def first_rows(listed: Listed, errors: Sequence[RowError], say: Tongue) -> dict[str, Any]:
    """{columns: (letter and heading), rows: (number, is wrong, cells)} as they would be taken over."""
    wrong = {error.row for error in errors}
    numbers = {row.number for row in listed.found.rows} | {error.row for error in listed.found.wrong}
    headings = list(listed.sheet.columns) or list(dict.fromkeys(h for _, cells in listed.sheet.rows[:FIRST] for h in cells))
    shown = [(number, cells) for number, cells in listed.sheet.rows if number in numbers][:FIRST]
    return {
        "columns": [((listed.sheet.cell(h, 0) or "").rstrip("0"), h) for h in headings if h],
        "rows": [(number, number in wrong, [_written(cells.get(h)) for h in headings if h]) for number, cells in shown],
    }


def _wrong(listed: Listed, error: RowError, cells: Mapping[str, Any], say: Tongue) -> Wrong:
    heading = listed.found.heading(error.field) if error.field else None
    sentence, helps = error.zh if say.lang == "zh" else error.en, _hint(listed.kind, error.field)
    if error.code == "category.unknown":
        sentence, helps = say("规则书里没有这个类别。"), say("、").join(listed.categories)
    return Wrong(
        row=error.row, cell=listed.sheet.cell(heading, error.row), column=heading or _named(listed.kind, error.field),
        sentence=sentence, helps=helps,
        value=_written(cells.get(heading or "")),
    )  # fmt: skip


def _named(kind: str, field: str) -> str:
    """The heading that is missing from the file."""
    parts = field.replace("[", ".").replace("]", ".").split(".")
    return next((column.zh[0] for column in COLUMNS[kind] if column.field in parts), field)


def _hint(kind: str, field: str) -> str:
    """What belongs into the column; lists say it in both languages."""
    parts = field.replace("[", ".").replace("]", ".").split(".")
    return next((column.hint for part in reversed(parts) for column in COLUMNS[kind] if column.field == part), "")


def _written(value: Any) -> str:
    text = "" if value is None else str(value)
    return text if len(text) <= 60 else f"{text[:59]}…"
