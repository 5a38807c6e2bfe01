"""The stories of the two-way claim, told over HTTP on a running district: real store, real broker."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.journeys.conftest import EAST, STREET, Town
from tests.support.running import Someone, line


def need_of(who: Someone, quantity: int = 20, **more: Any) -> dict[str, Any]:
    body = {"title": "周末义诊志愿者", "category": "service", "area": EAST, "lines": line(quantity), "urgency": 1, **more}
    found: dict[str, Any] = who.post("/v1/needs", body)
    return found


def offer_of(who: Someone, quantity: int = 50, **more: Any) -> dict[str, Any]:
    body = {"title": "义诊志愿者队伍", "category": "service", "lines": line(quantity), **more}
    found: dict[str, Any] = who.post("/v1/offers", body)
    return found


def accepted(provider: Someone, receiver: Someone, need: str, quantity: int = 20) -> dict[str, Any]:
    claim = provider.post("/v1/claims", {"need": need, "lines": line(quantity)})
    receiver.post(f"/v1/claims/{claim['id']}/acceptance")
    found: dict[str, Any] = provider.get(f"/v1/claims/{claim['id']}")
    return found


def delivered(provider: Someone, receiver: Someone, project: str, **confirmation: Any) -> None:
    provider.post(f"/v1/projects/{project}/delivery", {"note": "已全部到位"})
    receiver.post(f"/v1/projects/{project}/confirmation", {"note": "已收到", **confirmation})


def concluded(provider: Someone, receiver: Someone, project: str) -> None:
    receiver.post(f"/v1/projects/{project}/feedback", {"note": "已告知居民"})
    receiver.post(f"/v1/projects/{project}/evaluations", {"score": 5})
    provider.post(f"/v1/projects/{project}/evaluations", {"score": 4})
    receiver.post(f"/v1/projects/{project}/closure")


def types(who: Someone, path: str) -> list[str]:
    return [item["type"] for item in who.get(f"{path}/history")["items"]]


def test_a_unit_claims_a_need_and_it_goes_all_the_way_to_closed(town: Town):
    unit, committee = town.units[0], town.east
    need = need_of(committee)
    claim = accepted(unit, committee, need["id"])
    assert claim["status"] == "accepted"
    assert committee.get(f"/v1/needs/{need['id']}")["status"] == "covered"
    delivered(unit, committee, claim["project"], beneficiaries=35)
    assert committee.get(f"/v1/needs/{need['id']}")["status"] == "met"
    concluded(unit, committee, claim["project"])
    assert committee.get(f"/v1/needs/{need['id']}")["status"] == "closed"
    assert types(committee, f"/v1/needs/{need['id']}") == [
        "need.posted", "need.committed", "need.delivered", "need.fed_back", "need.closed",
    ]  # fmt: skip
    assert types(unit, f"/v1/claims/{claim['id']}") == ["claim.proposed", "claim.accepted", "claim.fulfilled"]


def test_a_committee_claims_an_offer_and_the_events_mirror_it(town: Town):
    unit, committee = town.units[1], town.east
    offer = offer_of(unit)
    claim = committee.post("/v1/claims", {"offer": offer["id"], "lines": line(30)})
    assert unit.get(f"/v1/offers/{offer['id']}")["lines"][0]["held"] == 30
    unit.post(f"/v1/claims/{claim['id']}/acceptance")
    project = unit.get(f"/v1/claims/{claim['id']}")["project"]
    delivered(unit, committee, project)
    concluded(unit, committee, project)
    assert types(unit, f"/v1/offers/{offer['id']}") == [
        "offer.published", "offer.held", "offer.committed", "offer.delivered",
    ]  # fmt: skip


def test_a_firm_posts_a_need_and_a_committee_offers_it_a_room(town: Town):
    firm, committee = town.units[2], town.west
    need = need_of(firm, 1, title="借用会议室", lines=line(1, "会议室", "间"), area=STREET)
    offer = offer_of(committee, 1, title="居委活动室", lines=line(1, "会议室", "间"))
    claim = committee.post("/v1/claims", {"need": need["id"], "offer": offer["id"], "lines": line(1, "会议室", "间")})
    firm.post(f"/v1/claims/{claim['id']}/acceptance")
    assert firm.get(f"/v1/claims/{claim['id']}")["proposed_by"]["role"] == "provider"
    assert committee.get(f"/v1/offers/{offer['id']}")["status"] == "exhausted"


def test_two_counters_then_yes(town: Town):
    unit, committee = town.units[0], town.west
    offer = offer_of(unit)
    claim = committee.post("/v1/claims", {"offer": offer["id"], "lines": line(40)})["id"]
    unit.post(f"/v1/claims/{claim}/counter", {"lines": line(20), "note": "周末人手不够"})
    committee.post(f"/v1/claims/{claim}/counter", {"lines": line(30)})
    assert unit.get(f"/v1/claims/{claim}")["awaiting"] == [town.unit_ids[0]]
    unit.post(f"/v1/claims/{claim}/acceptance")
    held = unit.get(f"/v1/offers/{offer['id']}")["lines"][0]
    assert (held["held"], held["committed"], held["free"]) == (0, 30, 20)


def test_three_units_cover_twenty_volunteers_one_leaves_and_the_next_in_line_is_promoted(town: Town):
    lead, second, third, fourth = town.units[:4]
    ids, committee = town.unit_ids, town.east
    need = need_of(committee)["id"]
    members = [{"org": ids[1], "lines": line(7)}, {"org": ids[2], "lines": line(5)}]
    joint = lead.post("/v1/claims", {"need": need, "lines": line(8), "members": members})["id"]
    second.post(f"/v1/claims/{joint}/members/{ids[1]}/acceptance")
    third.post(f"/v1/claims/{joint}/members/{ids[2]}/acceptance")
    committee.post(f"/v1/claims/{joint}/acceptance")
    assert committee.get(f"/v1/needs/{need}")["cover_pct"] == 100
    waiting = fourth.post("/v1/claims", {"need": need, "lines": line(5)})
    assert waiting["status"] == "waitlisted"
    third.post(f"/v1/claims/{joint}/members/{ids[2]}/withdrawal", {"reason": "另有任务"})
    assert committee.get(f"/v1/needs/{need}")["cover_pct"] == 75
    assert fourth.get(f"/v1/claims/{waiting['id']}")["status"] == "proposed"
    committee.post(f"/v1/claims/{waiting['id']}/acceptance")
    assert committee.get(f"/v1/needs/{need}")["status"] == "covered"


def test_an_unanswered_claim_expires_and_the_capacity_comes_back(town: Town):
    unit, committee = town.units[3], town.east
    offer = offer_of(unit)
    soon = (datetime.now(UTC) + timedelta(seconds=1.5)).isoformat()
    claim = committee.post("/v1/claims", {"offer": offer["id"], "lines": line(50), "respond_by": soon})["id"]
    until = time.monotonic() + 15
    while unit.get(f"/v1/claims/{claim}")["status"] != "expired":
        assert time.monotonic() < until, "the clock has not ended it"
        time.sleep(0.1)
    assert unit.get(f"/v1/offers/{offer['id']}")["lines"][0]["free"] == 50


def test_a_failed_delivery_reopens_the_need(town: Town):
    unit, committee = town.units[0], town.east
    need = need_of(committee)["id"]
    project = accepted(unit, committee, need)["project"]
    unit.post(f"/v1/projects/{project}/delivery")
    committee.post(f"/v1/projects/{project}/dispute", {"reason": "无人到场"})
    town.street.post(f"/v1/projects/{project}/settlement", {"outcome": "failed", "reason": "核实未到场"})
    assert committee.get(f"/v1/needs/{need}")["status"] == "open"
    assert types(committee, f"/v1/needs/{need}")[-1] == "need.reopened"


def test_a_release_and_its_reinstatement(town: Town):
    unit, committee = town.units[1], town.east
    need = need_of(committee)["id"]
    claim = accepted(unit, committee, need)["id"]
    committee.post(f"/v1/claims/{claim}/release", {"reason": "误操作"})
    assert committee.get(f"/v1/needs/{need}")["status"] == "open"
    committee.post(f"/v1/claims/{claim}/reinstatement", {"reason": "误操作"})
    unit.post(f"/v1/claims/{claim}/reinstatement")
    assert committee.get(f"/v1/needs/{need}")["status"] == "covered"


def test_money_pledged_received_and_spent_are_three_figures(town: Town):
    unit, committee = town.units[2], town.east
    money = line(8_000_000, "助学资金", "分")
    need = need_of(committee, lines=money, title="山区助学", outside="云南某县")["id"]
    claim = unit.post("/v1/claims", {"need": need, "lines": money})["id"]
    committee.post(f"/v1/claims/{claim}/acceptance")
    project = unit.get(f"/v1/claims/{claim}")["project"]
    unit.post(f"/v1/projects/{project}/funds", {"kind": "received", "amount_fen": 5_000_000})
    done = unit.post(f"/v1/projects/{project}/funds", {"kind": "spent", "amount_fen": 1_200_000})
    money_now = unit.get(f"/v1/projects/{project}")["money"]
    assert money_now == {"pledged_fen": 8_000_000, "received_fen": 5_000_000, "spent_fen": 1_200_000}
    unit.post(f"/v1/projects/{project}/funds", {"kind": "spent", "amount_fen": 4_000_000}, expect=422)
    figures = town.office.caught_up(done["position"], f"/v1/dashboards/{EAST}")["figures"]["money"]
    assert figures["spent_fen"] >= 1_200_000


def test_a_thousand_offers_with_one_bad_row_are_refused_whole(town: Town):
    unit = town.units[4]
    rows = ["title,category,kind,quantity,unit", *(f"第{n}场健康讲座,service,讲座,1,场" for n in range(999))]
    bad = "\n".join([*rows, "坏的一行,service,讲座,零,场"])
    before = unit.get("/v1/offers", limit=1, area=STREET)["position"]
    report = _import(town, "offers", bad, expect=422)
    assert report["errors"][0]["row"] == 1001
    assert unit.get("/v1/offers", limit=1, area=STREET)["position"] == before
    good = "\n".join([*rows, "好的一行,service,讲座,1,场"])
    assert _import(town, "offers", good)["rows"] == 1000


def test_a_repeated_command_gives_the_same_bytes(town: Town):
    body = {"title": "重复提交", "category": "service", "area": EAST, "lines": line(3), "urgency": 0}
    first = town.east.post("/v1/needs", body, key="twice")
    assert town.east.post("/v1/needs", body, key="twice") == first
    town.east.post("/v1/needs", {**body, "urgency": 2}, key="twice", expect=422)


def test_residents_evaluate_once_through_their_links(town: Town):
    unit, committee = town.units[3], town.west
    need = need_of(committee, area="310101001002")["id"]
    project = accepted(unit, committee, need)["project"]
    delivered(unit, committee, project)
    links = committee.post(f"/v1/projects/{project}/evaluation-links", {"count": 2})["links"]
    http = town.district.http
    assert http.post("/v1/evaluations", json={"token": links[0]["token"], "score": 5, "note": "很好"}).is_success
    assert http.post("/v1/evaluations", json={"token": links[0]["token"], "score": 5, "note": "很好"}).status_code == 410
    assert {"role": "resident", "score": 5} in committee.get(f"/v1/projects/{project}")["evaluations"]


def _import(town: Town, kind: str, text: str, expect: int | None = None) -> Any:
    headers = {"Authorization": f"Bearer {town.district.key('unit', town.unit_ids[4])}", "Idempotency-Key": str(hash(text))}
    files = {"file": ("offers.csv", text.encode("gbk"), "text/csv")}
    reply = town.district.http.post(f"/v1/imports/{kind}", files=files, headers=headers)
    assert reply.status_code == (expect or 200) or (expect is None and reply.status_code == 201), reply.text
    return reply.json()
