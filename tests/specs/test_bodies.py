"""What may be sent: shapes that become what the use cases ask for, and what is refused before a rule sees it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from api.auth import Buckets
from api.bodies import ActIn, ClaimIn, FundsIn, NeedIn, OfferIn
from api.bodies_register import AreaIn, UnitIn
from api.columns import body_of, column_of, field_of
from api.errors import as_json
from api.validation import field_errors, name_of
from domain.calendar import Slot, Span, Weekly
from domain.capacity import Line
from domain.claim_proposing import Invitation
from domain.events import Refused

LINE = {"kind": "志愿者", "quantity": 20, "unit": "人"}
NEED = {"title": "义诊", "category": "health", "area": "310101", "lines": [LINE]}
SPAN = {"start": "2026-04-01T09:00:00+08:00", "end": "2026-04-01T03:00:00Z"}
WEEKLY = {
    "weekly": [{"day": "sat", "from": "09:00", "to": "11:00"}, {"day": 7, "from": "14:00", "to": "16:00"}],
    "from": "2026-04-01", "until": "2026-06-30", "except": ["2026-05-02", "2026-05-01"],
}  # fmt: skip


def wrong(body: dict[str, Any], shape: Any = NeedIn) -> dict[str, str]:
    """Field -> code of everything that is wrong."""
    with pytest.raises(ValidationError) as caught:
        shape.model_validate(body)
    return {said["field"]: said["code"] for said in field_errors(caught.value.errors(), zh=True)}


def test_a_need_becomes_the_draft_that_was_meant():
    asked = NeedIn.model_validate({**NEED, "windows": [SPAN, WEEKLY], "respond_by": "2026-03-20T18:00:00+08:00"}).asked()
    assert asked.lines == (Line("志愿者", 20, "人"),)
    assert asked.respond_by == datetime(2026, 3, 20, 10, tzinfo=UTC)
    assert asked.windows == (
        Span(datetime(2026, 4, 1, 1, tzinfo=UTC), datetime(2026, 4, 1, 3, tzinfo=UTC)),
        Weekly(
            (Slot(6, "09:00", "11:00"), Slot(7, "14:00", "16:00")), date(2026, 4, 1), date(2026, 6, 30),
            (date(2026, 5, 1), date(2026, 5, 2)),
        ),
    )  # fmt: skip
    assert (asked.urgency, asked.beneficiaries, asked.note) == (1, 0, None)


def test_an_offer_reaches_the_whole_district_unless_it_says_otherwise():
    assert OfferIn.model_validate({"title": "队伍", "category": "health", "lines": [LINE]}).asked().reach == "district"


def test_a_joint_claim_names_the_other_units_with_their_own_lines():
    body = {"need": "need-1", "lines": [LINE], "members": [{"org": "unit-2", "lines": [LINE]}]}
    assert ClaimIn.model_validate(body).asked().members == (Invitation(org="unit-2", lines=(Line("志愿者", 20, "人"),)),)


def test_text_is_made_one_form_and_keeps_its_lines():
    asked = NeedIn.model_validate({**NEED, "title": "Cafe\u0301", "note": "一\n二\t三"}).asked()
    assert (asked.title, asked.note) == ("Café", "一\n二\t三")


def test_a_whole_number_may_be_written_with_a_point():
    assert NeedIn.model_validate({**NEED, "lines": [{**LINE, "quantity": 3.0}]}).asked().lines[0].quantity == 3


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"owner": "x"}, {"owner": "field.unknown"}),
        ({"lines": [{**LINE, "quantity": "20"}]}, {"lines[0].quantity": "field.whole_number"}),
        ({"lines": [{**LINE, "quantity": 0}]}, {"lines[0].quantity": "field.range"}), ({"title": "\ud800"}, {"title": "field.text"}),
        ({"lines": [{**LINE, "price": 1}]}, {"lines[0].price": "field.unknown"}), ({"draft": "yes"}, {"draft": "field.true_or_false"}),
        ({"windows": [{**SPAN, "end": "2026-04-01T11:00:00"}]}, {"windows[0].end": "field.time"}),
        ({"windows": [{**SPAN, "end": "9999-12-31T23:59:59-23:59"}]}, {"windows[0].end": "field.time"}),
        ({"windows": [{**SPAN, "end": "２０２６-04-01T11:00:00Z"}]}, {"windows[0].end": "field.time"}),
        ({"windows": [{**WEEKLY, "from": "2026-02-30"}]}, {"windows[0].from": "field.day"}),
        ({"windows": [{**WEEKLY, "until": 0}]}, {"windows[0].until": "field.day"}),
        ({"windows": [{**WEEKLY, "weekly": [{"day": 1, "from": "24:00", "to": "25:00"}]}]},
         {"windows[0].weekly[0].from": "field.format", "windows[0].weekly[0].to": "field.format"}),
        ({"windows": [7]}, {"windows[0]": "field.object"}), ({"beneficiaries": -1}, {"beneficiaries": "field.range"}),
        ({"area": "310101\n"}, {"area": "field.format"}), ({"outside": "x\x00"}, {"outside": "field.characters"}),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_by_its_field(change: dict[str, Any], said: dict[str, str]):
    assert wrong({**NEED, **change}) == said


def test_money_is_booked_by_amount_or_by_one_line_that_says_the_same():
    assert FundsIn.model_validate({"kind": "spent", "amount_fen": 5}).booked() == ("spent", 5)
    line = {"kind": "received", "quantity": 7, "unit": "fen"}
    assert FundsIn.model_validate({"lines": [line]}).booked() == ("received", 7)
    for body in ({}, {"kind": "spent"}, {"amount_fen": 5}, {"kind": "spent", "amount_fen": 5, "lines": [line]}):
        assert "funds.form" in wrong(body, FundsIn).values()
    assert wrong({"lines": [line, line]}, FundsIn) == {"lines": "field.too_many"}


def test_a_reason_and_a_note_are_both_kept():
    said = ActIn.model_validate({"reason": "下雨", "note": "改到周日"})
    assert (said.why(), said.remark()) == ("下雨\n改到周日", "改到周日\n下雨")
    assert ActIn().why() is None


def test_an_area_is_never_mistaken_for_a_unit():
    body = {"id": "unit-1", "name": "x", "kind": "street"}
    assert wrong(body, AreaIn) == {"id": "field.format"}
    assert AreaIn.model_validate({"area": "310101-C1", "name": "片区", "kind": "cluster"}).asked().area == "310101-C1"


def test_a_units_code_is_read_in_capitals_and_its_areas_once():
    body = {"name": "x", "code": "91310101ma1fl00007", "areas": ["a", "b", "a"]}
    asked = UnitIn.model_validate(body).asked()
    assert (asked.code, asked.areas) == ("91310101MA1FL00007", ("a", "b"))


def test_the_same_column_is_known_in_both_languages_and_told_as_the_file_has_it():
    assert {field_of("offers", heading) for heading in ("数量", "quantity")} == {"quantity"}
    assert field_of("offers", "颜色") is None
    headings = {"quantity": "数量", "start": "开始"}
    assert [column_of(field, headings) for field in ("lines[0].quantity", "lines", "windows[0].start", "title")] == [
        "数量", "数量", "开始", None,
    ]  # fmt: skip


def test_a_flat_row_becomes_a_body():
    cells = {"title": "义诊", "kind": "医生", "quantity": "2", "unit": "人", "start": "2026-04-01 9:30", "end": "2026-04-01T11:00:00"}
    assert body_of("offers", cells) == {
        "title": "义诊", "lines": [{"kind": "医生", "quantity": 2, "unit": "人"}],
        "windows": [{"start": "2026-04-01T09:30:00+08:00", "end": "2026-04-01T11:00:00+08:00"}],
    }  # fmt: skip


def test_names_of_fields_leave_out_where_they_were_found():
    assert name_of(("body", "windows", 0, "=weekly", "weekly", 1, "day")) == "windows[0].weekly[1].day"
    assert name_of(("query", "limit")) == "limit"
    assert name_of(("body",)) == "body"


LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text()


@given(st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_no_body_breaks_the_reading_of_it(body: Any):
    for shape in (NeedIn, OfferIn, ClaimIn, ActIn, FundsIn, AreaIn, UnitIn):
        try:
            shape.model_validate(body)
        except ValidationError as error:
            as_json(field_errors(error.errors(), zh=False))


@given(st.lists(st.integers(0, 400), min_size=1, max_size=200))
def test_no_key_gets_more_than_its_rate_over_any_stretch_of_time(pauses_ms: list[int]):
    now_s, granted = 0.0, list[float]()
    buckets = Buckets(10, lambda: now_s)
    for pause in pauses_ms:
        now_s += pause / 1000
        try:
            buckets.take("key")
        except Refused:
            continue
        granted.append(now_s)
    for first in range(len(granted)):
        for last in range(first, len(granted)):
            assert last - first + 1 <= 10 + 10 * (granted[last] - granted[first]) + 1e-6


def test_a_key_that_waits_is_let_in_again():
    now_s = 0.0
    buckets = Buckets(2, lambda: now_s)
    buckets.take("a")
    buckets.take("a")
    with pytest.raises(Refused):
        buckets.take("a")
    buckets.take("b")
    now_s = 0.5
    buckets.take("a")
