"""The port of office files: lists that people keep in spreadsheets, and templates to fill in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, kw_only=True, slots=True)
class Sheet:
    """A list as it lies in a file: rows by their number, cells by heading. `columns`: heading -> its place, 0 is A;
    none where there are no columns. `name`: of the sheet, "" where a file has none."""

    name: str
    columns: Mapping[str, int]
    rows: Sequence[tuple[int, Mapping[str, Any]]]

    def cell(self, heading: str | None, row: int) -> str | None:
        """"B7", as a spreadsheet names it; None when the file has no such column."""
        if heading is None or heading not in self.columns:
            return None
        letters, n = "", self.columns[heading] + 1
        while n:
            n, letter = divmod(n - 1, 26)
            letters = chr(ord("A") + letter) + letters
        return f"{letters}{row}"


@dataclass(frozen=True, kw_only=True, slots=True)
class FormColumn:
    """A column of a template: `choices` are offered in a list, `example` stands in the example's row."""

    heading: str
    hint: str
    required: bool
    example: str | int = ""
    choices: tuple[str, ...] = ()


class Office(Protocol):
    """Files that people keep lists in."""

    def read(self, data: bytes) -> Sequence[tuple[int, Mapping[str, Any]]]:
        """The rows of `sheet`."""

    def sheet(self, data: bytes) -> Sheet:
        """Refused: import.… when it is no list we know."""

    def form(self, title: str, headings: Sequence[tuple[str, str, bool]]) -> bytes:
        """An empty spreadsheet: (heading, hint, required) a column."""

    def template(self, title: str, columns: Sequence[FormColumn], help: Sequence[tuple[str, str]]) -> bytes:
        """A spreadsheet with an example row, lists to choose from, and a second sheet of help in two languages."""
