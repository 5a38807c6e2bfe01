"""Posting, changing and copying needs and offers on the pages, as a browser without JavaScript does it, in both languages."""

from __future__ import annotations

import gzip
import re
from html import unescape

import pytest

from services.ports import Append, Receipt, StoreUnavailable
from tests.support.engine import DISTRICT, EAST, STREET, House
from tests.support.typing_people import Person, kept, key_in, made, plain, position

HOSTILE = "<script>alert('x')</script>\"&'"
NEED = {
    "title": "重阳节为老人理发", "category": "service", "area": EAST, "lines-0-kind": "理发师", "lines-0-quantity": "１,2",
    "lines-0-unit": "人", "lines-1-kind": "物资款", "lines-1-quantity": "1,200.5", "lines-1-unit": "元", "urgency": "2",
    "beneficiaries": "1,200", "respond_by": "2026-03-20", "outside": "云南省", "note": "请自带工具。\r\n场地已备。",
    "windows-0-kind": "span", "windows-0-date": "2026-04-04", "windows-0-opens": "09:00", "windows-0-closes": "11:30",
    "windows-1-kind": "weekly", "windows-1-day2": "on", "windows-1-day4": "on", "windows-1-opens": "14:00",
    "windows-1-closes": "16:00", "windows-1-since": "2026-04-06", "windows-1-until": "2026-05-31",
    "windows-1-except": "2026-05-05、2026-05-07",
}  # fmt: skip
OFFER = {
    "title": "会议室周末开放", "category": "venue", "reach": "street", "lines-0-kind": "会议室", "lines-0-quantity": "2",
    "lines-0-unit": "场", "note": "请提前预约。",
}  # fmt: skip


@pytest.fixture
def east(house: House) -> Person:
    return Person(house, "committee", EAST)


@pytest.fixture
def unit(house: House) -> Person:
    return Person(house, "unit", house.units[1])


async def test_a_need_that_was_typed_field_by_field_is_the_need_that_was_meant(house: House, east: Person):
    answer = await east.sends("/needs/new", NEED)
    item = await house["east"].sees(f"/v1/needs/{made(answer)}")
    expected = {
        "title": "重阳节为老人理发", "category": "service", "area": EAST, "urgency": 2, "beneficiaries": 1200,
        "respond_by": "2026-03-20T15:59:59Z", "outside": "云南省", "status": "open", "owner": EAST,
    }  # fmt: skip
    assert {name: item[name] for name in expected} == expected
    assert [(line["kind"], line["quantity"], line["unit"]) for line in item["lines"]] == [
        ("理发师", 12, "人"), ("物资款", 120_050, "分"),
    ]  # fmt: skip
    assert item["windows"][0] == {"start": "2026-04-04T01:00:00Z", "end": "2026-04-04T03:30:00Z"}
    assert item["windows"][1] == {
        "weekly": [{"day": 2, "from": "14:00", "to": "16:00"}, {"day": 4, "from": "14:00", "to": "16:00"}],
        "from": "2026-04-06", "until": "2026-05-31", "except": ["2026-05-05", "2026-05-07"],
    }  # fmt: skip
    assert "场地已备" in item["note"]
    assert "已发布。" in await east.sees(answer.headers["location"])


async def test_an_offer_that_was_typed_is_published(house: House, unit: Person):
    item = await house["unit1"].sees(f"/v1/offers/{made(await unit.sends('/offers/new', OFFER))}")
    assert (item["title"], item["reach"], item["status"], item["note"]) == ("会议室周末开放", STREET, "published", "请提前预约。")


async def test_who_is_not_logged_in_logs_in_and_comes_back(house: House):
    answer = await house["nobody"].http.get("/needs/new?like=need-1")
    assert (answer.status_code, answer.headers["location"]) == (303, "/login?next=%2Fneeds%2Fnew%3Flike%3Dneed-1")
    assert (await house["nobody"].http.get("/drafts")).headers["location"] == "/login?next=%2Fdrafts"


WRONG: list[tuple[dict[str, str], str, str, str]] = [  # typed, the field it is said beside, in Chinese, in English
    ({"title": " "}, "title", "这一项必填。", "This is required."),
    ({"title": "标" * 121}, "title", "最多 120 字。", "At most 120 characters."),
    ({"category": ""}, "category", "这一项必填。", "This is required."),
    ({"category": "magic"}, "category", "规则书里没有类别", "The rule book has no category"),
    ({"area": "310101009"}, "area", "没有", "no area"),
    ({"lines-0-quantity": ""}, "lines-0-quantity", "这一项必填。", "This is required."),
    ({"lines-0-quantity": "一些"}, "lines-0-quantity", "须为整数。", "It must be a whole number."),
    ({"lines-0-quantity": "0"}, "lines-0-quantity", "不能小于 1。", "It must be at least 1."),
    ({"lines-1-quantity": "12.345"}, "lines-1-quantity", "金额写作 1200", "An amount is written 1200"),
    ({"lines-0-unit": "元", "lines-1-kind": "理发师"}, "lines", "同一种类和单位只写一行", "each kind and unit only once"),
    ({"beneficiaries": "很多"}, "beneficiaries", "须为整数。", "It must be a whole number."),
    ({"urgency": "9"}, "urgency", "不能大于 3。", "It must be at most 3."),
    ({"respond_by": "下周"}, "respond_by", "日期写作", "A day is written"),
    ({"respond_by": "2026-03-01"}, "respond_by", "答复期限已过", "respond_by has passed"),
    ({"outside": "云" * 41}, "outside", "最多 40 字。", "At most 40 characters."),
    ({"title": "请联系13812345678"}, "title", "手机号", "a mobile number"),
    ({"note": "请打 13812345678"}, "note", "手机号", "a mobile number"),
    ({"note": "字" * 4001}, "note", "最多 4000 字。", "At most 4000 characters."),
    ({"windows-0-date": "4月4日"}, "windows-0-date", "日期写作", "A day is written"),
    ({"windows-0-opens": "上午"}, "windows-0-opens", "时间写作", "A time of day is written"),
    ({"windows-0-closes": "08:00"}, "windows-0-closes", "结束须晚于开始。", "It must end after it begins."),
    ({"windows-1-day2": "", "windows-1-day4": ""}, "windows-1-day1", "请至少选一个星期几。", "at least one day of the week"),
    ({"windows-1-since": ""}, "windows-1-since", "这一项必填。", "This is required."),
    ({"windows-1-until": ""}, "windows", "时段须有截止日期", "windows must end"),
    ({"windows-1-until": "2026-04-01"}, "windows-1-until", "结束须晚于开始。", "It must end after it begins."),
    ({"windows-1-except": "劳动节"}, "windows-1-except", "日期写作", "A day is written"),
]


@pytest.mark.parametrize("lang", ["zh", "en"])
async def test_what_is_wrong_stands_beside_its_field_and_nothing_that_was_typed_is_lost(house: House, lang: str):
    east = Person(house, "committee", EAST, lang=lang)
    for typed, field, zh, en in WRONG:
        filled = {**NEED, **typed}
        page = (await east.sends("/needs/new", filled, status=422)).text
        beside = re.search(rf'id="h-{field}">([^<]*)<', page)
        assert beside, (field, page)
        assert (zh if lang == "zh" else en) in unescape(beside[1])
        for name in filled.keys() - ({field} & {"category", "area", "urgency"}):  # what cannot be chosen is not kept
            assert kept(page, name) == plain(filled[name]), (field, name)
    assert (await house["east"].sees("/v1/needs", owner=EAST))["items"] == []


async def test_everything_that_is_wrong_is_said_at_once(east: Person):
    filled = {**NEED, "title": "", "lines-0-quantity": "x", "windows-0-opens": ""}
    page = (await east.sends("/needs/new", filled, status=422)).text
    assert re.findall(r'<a href="#f-([^"]+)">', page) == ["title", "lines-0-quantity", "windows-0-opens"]


async def test_a_form_that_is_sent_twice_makes_one_item(house: House, east: Person):
    fields = {**NEED, "_key": key_in(await east.sees("/needs/new"))}
    first, second = [await east.sends("/needs/new", fields) for _ in range(2)]
    assert first.headers["location"] == second.headers["location"]
    found = await house["east"].sees("/v1/needs", since=int(first.headers["location"].rpartition("seen=")[2]), owner=EAST)
    assert len(found["items"]) == 1


async def test_a_form_that_is_gone_back_to_and_changed_is_sent_as_another_one_only_when_that_is_meant(house: House, east: Person):
    fields = {**NEED, "_key": key_in(await east.sees("/needs/new"))}
    await east.sends("/needs/new", fields)
    page = (await east.sends("/needs/new", {**fields, "title": "又一条"}, status=422)).text
    assert "已经提交过一次" in page
    assert key_in(page) != fields["_key"]
    other = made(await east.sends("/needs/new", {**fields, "title": "又一条", "_key": key_in(page)}))
    assert (await house["east"].sees(f"/v1/needs/{other}"))["title"] == "又一条"


async def test_code_that_is_typed_stays_text_wherever_it_is_shown(house: House, east: Person):
    fields = {name: HOSTILE if name in ("title", "note", "lines-0-kind", "outside") else typed for name, typed in NEED.items()}
    answer = await east.sends("/needs/new", fields, _act="draft")
    item = (await house["east"].sees("/v1/needs", since=position(answer), owner=EAST))["items"][0]["id"]
    refused = (await east.sends("/needs/new", {**fields, "category": HOSTILE}, status=422)).text
    shown = [await east.sees(path) for path in ("/drafts", f"/needs/{item}/edit", f"/needs/new?like={item}")]
    for page in (*shown, refused):
        assert "<script>alert" not in page
        assert HOSTILE in unescape(page)
    assert kept(refused, "title") == HOSTILE


async def test_rows_come_and_go_by_buttons_and_nothing_is_checked_on_the_way(house: House, east: Person):
    typed = {"title": "未写完", "lines-0-kind": "理发师", "lines-0-quantity": "", "lines-0-unit": ""}
    page = (await east.sends("/needs/new", typed, status=200, **{"_add-lines": ""})).text
    assert [kept(page, f"lines-{n}-kind") for n in (0, 1)] == ["理发师", ""]
    assert re.search(r'name="lines-1-kind"[^>]*autofocus', page)
    more = {**typed, "lines-1-kind": "物资", "windows-0-kind": "span", "windows-0-date": "2026-04-04"}
    page = (await east.sends("/needs/new", more, status=200, **{"_add-weekly": ""})).text
    assert kept(page, "windows-0-date") == "2026-04-04"
    assert 'name="windows-1-day7"' in page
    page = (await east.sends("/needs/new", more, status=200, **{"_drop-lines-0": ""})).text
    assert kept(page, "lines-0-kind") == "物资"
    assert 'name="lines-1-kind"' not in page
    page = (await east.sends("/needs/new", more, status=200, **{"_drop-windows-0": ""})).text
    assert "windows-0-date" not in page
    assert kept(page, "title") == "未写完"
    assert (await house["east"].sees("/v1/needs", owner=EAST))["items"] == []


async def test_rows_that_are_left_blank_are_no_rows(house: House, east: Person):
    blank = {"lines-0-kind": "", "lines-0-quantity": "", "lines-0-unit": " "}
    third = {"lines-3-kind": "场地", "lines-3-quantity": "x", "lines-3-unit": "间"}
    typed = {"title": "一", "category": "service", "area": EAST, **blank, **third}
    page = (await east.sends("/needs/new", typed, status=422)).text
    assert re.search(r'id="h-lines-0-quantity">须为整数', page)
    assert kept(page, "lines-0-kind") == "场地"


async def test_a_session_that_ended_while_somebody_typed_loses_nothing(house: House, east: Person):
    key = key_in(await east.sees("/needs/new"))
    gone = await house["nobody"].http.post("/needs/new", data={**NEED, "_key": key}, headers={"Sec-Fetch-Site": "same-origin"})
    assert gone.status_code == 401
    assert "您已退出登录" in gone.text
    assert 'href="/login" target="_blank"' in gone.text
    again = {name: kept(gone.text, name) for name in NEED if name != "area"}
    await east.sends("/needs/new", {**again, "area": EAST, "_key": key_in(gone.text)})  # logged in again elsewhere


async def test_a_store_that_cannot_take_anything_now_loses_nothing_and_a_second_press_makes_one_item(house: House, east: Person):
    working = house.log.append

    async def stored_but_not_told(change: Append) -> Receipt:
        await working(change)
        raise StoreUnavailable("the line broke before the answer came")

    house.log.append = stored_but_not_told  # type: ignore[method-assign]
    page = (await east.sends("/needs/new", NEED, status=503)).text
    assert "暂时不能保存" in page
    assert kept(page, "title") == NEED["title"]
    house.log.append = working  # type: ignore[method-assign]
    again = {name: kept(page, name) for name in NEED} | {"note": NEED["note"], "_key": key_in(page)}
    answer = await east.sends("/needs/new", again)
    found = await house["east"].sees("/v1/needs", since=position(answer), owner=EAST)
    assert [item["id"] for item in found["items"]] == [made(answer)]


async def test_a_form_is_light_also_with_all_areas_of_a_district(house: House):
    district = Person(house, "district", "district-office", DISTRICT)
    for n in range(190):
        area = {"id": f"3101010010{n:03d}x", "name": f"第{n}社区居民区", "kind": "neighbourhood", "parent": STREET}
        await house["district"].did("/v1/areas", area)
    head = (await house.log.head()).position
    assert await house.engine.projector.wait_for(head, 10) >= head
    page = await district.sees("/needs/new")
    assert page.count("<option") > 190
    assert len(gzip.compress(page.encode())) < 10_000


async def test_who_speaks_for_nobody_cannot_post(house: House):
    for role, org in (("auditor", "audit"), ("system_admin", "admin")):
        person = Person(house, role, org)
        for path in ("/needs/new", "/offers/new", "/drafts"):
            assert "不能发布" in await person.sees(path, 403)


async def test_the_front_page_is_everybodys_and_leads_those_who_are_logged_in_to_their_desk(house: House, east: Person):
    stranger = await house["nobody"].http.get("/")
    assert stranger.status_code == 200
    assert 'href="/login"' in stranger.text
    led = await house["nobody"].http.get("/", headers=east.headers)
    assert (led.status_code, led.headers["location"]) == (303, "/desk")
    assert 'href="/desk"' in await east.sees("/?about")
