"""The skill, the residents and the least claim of needs and offers, and how much a unit wants at once: over the API, on
forms, in lists that are imported, and told again wherever an item is shown."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest

from tests.journeys.test_api_imports import HEAD, as_csv, as_xlsx, sent
from tests.journeys.test_item_forms import NEED, OFFER
from tests.support.engine import DISTRICT, EAST, STREET, House, need, offer, people
from tests.support.typing_people import Person, kept, made, position

SPECIAL = {"skill": "手语", "vulnerable": True, "group": "elders"}
GIVEN: dict[str, Any] = {"skills": ["手语", "急救"], "groups": ["elders"], "minimum": 3}


@pytest.fixture
def east(house: House) -> Person:
    return Person(house, "committee", EAST)


@pytest.fixture
def unit(house: House) -> Person:
    return Person(house, "unit", house.units[1])


def of(item: dict[str, Any], like: dict[str, Any]) -> dict[str, Any]:
    return {name: item[name] for name in like}


def facts(page: str) -> dict[str, str]:
    """What the page of an item says of it."""
    rows = re.findall(r"<dt>(.*?)</dt><dd[^>]*>(.*?)</dd>", page, re.DOTALL)
    return {unescape(name): unescape(re.sub(r"<[^>]+>", "", value)) for name, value in rows}


async def test_what_is_posted_over_the_api_is_shown_and_listed_so(house: House):
    posted = await house["east"].did("/v1/needs", need(20, skill="手语", vulnerable=True, group="老人"))
    given = await house["unit1"].did("/v1/offers", offer(5, **{**GIVEN, "groups": ["老人"]}))
    assert of(await house["east"].sees(f"/v1/needs/{posted['id']}"), SPECIAL) == SPECIAL
    assert of(await house["east"].sees(f"/v1/offers/{given['id']}"), GIVEN) == GIVEN
    for path, like in (("/v1/needs", SPECIAL), ("/v1/offers", GIVEN)):
        assert of((await house["east"].sees(path, given["position"]))["items"][0], like) == like


async def test_nothing_said_is_nothing_special(house: House):
    posted = await house["east"].did("/v1/needs", need())
    given = await house["unit1"].did("/v1/offers", offer())
    found = await house["east"].sees(f"/v1/needs/{posted['id']}")
    assert (found["skill"], found["vulnerable"], found["group"]) == (None, False, None)
    found = await house["east"].sees(f"/v1/offers/{given['id']}")
    assert (found["skills"], found["groups"], found["minimum"]) == ([], [], 0)


async def test_an_amendment_over_the_api_changes_what_it_names_and_an_empty_word_takes_it_away(house: House):
    path = f"/v1/needs/{(await house['east'].did('/v1/needs', need(20, **SPECIAL)))['id']}"
    await house["east"].act("PATCH", path, {"skill": "", "vulnerable": False})
    assert of(await house["east"].sees(path), SPECIAL) == {"skill": None, "vulnerable": False, "group": "elders"}
    path = f"/v1/offers/{(await house['unit1'].did('/v1/offers', offer(5, **GIVEN)))['id']}"
    await house["unit1"].act("PATCH", path, {"groups": [], "minimum": 5})
    assert of(await house["unit1"].sees(path), GIVEN) == {"skills": ["手语", "急救"], "groups": [], "minimum": 5}


@pytest.mark.parametrize(
    ("path", "more", "field", "code"),
    [
        ("needs", {"skill": "急" * 41}, "skill", "field.too_long"), ("needs", {"vulnerable": "yes"}, "vulnerable", None),
        ("needs", {"group": "astronauts"}, "group", "group.unknown"), ("needs", {"skill": "13800138000"}, "skill", "text.personal"),
        ("offers", {"groups": ["elders", "x"]}, "groups", "group.unknown"), ("offers", {"minimum": 51}, "minimum", "offer.minimum"),
        ("offers", {"skills": [f"技能{n}" for n in range(11)]}, "skills", "skill.invalid"),
        ("offers", {"minimum": -1}, "minimum", "field.range"),
    ],
)  # fmt: skip
async def test_what_cannot_be_meant_is_refused_with_its_field(
    house: House, path: str, more: dict[str, Any], field: str, code: str | None
):
    body = need(**more) if path == "needs" else offer(50, **more)
    answer = await house["east"].post(f"/v1/{path}", body)
    told = answer.json()
    said = told["errors"][0] if told.get("errors") else told
    assert (answer.status_code, said["field"]) == (422, field)
    assert code is None or said["code"] == code


async def test_a_need_typed_on_the_form_says_them_on_its_page_and_on_its_form_again(house: House, east: Person):
    typed = {"skill": "手语", "vulnerable": "on", "group": "elders"}
    id = made(answer := await east.sends("/needs/new", {**NEED, **typed}))
    assert of(await house["east"].sees(f"/v1/needs/{id}"), SPECIAL) == SPECIAL
    shown = facts(await east.sees(answer.headers["location"]))
    assert (shown["所需技能"], shown["面向"], shown["困难群体"]) == ("手语", "老人", "是")
    english = facts(await Person(house, "committee", EAST, lang="en").sees(f"/needs/{id}"))
    assert (english["Skill needed"], english["For"]) == ("手语", "Older people")
    form = await east.sees(f"/needs/{id}/edit")
    assert {name: kept(form, name) for name in typed} == typed


async def test_on_the_form_they_are_changed_and_taken_away_and_the_story_tells_it(house: House, east: Person):
    id = (await house["east"].did("/v1/needs", need(20, **SPECIAL)))["id"]
    path = f"/needs/{id}/edit"
    page = await east.sees(path)
    fields = {name: kept(page, name) for name in ("title", "lines-0-kind", "lines-0-quantity", "lines-0-unit", "urgency", "_version")}
    answer = await east.sends(path, {**fields, "skill": "", "group": "disabled"})
    assert of(await house["east"].sees(f"/v1/needs/{id}"), SPECIAL) == {"skill": None, "vulnerable": False, "group": "disabled"}
    told = re.search(r"<p>修改([^<]*)<", await east.sees(answer.headers["location"]))
    assert told
    assert set(told[1].split("、")) == {"所需技能", "是否面向困难群体", "面向的居民群体"}
    trail = await house.engine.trail.history(id)
    await east.sends(path, {**fields, "_version": "2", "group": "disabled"})
    assert len(await house.engine.trail.history(id)) == len(trail)


async def test_an_offer_typed_on_the_form_says_them_on_its_page_and_on_its_form_again(house: House, unit: Person):
    typed = {"skills": "手语，急救", "groups-elders": "on", "minimum": "２"}
    id = made(answer := await unit.sends("/offers/new", {**OFFER, **typed}))
    assert of(await house["unit1"].sees(f"/v1/offers/{id}"), GIVEN) == {**GIVEN, "minimum": 2}
    shown = facts(await unit.sees(answer.headers["location"]))
    assert (shown["会的技能"], shown["只面向"], shown["起领数量"]) == ("手语、急救", "老人", "2 场")
    form = await unit.sees(f"/offers/{id}/edit")
    assert [kept(form, name) for name in ("skills", "groups-elders", "groups-disabled", "minimum")] == ["手语、急救", "on", "", "2"]


async def test_the_least_claim_of_money_is_typed_in_yuan(house: House, unit: Person):
    money = {**OFFER, "lines-0-kind": "帮扶资金", "lines-0-quantity": "1,000", "lines-0-unit": "元", "minimum": "200.5"}
    id = made(await unit.sends("/offers/new", money))
    assert (await house["unit1"].sees(f"/v1/offers/{id}"))["minimum"] == 20_050
    assert kept(await unit.sees(f"/offers/{id}/edit"), "minimum") == "200.50"
    wrong = await unit.sends("/offers/new", {**money, "minimum": "很多"}, status=422)
    assert 'id="h-minimum"' in wrong.text


@pytest.mark.parametrize(
    ("typed", "field", "said"),
    [
        ({"skills": "、".join(f"技能{n}" for n in range(11))}, "skills", "最多 10 项"), ({"skills": "急" * 41}, "skills", "最多 40 字"),
        ({"minimum": "9"}, "minimum", "不能多于明细中最大的数量"), ({"groups-astronauts": "on"}, "groups", "没有居民群体"),
    ],
)  # fmt: skip
async def test_on_the_form_what_is_wrong_stands_beside_its_field(unit: Person, typed: dict[str, str], field: str, said: str):
    page = (await unit.sends("/offers/new", {**OFFER, **typed}, status=422)).text
    assert said in page.split(f'id="h-{field}">')[1].split("<")[0]


async def test_an_offer_begun_like_a_need_can_do_what_the_need_asks_for(house: House, unit: Person):
    id = (await house["east"].did("/v1/needs", need(20, **SPECIAL)))["id"]
    form = await unit.sees(f"/offers/new?like={id}")
    assert [kept(form, name) for name in ("skills", "groups-elders", "groups-disabled")] == ["手语", "on", ""]
    given = (await house["unit1"].did("/v1/offers", offer(5, skills=["急救"], groups=["disabled"])))["id"]
    form = await Person(house, "committee", EAST).sees(f"/needs/new?like={given}")
    assert (kept(form, "skill"), kept(form, "group")) == ("急救", "disabled")


async def test_two_who_change_the_same_need_are_told_of_each_others_words(house: House, east: Person):
    id = (await house["east"].did("/v1/needs", need(20, **SPECIAL)))["id"]
    page = await east.sees(f"/needs/{id}/edit")
    names = ("title", "lines-0-kind", "lines-0-quantity", "lines-0-unit", "urgency", "skill", "vulnerable", "group", "_version")
    fields = {name: kept(page, name) for name in names}
    await house["east"].act("PATCH", f"/v1/needs/{id}", {"group": "disabled", "vulnerable": False})
    told = (await east.sends(f"/needs/{id}/edit", {**fields, "title": "我的标题"}, status=412)).text
    assert all(word in told for word in ("面向的居民群体", "老人", "残障人士", "是否面向困难群体"))
    assert (kept(told, "title"), kept(told, "group"), kept(told, "vulnerable")) == ("我的标题", "disabled", "")


async def test_lists_bring_them_in_their_own_columns(house: House):
    rows = [["教手语", "service", EAST, "志愿者", 2, "人", "手语", "老人", "是"], ["搬家", "service", EAST, "志愿者", 3, "人", "", "", ""]]
    head = ["标题", "类别", "区域", "种类", "数量", "单位", "所需技能", "面向群体", "困难群体"]
    answer = await sent(house["east"], "needs", as_csv(head, rows))
    assert answer.status_code == 201, answer.text
    found = [of(await house["east"].sees(f"/v1/needs/{id}"), SPECIAL) for id in answer.json()["ids"]]
    assert found == [SPECIAL, {"skill": None, "vulnerable": False, "group": None}]
    offers = [["义诊队伍", "service", "志愿者", 9, "人", "", "手语、急救", "老人", 3], ["讲师", "service", "讲师", 1, "人", "", "", "", ""]]
    answer = await sent(house["unit1"], "offers", as_csv([*HEAD, "会的技能", "只面向", "起领数量"], offers), key="o")
    assert answer.status_code == 201, answer.text
    found = [of(await house["unit1"].sees(f"/v1/offers/{id}"), GIVEN) for id in answer.json()["ids"]]
    assert found == [GIVEN, {"skills": [], "groups": [], "minimum": 0}]


async def test_a_row_that_is_wrong_in_one_of_them_is_told_with_its_column(house: House):
    head = [*HEAD, "会的技能", "只面向", "起领数量"]
    rows = [["甲", "service", "志愿者", 9, "人", "", "手语", "宇航员", 3], ["乙", "service", "志愿者", 9, "人", "", "", "", 10]]
    answer = await sent(house["unit1"], "offers", as_xlsx(head, rows), "application/octet-stream")
    assert answer.status_code == 422
    told = [(row["row"], row["column"], row["code"]) for row in answer.json()["errors"]]
    assert told == [(2, "只面向", "group.unknown"), (3, "起领数量", "offer.minimum")]


async def test_a_comparison_says_them_in_words(house: House):
    id = (done := await house["east"].did("/v1/needs", need(20, **SPECIAL)))["id"]
    changed = (await house["east"].act("PATCH", f"/v1/needs/{id}", {"group": "disabled", "skill": "急救"})).json()
    page = await Person(house, "auditor", DISTRICT).sees(f"/audit/compare?what={id}&at={done['position']}&to={changed['position']}")
    assert all(word in page for word in ("面向的居民群体", "老人", "残障人士", "所需技能", "手语", "急救"))


async def test_a_unit_and_its_street_say_on_its_page_how_much_it_wants_at_once(house: House, unit: Person):
    id = house.units[1]
    path, act = f"/orgs/{id}", f"/orgs/{id}/limit"
    answer = await unit.http.post(act, data={"_key": "first-1", "engagements": "4"}, headers=unit.headers)
    assert answer.headers["location"].startswith(f"{path}?done=saved")
    page = await unit.sees(answer.headers["location"])
    assert (kept(page, "engagements"), facts(page)["同时承接上限"]) == ("4", "4 项")
    assert (await house["east"].sees(f"/v1/units/{id}"))["limit"] == 4
    street = Person(house, "street", STREET, STREET)
    wrong = await street.http.post(act, data={"_key": "second-1", "engagements": "1000"}, headers=street.headers)
    assert (wrong.status_code, kept(wrong.text, "engagements"), 'id="h-engagements"' in wrong.text) == (422, "1000", True)
    gone = await street.http.post(act, data={"_key": "third-1", "engagements": " "}, headers=street.headers)
    page = await street.sees(f"{path}?seen={position(gone)}")
    assert (kept(page, "engagements"), "同时承接上限" in facts(page)) == ("", False)
    for other in (Person(house, "unit", house.units[0]), Person(house, "committee", EAST)):
        assert 'name="engagements"' not in await other.sees(path)
        assert (await other.http.post(act, data={"_key": "x" * 9, "engagements": "1"}, headers=other.headers)).status_code == 403
    assert 'name="engagements"' not in (await house["nobody"].http.get(path)).text


async def test_a_limit_over_the_api_is_set_taken_back_and_answered_the_same_when_repeated(house: House):
    path = f"/v1/units/{house.units[1]}/limit"
    first = await house["unit1"].act("PUT", path, {"engagements": 7}, key="seven")
    again = await house["unit1"].act("PUT", path, {"engagements": 7}, key="seven")
    assert (first.status_code, first.content) == (200, again.content)
    assert (await house["unit1"].act("PUT", path, {"engagements": 1000})).json()["errors"][0]["field"] == "engagements"
    assert (await house["east"].act("PUT", path, {"engagements": 1})).status_code == 403
    await house["street"].act("PUT", path, {"engagements": 0})
    assert (await house["unit1"].sees(f"/v1/units/{house.units[1]}"))["limit"] is None


async def test_the_amount_of_people_and_the_least_claim_are_told_apart_in_a_claim(house: House):
    """The least claim steers matching alone: whoever asks for less may still ask."""
    given = await house["unit1"].did("/v1/offers", offer(50, minimum=20))
    assert (await house["east"].post("/v1/claims", {"offer": given["id"], "lines": people(3)})).status_code == 201
