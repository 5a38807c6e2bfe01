"""Lists from office files over HTTP: taken over whole or not at all, with a report for each row and column."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from typing import Any

import httpx
import pytest
from xlsxwriter import Workbook

from tests.support.engine import DISTRICT, EAST, STREET, Caller, House, credit_code, people

HEAD = ["标题*", "类别", "种类", "数量", "单位", "备注"]
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def offers(n: int) -> list[list[Any]]:
    return [[f"义诊队伍 {i}", "service", "志愿者", i + 1, "人", "周末可来"] for i in range(n)]


def as_csv(head: Sequence[Any], rows: Sequence[Sequence[Any]], encoding: str = "utf-8", comma: str = ",") -> bytes:
    out = io.StringIO()
    csv.writer(out, delimiter=comma).writerows([head, *rows])
    return out.getvalue().encode(encoding)


def as_xlsx(head: Sequence[Any], rows: Sequence[Sequence[Any]]) -> bytes:
    out = io.BytesIO()
    book = Workbook(out, {"in_memory": True})
    sheet = book.add_worksheet()
    for n, row in enumerate([head, *rows]):
        sheet.write_row(n, 0, row)
    book.close()
    return out.getvalue()


def as_lines(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> bytes:
    names = [name.rstrip("*") for name in head]
    return "\n".join(json.dumps(dict(zip(names, row, strict=True)), ensure_ascii=False) for row in rows).encode()


async def sent(who: Caller, kind: str, data: bytes, media: str = "text/csv", *, key: str = "k", **query: str) -> httpx.Response:
    headers = {"Content-Type": media, "Idempotency-Key": key}
    return await who.http.post(f"/v1/imports/{kind}", params=query or None, content=data, headers=headers)


@pytest.mark.parametrize(
    ("data", "media"),
    [
        (as_csv(HEAD, offers(3)), "text/csv"), (as_csv(HEAD, offers(3), "utf-8-sig"), "text/csv"),
        (as_csv(HEAD, offers(3), "gb18030"), "text/csv"), (as_csv(HEAD, offers(3), comma="\t"), "text/csv"),
        (as_xlsx(HEAD, offers(3)), XLSX), (as_xlsx(HEAD, offers(3)), "application/octet-stream"),
        (as_lines(HEAD, offers(3)), "application/x-ndjson"),
    ],
    ids=["utf-8", "utf-8 with its mark", "gbk", "tabs", "xlsx", "xlsx by its bytes", "json lines"],
)  # fmt: skip
async def test_the_same_list_is_understood_in_every_form(house: House, data: bytes, media: str):
    answer = await sent(house["unit1"], "offers", data, media)
    assert answer.status_code == 201, answer.text
    assert (answer.json()["rows"], len(answer.json()["ids"])) == (3, 3)
    listed = (await house["east"].sees("/v1/offers", answer.json()["position"]))["items"]
    assert [(o["title"], o["lines"][0]["quantity"], o["note"]) for o in reversed(listed)] == [
        (f"义诊队伍 {i}", i + 1, "周末可来") for i in range(3)
    ]  # fmt: skip
    assert [o["id"] for o in reversed(listed)] == answer.json()["ids"]


async def test_a_thousand_offers_with_one_bad_row_are_refused_whole(house: House):
    rows = offers(1000)
    rows[617][3] = "很多"
    refused = await sent(house["unit1"], "offers", as_csv(HEAD, rows), key="big")
    assert (refused.status_code, refused.json()["code"]) == (422, "import.refused")
    assert refused.json()["errors"] == [
        {"field": "lines[0].quantity", "code": "field.whole_number", "detail": "须为整数。", "row": 619, "column": "数量"}
    ]
    head = await house.log.head()
    assert (await house["unit1"].sees("/v1/offers", head.position))["items"] == []
    rows[617][3] = 5
    taken = await sent(house["unit1"], "offers", as_csv(HEAD, rows), key="big")
    assert (taken.status_code, taken.json()["rows"]) == (201, 1000)
    assert (await house.log.head()).position == head.position + 1000
    again = await sent(house["unit1"], "offers", as_csv(HEAD, rows), key="big")
    assert again.content == taken.content


async def test_everything_that_is_wrong_is_told_at_once_by_row_and_column(house: House):
    rows = offers(6)
    rows[0][1] = "nothing"
    rows[1][0] = ""
    rows[2][3] = -1
    rows[3] = rows[4]
    answer = await sent(house["unit1"], "offers", as_xlsx(HEAD, rows), XLSX, dry_run="true")
    assert (answer.status_code, answer.json()["valid"], answer.json()["rows"]) == (200, False, 6)
    assert [(e["row"], e.get("column"), e["code"]) for e in answer.json()["errors"]] == [
        (2, "类别", "category.unknown"), (3, "标题", "field.missing"), (4, "数量", "field.range"), (6, None, "import.duplicate"),
    ]  # fmt: skip
    english = await house["unit1"].http.post(
        "/v1/imports/offers", params={"dry_run": "true"}, content=as_xlsx(HEAD, rows),
        headers={"Content-Type": XLSX, "Accept-Language": "en"},
    )  # fmt: skip
    assert english.json()["errors"][-1]["detail"] == "It repeats row 5."


async def test_a_dry_run_writes_nothing_and_needs_no_idempotency_key(house: House):
    before = (await house.log.head()).position
    answer = await house["unit1"].http.post(
        "/v1/imports/offers?dry_run=true", content=as_csv(HEAD, offers(4)), headers={"Content-Type": "text/csv"}
    )
    assert answer.json() == {"dry_run": True, "rows": 4, "valid": True, "errors": []}
    assert (await house.log.head()).position == before
    real = await house["unit1"].http.post(
        "/v1/imports/offers", content=as_csv(HEAD, offers(4)), headers={"Content-Type": "text/csv"}
    )
    assert (real.status_code, real.json()["code"]) == (400, "command.key_missing")


async def test_a_file_of_a_form_counts_by_itself_whatever_the_form_around_it(house: House):
    files = {"file": ("资源.csv", as_csv(HEAD, offers(2)), "application/vnd.ms-excel")}
    answers = [
        await house["unit1"].http.post("/v1/imports/offers", files=files, headers={"Idempotency-Key": "form"}) for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].content == answers[1].content
    none = await house["unit1"].http.post("/v1/imports/offers", data={"x": "1"}, files={}, headers={"Idempotency-Key": "n"})
    assert none.json()["code"] == "import.empty"
    picture = await sent(house["unit1"], "offers", b"\x89PNG", "image/png", key="n")
    assert (picture.status_code, picture.json()["code"]) == (415, "body.media_type")
    text = await sent(house["unit1"], "offers", b"--b\r\nnonsense", "multipart/form-data; boundary=b", key="n")
    assert text.status_code in (400, 422)


async def test_needs_come_with_area_windows_and_their_own_headings(house: House):
    head = ["title", "category", "area", "kind", "quantity", "unit", "urgency", "开始时间", "结束时间", "答复期限"]
    row = ["义诊", "service", EAST, "医生", 2, "人", 3, "2026-04-01 9:00", "2026-04-01 11:00", "2026-03-20 18:00"]
    weekly = ["暑托", "service", EAST, "教室", 1, "间", 1, "", "", ""]
    answer = await sent(house["east"], "needs", as_csv(head, [row, weekly]))
    assert answer.status_code == 201, answer.text
    found = await house["east"].sees(f"/v1/needs/{answer.json()['ids'][0]}")
    assert found["windows"] == [{"start": "2026-04-01T01:00:00Z", "end": "2026-04-01T03:00:00Z"}]
    assert (found["urgency"], found["respond_by"]) == (3, "2026-03-20T10:00:00Z")


async def test_weekly_windows_are_written_as_people_say_them(house: House):
    head = [*HEAD, "每周时段", "起始日期", "截止日期"]
    good = [*offers(1)[0], "周二 14:00-16:00；周四 9:00-11:30", "2026-03-02", "2026-03-31"]
    bad = [*offers(2)[1], "有空就来", "2026-03-02", "2026-03-31"]
    answer = await sent(house["unit1"], "offers", as_csv(head, [good, bad]), dry_run="true")
    assert [(e["row"], e["column"]) for e in answer.json()["errors"]] == [(3, "每周时段")]
    taken = await sent(house["unit1"], "offers", as_csv(head, [good]))
    windows = (await house["east"].sees(f"/v1/offers/{taken.json()['id']}"))["windows"]
    assert windows[0]["weekly"] == [
        {"day": 2, "from": "14:00", "to": "16:00"}, {"day": 4, "from": "09:00", "to": "11:30"},
    ]  # fmt: skip


async def test_json_lines_may_have_the_full_shape(house: House):
    body = {"title": "义诊", "category": "service", "lines": people(3), "note": "好"}
    answer = await sent(house["unit1"], "offers", json.dumps(body).encode(), "application/jsonl")
    assert answer.status_code == 201, answer.text
    extra = await sent(house["unit1"], "offers", json.dumps({**body, "owner": "x"}).encode(), "application/jsonl", key="x")
    assert extra.json()["errors"][0] | {"detail": ""} == {
        "field": "owner", "code": "field.unknown", "detail": "", "row": 1, "column": "owner",
    }  # fmt: skip


async def test_areas_and_units_are_entered_by_the_district_in_any_order(house: House):
    head = ["编号", "名称", "层级", "上级", "户数"]
    areas = [["310101002001", "南一居民区", "neighbourhood", "310101002", 800], ["310101002", "新街道", "street", DISTRICT, 0]]
    answer = await sent(house["district"], "areas", as_csv(head, areas))
    assert answer.status_code == 201, answer.text
    assert (await house["east"].sees("/v1/areas/310101002001"))["parent"] == "310101002"
    head = ["单位名称", "统一社会信用代码", "单位类型", "所在区域"]
    rows = [
        ["新医院", credit_code(50), "医院", f"{STREET}、310101002"], ["重复", credit_code(50), "医院", STREET],
        ["错码", "123", "医院", STREET],
    ]  # fmt: skip
    wrong = await sent(house["district"], "units", as_csv(head, rows), key="u")
    assert [(e["row"], e.get("column"), e["code"]) for e in wrong.json()["errors"]] == [
        (3, None, "import.duplicate"), (4, "统一社会信用代码", "unit.bad_code"),
    ]  # fmt: skip
    taken = await sent(house["district"], "units", as_csv(head, rows[:1]), key="u")
    assert (await house["east"].sees(f"/v1/units/{taken.json()['id']}"))["areas"] == [STREET, "310101002"]


async def test_who_may_not_enter_one_may_not_import_many(house: House):
    head, rows = ["编号", "名称", "层级", "上级"], [["310101009", "街道", "street", DISTRICT]]
    answer = await sent(house["unit1"], "areas", as_csv(head, rows))
    assert (answer.status_code, answer.json()["code"]) == (403, "access.forbidden")
    assert (await sent(house["auditor"], "offers", as_csv(HEAD, offers(2)))).status_code == 403


@pytest.mark.parametrize(
    ("data", "status", "code"),
    [
        (b"%PDF-1.7 ...", 415, "import.unknown_format"), (b"\x89PNG\r\n", 415, "import.unknown_format"),
        (b"PK\x03\x04broken", 422, "import.unreadable"), (b"", 422, "import.empty"), ("标题,类别\n".encode(), 422, "import.empty"),
        (b'{"title": 1\n', 422, "import.unreadable"), (b"a,a\n1,2\n", 422, "import.unreadable"), (b'a,b\n"1,2\n', 422, "import.unreadable"),
        (b"a,b\n1,2,3\n", 422, "import.unreadable"), (as_csv(HEAD, offers(5001)), 413, "import.too_large"),
        (b"\xff\xff\xff\xff", 422, "import.unreadable"),
    ],
)  # fmt: skip
async def test_what_is_no_list_is_refused_with_the_reason(house: House, data: bytes, status: int, code: str):
    answer = await sent(house["unit1"], "offers", data)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


@pytest.mark.parametrize("kind", ["offers", "needs", "units", "areas"])
async def test_the_empty_form_has_the_columns_that_the_import_understands(house: House, kind: str):
    form = await house["unit1"].get(f"/v1/imports/{kind}/form")
    assert (form.status_code, form.headers["content-type"]) == (200, XLSX)
    empty = await sent(house["unit1"], kind, form.content, XLSX, dry_run="true")
    assert empty.json()["code"] == "import.empty"
