"""The handshake on pages, by people without JavaScript: what they may do stands there as buttons, and why not the rest."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import httpx
import pytest

from domain.access import Principal
from tests.support.engine import DISTRICT, EAST, HOST, STREET, WEST, House, need, offer, opened_house, people


class Fields(HTMLParser):
    """The forms of a page with what is filled in: action -> {name: value}; its links and its text."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.forms: dict[str, dict[str, str]] = {}
        self.links: list[str] = []
        self.text = ""
        self._form: dict[str, str] = {}
        self._area = self._select = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        match tag:
            case "form":
                self._form = self.forms.setdefault(found.get("action", ""), {})
            case "input" if found.get("type") not in ("checkbox", "radio") or "checked" in found:
                self._form[found.get("name", "")] = found.get("value", "")
            case "textarea":
                self._area = found["name"]
                self._form[self._area] = ""
            case "select":
                self._select = found["name"]
            case "option" if "selected" in found or self._select not in self._form:
                self._form[self._select] = found.get("value", "")
            case "a":
                self.links.append(found.get("href", ""))

    def handle_endtag(self, tag: str) -> None:
        self._area = "" if tag == "textarea" else self._area

    def handle_data(self, data: str) -> None:
        self.text += data
        if self._area:
            self._form[self._area] += data.removeprefix("\n")


class Person:
    """Somebody who is logged in, with a browser that has no JavaScript."""

    def __init__(self, house: House, role: str, org: str, area: str | None = None, lang: str = "zh") -> None:
        principal = Principal(id=f"person-{role}-{org}", role=role, org=org, area=area)

        async def app(scope: Any, receive: Any, send: Any) -> None:
            scope["principal"] = principal
            await house.app(scope, receive, send)

        self.http = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app), base_url=HOST, headers={"Accept-Language": lang, "Origin": HOST}
        )
        self._house = house

    async def sees(self, path: str, status: int = 200) -> Fields:
        head = (await self._house.log.head()).position
        await self._house.engine.projector.wait_for(head, 5)
        answer = await self.http.get(path)
        assert answer.status_code == status, answer.text[:1500]
        return Fields(answer.text)

    async def sends(self, page: str, action: str, status: int = 303, **typed: str) -> str:
        """Fills in the form with that action on a page and sends it: where it leads, or the page it shows again."""
        seen = await self.sees(page)
        assert action in seen.forms, (page, sorted(seen.forms))
        return await self.posts(action, {**seen.forms[action], **typed}, status)

    async def posts(self, action: str, fields: Mapping[str, str], status: int = 303) -> str:
        answer = await self.http.post(action, data=dict(fields))
        assert answer.status_code == status, (answer.status_code, answer.text[:3000])
        return answer.headers["location"] if status == 303 else answer.text


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with opened_house(tmp_path) as made:
        yield made


def everybody(house: House, lang: str = "zh") -> dict[str, Person]:
    return {
        "east": Person(house, "committee", EAST, lang=lang), "west": Person(house, "committee", WEST, lang=lang),
        "street": Person(house, "street", "street-office", STREET, lang=lang),
        "district": Person(house, "district", "district-office", DISTRICT, lang=lang),
        "auditor": Person(house, "auditor", "audit", lang=lang), "admin": Person(house, "system_admin", "it", lang=lang),
        **{f"unit{n}": Person(house, "unit", unit, lang=lang) for n, unit in enumerate(house.units)},
    }  # fmt: skip


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


async def claimed(house: House, lang: str = "zh", quantity: str = "12") -> tuple[dict[str, Person], str, str]:
    """A need of 20 and a unit's claim of it by form: (everybody, need, claim's path)."""
    who = everybody(house, lang)
    need_id = (await house["east"].did("/v1/needs", need(20)))["id"]
    page = await who["unit0"].sees(f"/needs/{need_id}/claim")
    assert page.forms[f"/needs/{need_id}/claim"]["lines-0-quantity"] == "20"  # what is free
    typed = {"lines-0-quantity": quantity, "note": "周末都可以"}
    went = await who["unit0"].sends(f"/needs/{need_id}/claim", f"/needs/{need_id}/claim", **typed)
    return who, need_id, went.partition("?")[0]


@pytest.mark.parametrize("lang", ["zh", "en"])
async def test_a_unit_claims_a_need_and_the_committee_accepts(house: House, lang: str):
    who, need_id, claim = await claimed(house, lang)
    seen = await who["east"].sees(claim)
    assert "周末都可以" in seen.text
    assert ("之后共 20 人 中还余 8 人" if lang == "zh" else "after this 8 人 of 20 人 are left") in seen.text
    await who["east"].sends(claim, f"{claim}/acceptance", note="欢迎")
    doc = await house["auditor"].sees(f"/v1{claim}")
    assert doc["status"] == "accepted"
    assert f"/projects/{doc['project']}" in (await who["unit0"].sees(claim)).links
    assert claim in (await who["east"].sees(f"/needs/{need_id}")).links


async def test_a_claim_is_seen_by_its_sides_the_tiers_above_and_auditors_only(house: House):
    who, _, claim = await claimed(house)
    for name in ("unit0", "east", "street", "district", "auditor"):
        await who[name].sees(claim)
    for name in ("unit1", "west", "admin"):
        await who[name].sees(claim, 404)
    assert (await house["nobody"].http.get(claim)).headers["location"].startswith("/login?next=")


async def test_a_counter_shows_what_changed_and_the_other_side_answers_it(house: House):
    who, _, claim = await claimed(house)
    await who["east"].sends(f"{claim}?act=counter", f"{claim}/counter", **{"lines-0-quantity": "8", "note": "先来八位"})
    seen = await who["unit0"].sees(claim)
    assert re.search(r"志愿者\s*12 人\s*→\s*8 人", seen.text)
    assert "等待 第0医院 答复" in seen.text
    east = await who["east"].sees(claim)
    assert f"{claim}/acceptance" not in east.forms
    await who["unit0"].sends(claim, f"{claim}/acceptance")
    assert (await house["auditor"].sees(f"/v1{claim}"))["lines"][0]["quantity"] == 8


async def test_a_counter_that_changes_nothing_is_refused_beside_the_form(house: House):
    who, _, claim = await claimed(house)
    page = await who["east"].sees(f"{claim}?act=counter")
    again = await who["east"].posts(f"{claim}/counter", page.forms[f"{claim}/counter"], 422)
    assert "若同意原条件，请直接接受" in again


@pytest.mark.parametrize(("act", "who_acts"), [("refusal", "east"), ("withdrawal", "unit0")])
async def test_a_claim_is_declined_or_taken_back_with_the_reason(house: House, act: str, who_acts: str):
    who, _, claim = await claimed(house)
    await who[who_acts].sends(f"{claim}?act={act}", f"{claim}/{act}", reason="时间不合适")
    assert "时间不合适" in (await who["street"].sees(claim)).text


async def test_a_release_is_undone_when_both_say_it_was_a_mistake(house: House):
    who, _, claim = await claimed(house)
    await who["east"].sends(claim, f"{claim}/acceptance")
    await who["unit0"].sends(f"{claim}?act=release", f"{claim}/release", reason="排班冲突")
    await who["unit0"].sends(f"{claim}?act=reinstatement", f"{claim}/reinstatement")
    assert "第0医院 要求恢复" in (await who["east"].sees(claim)).text
    await who["east"].sends(f"{claim}?act=reinstatement", f"{claim}/reinstatement")
    assert (await house["auditor"].sees(f"/v1{claim}"))["status"] == "accepted"


async def test_units_claim_together_and_each_confirms_its_own_part(house: House):
    who = everybody(house)
    need_id = (await house["east"].did("/v1/needs", need(20)))["id"]
    path = f"/needs/{need_id}/claim"
    first, second = {"member0-name": "第1医院", "member0-0-quantity": "6"}, {"member1-name": "第2医院", "member1-0-quantity": "4"}
    typed = {"lines-0-quantity": "9", **first, **second}
    went = await who["unit0"].sends(f"{path}?joint=1", path, **typed)
    claim = went.partition("?")[0]
    await who["unit0"].sends(f"{claim}?act=members", f"{claim}/members", 422, member="没有的单位")
    await who["unit1"].sends(claim, f"{claim}/joining")
    await who["unit2"].sends(f"{claim}?act=declining", f"{claim}/declining", reason="人手不够")
    await who["unit0"].sends(f"{claim}?act=members", f"{claim}/members", member="第3医院", **{"lines-0-quantity": "3"})
    await who["unit3"].sends(claim, f"{claim}/joining")
    await who["unit0"].sends(f"{claim}?act=lead", f"{claim}/lead", org=house.units[1])
    await who["east"].sends(claim, f"{claim}/acceptance")
    await who["unit3"].sends(f"{claim}?act=leaving", f"{claim}/leaving", reason="临时任务")
    doc = await house["auditor"].sees(f"/v1{claim}")
    told = {m["org"]: (m["status"], m["lead"]) for m in doc["members"]}
    assert [told[unit] for unit in house.units] == [("joined", False), ("joined", True), ("declined", False), ("left", False)]
    assert doc["status"] == "accepted"


async def test_a_committee_claims_an_offer_for_one_occurrence_and_cites_its_need(house: House):
    who = everybody(house)
    wanted = (await house["east"].did("/v1/needs", need(5)))["id"]
    weekly = {"weekly": [{"day": 3, "from": "14:00", "to": "16:00"}], "from": "2026-03-01"}
    given = (await house["unit0"].did("/v1/offers", offer(5, windows=[weekly])))["id"]
    path = f"/offers/{given}/claim"
    page = await who["west"].sees(path)
    again = Fields(await who["west"].posts(path, page.forms[path], 422))  # no window was chosen
    assert "请用 window 写明时段" in again.text
    choice = re.search(r"2026-\S+Z/2026-\S+Z", (await who["east"].http.get(path)).text)
    assert choice
    typed = {"window": choice[0].partition('"')[0], "lines-0-quantity": "5", "cite": ""}
    went = await who["west"].sends(path, path, **typed)
    assert "余 0 人" in (await who["east"].sees(path)).text
    plain = (await house["unit1"].did("/v1/offers", offer(9)))["id"]
    cited = await who["east"].sends(f"/offers/{plain}/claim?cite={wanted}", f"/offers/{plain}/claim", **{"lines-0-quantity": "5"})
    doc = await house["auditor"].sees(f"/v1{cited.partition('?')[0]}")
    assert (doc["need"], doc["offer"]) == (wanted, plain)
    assert (await house["auditor"].sees(f"/v1{went.partition('?')[0]}"))["window"]


async def test_a_coordinator_brings_a_need_and_an_offer_together(house: House):
    who = everybody(house)
    wanted = (await house["east"].did("/v1/needs", need(5)))["id"]
    given = (await house["unit0"].did("/v1/offers", offer(9)))["id"]
    path = f"/needs/{wanted}/claim"
    went = await who["street"].sends(path, path, cite=given, **{"lines-0-quantity": "5"})
    claim = went.partition("?")[0]
    await who["east"].sends(claim, f"{claim}/acceptance")
    await who["unit0"].sends(claim, f"{claim}/acceptance")
    assert (await house["auditor"].sees(f"/v1{claim}"))["status"] == "accepted"


async def test_money_is_typed_in_yuan(house: House):
    who = everybody(house)
    lines = [{"kind": "助学款", "quantity": 500_000, "unit": "分"}]
    wanted = (await house["east"].did("/v1/needs", need(lines=lines, category="service")))["id"]
    path = f"/needs/{wanted}/claim"
    assert (await who["unit0"].sees(path)).forms[path]["lines-0-quantity"] == "5000"
    await who["unit0"].sends(path, path, 422, **{"lines-0-quantity": "一千"})
    went = await who["unit0"].sends(path, path, **{"lines-0-quantity": "１,234.50"})
    assert (await house["auditor"].sees(f"/v1{went.partition('?')[0]}"))["lines"][0]["quantity"] == 123_450


async def test_a_covered_need_has_a_wait_list_and_tells_the_place_in_it(house: House):
    who, need_id, claim = await claimed(house, quantity="20")
    await who["east"].sends(claim, f"{claim}/acceptance")
    path = f"/needs/{need_id}/claim"
    assert "排入候补" in (await who["unit1"].sees(path)).text
    went = await who["unit1"].sends(path, path, **{"lines-0-quantity": "5"})
    assert "候补第 1 位，共 1 位" in (await who["unit1"].sees(went)).text


async def test_two_colleagues_answer_one_claim_and_the_second_sees_what_the_first_did(house: House):
    who, _, claim = await claimed(house)
    page = await who["east"].sees(f"{claim}?act=counter")
    colleague = Person(house, "committee", EAST)
    await colleague.sends(claim, f"{claim}/acceptance")
    typed = {**page.forms[f"{claim}/counter"], "lines-0-quantity": "5"}
    again = await who["east"].posts(f"{claim}/counter", typed, 412)
    assert "您填写期间，这一项有了变化" in again
    assert "区域310101001001接受" in again
    assert (await house["auditor"].sees(f"/v1{claim}"))["lines"][0]["quantity"] == 12


async def working(house: House, lang: str = "zh", **more: Any) -> tuple[dict[str, Person], str]:
    """An accepted claim of 12: (everybody, the project's path)."""
    posted = await house["east"].did("/v1/needs", need(20, **more))
    lines = more.get("lines", people(12))
    claim = await house["unit0"].did("/v1/claims", {"need": posted["id"], "lines": lines})
    await house["east"].did(f"/v1/claims/{claim['id']}/acceptance")
    project = (await house["east"].sees(f"/v1/claims/{claim['id']}"))["project"]
    return everybody(house, lang), f"/projects/{project}"


@pytest.mark.parametrize("lang", ["zh", "en"])
async def test_a_project_goes_from_its_first_milestone_to_its_closing_by_forms_alone(house: House, lang: str):
    who, path = await working(house, lang)
    unit, east = who["unit0"], who["east"]
    await unit.sends(f"{path}?act=milestones", f"{path}/milestones", title="踩点", due="2026-04-01")
    await unit.sends(f"{path}?act=marks", f"{path}/marks", mark="slipped", due="2026-04-08", note="下雨")
    await unit.sends(f"{path}?act=marks", f"{path}/marks", mark="met")
    await unit.sends(path, f"{path}/delivery", note="分两次")  # its turn: the form is open
    await east.sends(path, f"{path}/confirmation", **{"lines-0-quantity": "10", "beneficiaries": "120"})
    await east.sends(path, f"{path}/feedback", told="3 号楼居民代表", way="talk", when="2026-03-02", note="都办好了")
    await east.sends(path, f"{path}/evaluations", score="5", note="很好")
    await unit.sends(path, f"{path}/evaluations", score="4")
    await east.sends(f"{path}?act=closure", f"{path}/closure")
    doc = await house["auditor"].sees(f"/v1{path}")
    assert (doc["status"], doc["lines"][0]["confirmed"], doc["beneficiaries"]) == ("closed", 10, 120)
    text = (await unit.sees(path)).text
    assert "2026-03-02，当面，3 号楼居民代表：都办好了" in text
    assert "踩点" in text


async def test_a_project_says_who_is_next_and_until_when(house: House):
    who, path = await working(house)
    assert "下一步：第0医院报告交付" in (await who["east"].sees(path)).text
    await who["unit0"].sends(path, f"{path}/delivery")
    assert "下一步：区域310101001001确认交付" in (await who["unit0"].sees(path)).text
    assert f"{path}/confirmation" not in (await who["unit0"].sees(path)).forms


async def test_a_dispute_is_settled_by_the_other_side_or_a_coordinator(house: House):
    who, path = await working(house)
    await who["unit0"].sends(path, f"{path}/delivery")
    await who["east"].sends(f"{path}?act=dispute", f"{path}/dispute", reason="只来了一半")
    own = await who["east"].sees(path)
    assert f"{path}/settlement" not in own.forms
    await who["street"].sends(path, f"{path}/settlement", outcome="delivered", reason="各认一半", **{"lines-0-quantity": "6"})
    doc = await house["auditor"].sees(f"/v1{path}")
    assert (doc["outcome"], doc["lines"][0]["confirmed"]) == ("delivered", 6)


async def test_money_is_booked_in_yuan_and_never_beyond_what_was_pledged(house: House):
    who, path = await working(house, lines=[{"kind": "助学款", "quantity": 500_000, "unit": "分"}])
    await who["east"].sends(f"{path}?act=funds", f"{path}/funds", 422, kind="received", yuan="5000.01")
    await who["east"].sends(f"{path}?act=funds", f"{path}/funds", kind="received", yuan="3,000")
    await who["unit0"].sends(f"{path}?act=funds", f"{path}/funds", kind="spent", yuan="1200.50", voucher="ab" * 32)
    money = (await house["auditor"].sees(f"/v1{path}"))["money"]
    assert money == {"pledged_fen": 500_000, "received_fen": 300_000, "spent_fen": 120_050}
    assert "1,200.50 元" in (await who["auditor"].sees(path)).text


async def test_a_project_that_is_stopped_before_delivery_leads_to_the_release_of_its_claim(house: House):
    who, path = await working(house)
    release = next(link for link in (await who["unit0"].sees(path)).links if "act=release" in link)
    claim = release.partition("?")[0]
    await who["unit0"].sends(release.partition("#")[0], f"{claim}/release", reason="停工")
    assert "已中止" in (await who["east"].sees(path)).text


async def test_closing_early_asks_for_the_reason(house: House):
    who, path = await working(house)
    await who["unit0"].sends(path, f"{path}/delivery")
    await who["east"].sends(path, f"{path}/confirmation")
    assert "尚缺反馈或双方评价" in (await who["east"].sees(f"{path}?act=closure")).text
    await who["east"].sends(f"{path}?act=closure", f"{path}/closure", reason="对方已撤场")
    assert (await house["auditor"].sees(f"/v1{path}"))["status"] == "closed"


async def test_the_desk_says_what_waits_what_is_due_and_what_is_new_near_me(house: House):
    who, need_id, claim = await claimed(house)
    east = await who["east"].sees("/desk")
    assert f"{claim}?act=acceptance" in east.links
    unit = await who["unit1"].sees("/desk")
    assert f"/needs/{need_id}" in unit.links
    assert "没有等您答复的事" in unit.text
    await who["east"].sends(claim, f"{claim}/acceptance")
    project = (await house["auditor"].sees(f"/v1{claim}"))["project"]
    house.clock.advance(timedelta(days=61))
    late = await who["unit0"].sees("/desk")
    assert f"/projects/{project}?act=delivery" in late.links
    assert "已逾期 1 天" in late.text
    street = await who["street"].sees("/desk")
    assert f"/projects/{project}" in street.links
    assert f"/dashboards/{WEST}" in street.links  # where nothing has happened


async def test_what_fits_a_committee_best_comes_first_on_its_desk_and_nothing_out_of_reach(house: House):
    who, unit = everybody(house), house["unit0"]
    await house["east"].did("/v1/needs", need(3, category="venue"))
    fitting = (await unit.did("/v1/offers", offer(3, category="venue")))["id"]
    other = (await unit.did("/v1/offers", offer(3, category="service")))["id"]
    far = (await house["west"].did("/v1/offers", offer(3, reach="neighbourhood")))["id"]
    links = (await who["east"].sees("/desk")).links
    assert links.index(f"/offers/{fitting}") < links.index(f"/offers/{other}")
    assert f"/offers/{far}" not in links


async def test_ones_own_things_are_listed_by_kind_and_status(house: House):
    who, need_id, claim = await claimed(house)
    assert claim in (await who["unit0"].sees("/desk/mine?kind=claim&status=proposed")).links
    assert claim not in (await who["unit0"].sees("/desk/mine?kind=claim&status=accepted")).links
    assert f"/needs/{need_id}" in (await who["east"].sees("/desk/mine?kind=need")).links
    assert claim not in (await who["unit1"].sees("/desk/mine?kind=claim")).links


async def test_auditors_and_administrators_find_their_own_places_on_the_desk(house: House):
    who = everybody(house)
    assert "/audit" in (await who["auditor"].sees("/desk")).links
    admin = await who["admin"].sees("/desk")
    assert "/admin" in admin.links
    assert "/needs/new" not in admin.links
    await who["admin"].sees("/desk/mine", 404)


async def test_a_coordinator_acts_for_a_committee_on_record_and_says_on_what_basis(house: House):
    who, need_id, claim = await claimed(house)
    page = await who["street"].sees(claim)
    assert f"{claim}/acceptance" not in page.forms
    other = next(link for link in page.links if f"for={EAST}" in link).partition("#")[0]
    seen = await who["street"].sees(other)
    assert "您正在代区域310101001001办理" in seen.text
    typed = seen.forms[f"{claim}/acceptance"]
    again = await who["street"].posts(f"{claim}/acceptance", {**typed, "_basis": ""}, 422)
    assert "代办须注明依据" in again
    await who["street"].posts(f"{claim}/acceptance", {**typed, "_basis": "phone"})
    told = (await house["auditor"].sees(f"/v1{claim}/history"))["items"][-1]
    assert (told["type"], told["on_behalf_of"], told["basis"]) == ("claim.accepted", EAST, "phone")
    draft = (await house["east"].did("/v1/needs", need(draft=True)))["id"]
    await who["street"].sends(f"/needs/{draft}?for={EAST}&act=publication", f"/needs/{draft}/publication", _basis="visit")
    project = (await house["auditor"].sees(f"/v1{claim}"))["project"]
    planned = f"/projects/{project}/milestones"
    await who["street"].sends(f"/projects/{project}?for={EAST}&act=milestones", planned, title="踩点", _basis="minutes")
    assert need_id
