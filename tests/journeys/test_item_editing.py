"""Changing needs and offers, two people at one item, drafts, templates and copies: without JavaScript."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest

from tests.support.engine import EAST, STREET, WEST, House, need, offer, people
from tests.support.typing_people import Person, kept, key_in, made, position

WEEKLY = {
    "weekly": [{"day": 3, "from": "14:00", "to": "16:00"}, {"day": 6, "from": "09:00", "to": "11:00"}],
    "from": "2026-03-04", "until": "2026-04-30",
}  # fmt: skip
SPAN = {"start": "2026-04-04T01:00:00Z", "end": "2026-04-05T03:30:00Z"}


@pytest.fixture
def east(house: House) -> Person:
    return Person(house, "committee", EAST)


@pytest.fixture
def unit(house: House) -> Person:
    return Person(house, "unit", house.units[1])


async def filled(person: Person, path: str) -> dict[str, str]:
    """The form as it is when nobody has typed anything yet."""
    page = await person.sees(path)
    names = set(re.findall(r'<(?:input|select|textarea)[^>]* name="([^"]+)"', page))
    found = {name: kept(page, name) for name in names}
    return {name: value for name, value in found.items() if value or not re.search(r"-day\d$", name)}


async def of(house: House, id: str, who: str = "east") -> dict[str, Any]:
    return await house[who].sees(f"/v1/{id.partition('-')[0]}s/{id}")


async def listed(house: House) -> None:
    """The lists have caught up."""
    head = (await house.log.head()).position
    assert await house.engine.projector.wait_for(head, 5) >= head


async def posted(house: House, **more: Any) -> str:
    body = need(20, note="场地已备。", urgency=2, beneficiaries=30, windows=[WEEKLY, SPAN], respond_by="2026-03-20T12:00:00+08:00")
    return str((await house["east"].did("/v1/needs", {**body, **more}))["id"])


async def test_what_is_changed_is_changed_and_the_rest_stays_as_it_was(house: House, east: Person):
    id = await posted(house)
    path, before = f"/needs/{id}/edit", await of(house, id)
    answer = await east.sends(path, {**await filled(east, path), "title": "改了标题", "lines-0-quantity": "25"})
    assert answer.headers["location"].startswith(f"/needs/{id}?done=amended")
    entry = (await house.engine.trail.history(id))[-1]
    assert {name for name, value in entry["data"].items() if value is not None} == {"title", "lines"}
    after = await of(house, id)
    same = [name for name in before if name not in ("title", "lines", "version", "updated_at")]
    assert [after[name] for name in same] == [before[name] for name in same]
    assert (after["title"], after["lines"][0]["quantity"]) == ("改了标题", 25)


async def test_saving_what_nobody_changed_writes_nothing(house: House, east: Person):
    id = await posted(house)
    await east.sends(f"/needs/{id}/edit", await filled(east, f"/needs/{id}/edit"))
    assert len(await house.engine.trail.history(id)) == 1


async def test_an_offer_is_changed_too_and_its_times_can_be_taken_away(house: House, unit: Person):
    id = (await house["unit1"].did("/v1/offers", offer(5, windows=[WEEKLY])))["id"]
    fields = await filled(unit, f"/offers/{id}/edit")
    await unit.sends(f"/offers/{id}/edit", {name: typed for name, typed in fields.items() if not name.startswith("windows")})
    assert (await of(house, id, "unit1"))["windows"] == []


async def test_a_note_can_be_rewritten_but_what_has_been_said_is_not_emptied_silently(house: House, east: Person):
    id = await posted(house)
    page = (await east.sends(f"/needs/{id}/edit", {**await filled(east, f"/needs/{id}/edit"), "note": ""}, status=422)).text
    assert re.search(r'id="h-note">已写的内容可以改写，不能清空。', page)


async def test_who_saves_upon_an_old_version_sees_both_and_overwrites_nothing_silently(house: House, east: Person):
    id = await posted(house)
    path = f"/needs/{id}/edit"
    slow = await filled(east, path)
    await house["east"].act("PATCH", f"/v1/needs/{id}", {"title": "别人的标题", "urgency": 3, "beneficiaries": 99})
    typed = {**slow, "title": "我的标题", "note": "我写的说明"}
    page = (await east.sends(path, typed, status=412)).text
    told = unescape(re.sub(r"<[^>]+>", " ", page))
    assert "别人改了这些" in told
    for seen in ("周末义诊志愿者", "别人的标题", "紧急", "99", "修改标题、紧急程度、惠及人数"):
        assert seen in told
    assert [kept(page, name) for name in ("title", "note", "urgency", "beneficiaries")] == ["我的标题", "我写的说明", "3", "99"]
    assert (await of(house, id))["title"] == "别人的标题"
    again = {name: kept(page, name) for name in typed} | {"_version": kept(page, "_version"), "_key": key_in(page)}
    await east.sends(path, {name: value for name, value in again.items() if value})
    after = await of(house, id)
    assert (after["title"], after["note"], after["urgency"], after["beneficiaries"]) == ("我的标题", "我写的说明", 3, 99)
    assert len(await house.engine.trail.history(id)) == 3


async def test_a_claim_that_came_in_meanwhile_is_told_and_nothing_has_to_be_typed_again(house: House, east: Person):
    id = await posted(house, windows=[])
    slow = await filled(east, f"/needs/{id}/edit")
    claim = await house["unit1"].did("/v1/claims", {"need": id, "lines": people(12)})
    await house["east"].did(f"/v1/claims/{claim['id']}/acceptance")
    await listed(house)
    page = (await east.sends(f"/needs/{id}/edit", {**slow, "title": "新标题"}, status=412)).text
    assert "第1医院认领志愿者 12 人" in page
    assert kept(page, "title") == "新标题"


async def test_nothing_goes_below_what_is_promised_and_the_sentence_stands_beside_the_line(house: House, east: Person):
    id = await posted(house, lines=[{"kind": "物资", "quantity": 5, "unit": "份"}, *people(20)], windows=[])
    claim = await house["unit1"].did("/v1/claims", {"need": id, "lines": people(12)})
    await house["east"].did(f"/v1/claims/{claim['id']}/acceptance")
    path = f"/needs/{id}/edit"
    assert "已有认领 12 人，不能再少" in await east.sees(path)
    page = (await east.sends(path, {**await filled(east, path), "lines-1-quantity": "11"}, status=409)).text
    assert re.search(r'id="h-lines-1-quantity">“志愿者”已有认领', unescape(page))
    fields = {name: value for name, value in (await filled(east, path)).items() if not name.startswith("lines-1")}
    page = (await east.sends(path, fields, status=409)).text
    assert re.search(r'id="h-lines">“志愿者”已有认领', unescape(page))
    await east.sends(path, {**await filled(east, path), "lines-1-quantity": "12"})


async def test_only_the_owner_changes_an_item_and_strangers_learn_nothing_of_drafts(house: House, east: Person, unit: Person):
    open_one, draft = await posted(house), await posted(house, draft=True, title="秘密")
    await unit.sees(f"/needs/{open_one}/edit", 403)
    await unit.sees(f"/needs/{draft}/edit", 404)
    await east.sees(f"/offers/{draft}/edit", 404)
    await house["east"].did(f"/v1/needs/{open_one}/withdrawal")
    assert "现在不能修改" in await east.sees(f"/needs/{open_one}/edit", 409)
    gone = await house["nobody"].http.post(
        f"/needs/{draft}/edit", data={"title": "我的", "_key": "k", "_version": "1"}, headers={"Sec-Fetch-Site": "same-origin"}
    )
    assert gone.status_code == 401
    assert kept(gone.text, "title") == "我的"
    assert "秘密" not in gone.text


async def test_a_draft_is_kept_continued_and_posted_or_thrown_away(house: House, east: Person):
    typed = {"title": "先存着", "category": "service", "area": EAST, "lines-0-kind": "人手", "lines-0-quantity": "3", "lines-0-unit": "人"}
    answer = await east.sends("/needs/new", typed, _act="draft")
    assert answer.headers["location"].startswith("/drafts?done=drafted")
    page = await east.sees(answer.headers["location"])
    assert "草稿已保存。" in page
    id = re.findall(r"/needs/(need-[^/]+)/edit", page)[0]
    path = f"/needs/{id}/edit"
    saved = await east.sends(path, {**await filled(east, path), "title": "写完了"}, _act="draft")
    assert "写完了" in await east.sees(saved.headers["location"])
    done = await east.sends(path, {**await filled(east, path), "lines-0-quantity": "4"}, _act="post")
    assert done.headers["location"].startswith(f"/needs/{id}?done=posted")
    item = await of(house, id)
    assert (item["status"], item["title"], item["lines"][0]["quantity"]) == ("open", "写完了", 4)
    assert "写完了" not in await east.sees(f"/drafts?seen={position(done)}")


async def test_a_draft_that_cannot_be_posted_yet_is_saved_as_far_as_it_goes_and_said_so(house: House):
    id = await posted(house, draft=True, respond_by="2026-03-03T12:00:00+08:00")
    house.clock.advance(timedelta(days=3))
    east = Person(house, "committee", EAST)
    path = f"/needs/{id}/edit"
    page = (await east.sends(path, {**await filled(east, path), "title": "新"}, status=422, _act="post")).text
    assert re.search(r'id="h-respond_by">答复期限已过', page)
    fields = {name: kept(page, name) for name in await filled(east, path)} | {"respond_by": "2026-04-01", "_key": key_in(page)}
    await east.sends(path, fields, _act="post")
    assert (await of(house, id))["title"] == "新"
    assert (await of(house, id))["status"] == "open"


async def test_a_draft_can_be_thrown_away_once_and_by_its_owner_only(house: House, east: Person, unit: Person):
    id = (await house["unit1"].did("/v1/offers", offer(5, draft=True)))["id"]
    page = await unit.sees("/drafts?seen=" + str((await house.log.head()).position))
    form = re.search(rf'action="/drafts/{id}".*?</form>', page, re.DOTALL)
    assert form
    fields = {"_key": key_in(form[0]), "_version": kept(form[0], "_version")}
    refused = await house["nobody"].http.post(f"/drafts/{id}", data=fields, headers=east.headers)
    assert refused.status_code == 404
    for _ in range(2):
        answer = await house["nobody"].http.post(f"/drafts/{id}", data=fields, headers=unit.headers)
        assert answer.status_code == 303
    assert (await of(house, id, "unit1"))["status"] == "retired"


async def test_an_item_is_copied_with_fresh_dates_and_without_its_answer_date(house: House):
    id = await posted(house)
    house.clock.advance(timedelta(days=365))
    east = Person(house, "committee", EAST)
    form = await filled(east, f"/needs/new?like={id}")
    assert (form["title"], form["urgency"], form["note"], form["respond_by"]) == ("周末义诊志愿者", "2", "场地已备。", "")
    assert (form["windows-0-since"], form["windows-0-until"], form["windows-0-day3"]) == ("2027-03-03", "2027-04-29", "on")
    assert (form["windows-1-since"], form["windows-1-day6"]) == ("2027-03-03", "on")
    assert (form["windows-2-date"], form["windows-2-opens"], form["windows-2-last"]) == ("2027-04-03", "09:00", "2027-04-04")
    copy = await of(house, made(await east.sends("/needs/new", form)))
    assert copy["id"] != id
    assert copy["windows"][2] == {"start": "2027-04-03T01:00:00Z", "end": "2027-04-04T03:30:00Z"}


async def test_others_items_can_be_copied_as_far_as_one_may_see_them(house: House, unit: Person):
    shown, hidden = await posted(house), await posted(house, draft=True)
    west = Person(house, "committee", WEST)
    form = await filled(west, f"/needs/new?like={shown}")
    assert (form["title"], form["area"]) == ("周末义诊志愿者", WEST)
    await west.sees(f"/needs/new?like={hidden}", 404)
    answer = await unit.sends("/offers/new", {**await filled(unit, f"/offers/new?like={shown}"), "title": "我们来"})
    assert (await of(house, made(answer), "unit1"))["lines"][0]["quantity"] == 20


async def test_last_years_items_are_offered_for_copying(house: House, east: Person):
    await posted(house, title="去年的春游")
    assert "去年的春游" not in await east.sees("/needs/new")
    house.clock.advance(timedelta(days=360))
    await posted(house, title="今年的", windows=[], respond_by=None)
    await listed(house)
    page = await Person(house, "committee", EAST).sees("/needs/new")
    assert re.search(r'/needs/new\?like=need-[^"]+">去年的春游<', page)
    assert "今年的" not in page
    assert "去年的春游" not in await Person(house, "committee", WEST).sees("/needs/new")


async def test_a_coordinator_acts_for_a_unit_on_a_named_basis_and_it_is_recorded(house: House):
    street = Person(house, "street", "street-office", STREET)
    line = {"lines-0-kind": "场地", "lines-0-quantity": "1", "lines-0-unit": "间"}
    typed = {"title": "代发布", "category": "venue", "reach": "street", **line}
    await listed(house)
    assert '<option value="第2医院">' in await street.sees("/offers/new")
    page = (await street.sends("/offers/new", {**typed, "_for": "没有的单位"}, status=422)).text
    assert re.search(r'id="h-_for">没有找到这个单位', page)
    page = (await street.sends("/offers/new", {**typed, "_for": "第2医院"}, status=422)).text
    assert re.search(r'id="h-_basis">代办须注明依据', page)
    id = made(await street.sends("/offers/new", {**typed, "_for": "第2医院", "_basis": "phone"}))
    assert (await of(house, id, "unit2"))["owner"] == house.units[2]
    entry = (await house.engine.trail.history(id))[0]
    assert (entry["on_behalf_of"], entry["basis"]) == (house.units[2], "phone")
    path = f"/offers/{id}/edit"
    await street.sends(path, {**await filled(street, path), "title": "代改", "_basis": "visit"})
    assert (await of(house, id, "unit2"))["title"] == "代改"


async def test_nobody_else_is_asked_for_whom_they_act(house: House, east: Person):
    assert "_for" not in await east.sees("/needs/new")
    typed = {"title": "代", "category": "service", "area": EAST, "lines-0-kind": "人", "lines-0-quantity": "1", "lines-0-unit": "人"}
    await east.sends("/needs/new", {**typed, "_for": house.units[0], "_basis": "phone"}, status=422)


async def test_a_unit_chooses_among_the_areas_where_it_is_stationed(house: House, unit: Person):
    await listed(house)
    page = await unit.sees("/needs/new")
    assert re.findall(r'<option value="(310101\d+)"', page) == [STREET, EAST, WEST]
