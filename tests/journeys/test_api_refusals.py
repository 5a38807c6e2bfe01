"""How the API says no: the right status, a code that stays, the asked language, and never a fault of its own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from fastapi.routing import iter_route_contexts

from api.settings import Settings
from services.ports import Append, Conflict, Receipt, StoreUnavailable
from tests.support.engine import DISTRICT, EAST, House, need, offer, opened_house, people

PROBLEM = {"type", "title", "status", "detail", "code", "instance", "request_id"}


async def test_without_a_valid_key_nothing_is_answered(house: House):
    for authorization in ("", "Bearer", "Bearer rl_nonsense", "Basic abc", "Bearer rl_12345678_" + "x" * 43):
        answer = await house["nobody"].get("/v1/needs", headers={"Authorization": authorization})
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, 'Bearer realm="renling"')
        assert answer.headers["content-type"] == "application/problem+json"
        assert set(answer.json()) == PROBLEM


async def test_a_revoked_key_is_refused_on_the_very_next_request(house: House):
    assert (await house["west"].get("/v1/me")).status_code == 200
    house.keys.revoke((await house["west"].sees("/v1/me"))["id"].removeprefix("key-"))
    assert (await house["west"].get("/v1/me")).status_code == 401


@pytest.mark.parametrize(
    ("language", "title", "tag"),
    [
        ("", "没有找到", "zh-CN"), ("en", "Not found", "en"), ("en-GB,en;q=0.9,zh;q=0.8", "Not found", "en"),
        ("zh-CN,en;q=0.5", "没有找到", "zh-CN"), ("fr", "没有找到", "zh-CN"), ("en;q=nan, zh;q=inf", "没有找到", "zh-CN"),
    ],
)  # fmt: skip
async def test_a_refusal_speaks_the_asked_language_and_keeps_its_code(house: House, language: str, title: str, tag: str):
    answer = await house["east"].get("/v1/needs/need-nowhere", headers={"Accept-Language": language})
    assert (answer.status_code, answer.json()["code"]) == (404, "item.not_found")
    assert (answer.json()["title"], answer.headers["content-language"]) == (title, tag)


async def test_every_command_needs_an_idempotency_key_that_can_be_written_down(house: House):
    for key, code in (("", "command.key_missing"), (" ", "command.key_missing"), ("两", "command.key_malformed"),
                      ("k" * 201, "command.key_malformed")):  # fmt: skip
        headers = {"Idempotency-Key": key.encode()} if key else {}
        answer = await house["east"].http.post("/v1/needs", json=need(), headers=headers)  # type: ignore[arg-type]
        assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert (await house["east"].post("/v1/needs", need(), key="k" * 200)).status_code == 201


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({**need(), "extra": 1}, "extra", "field.unknown"), ({**need(), "title": ""}, "title", "field.too_short"),
        ({**need(), "title": "x" * 121}, "title", "field.too_long"), ({**need(), "title": "a\x00b"}, "title", "field.characters"),
        ({**need(), "note": "x" * 4001}, "note", "field.too_long"), ({**need(), "urgency": 4}, "urgency", "field.range"),
        ({**need(), "urgency": True}, "urgency", "field.whole_number"), ({**need(), "lines": []}, "lines", "field.too_few"),
        ({**need(), "lines": [{**people(1)[0], "quantity": 2**60}]}, "lines[0].quantity", "field.range"),
        ({**need(), "lines": [{**people(1)[0], "quantity": 1.5}]}, "lines[0].quantity", "field.whole_number"),
        ({**need(), "lines": [{**people(1)[0], "kind": "种" * 41}]}, "lines[0].kind", "field.too_long"),
        ({**need(), "lines": people(1) * 2}, "lines", "lines.invalid"), ({**need(), "category": "nothing"}, "category", "category.unknown"),
        ({**need(), "area": "nowhere"}, "area", "area.unknown"), ({**need(), "respond_by": 1}, "respond_by", "field.time"),
        ({**need(), "respond_by": "2026-05-01T00:00:00"}, "respond_by", "field.time"),
        ({**need(), "respond_by": "0001-01-01T00:00:00+23:59"}, "respond_by", "field.time"),
        ({**need(), "windows": [{"start": "2026-05-01", "end": "2026-05-02"}]}, "windows[0].start", "field.time"),
        ({**need(), "windows": [{"weekly": [{"day": 8, "from": "09:00", "to": "24:00"}], "from": "2026-05-01"}]},
         "windows[0].weekly[0].day", "field.range"),
        ({**need(), "windows": [{"weekly": [{"day": 1, "from": "09:00", "to": "10:00"}], "from": "2026-05-01"}]},
         "windows", "window.too_long"),
    ],
)  # fmt: skip
async def test_a_wrong_field_is_named(house: House, body: dict[str, object], field: str, code: str):
    answer = await house["east"].post("/v1/needs", body)
    assert answer.status_code == 422, answer.text
    assert (field, code) in [(error["field"], error["code"]) for error in answer.json()["errors"]]


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"{", 400), (b"\xff\xfe", 400), (b"[" * 100_000, 400), (b'{"title": ' + b"9" * 5_000 + b"}", 400), (b"null", 422),
        (b"[]", 422), (b'"x"', 422), (b"NaN", 422), (b'{"title": "\\ud800", "\\ud801": 1}', 422), (b"", 422),
    ],
)  # fmt: skip
async def test_a_body_that_cannot_be_read_is_the_senders_fault(house: House, content: bytes, status: int):
    headers = {"Idempotency-Key": "k", "Content-Type": "application/json"}
    answer = await house["east"].http.post("/v1/needs", content=content, headers=headers)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


async def test_an_act_takes_an_empty_body_and_nothing_that_it_does_not_know(house: House):
    posted = (await house["east"].did("/v1/needs", need()))["id"]
    path = f"/v1/needs/{posted}/withdrawal"
    assert (await house["east"].post(path, {"reasons": "x"})).status_code == 422
    window = {"start": "2026-04-01T09:00:00+08:00", "end": "2026-04-01T10:00:00+08:00"}
    full = {"reason": "不再需要", "note": "谢谢", "lines": people(1), "window": window}
    assert (await house["east"].post(path, full)).status_code == 200


async def test_other_media_types_paths_and_methods_are_refused(house: House):
    headers = {"Idempotency-Key": "k", "Content-Type": "text/plain"}
    assert (await house["east"].http.post("/v1/needs", content=b"{}", headers=headers)).status_code == 415
    unknown = await house["east"].get("/v1/nothing")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "path.unknown")
    method = await house["east"].http.put("/v1/needs", json={})
    assert (method.status_code, method.json()["code"]) == (405, "method.unknown")
    assert "GET" in method.headers["allow"]
    assert (await house["east"].http.request("TRACE", "/v1/needs")).status_code == 405
    for id in ("need-%00", "need-%0a", "need-%ff", "%2e%2e", "需求", "x" * 300, "area-310101"):
        assert (await house["east"].get(f"/v1/needs/{id}")).status_code in (404, 422), id


@pytest.mark.parametrize(
    "path",
    [
        "/v1/needs?limit=0", "/v1/needs?limit=201", "/v1/needs?limit=x", "/v1/needs?cursor=!!", "/v1/needs?at=yesterday",
        "/v1/needs?q=%00", "/v1/needs?at=2026-03-01T00:00:00", "/v1/events?after=-1", f"/v1/dashboards/{DISTRICT}?at=99999",
        "/v1/events?after=99999999999999999999", "/v1/needs?at=9999999999999999",
    ],
)  # fmt: skip
async def test_a_wrong_question_is_the_askers_fault(house: House, path: str):
    answer = await house["east"].get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")


@pytest.mark.parametrize(("name", "value"), [("Min-Position", "-1"), ("Min-Position", "x"), ("If-Match", "newest")])
async def test_a_malformed_header_is_named(house: House, name: str, value: str):
    posted = (await house["east"].did("/v1/needs", need()))["id"]
    if name == "If-Match":
        answer = await house["east"].post(f"/v1/needs/{posted}/withdrawal", **{name: value})
    else:
        answer = await house["east"].get("/v1/needs", headers={name: value})
    assert answer.status_code == 400
    assert name.lower().replace("-", "_") in answer.json()["code"]


async def test_what_lists_and_items_do_not_have_yet_is_answered_as_being_behind(house: House):
    for path in ("/v1/needs", f"/v1/areas/{EAST}", "/v1/desk", f"/v1/dashboards/{DISTRICT}"):
        answer = await house["east"].get(path, headers={"Min-Position": "99999"})
        assert (answer.status_code, answer.json()["code"]) == (503, "lists.behind"), path
        assert int(answer.headers["retry-after"]) >= 1


async def test_a_body_has_an_end(tmp_path: Path):
    settings = Settings(data=tmp_path, requests_per_second=1_000, max_body_bytes=1_000, max_upload_bytes=2_000)
    async with opened_house(tmp_path, settings=settings) as house:
        told = await house["east"].post("/v1/needs", need(note="x" * 1_000))
        assert (told.status_code, told.json()["code"]) == (413, "body.too_large")

        async def untold():
            for _ in range(20):
                yield b" " * 100

        for path, media in (("/v1/needs", "application/json"), ("/v1/imports/needs", "text/csv")):
            headers = {"Idempotency-Key": "k", "Content-Type": media}
            answer = await house["east"].http.post(path, content=untold(), headers=headers)
            assert answer.status_code == (413 if path == "/v1/needs" else 422), path


async def test_a_key_that_asks_too_often_is_told_when_to_come_back(tmp_path: Path):
    async with opened_house(tmp_path, settings=Settings(data=tmp_path, requests_per_second=5)) as house:
        answers = [await house["east"].get("/v1/me") for _ in range(30)]
        refused = [answer for answer in answers if answer.status_code == 429]
        assert refused
        assert refused[0].json()["code"] == "rate.exceeded"
        assert refused[0].headers["retry-after"] == "1"
        assert (await house["west"].get("/v1/me")).status_code == 200


async def test_a_store_that_cannot_take_more_says_so_and_the_same_key_is_safe(house: House):
    """The store's own words (disk full, connection lost) come from its contract tests; here they reach the sender."""
    append = house.log.append

    async def full(change: Append) -> Receipt:
        raise StoreUnavailable("disk", full=True)

    async def away(change: Append) -> Receipt:
        raise StoreUnavailable("connection")

    async def outrun(change: Append) -> Receipt:
        raise Conflict("version")

    for broken, status in ((full, 507), (away, 503), (outrun, 503)):
        house.log.append = broken  # type: ignore[method-assign]
        answer = await house["east"].post("/v1/needs", need(), key="safe")
        assert (answer.status_code, "retry-after" in answer.headers) == (status, True)
    house.log.append = append  # type: ignore[method-assign]
    assert (await house["east"].post("/v1/needs", need(), key="safe")).status_code == 201


async def test_a_fault_is_answered_without_its_inside(house: House):
    async def broken(change: Append) -> Receipt:
        raise ZeroDivisionError("secret detail")

    house.log.append = broken  # type: ignore[method-assign]
    answer = await house["east"].post("/v1/needs", need())
    assert (answer.status_code, answer.json()["code"]) == (500, "system.fault")
    assert "secret" not in answer.text
    assert answer.headers["x-request-id"] == answer.json()["request_id"]


async def test_every_answer_wears_the_security_headers(house: House):
    paths = ["/", "/healthz", "/docs", "/openapi.json", "/nowhere", *(str(c.path) for c in iter_route_contexts(house.app.routes))]
    paths.remove("/v1/stream") if "/v1/stream" in paths else None
    seen = set()
    for path in paths:
        if "live" in path or "stream" in path:
            continue  # these never end; their own test looks at their headers
        answer = await house["auditor"].get(path.replace("{id}", "x").replace("{area}", "x").replace("{kind}", "needs"))
        seen.add(path.split("/")[1])
        assert answer.headers["x-content-type-options"] == "nosniff", path
        assert "max-age=31536000" in answer.headers["strict-transport-security"], path
        assert answer.headers["referrer-policy"] in ("no-referrer", "same-origin"), path
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"], path
        assert answer.headers["cross-origin-opener-policy"] == "same-origin", path
        assert "access-control-allow-origin" not in answer.headers, path
        if path.startswith("/v1/"):
            assert answer.headers["cache-control"] == "no-store", path
    assert {"", "v1", "docs"} <= seen


async def test_a_request_keeps_the_id_it_came_with_if_that_is_harmless(house: House):
    assert (await house["east"].get("/v1/me", headers={"X-Request-ID": "abc-1"})).headers["x-request-id"] == "abc-1"
    assert (await house["east"].get("/v1/me", headers={"X-Request-ID": "a b"})).headers["x-request-id"] != "a b"


async def test_large_answers_are_packed_for_those_who_can_unpack(house: House):
    for n in range(5):
        last = await house["unit1"].did("/v1/offers", offer(title=f"队伍 {n}"))
    answer = await house["east"].get("/v1/offers", headers={"Accept-Encoding": "gzip", "Min-Position": str(last["position"])})
    assert answer.headers["content-encoding"] == "gzip"
    assert len(json.loads(answer.content)["items"]) == 5


async def test_the_documents_need_nothing_from_elsewhere(house: House):
    for path in ("/docs", "/redoc"):
        page = (await house["nobody"].get(path)).text
        assert "http://" not in page.replace("http://www.w3.org", "")
        assert "https://" not in page


async def test_health_is_told_without_a_key(house: House):
    answer = await house["nobody"].get("/healthz")
    assert (answer.status_code, answer.json()["status"]) == (200, "ok")
