"""Claims by form: proposed, countered, answered, joined by others, undone; by people without JavaScript."""

from __future__ import annotations

import re

import pytest

from tests.support.browsing import Fields, Person, claimed, everybody
from tests.support.engine import EAST, House, need, offer


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
    await who["unit0"].sends(f"{claim}?act=members", f"{claim}/members", 422, org="没有的单位")
    await who["unit1"].sends(claim, f"{claim}/joining")
    await who["unit2"].sends(f"{claim}?act=declining", f"{claim}/declining", reason="人手不够")
    await who["unit0"].sends(f"{claim}?act=members", f"{claim}/members", org="第3医院", **{"lines-0-quantity": "3"})
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
