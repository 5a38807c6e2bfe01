"""Suggestions on pages, by people without JavaScript: beside an item, on a page of their own, and on to the claim."""

from __future__ import annotations

import asyncio
import re

import pytest

from tests.journeys.test_suggestions import FRIDAY, TUESDAY, posted
from tests.support.browsing import everybody
from tests.support.engine import House


async def town(house: House) -> tuple[str, str]:
    """A need with one offer that fits and three that do not."""
    asked = await posted(house["east"], "need", quantity=20, urgency=3, windows=[TUESDAY], skill="护理")
    given = await posted(house["unit1"], "offer", quantity=50, windows=[TUESDAY, FRIDAY], skills=["护理"])
    await posted(house["unit0"], "offer", title="周五的队伍", windows=[FRIDAY], skills=["护理"])
    await posted(house["unit2"], "offer", title="法律援助", skills=["法律"])
    await posted(house["unit3"], "offer", title="礼堂", category="venue")
    return asked, given


async def test_the_owner_finds_beside_a_need_who_could_serve_it_and_claims_with_two_clicks(house: House):
    who, (asked, given) = everybody(house), await town(house)
    page = await who["east"].sees(f"/needs/{asked}")
    assert "推荐" in page.text
    assert "同一街道" in page.text
    assert "共同半天 1 个" in page.text
    assert f"/offers/{given}" in page.links
    (form,) = [link for link in page.links if link.startswith(f"/offers/{given}/claim?")]
    fields = (await who["east"].sees(form)).forms[f"/offers/{given}/claim"]
    assert (fields["cite"], fields["lines-0-quantity"]) == (asked, "20")
    window = "2026-03-10T01:00:00Z/2026-03-10T03:00:00Z"
    where = await who["east"].posts(f"/offers/{given}/claim", {**fields, "window": window})
    claim = await house["east"].sees(f"/v1{where.partition('?')[0]}")
    assert (claim["need"], claim["offer"], claim["lines"][0]["quantity"]) == (asked, given, 20)


async def test_a_unit_finds_beside_its_offer_whom_it_could_serve(house: House):
    who, (asked, given) = everybody(house), await town(house)
    page = await who["unit1"].sees(f"/offers/{given}")
    (form,) = [link for link in page.links if link.startswith(f"/needs/{asked}/claim?")]
    fields = (await who["unit1"].sees(form)).forms[f"/needs/{asked}/claim"]
    assert (fields["cite"], fields["lines-0-quantity"]) == (given, "20")


async def test_a_coordinator_brings_both_together_also_with_what_its_lists_do_not_show_first(house: House):
    who = everybody(house)
    asked, given = await town(house)
    for n in range(101):
        await posted(house["unit0"], "offer", title=f"别的资源 {n}", quantity=1, windows=[FRIDAY])
    page = await who["street"].sees(f"/needs/{asked}")
    (form,) = [link for link in page.links if link.startswith(f"/needs/{asked}/claim?")]
    fields = (await who["street"].sees(form)).forms[f"/needs/{asked}/claim"]
    assert fields["cite"] == given


async def test_what_a_link_cites_is_only_listed_where_it_may_be_chosen(house: House):
    who, (asked, given) = everybody(house), await town(house)
    stranger = await who["west"].sees(f"/offers/{given}/claim?cite={asked}")
    assert stranger.forms[f"/offers/{given}/claim"].get("cite", "") == ""


@pytest.mark.parametrize("name", ["west", "unit0"])
async def test_beside_an_item_of_others_there_are_no_suggestions(house: House, name: str):
    who, (asked, _) = everybody(house), await town(house)
    assert f"/items/{asked}/suggestions" not in (await who[name].sees(f"/needs/{asked}")).links
    await who[name].sees(f"/items/{asked}/suggestions", 403)
    await who["admin"].sees(f"/items/{asked}/suggestions", 404)


async def test_without_log_in_there_are_none_and_the_page_leads_to_the_log_in(house: House):
    asked, _ = await town(house)
    assert "推荐" not in (await house["nobody"].get(f"/needs/{asked}", headers={"Accept-Language": "zh"})).text
    answer = await house["nobody"].get(f"/items/{asked}/suggestions")
    assert (answer.status_code, answer.headers["location"].partition("?")[0]) == (303, "/login")


async def test_an_auditor_looks_and_claims_nothing(house: House):
    who, (asked, given) = everybody(house), await town(house)
    page = await who["auditor"].sees(f"/needs/{asked}")
    assert f"/offers/{given}" in page.links
    assert not [link for link in page.links if "claim?cite" in link]


async def test_the_page_of_suggestions_shows_every_point_and_what_would_help_the_others(house: House):
    who, (asked, given) = everybody(house), await town(house)
    page = await who["east"].sees(f"/items/{asked}/suggestions")
    said = (await house["east"].sees(f"/v1/needs/{asked}/suggestions"))["items"][0]
    raw = (await who["east"].http.get(f"/items/{asked}/suggestions")).text
    of_a_hundred = re.findall(r'<td class="r">(?:<b>)?(-?\d+\.\d)', raw)
    points = [int(n.replace(".", "")) for n in of_a_hundred]
    assert points == [*said["parts"].values(), said["score"], 0, said["rank"]]
    for sentence in ("没有共同的时间。", "请放宽时段", "缺少所需技能。", "类别不同。", "周五的队伍", "法律援助"):
        assert sentence in page.text, sentence
    english = everybody(house, lang="en")["unit1"]
    assert "What does not fit" in (await english.sees(f"/items/{given}/suggestions")).text


async def test_a_first_start_is_not_waited_for(house: House, monkeypatch: pytest.MonkeyPatch):
    who, (asked, _) = everybody(house), await town(house)
    market, held = house.engine.market, asyncio.Event()
    catch_up = market.catch_up

    async def slow() -> int:
        await held.wait()
        return await catch_up()

    monkeypatch.setattr(market, "catch_up", slow)
    assert "正在准备推荐" in (await who["east"].sees(f"/needs/{asked}")).text
    held.set()
    assert "共同半天 1 个" in (await who["east"].sees(f"/needs/{asked}")).text


async def test_the_panel_is_a_part_of_the_page_that_can_be_had_alone_and_the_past_has_none(house: House):
    who, (asked, given) = everybody(house), await town(house)
    await who["east"].sees(f"/needs/{asked}")
    answer = await who["east"].http.get(f"/needs/{asked}", headers={"X-Fragment": "fits"})
    assert answer.text.lstrip().startswith('<section class="card fits"')
    assert f"/offers/{given}" in answer.text
    position = (await house.log.head()).position
    assert f"/offers/{given}" not in (await who["east"].http.get(f"/needs/{asked}?at={position}")).text


async def test_a_need_that_is_over_says_why_there_are_none(house: House):
    who, (asked, _) = everybody(house), await town(house)
    await house["east"].did(f"/v1/needs/{asked}/withdrawal", {"reason": "不需要了"})
    assert "推荐" not in (await who["east"].sees(f"/needs/{asked}")).text
    assert "请先重新开放" in (await who["east"].sees(f"/items/{asked}/suggestions", 409)).text
