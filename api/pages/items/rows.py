"""Rows of a form, NAME-0-PART: added and taken away on the server, so that it works without JavaScript."""

from __future__ import annotations

import re
from collections.abc import Mapping

from api.pages.forms import Form

LISTS = ("lines", "windows")
KIND = {"_add-lines": ("lines", ""), "_add-span": ("windows", "span"), "_add-weekly": ("windows", "weekly")}
SHOW = "_show"  # asks for the form as it was typed, nothing else
MOST_ROWS = 20  # of each list
_ROW = re.compile(r"(\w+)-(\d{1,3})-(\w+)", re.ASCII)
_DROP = re.compile(r"_drop-(lines|windows)-(\d{1,3})", re.ASCII)

Row = dict[str, str]


def only_shown_again(form: Form) -> bool:
    """Whether a row is added or taken away: the form is shown again and nothing is checked or done."""
    return any(name in KIND or name == SHOW or _DROP.fullmatch(name) for name in form.fields)


def with_rows_changed(form: Form) -> Form:
    """The form with the row that was asked for, or without it; what is filled in next is marked."""
    rows = {name: rows_of(form.fields, name) for name in LISTS}
    next_field = ""
    for pressed in list(form.fields):
        if pressed in KIND:
            name, kind = KIND[pressed]
            if len(rows[name]) < MOST_ROWS:
                rows[name].append({"kind": kind})
            first = {"": "kind", "span": "date", "weekly": "day1"}[kind]
            next_field = f"{name}-{len(rows[name]) - 1}-{first}"
        elif (match := _DROP.fullmatch(pressed)) and int(match[2]) < len(rows[match[1]]):
            del rows[match[1]][int(match[2])]
            next_field = match[1]
    return Form(flat(form.fields, rows), form.wrong, form.key, next_field)


def numbered(form: Form) -> Form:
    """The same form without blank rows, the others counted from 0."""
    rows = {name: [row for row in rows_of(form.fields, name) if not _is_blank(name, row)] for name in LISTS}
    return Form(flat(form.fields, rows), form.wrong, form.key)


def rows_of(fields: Mapping[str, str], name: str) -> list[Row]:
    """The rows of a list in their order, part -> typed."""
    found: dict[int, Row] = {}
    for each, typed in fields.items():
        if (match := _ROW.fullmatch(each)) and match[1] == name:
            found.setdefault(int(match[2]), {})[match[3]] = typed
    return [found[n] for n in sorted(found)]


def flat(fields: Mapping[str, str], rows: Mapping[str, list[Row]]) -> dict[str, str]:
    """Fields with these rows in the place of all others, and without what was pressed."""
    kept = {name: typed for name, typed in fields.items() if not _ROW.fullmatch(name) and not _pressed(name)}
    return {
        **kept,
        **{f"{name}-{n}-{part}": typed for name, each in rows.items() for n, row in enumerate(each) for part, typed in row.items()},
    }


def _pressed(name: str) -> bool:
    return name in KIND or name == SHOW or bool(_DROP.fullmatch(name))


def _is_blank(name: str, row: Row) -> bool:
    own = ("kind", "quantity", "unit") if name == "lines" else set(row) - {"kind"}
    return not any(row.get(part, "").strip() for part in own)
