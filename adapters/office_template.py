"""Templates to fill in: an Excel sheet with an example, lists to choose from, and help in two languages beside it."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from xlsxwriter import Workbook

from services.office_ports import FormColumn

ROWS = 5_000  # that choices are offered in
LISTS = "lists"


def written(title: str, columns: Sequence[FormColumn], help: Sequence[tuple[str, str]]) -> bytes:
    """The first sheet is to be filled in; everything is written as text, so that no cell is a formula."""
    out = io.BytesIO()
    book = Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    sheet, pages, lists = book.add_worksheet(title[:31]), book.add_worksheet("说明 Help"), book.add_worksheet(LISTS)
    lists.hide()
    plain, bold = book.add_format({"bg_color": "#EEF3F8"}), book.add_format({"bold": True, "bg_color": "#DCE9F5"})
    grey = book.add_format({"italic": True, "font_color": "#777777"})
    for n, column in enumerate(columns):
        sheet.write_string(0, n, f"{column.heading}*" if column.required else column.heading, bold if column.required else plain)
        sheet.write_comment(0, n, column.hint)
        sheet.set_column(n, n, max(12, 2 * len(column.heading) + 4, 2 * len(str(column.example))))
        _put(sheet, n, column.example, grey)
        _offer(sheet, lists, n, column.choices)
    sheet.freeze_panes(1, 0)
    _explain(book, pages, columns, help)
    book.close()
    return out.getvalue()


def _put(sheet: Any, n: int, example: str | int, grey: Any) -> None:
    if isinstance(example, int):
        sheet.write_number(1, n, example, grey)
    elif example:
        sheet.write_string(1, n, example, grey)


def _offer(sheet: Any, lists: Any, n: int, choices: tuple[str, ...]) -> None:
    """A list to choose from; Excel keeps the words themselves on a hidden sheet."""
    if not choices:
        return
    for row, choice in enumerate(choices):
        lists.write_string(row, n, choice)
    letter = chr(ord("A") + n)
    source = f"={LISTS}!${letter}$1:${letter}${len(choices)}"
    sheet.data_validation(1, n, ROWS, n, {"validate": "list", "source": source, "error_type": "warning"})


def _explain(book: Any, sheet: Any, columns: Sequence[FormColumn], help: Sequence[tuple[str, str]]) -> None:
    wrapped, bold = book.add_format({"text_wrap": True, "valign": "top"}), book.add_format({"bold": True})
    sheet.set_column(0, 0, 28)
    sheet.set_column(1, 2, 60)
    row = 0
    for zh, en in help:
        sheet.write_string(row, 1, zh, wrapped)
        sheet.write_string(row, 2, en, wrapped)
        row += 1
    for n, heading in enumerate(("列 Column", "填什么 What goes there", "可选 Choices")):
        sheet.write_string(row + 1, n, heading, bold)
    for n, column in enumerate(columns, start=row + 2):
        sheet.write_string(n, 0, f"{column.heading}*" if column.required else column.heading)
        sheet.write_string(n, 1, column.hint, wrapped)
        sheet.write_string(n, 2, "、".join(column.choices), wrapped)
