"""Office files: lists that people keep in Excel, CSV or JSON lines, to rows; and empty forms to fill in."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
import zlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from python_calamine import CalamineError, load_workbook
from xlsxwriter import Workbook

from adapters import office_template
from domain.events import Refused
from services.office_ports import FormColumn, Sheet

MOST_ROWS = 5_000
MOST_COLUMNS = 60
MOST_UNPACKED = 50_000_000  # bytes of a spreadsheet's parts
MOST_PARTS = 200
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_ZIP = b"PK\x03\x04"
_SIGNATURES = (b"\xd0\xcf\x11\xe0", b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"Rar!", b"\x1f\x8b", b"7z\xbc\xaf")

_BROKEN = (zipfile.BadZipFile, zlib.error, RuntimeError, ValueError, OSError, EOFError)
_TAG = re.compile(rb"<(?:\w+:)?(row|c)\b([^>]*)>")
_PLACE = re.compile(rb"\br\s*=\s*[\"']([A-Z]{0,4})(\d{1,9})[\"']")

Row = tuple[int, dict[str, Any]]  # the row's number as the file's reader sees it, and its cells by heading


class SpreadsheetOffice:
    """What a file is, its first bytes say; its name and declared type do not count."""

    def read(self, data: bytes) -> Sequence[tuple[int, Mapping[str, Any]]]:
        """The rows of `sheet`."""
        return self.sheet(data).rows

    def sheet(self, data: bytes) -> Sheet:
        """Rows with at least one cell. Excel: the first sheet; its and CSV's first row holds the headings.
        Refused: import.unknown_format (415), import.too_large (413), import.unreadable, import.empty."""
        name, first_column = "", 0
        if data.startswith(_ZIP):
            name, first_column, cells = _sheet(data)
            columns, rows = _table(cells)
        elif data.startswith(_SIGNATURES) or b"\x00" in data[:4096]:
            raise _unknown()
        else:
            text = _text(data)
            columns, rows = ([], _json_lines(text)) if text.lstrip().startswith("{") else _table(_csv(text))
        if not rows:
            raise Refused("import.empty", "文件没有数据行。", "The file holds no rows.", kind="invalid", field="file")
        places = {heading: first_column + n for n, heading in enumerate(columns) if heading}
        return Sheet(name=name, columns=places, rows=rows)

    def template(self, title: str, columns: Sequence[FormColumn], help: Sequence[tuple[str, str]]) -> bytes:
        """A spreadsheet with an example row, lists to choose from, and a second sheet of help in two languages."""
        return office_template.written(title, columns, help)

    def form(self, title: str, headings: Sequence[tuple[str, str, bool]]) -> bytes:
        """An empty xlsx form: (heading, hint, required) a column; required ones are marked with a star."""
        out = io.BytesIO()
        book = Workbook(out, {"in_memory": True})
        sheet = book.add_worksheet(title[:31])
        plain, bold = book.add_format({"bg_color": "#EEF3F8"}), book.add_format({"bold": True, "bg_color": "#DCE9F5"})
        for n, (heading, hint, required) in enumerate(headings):
            sheet.write_string(0, n, f"{heading}*" if required else heading, bold if required else plain)
            sheet.write_comment(0, n, hint)
            sheet.set_column(n, n, max(12, 2 * len(heading) + 4))
        sheet.freeze_panes(1, 0)
        book.close()
        return out.getvalue()

    def listing(
        self, title: str, notes: Sequence[str], headings: Sequence[str], rows: Sequence[Sequence[str | int]]
    ) -> bytes:  # fmt: skip
        """A spreadsheet to print or to work with: notes, then headings that stay in sight and can be filtered, then rows,
        written one by one. Texts are written as texts; those that a program might take for a formula are marked so
        that they stay texts in a copy, too."""
        out = io.BytesIO()
        book = Workbook(out, {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
        sheet = book.add_worksheet(title[:31])
        bold = book.add_format({"bold": True, "bg_color": "#DCE9F5", "text_wrap": True})
        soft, quoted = book.add_format({"font_color": "#5C636B"}), book.add_format({"quote_prefix": True})
        sheet.set_landscape()
        sheet.set_paper(9)  # A4
        sheet.fit_to_pages(1, 0)
        sheet.set_footer(f"&L{notes[-1].replace('&', '&&')}&R&P / &N" if notes else "")
        first = len(notes)
        for n, (width, _) in enumerate(zip(_widths(headings, rows), headings, strict=True)):
            sheet.set_column(n, n, width)
        for n, note in enumerate(notes):
            sheet.write_string(n, 0, note, soft)
        for n, heading in enumerate(headings):
            sheet.write_string(first, n, heading, bold)
        for r, row in enumerate(rows, start=first + 1):
            for n, cell in enumerate(row):
                if isinstance(cell, int):
                    sheet.write_number(r, n, cell)
                else:
                    sheet.write_string(r, n, cell, quoted if cell.startswith(_FORMULA) else None)
        sheet.freeze_panes(first + 1, 1)
        sheet.autofilter(first, 0, first + max(len(rows), 1), len(headings) - 1)
        sheet.repeat_rows(first)
        book.close()
        return out.getvalue()


def _widths(headings: Sequence[str], rows: Sequence[Sequence[str | int]]) -> list[int]:
    """Of columns, in characters: what the first rows need, within reason; a Chinese character takes two."""
    columns = zip(headings, *rows[:200], strict=True)
    return [min(max(len(str(cell).encode("gb18030", "replace")) + 2 for cell in column), 42) for column in columns]


def _sheet(data: bytes) -> tuple[str, int, Iterable[tuple[int, Sequence[Any]]]]:
    """Name, first column and rows of the first sheet."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = _parts(archive)
        book = load_workbook(_packed(parts))
        sheet = book.get_sheet_by_index(0)
        rows = sheet.to_python()
    except (*_BROKEN, CalamineError) as error:
        raise _unreadable(f"表格有误（{error}）", f"the spreadsheet is broken ({error})") from None
    first = sheet.start[0] if sheet.start else 0
    found = [(first + n, row) for n, row in enumerate(rows, start=1) if any(_has(cell) for cell in row)]
    if len(found) > MOST_ROWS + 1 or sheet.width > MOST_COLUMNS:
        raise _too_large()
    return book.sheet_names[0], sheet.start[1] if sheet.start else 0, found


def _parts(archive: zipfile.ZipFile) -> dict[str, bytes]:
    """The unpacked parts, none beyond the limits. What reads them reserves room for every cell up to the farthest one, so
    a few bytes that name a far cell would take the whole process down: such sheets are refused first."""
    listed = archive.infolist()
    if not any(part.filename.startswith("xl/") for part in listed):
        raise _unknown()
    if len(listed) > MOST_PARTS or sum(part.file_size for part in listed) > MOST_UNPACKED:
        raise _too_large()
    parts = {part.filename: archive.read(part) for part in listed}
    for name, part in parts.items():
        if name.startswith("xl/worksheets/"):
            rows, columns = _corner(part)
            if rows > 2 * MOST_ROWS or columns > 4 * MOST_COLUMNS:
                raise _too_large()
    return parts


def _corner(sheet: bytes) -> tuple[int, int]:
    """Row and column of the farthest cell that holds something."""
    if b"\x00" in sheet[:200]:
        raise _unreadable("表格的编码须为 UTF-8", "the sheet is not in UTF-8")
    rows = columns = row = column = 0
    for tag in _TAG.finditer(sheet):
        place = _PLACE.search(tag[2])
        if tag[1] == b"row":
            row, column = (int(place[2]) if place else row + 1), 0
            continue
        column = _column(place[1]) if place and place[1] else column + 1
        row = int(place[2]) if place and place[1] else row
        if not tag[2].endswith(b"/"):
            rows, columns = max(rows, row), max(columns, column)
    return rows, columns


def _column(letters: bytes) -> int:
    """A is 1, Z 26, AA 27."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _packed(parts: dict[str, bytes]) -> io.BytesIO:
    """Just the parts that were measured: sizes that an archive states of itself may lie."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    out.seek(0)
    return out


def _csv(text: str) -> Iterable[tuple[int, Sequence[Any]]]:
    head = text.partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(",\t;", key=head.count), strict=True)
    found: list[tuple[int, Sequence[Any]]] = []
    line = 1
    try:
        for row in reader:
            found.append((line, row))
            line = reader.line_num + 1
            if len(found) > MOST_ROWS + 1 or len(row) > MOST_COLUMNS:
                raise _too_large()
    except csv.Error as error:
        raise _unreadable(f"第 {line} 行不是有效的 CSV（{error}）", f"line {line} is not valid CSV ({error})") from None
    return found


def _table(rows: Iterable[tuple[int, Sequence[Any]]]) -> tuple[list[str], list[Row]]:
    """The headings and what stands below them: the first row with a cell names the columns."""
    filled = [(n, row) for n, row in rows if any(_has(cell) for cell in row)]
    if not filled:
        return [], []
    headings = [str(cell).strip().rstrip("*＊").strip() for cell in filled[0][1]]
    named = [heading for heading in headings if heading]
    if len(set(named)) < len(named):
        raise _unreadable("表头有重复的列名", "two columns have the same heading")
    found = []
    for n, row in filled[1:]:
        loose = [cell for cell in row[len(headings) :] if _has(cell)]
        unnamed = [cell for heading, cell in zip(headings, row, strict=False) if not heading and _has(cell)]
        if loose or unnamed:
            raise _unreadable(f"第 {n} 行有一格没有对应的表头", f"row {n} has a cell without a heading")
        found.append((n, {h: _cell(cell) for h, cell in zip(headings, row, strict=False) if h and _has(cell)}))
    return headings, found


def _json_lines(text: str) -> list[Row]:
    found: list[Row] = []
    for n, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            row = None
        if not isinstance(row, dict):
            raise _unreadable(f"第 {n} 行不是一个 JSON 对象", f"line {n} is not a JSON object")
        found.append((n, row))
        if len(found) > MOST_ROWS:
            raise _too_large()
    return found


def _text(data: bytes) -> str:
    """UTF-8 with or without its mark, else GBK (as Excel in China writes CSV)."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise _unreadable("文字编码须为 UTF-8 或 GBK", "the text must be UTF-8 or GBK")


def _has(cell: Any) -> bool:
    return cell is not None and (not isinstance(cell, str) or bool(cell.strip()))


def _cell(cell: Any) -> Any:
    """Whole numbers as such; dates and times as ISO text; other text without the blanks around it."""
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 2**53:
        return int(cell)
    if hasattr(cell, "isoformat"):
        return cell.isoformat()
    return cell.strip() if isinstance(cell, str) else cell


def _unknown() -> Refused:
    return Refused(
        "import.unknown_format", "请上传 xlsx、CSV（UTF-8 或 GBK）或 JSON 行文件。",
        "Send an xlsx file, CSV (UTF-8 or GBK) or JSON lines.", kind="media",
    )  # fmt: skip


def _too_large() -> Refused:
    return Refused(
        "import.too_large", f"一次最多 {MOST_ROWS} 行、{MOST_COLUMNS} 列，请分几次导入。",
        f"At most {MOST_ROWS} rows and {MOST_COLUMNS} columns at a time: import in parts.", kind="large",
    )  # fmt: skip


def _unreadable(zh: str, en: str) -> Refused:
    return Refused(
        "import.unreadable", f"文件无法读取：{zh}。", f"The file cannot be read: {en}.", kind="invalid", field="file"
    )
