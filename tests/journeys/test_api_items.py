"""Items over HTTP: posted, read, changed and followed through their states, as every kind of key sees them."""

from __future__ import annotations

import pytest

from tests.support.engine import DISTRICT, EAST, STREET, WEST, House, credit_code, need, offer, people

DONE = {"id", "number", "version", "status", "position", "receipt"}
COMMON = {"id", "number", "status", "version", "owner", "area", "category", "title", "lines", "created_at", "updated_at"}


async def test_a_command_answers_the_same_bytes_whenever_it_is_repeated(house: House):
    first = await house["east"].post("/v1/needs", need(), key="my-need-1")
    again = await house["east"].post("/v1/needs", need(), key="my-need-1")
    assert first.status_code == again.status_code == 201
    assert first.content == again.content
    assert first.headers["etag"] == again.headers["etag"] == '"1"'
    assert set(first.json()) == DONE
    assert set(first.json()["receipt"]) == {"index", "leaf"}
    assert first.json()["receipt"]["index"] == first.json()["position"] - 1
    assert len((await house["east"].sees("/v1/needs", first.json()["position"]))["items"]) == 1


async def test_two_keys_may_use_the_same_idempotency_key(house: House):
    one = await house["east"].did("/v1/needs", need(), key="k")
    two = await house["west"].did("/v1/needs", need(area=WEST), key="k")
    assert one["id"] != two["id"]


@pytest.mark.parametrize(
    ("path", "body"),
    [("/v1/needs", need(21)), ("/v1/offers", offer())],
)
async def test_an_idempotency_key_belongs_to_one_request(house: House, path: str, body: dict[str, object]):
    await house["east"].did("/v1/needs", need(20), key="k")
    answer = await house["east"].post(path, body, key="k")
    assert answer.status_code == 422
    assert answer.json()["code"] == "command.misused"


async def test_a_refused_command_is_decided_anew_with_the_same_key(house: House):
    draft = await house["east"].did("/v1/needs", need(draft=True))
    claim = {"need": draft["id"], "lines": people(5)}
    assert (await house["unit1"].post("/v1/claims", claim, key="again")).status_code == 404
    await house["east"].did(f"/v1/needs/{draft['id']}/publication")
    assert (await house["unit1"].post("/v1/claims", claim, key="again")).status_code == 201


async def test_an_item_has_its_fields_its_etag_and_what_the_reader_may_do(house: House):
    done = await house["east"].did("/v1/needs", need(beneficiaries=40, urgency=2, note="二楼活动室"))
    answer = await house["unit1"].get(f"/v1/needs/{done['id']}")
    found = answer.json()
    assert set(found) >= COMMON | {"cover_pct", "urgency", "beneficiaries", "windows", "acts"}
    assert (found["version"], answer.headers["etag"]) == (1, '"1"')
    assert found["lines"] == [
        {"kind": "志愿者", "unit": "人", "quantity": 20, "held": 0, "committed": 0, "delivered": 0, "free": 20}
    ]
    assert found["acts"] == ["claim"]
    assert (await house["east"].sees(f"/v1/needs/{done['id']}"))["acts"] == ["amendment", "withdrawal", "merge"]
    assert (await house["auditor"].sees(f"/v1/needs/{done['id']}"))["acts"] == []
    unchanged = await house["unit1"].get(f"/v1/needs/{done['id']}", headers={"If-None-Match": '"1"'})
    assert (unchanged.status_code, unchanged.content) == (304, b"")


async def test_an_offer_names_its_unit_and_a_list_row_equals_the_item(house: House):
    done = await house["unit1"].did("/v1/offers", offer(note="请提前一天预约"))
    found = await house["east"].sees(f"/v1/offers/{done['id']}")
    assert found["unit"] == found["owner"] == house["unit1"].org
    assert found["reach"] == DISTRICT
    assert found.pop("acts") == ["claim"]
    listed = await house["east"].sees("/v1/offers", done["position"])
    assert listed["items"] == [found]
    assert listed["position"] >= done["position"]


async def test_what_has_changed_meanwhile_is_not_overwritten(house: House):
    done = await house["east"].did("/v1/needs", need())
    path = f"/v1/needs/{done['id']}"
    changed = await house["east"].act("PATCH", path, {"urgency": 3}, **{"If-Match": '"1"'})
    assert (changed.status_code, changed.json()["version"]) == (200, 2)
    stale = await house["east"].act("PATCH", path, {"urgency": 0}, **{"If-Match": '"1"'})
    assert (stale.status_code, stale.json()["code"]) == (412, "item.stale")
    assert (await house["east"].sees(path))["urgency"] == 3


async def test_a_draft_is_there_for_its_owner_those_above_and_the_auditor_alone(house: House):
    done = await house["east"].did("/v1/needs", need(draft=True))
    assert done["status"] == "draft"
    for name, status in {"east": 200, "street": 200, "district": 200, "auditor": 200, "west": 404, "unit1": 404}.items():
        assert (await house[name].get(f"/v1/needs/{done['id']}")).status_code == status, name
        assert (await house[name].get(f"/v1/needs/{done['id']}/history")).status_code == status, name
        listed = await house[name].sees("/v1/needs", done["position"])
        assert len(listed["items"]) == (1 if status == 200 else 0), name


async def test_a_claim_is_there_for_its_parties_those_above_and_the_auditor_alone(house: House):
    posted = await house["east"].did("/v1/needs", need())
    claim = await house["unit1"].did("/v1/claims", {"need": posted["id"], "lines": people(5)})
    for name, status in {"east": 200, "unit1": 200, "street": 200, "auditor": 200, "west": 404, "unit2": 404}.items():
        assert (await house[name].get(f"/v1/claims/{claim['id']}")).status_code == status, name
    assert (await house["unit2"].post(f"/v1/claims/{claim['id']}/acceptance")).status_code == 404
    assert (await house["street"].post(f"/v1/claims/{claim['id']}/acceptance")).status_code == 403


async def test_an_item_is_not_found_under_another_noun(house: House):
    done = await house["east"].did("/v1/needs", need())
    for noun in ("offers", "claims", "projects", "units", "areas"):
        assert (await house["east"].get(f"/v1/{noun}/{done['id']}")).status_code == 404


async def test_the_past_of_an_item_can_be_read_as_of_any_moment(house: House):
    done = await house["east"].did("/v1/needs", need(20))
    path = f"/v1/needs/{done['id']}"
    later = (await house["east"].act("PATCH", path, {"lines": people(30)})).json()
    then = await house["east"].sees(path, at=done["position"])
    assert (then["version"], then["lines"][0]["quantity"]) == (1, 20)
    assert (await house["east"].sees(path, at=later["position"]))["lines"][0]["quantity"] == 30
    assert (await house["east"].get(path, at=done["position"] - 1)).status_code == 404
    assert (await house["east"].get(path, at=10**9)).json()["code"] == "at.invalid"
    history = await house["unit1"].sees(f"{path}/history")
    assert [(e["type"], e["position"]) for e in history["items"]] == [
        ("need.posted", done["position"]), ("need.amended", later["position"]),
    ]  # fmt: skip
    assert set(history["items"][0]) >= {"type", "at", "actor", "position"}
    assert [e["type"] for e in (await house["unit1"].sees(f"{path}/history", at=done["position"]))["items"]] == ["need.posted"]


async def test_a_list_goes_on_from_page_to_page_until_there_is_no_next(house: House):
    last = 0
    for n in range(5):
        last = (await house["east"].did("/v1/needs", need(title=f"需求 {n}")))["position"]
    titles, cursor = [], ""
    for _ in range(3):
        query = {"limit": "2", **({"cursor": cursor} if cursor else {})}
        answer = await house["unit1"].http.get("/v1/needs", params=query, headers={"Min-Position": str(last)})
        titles += [item["title"] for item in answer.json()["items"]]
        cursor = answer.json()["next"]
        assert ('rel="next"' in answer.headers.get("link", "")) == bool(cursor)
    assert titles == [f"需求 {n}" for n in (4, 3, 2, 1, 0)]
    assert cursor is None


async def test_lists_are_filtered_by_area_category_status_and_words(house: House):
    await house["east"].did("/v1/needs", need(title="暑托班志愿者"))
    last = await house["west"].did("/v1/needs", need(area=WEST, title="会议室", category="venue", draft=True))
    for query, titles in (
        ({"area": EAST}, ["暑托班志愿者"]), ({"area": STREET}, ["会议室", "暑托班志愿者"]), ({"category": "venue"}, ["会议室"]),
        ({"status": "draft,posted"}, ["会议室"]), ({"q": "暑托"}, ["暑托班志愿者"]), ({"q": "没有"}, []),
    ):  # fmt: skip
        listed = await house["district"].sees("/v1/needs", last["position"], **query)
        assert [item["title"] for item in listed["items"]] == titles, query


async def test_units_and_areas_are_entered_by_coordinators_and_seen_by_all(house: House):
    area = {"id": "310101001003", "name": "新居民区", "kind": "neighbourhood", "parent": STREET, "households": 900}
    opened = await house["district"].did("/v1/areas", area)
    assert opened["id"] == "310101001003"
    assert (await house["unit1"].sees("/v1/areas/310101001003"))["households"] == 900
    body = {"name": "新医院", "code": credit_code(77), "kind": "医院", "areas": [STREET]}
    unit = await house["street"].did("/v1/units", body)
    assert (await house["east"].sees(f"/v1/units/{unit['id']}"))["code"] == credit_code(77)
    await house["street"].did(f"/v1/units/{unit['id']}/areas", {"area": EAST})
    assert (await house["east"].sees(f"/v1/units/{unit['id']}"))["areas"] == [STREET, EAST]
    assert (await house["street"].did(f"/v1/units/{unit['id']}/suspension"))["status"] == "suspended"
    assert (await house["street"].did(f"/v1/units/{unit['id']}/resumption"))["status"] == "registered"
    assert (await house["unit1"].post("/v1/units", body)).status_code == 403
    twice = await house["street"].post("/v1/units", body)
    assert (twice.status_code, twice.json()["code"]) == (409, "unit.exists")


async def test_the_rule_book_the_desk_the_dashboard_and_ones_own_name_can_be_read(house: House):
    posted = await house["east"].did("/v1/needs", need(respond_by="2026-03-05T12:00:00+08:00"))
    claim = await house["unit1"].did("/v1/claims", {"need": posted["id"], "lines": people(5)})
    assert (await house["unit1"].sees("/v1/rules"))["book"]["categories"][0]["id"] == "service"
    assert (await house["district"].sees("/v1/me"))["area"] == DISTRICT
    desk = await house["east"].sees("/v1/desk", claim["position"])
    assert [(todo["act"], todo["item"]["id"]) for todo in desk["waiting"]] == [("acceptance", claim["id"])]
    assert [todo["act"] for todo in desk["due"]] == ["response"]
    board = await house["unit1"].sees(f"/v1/dashboards/{STREET}", claim["position"])
    assert (board["figures"]["needs"]["total"], board["figures"]["claims"]["proposed"]) == (1, 1)
    assert (await house["unit1"].get("/v1/dashboards/nowhere")).status_code == 404


async def test_events_are_given_in_order_as_far_as_the_key_may_see(house: House):
    draft = await house["east"].did("/v1/needs", need(draft=True))
    last = await house["east"].did("/v1/needs", need())
    await house["east"].sees("/v1/needs", last["position"])
    seen = await house["unit1"].sees("/v1/events", after=draft["position"] - 1)
    assert [event["stream"] for event in seen["items"]] == [last["id"]]
    assert seen["next"] == seen["position"] == last["position"]
    full = await house["auditor"].sees("/v1/events", after=draft["position"] - 1)
    assert [event["stream"] for event in full["items"]] == [draft["id"], last["id"]]
    lines = await house["auditor"].get("/v1/events", headers={"Accept": "application/x-ndjson"}, limit=3)
    assert lines.headers["content-type"].startswith("application/x-ndjson")
    assert (len(lines.text.splitlines()), lines.headers["x-next"]) == (3, "3")
