"""Everybody's desk, as a browser without JavaScript gets it."""

from __future__ import annotations

from datetime import timedelta

from tests.support.browsing import claimed, everybody
from tests.support.engine import WEST, House, need, offer


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
