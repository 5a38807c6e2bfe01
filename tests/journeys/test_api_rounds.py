"""A round of matching over HTTP, in a small district: opened, looked at, decided about, published, answered, gone on with."""

from __future__ import annotations

import asyncio

import pytest_asyncio

from domain.access import SYSTEM
from tests.support.engine import House, need
from tests.support.rounds import answered, caller_of, furnished, head, names, opened, published
from tests.support.world import DISTRICT, STREET, WEST


@pytest_asyncio.fixture
async def town(house: House) -> House:
    await furnished(house)
    return house


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
    town.engine.rounds._solving._snapshots.clear()  # as after a restart: the ledger is replayed up to the cut-off
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


async def test_either_side_may_counter_what_the_matcher_proposes_or_say_no_after_the_others_yes(town: House):
    first = await published(town, await opened(town))
    claim = await town["auditor"].sees(f"/v1/claims/{first['pairs'][0]['claim']}")
    gives, gets = (caller_of(town, claim[side]) for side in ("provider", "receiver"))
    path, fewer = f"/v1/claims/{claim['id']}", [{**first["pairs"][0]["lines"][0], "quantity": 3}]
    await gets.did(f"{path}/acceptance")
    assert (await gives.did(f"{path}/counter", {"lines": fewer}))["status"] == "proposed"
    assert (await town["auditor"].sees(path))["awaiting"] == [gets.org]
    assert (await gets.did(f"{path}/acceptance"))["status"] == "accepted"
    other = first["pairs"][1]["claim"]
    claim = await town["auditor"].sees(f"/v1/claims/{other}")
    await caller_of(town, claim["provider"]).did(f"/v1/claims/{other}/acceptance")
    assert (await caller_of(town, claim["receiver"]).did(f"/v1/claims/{other}/refusal"))["status"] == "declined"


async def test_whoever_published_may_take_a_proposal_back_until_it_binds(town: House):
    first = await published(town, await opened(town))
    path = f"/v1/claims/{first['pairs'][0]['claim']}"
    assert (await town["far"].post(f"{path}/withdrawal")).status_code == 404
    assert (await town["street"].did(f"{path}/withdrawal"))["status"] == "withdrawn"


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
