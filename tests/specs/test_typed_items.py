"""What is shown in a form and sent back untouched means what it meant; what is typed carelessly is read as it was meant."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.bodies import NeedIn
from api.pages.forms import Form, NotRead
from api.pages.items import typed
from api.pages.items.rows import numbered, rows_of, with_rows_changed
from api.pages.items.windows import as_shown
from domain.calendar import Slot, Span, Weekly, Window, expand

CLOCKS = [f"{hour:02d}:{minute:02d}" for hour in range(24) for minute in (0, 15, 59)]
days = st.dates(date(2025, 1, 1), date(2030, 12, 31))
words = st.text("志愿者物资 abc<&\"'", min_size=1, max_size=12).filter(lambda word: word.strip() == word and word not in typed.YUAN)
quantities = st.integers(1, 10**9)


@st.composite
def spans(draw: st.DrawFn) -> Window:
    start = datetime.combine(draw(days), datetime.min.time(), UTC) + timedelta(minutes=draw(st.integers(0, 1439)))
    return Span(start, start + timedelta(minutes=draw(st.integers(1, 4000))))


@st.composite
def weeks(draw: st.DrawFn) -> Window:
    hours = st.lists(st.sampled_from(CLOCKS), min_size=2, max_size=2, unique=True).map(sorted)
    slots = draw(st.lists(st.tuples(st.integers(1, 7), hours), min_size=1, max_size=5, unique_by=lambda s: (s[0], *s[1])))
    since = draw(days)
    until = since + timedelta(days=draw(st.integers(0, 60)))
    skipped = draw(st.lists(st.dates(since, until), max_size=3, unique=True))
    return Weekly(tuple(Slot(day, opens, closes) for day, (opens, closes) in slots), since, until, tuple(sorted(skipped)))


lines = st.lists(
    st.tuples(words, quantities, st.one_of(words, st.just("分"))), min_size=1, max_size=4, unique_by=lambda line: (line[0], line[2])
)


@given(lines, st.lists(st.one_of(spans(), weeks()), max_size=3), st.integers(0, 3), st.integers(0, 10**6))
def test_an_item_that_is_sent_back_untouched_is_the_same_item(
    given_lines: list[tuple[str, int, str]], windows: list[Window], urgency: int, people: int
):
    item: dict[str, Any] = {
        "title": "标题 <b>", "category": "service", "area": "310101", "urgency": urgency, "beneficiaries": people,
        "respond_by": "2031-01-01T15:59:59Z", "outside": None, "note": "第一行\n第二行", "windows": as_shown(windows),
        "lines": [{"kind": kind, "quantity": quantity, "unit": unit} for kind, quantity, unit in given_lines],
    }  # fmt: skip
    asked = typed.body(Form(typed.fields(item, "need")), "need", NeedIn).asked()
    assert [(line.kind, line.quantity, line.unit) for line in asked.lines] == given_lines
    assert (asked.title, asked.note, asked.urgency, asked.beneficiaries) == ("标题 <b>", "第一行\n第二行", urgency, people)
    assert asked.respond_by == datetime(2031, 1, 1, 15, 59, 59, tzinfo=UTC)
    assert occurrences(asked.windows) == occurrences(windows)


def occurrences(windows: Any) -> list[tuple[datetime, datetime]]:
    return sorted({(o.start, o.end) for window in windows for o in expand(window, limit=500)})


@pytest.mark.parametrize(
    ("amount", "unit", "fen"),
    [("1,200", "元", 120_000), ("１２００．５", "元", 120_050), ("0.01", "yuan", 1), ("3.5", "万元", 3_500_000), ("7", "RMB", 700)],
)
def test_money_is_typed_in_yuan_and_counted_in_fen(amount: str, unit: str, fen: int):
    form = Form({"lines-0-kind": "资金", "lines-0-quantity": amount, "lines-0-unit": unit})
    assert typed.values(form, "need")["lines"] == [{"kind": "资金", "quantity": fen, "unit": "分"}]


@pytest.mark.parametrize("amount", ["1.234", "-5", "五元", "1.2.3", "", "1e5"])
def test_money_that_cannot_be_counted_is_said_and_never_rounded(amount: str):
    form = Form({"lines-0-kind": "资金", "lines-0-quantity": amount, "lines-0-unit": "元", "title": "x", "category": "y", "area": "z"})
    with pytest.raises(NotRead) as wrong:
        typed.body(form, "need", NeedIn)
    assert ("lines", 0, "quantity") in [each["loc"] for each in wrong.value.errors()]


@given(st.lists(words, max_size=6), st.integers(0, 8))
def test_a_row_that_is_taken_away_takes_no_other_with_it(kinds: list[str], n: int):
    fields = {f"lines-{3 * i}-kind": kind for i, kind in enumerate(kinds)}
    left = with_rows_changed(Form({**fields, f"_drop-lines-{n}": ""}))
    assert [row["kind"] for row in rows_of(left.fields, "lines")] == kinds[:n] + kinds[n + 1 :]
    assert not any(name.startswith("_drop") for name in left.fields)


@given(st.dictionaries(st.text(max_size=20), st.text(max_size=20), max_size=8))
def test_whatever_is_sent_is_numbered_without_harm(fields: dict[str, str]):
    again = numbered(Form(fields))
    assert numbered(again).fields == again.fields
