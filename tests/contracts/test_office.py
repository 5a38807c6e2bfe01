"""Office files to rows, and empty forms: what Excel writes is understood, what is too large or no list is refused early."""

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime

import pytest
from python_calamine import load_workbook
from xlsxwriter import Workbook

from adapters.office import MOST_ROWS, SpreadsheetOffice
from domain.events import Refused

MORNING = datetime(2026, 4, 1, 9, 30)  # noqa: DTZ001  Excel knows no zones
office = SpreadsheetOffice()


def xlsx(*rows: list[object]) -> bytes:
    out = io.BytesIO()
    book = Workbook(out, {"in_memory": True, "default_date_format": "yyyy-mm-dd hh:mm"})
    sheet = book.add_worksheet()
    for n, row in enumerate(rows):
        sheet.write_row(n, 0, row)
    book.close()
    return out.getvalue()


def packed(**parts: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name.replace("__", "/"), data)
    return out.getvalue()


def far(row: int, column: int) -> bytes:
    """A sheet with two cells, the second one far away."""
    out = io.BytesIO()
    book = Workbook(out, {"in_memory": True})
    sheet = book.add_worksheet()
    sheet.write(0, 0, "标题")
    sheet.write(row, column, "x")
    book.close()
    return out.getvalue()


def refused(data: bytes) -> str:
    with pytest.raises(Refused) as caught:
        office.read(data)
    return caught.value.code


def test_cells_come_as_people_meant_them():
    rows = office.read(
        xlsx(["标题*", " 数量 ", "开始", "日期", "比例"], [" 义诊 ", 20, MORNING, date(2026, 4, 1), 0.5])
    )
    assert rows == [
        (2, {"标题": "义诊", "数量": 20, "开始": "2026-04-01T09:30:00", "日期": "2026-04-01", "比例": 0.5})
    ]


def test_rows_keep_the_number_that_excel_shows_and_empty_ones_are_skipped():
    rows = office.read(xlsx([], ["标题"], ["一"], [], ["  "], ["二"]))
    assert [(n, row["标题"]) for n, row in rows] == [(3, "一"), (6, "二")]
    assert office.read(far(9_000, 0)) == [(9_001, {"标题": "x"})]
    assert [(n, row["a"]) for n, row in office.read(b'a,b\n"x\ny",1\n\nz,2\n')] == [(2, "x\ny"), (5, "z")]


def test_text_in_gbk_as_excel_writes_it_is_read():
    assert office.read("标题;数量\n义诊;3\n".encode("gbk")) == [(2, {"标题": "义诊", "数量": "3"})]


def test_json_lines_keep_their_shapes():
    assert office.read(b'\n{"lines": [{"quantity": 1}]}\n\n{"a": null}\n') == [(2, {"lines": [{"quantity": 1}]}), (4, {"a": None})]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (packed(**{"word__document.xml": b"<x/>"}), "import.unknown_format"),
        (packed(**{"xl__workbook.xml": b"<x/>"}), "import.unreadable"),
        (packed(**{"xl__workbook.xml": b"0" * 60_000_000}), "import.too_large"),
        (packed(**{f"xl__{n}": b"" for n in range(300)}), "import.too_large"),
        (far(1_048_575, 0), "import.too_large"), (far(0, 16_383), "import.too_large"),
        (xlsx(*[["a"]] * (MOST_ROWS + 2)), "import.too_large"), (xlsx(["a"] * 61, ["b"]), "import.too_large"),
        (b"a\n" + b"1\n" * (MOST_ROWS + 1), "import.too_large"), (b'{"a":1}\n' * (MOST_ROWS + 1), "import.too_large"),
        (b'{"a":' + b"[" * 100_000, "import.unreadable"), (b'{"a": 1}\n[2]', "import.unreadable"), (b"a,b\x00", "import.unknown_format"),
        (xlsx(["a", "a"], [1, 2]), "import.unreadable"), (xlsx(["a", ""], [1, 2]), "import.unreadable"),
        (xlsx(), "import.empty"), (b"\xef\xbb\xbf", "import.empty"), (b"PK\x03\x04", "import.unreadable"),
    ],
    ids=range(18),
)  # fmt: skip
def test_what_is_no_list_or_too_large_is_refused(data: bytes, code: str):
    assert refused(data) == code


def test_a_form_has_its_headings_and_marks_what_is_required():
    data = office.form("offers", [("标题", "1–120 字", True), ("备注", "", False)])
    assert load_workbook(io.BytesIO(data)).get_sheet_by_index(0).to_python() == [["标题*", "备注"]]
    assert refused(data) == "import.empty"
