"""Projects by form, from the first milestone to the closing; by people without JavaScript."""

from __future__ import annotations

import pytest

from tests.support.browsing import working
from tests.support.engine import House


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
