"""The handshake and the project over HTTP: each verb is a resource, and says no in the right words."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from domain.access import SYSTEM
from services.command import Ask
from tests.support.engine import House, need, offer, people
from tests.support.world import BOOK


async def claimed(house: House, quantity: int = 20, **more: Any) -> str:
    posted = await house["east"].did("/v1/needs", need(quantity, **more))
    claim = await house["unit1"].did("/v1/claims", {"need": posted["id"], "lines": people(quantity)})
    return str(claim["id"])


async def accepted(house: House, quantity: int = 20) -> tuple[str, str]:
    """A claim and its project."""
    claim = await claimed(house, quantity)
    await house["east"].did(f"/v1/claims/{claim}/acceptance")
    return claim, (await house["unit1"].sees(f"/v1/claims/{claim}"))["project"]


async def confirmed(house: House) -> str:
    _, project = await accepted(house)
    await house["unit1"].did(f"/v1/projects/{project}/delivery", {"note": "都到了"})
    await house["east"].did(f"/v1/projects/{project}/confirmation", {"beneficiaries": 35})
    return project


async def test_who_proposed_does_not_answer_and_is_told_what_it_may_do(house: House):
    claim = await claimed(house)
    answer = await house["unit1"].post(f"/v1/claims/{claim}/acceptance")
    assert (answer.status_code, answer.json()["code"]) == (403, "claim.not_yours")
    assert answer.json()["legal"] == ["withdrawal", "members"]
    assert (await house["unit1"].sees(f"/v1/claims/{claim}"))["acts"] == ["withdrawal", "members"]
    assert (await house["east"].sees(f"/v1/claims/{claim}"))["acts"] == ["acceptance", "refusal", "counter"]


async def test_what_the_state_does_not_allow_is_answered_with_the_acts_that_it_does(house: House):
    claim, _ = await accepted(house)
    answer = await house["east"].post(f"/v1/claims/{claim}/acceptance")
    assert (answer.status_code, answer.json()["code"]) == (409, "claim.wrong_state")
    assert answer.json()["legal"] == ["release"]


async def test_a_counter_goes_back_and_forth_until_somebody_accepts(house: House):
    claim = await claimed(house)
    await house["east"].did(f"/v1/claims/{claim}/counter", {"lines": people(15), "note": "十五人就够"})
    countered = await house["unit1"].did(f"/v1/claims/{claim}/acceptance", {"lines": people(12)})
    assert countered["status"] == "proposed"
    assert (await house["east"].did(f"/v1/claims/{claim}/acceptance"))["status"] == "accepted"
    found = await house["unit1"].sees(f"/v1/claims/{claim}")
    assert (found["lines"][0]["quantity"], found["counters"]) == (12, 2)


async def test_a_claim_can_be_refused_or_withdrawn_with_a_reason_and_made_anew(house: House):
    posted = (await house["east"].did("/v1/needs", need()))["id"]
    body = {"need": posted, "lines": people(20)}
    first = await house["unit1"].did("/v1/claims", body)
    again = await house["unit1"].post("/v1/claims", body)
    assert (again.status_code, again.json()["code"]) == (409, "claim.duplicate")
    await house["east"].did(f"/v1/claims/{first['id']}/refusal", {"reason": "时间不合适", "note": "下月再说"})
    history = (await house["east"].sees(f"/v1/claims/{first['id']}/history"))["items"]
    assert history[-1]["data"]["reason"] == "时间不合适\n下月再说"
    second = await house["unit1"].did("/v1/claims", body)
    assert (await house["unit1"].did(f"/v1/claims/{second['id']}/withdrawal"))["status"] == "withdrawn"


async def test_a_release_that_both_call_a_mistake_is_reinstated(house: House):
    claim, first = await accepted(house)
    assert (await house["unit1"].did(f"/v1/claims/{claim}/release", {"reason": "误点"}))["status"] == "released"
    assert (await house["unit1"].did(f"/v1/claims/{claim}/reinstatement"))["status"] == "released"
    assert (await house["east"].did(f"/v1/claims/{claim}/reinstatement"))["status"] == "accepted"
    assert (await house["unit1"].sees(f"/v1/claims/{claim}"))["project"] != first


async def test_three_units_claim_together_one_declines_and_another_is_asked(house: House):
    posted = (await house["east"].did("/v1/needs", need(20)))["id"]
    members = [{"org": house[name].org, "lines": people(5)} for name in ("unit2", "unit3")]
    claim = (await house["unit1"].did("/v1/claims", {"need": posted, "lines": people(5), "members": members}))["id"]
    path = f"/v1/claims/{claim}"
    await house["east"].did(f"{path}/acceptance")
    await house["unit2"].did(f"{path}/members/{house['unit2'].org}/acceptance")
    assert (await house["unit1"].post(f"{path}/members/{house['unit3'].org}/acceptance")).status_code == 403
    invited = await house["unit1"].post(f"{path}/members", {"org": house["unit0"].org, "lines": people(5)})
    assert invited.status_code == 201
    await house["unit3"].did(f"{path}/members/{house['unit3'].org}/refusal", {"reason": "人手不够"})
    await house["unit0"].did(f"{path}/members/{house['unit0'].org}/acceptance")
    found = await house["unit2"].sees(path)
    if found["status"] == "proposed":  # there is more in the claim than the committee had said yes to
        await house["east"].did(f"{path}/acceptance")
    found = await house["unit2"].sees(path)
    assert (found["status"], found["lines"][0]["quantity"]) == ("accepted", 15)
    await house["unit1"].did(f"{path}/lead", {"org": house["unit2"].org})
    await house["unit1"].did(f"{path}/members/{house['unit1'].org}/withdrawal")
    statuses = {m["org"]: (m["status"], m["lead"]) for m in (await house["east"].sees(path))["members"]}
    assert statuses[house["unit2"].org] == ("joined", True)
    assert statuses[house["unit1"].org] == ("left", False)


async def test_capacity_that_is_gone_is_refused_with_what_is_left(house: House):
    offered = (await house["unit1"].did("/v1/offers", offer(50)))["id"]
    await house["east"].did("/v1/claims", {"offer": offered, "lines": people(45)})
    answer = await house["west"].post("/v1/claims", {"offer": offered, "lines": people(10)})
    assert (answer.status_code, answer.json()["code"]) == (409, "claim.no_capacity")
    assert "5" in answer.json()["detail"]


async def test_a_booking_names_one_of_the_windows_that_come_again_every_week(house: House):
    windows = [{"weekly": [{"day": "tue", "from": "14:00", "to": "16:00"}], "from": "2026-03-02", "until": "2026-03-31"}]
    body = {"title": "会议室", "category": "venue", "windows": windows, "lines": [{"kind": "会议室", "quantity": 1, "unit": "间"}]}
    offered = (await house["unit1"].did("/v1/offers", body))["id"]
    lines = [{"kind": "会议室", "quantity": 1, "unit": "间"}]
    missing = await house["east"].post("/v1/claims", {"offer": offered, "lines": lines})
    assert (missing.status_code, missing.json()["errors"][0]["field"]) == (422, "window")
    window = {"start": "2026-03-10T14:00:00+08:00", "end": "2026-03-10T16:00:00+08:00"}
    await house["east"].did("/v1/claims", {"offer": offered, "lines": lines, "window": window})
    by_window = (await house["west"].sees(f"/v1/offers/{offered}"))["lines"][0]["by_window"]
    assert [(w["start"], w["held"]) for w in by_window if w["held"]] == [("2026-03-10T06:00:00Z", 1)]
    taken = await house["west"].post("/v1/claims", {"offer": offered, "lines": lines, "window": window})
    assert (taken.status_code, taken.json()["code"]) == (409, "claim.no_capacity")


async def test_a_project_goes_from_milestones_to_its_closing(house: House):
    _, project = await accepted(house)
    path = f"/v1/projects/{project}"
    planned = await house["unit1"].post(f"{path}/milestones", {"title": "第一次上门", "due": "2026-03-20"})
    assert planned.status_code == 201
    await house["unit1"].did(f"{path}/milestones/1/slip", {"due": "2026-03-27", "note": "下雨"})
    await house["unit1"].did(f"{path}/milestones/1/met")
    assert (await house["east"].sees(path))["milestones"][0] | {"title": ""} == {
        "id": 1, "title": "", "due": "2026-03-27", "status": "met"
    }  # fmt: skip
    own = await house["east"].post(f"{path}/delivery")
    assert (own.status_code, own.json()["code"]) == (403, "project.not_yours")
    await house["unit1"].did(f"{path}/delivery", {"lines": people(18)})
    await house["east"].did(f"{path}/confirmation", {"lines": people(18), "beneficiaries": 35})
    early = await house["east"].post(f"{path}/closure")
    assert (early.status_code, early.json()["legal"]) == (409, ["feedback", "evaluations"])
    await house["east"].did(f"{path}/feedback", {"note": "已告知居民"})
    await house["east"].did(f"{path}/evaluations", {"score": 5, "note": "很好"})
    await house["unit1"].did(f"{path}/evaluations", {"score": 4})
    assert (await house["east"].did(f"{path}/closure"))["status"] == "closed"
    found = await house["unit1"].sees(path)
    assert (found["beneficiaries"], found["fed_back"], len(found["evaluations"])) == (35, True, 2)


async def test_a_resident_evaluates_once_through_a_link_without_a_key(house: House):
    project = await confirmed(house)
    path = f"/v1/projects/{project}/evaluation-links"
    first = await house["east"].post(path, {"count": 3}, key="links")
    again = await house["east"].post(path, {"count": 3}, key="links")
    assert (first.status_code, first.content) == (201, again.content)
    token = first.json()["links"][0]["token"]
    assert len({link["token"] for link in first.json()["links"]}) == 3
    for _ in range(3):
        assert (await house["nobody"].get("/v1/evaluations", token=token)).status_code in (401, 405)  # reading spends nothing
    said = await house["nobody"].http.post("/v1/evaluations", json={"token": token, "score": 5, "note": "医生很耐心"})
    assert said.status_code == 200, said.text
    spent = await house["nobody"].http.post("/v1/evaluations", json={"token": token, "score": 1})
    assert (spent.status_code, spent.json()["code"]) == (410, "link.used")
    forged = await house["nobody"].http.post("/v1/evaluations", json={"token": token[:-2] + "00", "score": 1})
    assert forged.status_code == 404
    assert {"role": "resident", "score": 5} in (await house["east"].sees(f"/v1/projects/{project}"))["evaluations"]


async def test_money_is_pledged_received_and_spent_apart_and_in_fen(house: House):
    money = [{"kind": "帮困资金", "quantity": 500_000, "unit": "分"}]
    posted = (await house["east"].did("/v1/needs", need(lines=money)))["id"]
    claim = (await house["unit1"].did("/v1/claims", {"need": posted, "lines": money}))["id"]
    await house["east"].did(f"/v1/claims/{claim}/acceptance")
    project = (await house["unit1"].sees(f"/v1/claims/{claim}"))["project"]
    path = f"/v1/projects/{project}/funds"
    await house["east"].did(path, {"kind": "received", "amount_fen": 300_000, "voucher": "ab" * 32})
    await house["east"].did(path, {"lines": [{"kind": "spent", "quantity": 120_000, "unit": "分"}]})
    over = await house["east"].post(path, {"kind": "spent", "amount_fen": 200_000})
    assert (over.status_code, over.json()["errors"][0]["field"]) == (422, "amount_fen")
    line = {"kind": "spent", "quantity": 1, "unit": "分"}
    both = await house["east"].post(path, {"kind": "spent", "amount_fen": 1, "lines": [line]})
    assert (both.status_code, both.json()["errors"][0]["code"]) == (422, "funds.form")
    found = (await house["unit1"].sees(f"/v1/projects/{project}"))["money"]
    assert found == {"pledged_fen": 500_000, "received_fen": 300_000, "spent_fen": 120_000}


async def test_a_dispute_is_settled_by_the_street_and_a_failure_reopens_the_need(house: House):
    claim, project = await accepted(house)
    path = f"/v1/projects/{project}"
    unfounded = await house["east"].post(f"{path}/dispute")
    assert (unfounded.status_code, unfounded.json()["errors"][0]["field"]) == (422, "reason")
    await house["east"].did(f"{path}/dispute", {"reason": "没有来人"})
    assert (await house["street"].sees(path))["acts"] == ["settlement"]
    own = await house["east"].post(f"{path}/settlement", {"outcome": "failed"})
    assert (own.status_code, own.json()["code"]) == (403, "project.own_dispute")
    await house["street"].did(f"{path}/settlement", {"outcome": "failed", "reason": "双方已确认"})
    found = await house["east"].sees(f"/v1/claims/{claim}")
    assert found["status"] == "failed"
    assert (await house["east"].sees(f"/v1/needs/{found['need']}"))["status"] == "open"


async def test_needs_and_offers_are_taken_off_the_board_and_put_back(house: House):
    posted = f"/v1/needs/{(await house['east'].did('/v1/needs', need()))['id']}"
    double = (await house["east"].did("/v1/needs", need(title="同一件事")))["id"]
    offered = f"/v1/offers/{(await house['unit1'].did('/v1/offers', offer(draft=True)))['id']}"
    merged = await house["east"].did(f"/v1/needs/{double}/merge", {"into": posted.rpartition("/")[2], "reason": "重复"})
    assert merged["status"] == "merged"
    assert (await house["east"].did(f"{posted}/withdrawal", {"reason": "已解决"}))["status"] == "withdrawn"
    assert (await house["east"].did(f"{posted}/reopening"))["status"] == "open"
    for verb, status in (("publication", "published"), ("pause", "paused"), ("resumption", "published"), ("retirement", "retired")):
        assert (await house["unit1"].did(f"{offered}/{verb}"))["status"] == status
    gone = await house["east"].post("/v1/claims", {"offer": offered.rpartition("/")[2], "lines": people(1)})
    assert (gone.status_code, gone.json()["code"]) == (409, "offer.not_open")


async def test_a_district_that_asks_for_endorsement_opens_needs_only_then(house: House):
    ask = Ask(principal=SYSTEM, key="strict", fingerprint="strict")
    await house.engine.register.adopt(ask, replace(BOOK, endorse_needs=True))
    posted = await house["east"].did("/v1/needs", need())
    path = f"/v1/needs/{posted['id']}"
    assert posted["status"] == "posted"
    assert (await house["unit1"].post(f"{path}/endorsement")).status_code == 403
    assert (await house["street"].sees(path))["acts"] == ["withdrawal", "endorsement", "rejection"]
    assert (await house["street"].did(f"{path}/endorsement"))["status"] == "open"
    second = await house["east"].did("/v1/needs", need())
    assert (await house["street"].did(f"/v1/needs/{second['id']}/rejection", {"reason": "请写明人数"}))["status"] == "rejected"
    assert (await house["unit1"].get(f"/v1/needs/{second['id']}")).status_code == 404
