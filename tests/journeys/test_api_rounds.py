"""A round of matching over HTTP, in a small district: opened, looked at, decided about, published, answered, gone on with."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio

from domain.access import SYSTEM
from domain.matching import network
from domain.matching.policy import NORMAL
from services.command import Ask
from tests.support.engine import Caller, House, need, offer
from tests.support.world import BOOK, DISTRICT, STREET, WEST


@pytest_asyncio.fixture
async def town(house: House) -> AsyncIterator[House]:
    """Two needs for twenty people; unit 1 has thirty to give, unit 2 twenty; one need that nobody can serve."""
    house.callers["above"] = Caller(house.app, "district-office", house.keys.create("district", "district-office", DISTRICT))
    house.callers["far"] = Caller(house.app, "far-office", house.keys.create("street", "far-office", "310101002"))
    await house["east"].did("/v1/needs", need(20))
    await house["west"].did("/v1/needs", need(20, area=WEST))
    await house["west"].did("/v1/needs", need(20, area=WEST, category="venue"))
    await house["unit1"].did("/v1/offers", offer(30))
    await house["unit2"].did("/v1/offers", offer(20))
    yield house


async def opened(house: House, by: str = "street", **more: Any) -> dict[str, Any]:
    """A round of the street, as it is computed."""
    done = await house[by].did("/v1/rounds", {"area": STREET, "category": "service", **more})
    return await house[by].sees(f"/v1/rounds/{done['id']}")


async def published(house: House, round: dict[str, Any], by: str = "street") -> dict[str, Any]:
    await house[by].did(f"/v1/rounds/{round['id']}/publication")
    return await house[by].sees(f"/v1/rounds/{round['id']}")


def names(round: dict[str, Any]) -> set[tuple[str, str]]:
    return {(pair["need"], pair["offer"]) for pair in round["pairs"]}


def caller_of(house: House, org: str) -> Caller:
    return next(caller for caller in house.callers.values() if caller.org == org and caller.key)


async def answered(house: House, claim: str, act: str = "acceptance") -> dict[str, Any]:
    """Both sides say it, the giver first."""
    found = await house["auditor"].sees(f"/v1/claims/{claim}")
    await caller_of(house, found["provider"]).did(f"/v1/claims/{claim}/{act}")
    if act == "acceptance":
        await caller_of(house, found["receiver"]).did(f"/v1/claims/{claim}/{act}")
    return await house["auditor"].sees(f"/v1/claims/{claim}")


async def head(house: House) -> int:
    return (await house.log.head()).position


async def test_a_round_is_looked_at_decided_about_published_and_answered_and_projects_begin(town: House):
    first = await opened(town)
    assert (first["status"], first["number"], first["wave"], first["served"]) == ("computed", "PP-310101-2026-000001", 1, 2)
    assert {sum(pair["parts"].values()) - pair["score"] for pair in first["pairs"]} == {0}
    assert (first["certificate"]["unique"], first["fairness"]["after"]["nothing"]) == (True, 0)
    assert (await town.engine.boards.list("claims", SYSTEM)).items == []  # nobody has been asked yet
    gone = first["pairs"][0]
    body = {"need": gone["need"], "offer": gone["offer"], "reason": "双方去年有过纠纷"}
    await town["street"].did(f"/v1/rounds/{first['id']}/prohibitions", body)
    second = await town["street"].sees(f"/v1/rounds/{first['id']}")
    assert (second["status"], second["cutoff"], second["key"]) == ("computed", first["cutoff"], first["key"])
    assert (gone["need"], gone["offer"]) in names(first) - names(second)
    assert second["digests"]["inputs"] != first["digests"]["inputs"]
    third = await published(town, second)
    assert all(pair["claim"] and not pair["dropped"] for pair in third["pairs"])
    for pair in third["pairs"]:
        claim = await town["auditor"].sees(f"/v1/claims/{pair['claim']}")
        assert (claim["proposed_by"], claim["round"]) == ({"org": "street-office", "role": "matcher"}, first["id"])
        assert set(claim["awaiting"]) == {claim["provider"], claim["receiver"]}
        assert [(line["kind"], line["quantity"]) for line in claim["lines"]] == [
            (line["kind"], line["quantity"]) for line in pair["lines"]
        ]  # fmt: skip
        bound = await answered(town, pair["claim"])
        assert (bound["status"], bool(bound["project"])) == ("accepted", True)
    needs = {pair["need"]: (await town["east"].sees(f"/v1/needs/{pair['need']}"))["cover_pct"] for pair in third["pairs"]}
    given = {n: sum(p["lines"][0]["quantity"] for p in third["pairs"] if p["need"] == n) for n in needs}
    assert {n: given[n] * 100 // 20 for n in needs} == needs


async def test_the_same_round_computed_again_is_the_same_and_writes_nothing(town: House):
    first = await opened(town)
    await town["west"].did("/v1/needs", need(20, area=WEST, title="截止之后的需求"))
    done = await town["street"].did(f"/v1/rounds/{first['id']}/computation")
    assert (done["version"], await town["street"].sees(f"/v1/rounds/{first['id']}")) == (2, first)


async def test_what_came_after_the_cut_off_is_not_in_the_round_however_often_it_is_computed(town: House):
    first = await opened(town)
    late = await town["west"].did("/v1/needs", need(5, area=WEST, title="截止之后的需求"))
    town.engine.rounds._solving._snapshots.clear()  # as after a restart: everything is replayed
    pair = first["pairs"][0]
    body = {"need": pair["need"], "offer": pair["offer"], "reason": "希望由他们来"}
    await town["street"].did(f"/v1/rounds/{first['id']}/pins", body)
    second = await town["street"].sees(f"/v1/rounds/{first['id']}")
    assert (second["cutoff"], second["needs"], late["id"] in {n for n, _ in names(second)}) == (first["cutoff"], 2, False)
    assert [p["by"] for p in second["pairs"] if (p["need"], p["offer"]) == (pair["need"], pair["offer"])] == ["pin"]
    assert (await opened(town))["needs"] == 3


async def test_a_pin_that_cannot_be_is_told_with_the_rule_that_is_against_it(town: House):
    venue = next(doc for doc in (await town["west"].sees("/v1/needs", since=await head(town)))["items"] if doc["category"] == "venue")
    given = (await town["unit1"].sees("/v1/offers"))["items"][0]
    pin = {"need": venue["id"], "offer": given["id"]}
    done = await town["street"].did("/v1/rounds", {"area": STREET, "pins": [pin]})
    found = await town["street"].sees(f"/v1/rounds/{done['id']}")
    assert found["refused_pins"] == [{**pin, "code": "CATEGORY"}]
    assert {each["need"]: each["reasons"] for each in found["unserved"]} == {venue["id"]: {"CATEGORY": 2}}


async def test_what_was_declined_is_proposed_neither_in_the_next_wave_nor_in_a_later_round(town: House):
    first = await published(town, await opened(town))
    refused = first["pairs"][0]
    for pair in first["pairs"]:
        await answered(town, pair["claim"], "refusal")
    done = await town["street"].did(f"/v1/rounds/{first['id']}/wave")
    again = await town["street"].did(f"/v1/rounds/{first['id']}/wave")
    wave = await town["street"].sees(f"/v1/rounds/{done['id']}")
    assert (wave["wave"], wave["parent"], wave["category"], again["id"]) == (2, first["id"], "service", done["id"])
    assert names(wave) & names(first) == set()
    lost = {each["need"]: each["reasons"] for each in wave["unserved"]}
    assert refused["need"] not in lost or lost[refused["need"]]["DECLINED_BEFORE"] >= 1
    assert names(await opened(town, "above")) & names(first) == set()


async def test_waves_end_with_the_policy_and_come_only_after_publication(town: House):
    await town.engine.register.adopt(system("two"), replace(BOOK, matching=replace(NORMAL, waves=2)))
    first = await opened(town)
    early = await town["street"].post(f"/v1/rounds/{first['id']}/wave")
    assert (early.status_code, early.json()["code"], early.json()["legal"][0]) == (409, "round.wrong_state", "publication")
    await published(town, first)
    second = await town["street"].did(f"/v1/rounds/{first['id']}/wave")
    await town["street"].did(f"/v1/rounds/{second['id']}/publication")
    late = await town["street"].post(f"/v1/rounds/{second['id']}/wave")
    assert (late.status_code, late.json()["code"]) == (409, "round.last_wave")


async def test_live_claims_are_honoured(town: House):
    wanted = next(doc for doc in (await town["east"].sees("/v1/needs", since=await head(town)))["items"] if doc["area"] != WEST)
    await town["unit1"].did("/v1/claims", {"need": wanted["id"], "lines": [{"kind": "志愿者", "quantity": 15, "unit": "人"}]})
    found = await opened(town)
    pairs = [pair for pair in found["pairs"] if pair["need"] == wanted["id"]]
    assert [(pair["unit"], pair["lines"][0]["quantity"]) for pair in pairs] == [(town["unit2"].org, 5)]


async def test_a_round_published_by_two_at_once_asks_once(town: House):
    first = await opened(town)
    path = f"/v1/rounds/{first['id']}/publication"
    both = await asyncio.gather(town["street"].post(path), town["above"].post(path))
    assert [answer.status_code for answer in both] == [200, 200]
    await town["street"].did(path)  # whoever was second may have come before the first had proposed everything
    claims = (await town["auditor"].sees("/v1/claims", since=await head(town)))["items"]
    done = await town["street"].sees(f"/v1/rounds/{first['id']}")
    assert {pair["claim"] for pair in done["pairs"]} == {claim["id"] for claim in claims}
    assert len(claims) == len(done["pairs"]) > 0


async def test_of_two_rounds_about_the_same_things_the_later_one_drops_what_has_gone(town: House):
    first, second = await asyncio.gather(opened(town, "street"), opened(town, "above"))
    assert first["number"] != second["number"]
    await asyncio.gather(published(town, first, "street"), published(town, second, "above"))
    found = [await town["auditor"].sees(f"/v1/rounds/{each['id']}") for each in (first, second)]
    told = [pair for each in found for pair in each["pairs"]]
    assert all(bool(pair["claim"]) != bool(pair["dropped"]) for pair in told)
    assert {pair["dropped"] for pair in told} - {None} <= {"claim.duplicate", "claim.no_capacity", "offer.not_published"}
    assert any(pair["dropped"] for pair in told)
    for given in (await town["auditor"].sees("/v1/offers", since=await head(town)))["items"]:
        assert all(line["free"] >= 0 for line in given["lines"])


async def test_what_has_gone_since_the_cut_off_is_dropped_with_the_reason_of_the_door(town: House):
    first = await opened(town)
    gone = first["pairs"][0]
    owner = (await town["auditor"].sees(f"/v1/needs/{gone['need']}"))["owner"]
    await caller_of(town, owner).did(f"/v1/needs/{gone['need']}/withdrawal")
    done = await published(town, first)
    codes = {pair["dropped"] for pair in done["pairs"] if pair["need"] == gone["need"]}
    assert codes == {"need.not_open"}
    assert all(pair["claim"] for pair in done["pairs"] if pair["need"] != gone["need"])


async def test_what_nobody_here_can_serve_stands_on_the_desk_of_the_district_until_somebody_can(town: House):
    first = (await town["street"].did("/v1/rounds", {"area": STREET}))["id"]
    assert (await town["above"].sees("/v1/desk", since=await head(town)))["waiting"] == []
    done = await published(town, {"id": first})
    assert (done["to"], done["escalated"]) == (DISTRICT, [each["need"] for each in done["unserved"]])
    desk = await town["above"].sees("/v1/desk", since=await head(town))
    assert [(e["act"], e["kind"], e["item"]["id"]) for e in desk["waiting"]] == [("escalation", "round", first)]
    assert (await town["street"].sees("/v1/desk"))["waiting"] == []
    await town["west"].did(f"/v1/needs/{done['escalated'][0]}/withdrawal")
    assert (await town["above"].sees("/v1/desk", since=await head(town)))["waiting"] == []


async def test_only_coordinators_of_the_area_and_auditors_see_a_round(town: House):
    first = await opened(town)
    path = f"/v1/rounds/{first['id']}"
    seen = {who: (await town[who].get(path)).status_code for who in ("street", "above", "auditor", "far", "east", "unit1", "nobody")}
    assert seen == {"street": 200, "above": 200, "auditor": 200, "far": 404, "east": 404, "unit1": 404, "nobody": 401}
    since = await head(town)
    listed = {who: len((await town[who].sees("/v1/rounds", since=since))["items"]) for who in ("street", "auditor", "far", "east")}
    assert listed == {"street": 1, "auditor": 1, "far": 0, "east": 0}
    for who, status in (("far", 403), ("east", 403), ("auditor", 403)):
        assert (await town[who].post("/v1/rounds", {"area": STREET})).status_code == status
    assert (await town["auditor"].post(f"{path}/publication")).status_code == 403
    assert (await town["far"].post(f"{path}/publication")).status_code == 404


async def test_rounds_are_listed_by_area_and_status_with_counts_and_read_as_of_any_position(town: House):
    first = await opened(town)
    await published(town, first)
    await opened(town)
    since = await head(town)
    listed = (await town["street"].sees("/v1/rounds", since=since, area=STREET, status="published"))["items"]
    assert [(doc["id"], doc["pairs"], doc["claims"], doc["dropped"]) for doc in listed] == [
        (first["id"], len(first["pairs"]), len(first["pairs"]), 0)
    ]
    before = await town["street"].sees(f"/v1/rounds/{first['id']}", at=str(first["position"]))
    assert before == {name: value for name, value in first.items() if name != "acts"}
    types = [entry["type"] for entry in (await town["auditor"].sees(f"/v1/rounds/{first['id']}/history"))["items"]]
    assert types == ["round.opened", "round.computed", "round.published", *["round.pair_proposed"] * len(first["pairs"])]


async def test_what_is_discarded_asks_nobody(town: House):
    first = await opened(town)
    done = await town["street"].did(f"/v1/rounds/{first['id']}/discard", {"reason": "数据有误"})
    assert done["status"] == "discarded"
    late = await town["street"].post(f"/v1/rounds/{first['id']}/publication")
    assert (late.status_code, late.json()["code"], late.json()["legal"]) == (409, "round.wrong_state", [])


async def test_decisions_name_a_need_of_the_area_an_offer_and_a_reason(town: House):
    first = await opened(town, "above", area=WEST)
    east = next(doc for doc in (await town["east"].sees("/v1/needs", since=await head(town)))["items"] if doc["area"] != WEST)
    given = (await town["unit1"].sees("/v1/offers"))["items"][0]["id"]
    path = f"/v1/rounds/{first['id']}/pins"
    outside = await town["above"].post(path, {"need": east["id"], "offer": given, "reason": "说明"})
    assert (outside.status_code, outside.json()["code"]) == (422, "round.not_in_scope")
    inside = first["pairs"][0]["need"]
    assert (await town["above"].post(path, {"need": inside, "offer": given, "reason": " "})).json()["code"] == "round.no_reason"
    assert (await town["above"].post(path, {"need": inside, "offer": given})).status_code == 422


async def test_a_round_too_large_to_be_solved_at_once_is_discarded_and_says_so(town: House, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(network, "MOST_PAIRS", 1)
    answer = await town["street"].post("/v1/rounds", {"area": STREET})
    assert (answer.status_code, answer.json()["code"]) == (422, "round.too_large")
    listed = (await town["street"].sees("/v1/rounds", since=await head(town)))["items"]
    assert [doc["status"] for doc in listed] == ["discarded"]


async def test_the_calendar_opens_a_round_of_the_whole_district_and_leaves_publishing_to_people(town: House):
    tick = town.engine.clockwork.tick
    assert await tick() == 0
    await town.engine.register.adopt(system("weekly"), replace(BOOK, matching=replace(NORMAL, every_days=7)))
    await tick()
    (first,) = (await town["above"].sees("/v1/rounds", since=await head(town)))["items"]
    assert (first["area"], first["calendar"], first["status"], first["served"]) == (DISTRICT, True, "computed", 2)
    for _ in range(2):
        await tick()
    town.clock.advance(timedelta(days=6, hours=23))
    await tick()
    assert len((await town["above"].sees("/v1/rounds", since=await head(town)))["items"]) == 1
    town.clock.advance(timedelta(hours=1))
    await tick()
    assert len((await town["above"].sees("/v1/rounds", since=await head(town)))["items"]) == 2


def system(key: str) -> Ask:
    return Ask(principal=SYSTEM, key=key, fingerprint=key)
