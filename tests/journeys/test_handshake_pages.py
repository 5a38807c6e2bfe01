"""The handshake on pages, by people without JavaScript: what they may do with an item stands there as buttons."""

from __future__ import annotations

import gzip
import re

import pytest

from tests.journeys.test_pages import MOST_KB, Page
from tests.support.browsing import Fields, claimed, everybody, working
from tests.support.engine import House, need, offer


async def test_a_draft_is_its_owners_alone_and_is_published_by_its_button(house: House):
    who = everybody(house)
    draft = (await house["east"].did("/v1/needs", need(draft=True, note="两周一次")))["id"]
    for other in ("west", "unit0", "admin"):
        await who[other].sees(f"/needs/{draft}", 404)
    page = await who["east"].sees(f"/needs/{draft}")
    assert "两周一次" in page.text
    assert "只有待审核的需求可以审核" not in page.text  # that is the street's business, whatever the state
    await who["east"].sends(f"/needs/{draft}", f"/needs/{draft}/publication")
    assert "待认领" in (await who["west"].sees(f"/needs/{draft}")).text


async def test_sending_a_form_twice_does_it_once(house: House):
    who = everybody(house)
    posted = (await house["unit0"].did("/v1/offers", offer()))["id"]
    page = await who["unit0"].sees(f"/offers/{posted}?act=pause")
    fields = {**page.forms[f"/offers/{posted}/pause"], "reason": "盘点"}
    first = await who["unit0"].posts(f"/offers/{posted}/pause", fields)
    assert await who["unit0"].posts(f"/offers/{posted}/pause", fields) == first
    await who["unit0"].sends(f"/offers/{posted}", f"/offers/{posted}/resumption")
    assert len((await house["auditor"].sees(f"/v1/offers/{posted}/history"))["items"]) == 3


async def test_who_comes_second_sees_what_changed_and_overwrites_nothing(house: House):
    who = everybody(house)
    posted = (await house["east"].did("/v1/needs", need(20)))["id"]
    page = await who["east"].sees(f"/needs/{posted}?act=withdrawal")
    await house["east"].act("PATCH", f"/v1/needs/{posted}", {"title": "换了标题"})
    typed = {**page.forms[f"/needs/{posted}/withdrawal"], "reason": "不需要了"}
    again = Fields(await who["east"].posts(f"/needs/{posted}/withdrawal", typed, 412))
    assert "已被他人更新" in again.text
    assert "修改标题" in again.text
    form = again.forms[f"/needs/{posted}/withdrawal"]
    assert form["reason"] == "不需要了"
    assert "done=withdrawn" in await who["east"].posts(f"/needs/{posted}/withdrawal", form)


@pytest.mark.parametrize("lang", ["zh", "en"])
async def test_the_other_acts_on_needs_and_offers_have_their_forms(house: House, lang: str):
    who, east = everybody(house, lang), house["east"]
    first, second = [(await east.did("/v1/needs", need(title=f"需求{n}")))["id"] for n in range(2)]
    await who["east"].sends(f"/needs/{second}?act=merge", f"/needs/{second}/merge", into=first, reason="重复")
    await who["street"].sends(f"/needs/{first}?act=withdrawal", f"/needs/{first}/withdrawal", reason="取消")
    again = await who["east"].sends(f"/needs/{first}?act=reopening", f"/needs/{first}/reopening")
    assert re.search(r"seen=\d+", again)
    given = (await house["unit0"].did("/v1/offers", offer(draft=True)))["id"]
    await who["unit0"].sends(f"/offers/{given}", f"/offers/{given}/publication")
    await who["unit0"].sends(f"/offers/{given}?act=retirement", f"/offers/{given}/retirement")
    doc = await house["auditor"].sees(f"/v1/offers/{given}")
    assert doc["status"] == "retired"
    assert (await house["auditor"].sees(f"/v1/needs/{second}"))["status"] == "merged"


async def test_everybody_else_is_told_to_log_in_and_forms_without_log_in_lead_there(house: House):
    posted = (await house["east"].did("/v1/needs", need()))["id"]
    page = Fields((await house["nobody"].http.get(f"/needs/{posted}")).text)
    assert any(link.startswith("/login?next=") for link in page.links)
    assert not [action for action in page.forms if action.endswith("/withdrawal")]
    answer = await house["nobody"].http.post(f"/needs/{posted}/withdrawal", data={"_key": "k", "reason": "x"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/login")


async def test_the_pages_of_the_handshake_are_light_sound_and_hold_nothing_inline(house: House):
    who, need_id, claim = await claimed(house)
    _, path = await working(house)
    for n in range(12):
        await house["unit0"].did("/v1/offers", offer(9, title=f"第{n}支志愿者队伍周末可以上门服务"))
    pages = (
        ("east", claim), ("east", f"{claim}?act=counter"), ("unit0", path), ("unit1", f"/needs/{need_id}/claim?joint=1"),
        ("east", "/desk"), ("street", "/desk"), ("unit0", "/desk/mine?kind=offer"), ("east", f"/needs/{need_id}?act=withdrawal"),
    )  # fmt: skip
    for name, page in pages:
        await who[name].sees(page)
        answer = await who[name].http.get(page, headers={"Accept-Encoding": "identity"})
        found = Page(answer.text)
        assert found.inline == [], page
        assert len(found.ids) == len(set(found.ids)), page
        assert len(gzip.compress(answer.content)) <= MOST_KB * 1024, page
        for part in ("head", "now", "acts", "form", "list"):
            got = await who[name].http.get(page, headers={"X-Fragment": part})
            if "<html" not in got.text:
                assert got.text.strip() in answer.text or "_key" in got.text, (page, part)


async def test_english_pages_of_the_handshake_have_no_chinese_but_what_people_and_districts_named(house: House):
    who, need_id, claim = await claimed(house, "en")
    _, path = await working(house, "en")
    for name, page in (
        ("east", claim), ("east", f"{claim}?act=counter"), ("unit0", path),
        ("unit1", f"/needs/{need_id}/claim?joint=1"), ("east", "/desk"), ("street", "/desk"), ("unit0", "/desk/mine"),
        ("east", f"/needs/{need_id}?act=withdrawal"),
    ):  # fmt: skip
        text = (await who[name].http.get(page)).text
        named = ("周末义诊志愿者", "周末都可以", "志愿者", "区域", "医院", "第", "中文", "人", "分")
        left = re.findall("[\u4e00-\u9fff]+", re.sub("|".join(named), "", Page(text).text))
        assert left == [], page
