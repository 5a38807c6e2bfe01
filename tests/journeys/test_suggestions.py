"""Suggestions over the API: what is asked for and what is given find each other at once, and who does not fit is told why."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from domain.matching.policy import CRITERIA
from tests.support.engine import Caller, House, need, offer, people
from tests.support.world import EAST

TUESDAY = {"start": "2026-03-10T09:00:00+08:00", "end": "2026-03-10T11:00:00+08:00"}
FRIDAY = {"start": "2026-03-13T09:00:00+08:00", "end": "2026-03-13T11:00:00+08:00"}


async def posted(caller: Caller, kind: str, **more: Any) -> str:
    made: str = (await caller.did(f"/v1/{kind}s", (need if kind == "need" else offer)(**more)))["id"]
    return made


async def suggested(caller: Caller, kind: str, id: str, **query: Any) -> dict[str, Any]:
    return await caller.sees(f"/v1/{kind}s/{id}/suggestions", **query)


async def test_a_need_is_told_at_once_who_could_serve_it_and_the_offer_whom_it_could_serve(house: House):
    asked = await posted(house["east"], "need", quantity=20, urgency=3, windows=[TUESDAY, FRIDAY])
    given = await posted(house["unit1"], "offer", quantity=10, windows=[TUESDAY])
    said = await suggested(house["east"], "need", asked)
    (one,) = said["items"]
    assert (one["need"], one["offer"], one["unit"], one["owner"]) == (asked, given, house.units[1], house.units[1])
    assert one["number"] == (await house["unit1"].sees(f"/v1/offers/{given}"))["number"]
    assert tuple(one["parts"]) == CRITERIA
    assert sum(one["parts"].values()) == one["score"] == one["rank"]
    assert (one["tier"], one["common_halves"], one["cover"], one["lines"]) == ("street", 1, 250, people(10))
    assert one["times"] == [{"start": "2026-03-10T01:00:00Z", "end": "2026-03-10T03:00:00Z"}]
    assert (said["mode"], said["rejected"], len(said["policy"])) == ("normal", None, 64)
    (other,) = (await suggested(house["unit1"], "offer", given))["items"]
    same = ("need", "offer", "score", "rank", "parts", "lines", "times", "window")
    assert {name: other[name] for name in same} == {name: one[name] for name in same}
    assert (other["owner"], other["title"]) == (EAST, "周末义诊志愿者")


async def test_what_a_suggestion_says_is_a_claim_that_both_can_make(house: House):
    asked = await posted(house["east"], "need", quantity=20, windows=[TUESDAY, FRIDAY])
    given = await posted(house["unit1"], "offer", quantity=10, windows=[TUESDAY])
    (one,) = (await suggested(house["unit1"], "offer", given))["items"]
    body = {"need": asked, "offer": given, "lines": one["lines"], "window": one["window"]}
    claim = await house["unit1"].did("/v1/claims", body)
    await house["east"].did(f"/v1/claims/{claim['id']}/acceptance")
    said = await suggested(house["east"], "need", asked, rejected=1)
    assert said["items"] == []
    assert said["position"] > claim["position"]
    assert said["rejected"]["counts"] == {"OFFER_FULL": 1}


async def test_every_change_is_in_the_very_next_answer(house: House):
    asked = await posted(house["east"], "need")
    assert (await suggested(house["east"], "need", asked))["items"] == []
    given = await posted(house["unit1"], "offer")
    assert [one["offer"] for one in (await suggested(house["east"], "need", asked))["items"]] == [given]
    await house["unit1"].did(f"/v1/offers/{given}/pause", {"reason": "盘点"})
    assert (await suggested(house["east"], "need", asked))["items"] == []
    await house["unit1"].did(f"/v1/offers/{given}/resumption")
    await house["street"].did(f"/v1/units/{house.units[1]}/suspension", {"reason": "整改"})
    assert (await suggested(house["east"], "need", asked))["items"] == []


async def test_the_best_come_first_and_only_as_many_as_were_asked_for(house: House):
    asked = await posted(house["east"], "need", quantity=20)
    for n, quantity in enumerate((5, 20, 10)):
        await posted(house[f"unit{n}"], "offer", quantity=quantity)
    everything = (await suggested(house["east"], "need", asked))["items"]
    assert [one["lines"][0]["quantity"] for one in everything] == [20, 10, 5]
    assert (await suggested(house["east"], "need", asked, limit=2))["items"] == everything[:2]


async def test_who_does_not_fit_is_told_why_and_what_would_help(house: House):
    asked = await posted(house["east"], "need", quantity=3, windows=[TUESDAY], skill="护理")
    late = await posted(house["unit0"], "offer", windows=[FRIDAY])
    unskilled = await posted(house["unit1"], "offer", skills=["法律"])
    large = await posted(house["unit2"], "offer", skills=["护理"], minimum=5)
    await posted(house["unit3"], "offer", category="venue")
    said = (await suggested(house["east"], "need", asked, rejected=1))["rejected"]
    assert said["counts"] == {"CATEGORY": 1, "NO_COMMON_TIME": 1, "SKILL_MISSING": 1, "BELOW_MINIMUM": 1}
    nearest = [(miss["id"], miss["code"]) for miss in said["nearest"]]
    assert nearest == [(large, "BELOW_MINIMUM"), (unskilled, "SKILL_MISSING"), (late, "NO_COMMON_TIME")]
    assert "放宽时段" in said["nearest"][2]["hint_zh"]
    assert "Widen the times" in said["nearest"][2]["hint_en"]
    back = (await suggested(house["unit2"], "offer", large, rejected=1))["rejected"]
    assert [(miss["id"], miss["code"]) for miss in back["nearest"]] == [(asked, "BELOW_MINIMUM")]


async def test_who_declined_is_not_suggested_again(house: House):
    asked, given = await posted(house["east"], "need"), await posted(house["unit1"], "offer")
    claim = await house["unit1"].did("/v1/claims", {"need": asked, "offer": given, "lines": people(5)})
    await house["east"].did(f"/v1/claims/{claim['id']}/refusal", {"reason": "时间不合适"})
    said = await suggested(house["unit1"], "offer", given, rejected=1)
    assert (said["items"], said["rejected"]["counts"]) == ([], {"DECLINED_BEFORE": 1})


async def test_a_pair_that_a_published_round_ruled_out_is_suggested_no_more(house: House):
    asked, given = await posted(house["east"], "need"), await posted(house["unit1"], "offer")
    opened = (await house["street"].did("/v1/rounds", {"area": "310101001"}))["id"]
    decision = {"need": asked, "offer": given, "reason": "双方另有安排"}
    await house["street"].did(f"/v1/rounds/{opened}/prohibitions", decision)
    assert [one["offer"] for one in (await suggested(house["east"], "need", asked))["items"]] == [given]
    published = await house["street"].did(f"/v1/rounds/{opened}/publication")
    await house["street"].sees("/v1/rounds", since=published["position"])  # the lists have it
    await posted(house["unit2"], "offer", category="venue")
    said = await suggested(house["east"], "need", asked, rejected=1)
    assert (said["items"], said["rejected"]["counts"]) == ([], {"CATEGORY": 1, "PROHIBITED": 1})


@pytest.mark.parametrize(
    ("who", "status"),
    [("east", 200), ("street", 200), ("auditor", 200), ("west", 403), ("unit1", 403), ("nobody", 401)],
)
async def test_suggestions_are_for_the_owner_those_who_coordinate_its_area_and_auditors(house: House, who: str, status: int):
    asked = await posted(house["east"], "need")
    answer = await house[who].get(f"/v1/needs/{asked}/suggestions")
    assert answer.status_code == status
    if status == 403:
        assert answer.json()["code"] == "access.suggestions"


async def test_what_is_hidden_is_not_there_and_what_is_over_has_none(house: House):
    draft = await posted(house["east"], "need", draft=True)
    assert (await house["west"].get(f"/v1/needs/{draft}/suggestions")).status_code == 404
    answer = await house["east"].get(f"/v1/needs/{draft}/suggestions", headers={"Accept-Language": "en"})
    assert (answer.status_code, answer.json()["code"]) == (409, "suggestion.need_not_open")
    assert "post a draft first" in answer.json()["detail"]
    given = await posted(house["unit1"], "offer")
    await house["unit1"].did(f"/v1/offers/{given}/pause", {"reason": "盘点"})
    assert (await house["unit1"].get(f"/v1/offers/{given}/suggestions")).json()["code"] == "suggestion.offer_not_published"
    assert (await house["unit1"].get(f"/v1/needs/{given}/suggestions")).status_code == 404
    assert (await house["unit1"].get(f"/v1/offers/{given}/suggestions", limit=51)).status_code == 422


async def test_the_calendar_moves_on_and_what_is_over_is_suggested_no_more(house: House):
    asked = await posted(house["east"], "need", windows=[TUESDAY])
    given = await posted(house["unit1"], "offer")
    assert [one["offer"] for one in (await suggested(house["east"], "need", asked))["items"]] == [given]
    house.clock.advance(timedelta(days=8))
    assert (await suggested(house["east"], "need", asked, rejected=1))["rejected"]["counts"] == {"NO_COMMON_TIME": 1}
