"""The short way of a command: the same answers as the framework gives, without the framework."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from api.short_way import TRACED, ShortWay
from tests.support.engine import HOST, House, need

OWN = {"id", "number", "version", "position", "receipt", "request_id", "instance"}  # differs from one item to the next
HEADERS = {"x-request-id", "content-length"}
BODIES = [
    '{"reason": "不再需要"}', "{}", "", "null", '{"reason": 5}', '{"reason": "\\ud800"}', '{"nonsense": 1}', "{", "[]", "5",
    '{"note": "a"} trailing', "\xff",
]  # fmt: skip


def long_way(app: ASGIApp) -> ASGIApp:
    """A traced request takes the framework's way."""

    async def traced(scope: Scope, receive: Receive, send: Send) -> None:
        scope[TRACED] = None
        await app(scope, receive, send)

    return traced


async def answered(house: House, way: ASGIApp, path: str, body: str) -> tuple[int, dict[str, str], dict[str, Any]]:
    headers = {
        "Authorization": f"Bearer {house['east'].key}", "Content-Type": "application/json", "Idempotency-Key": f"{id(way)}{path}",
    }  # fmt: skip
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=way), base_url=HOST) as http:
        answer = await http.post(path, content=body.encode("latin-1" if body == "\xff" else "utf-8"), headers=headers)
    kept = {name: value for name, value in answer.headers.items() if name not in HEADERS}
    return answer.status_code, kept, {name: value for name, value in answer.json().items() if name not in OWN}


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("act", ["withdrawal", "merge"])
async def test_both_ways_give_the_same_answer(house: House, act: str, body: str):
    items = [(await house["east"].did("/v1/needs", need()))["id"] for _ in range(2)]
    short = await answered(house, house.app, f"/v1/needs/{items[0]}/{act}", body)
    assert short == await answered(house, long_way(house.app), f"/v1/needs/{items[1]}/{act}", body)


@pytest.mark.parametrize("path", ["/v1/needs/need-nowhere/withdrawal", "/v1/needs//withdrawal", f"/v1/needs/{'n' * 201}/withdrawal"])
async def test_both_ways_refuse_the_same_items(house: House, path: str):
    short = await answered(house, house.app, path, "{}")
    assert short == await answered(house, long_way(house.app), path, "{}")


async def test_a_good_command_does_without_the_framework(house: House):
    async def never(scope: Scope, receive: Receive, send: Send) -> None:
        raise AssertionError("it took the long way")

    async def let_in(scope: Scope, receive: Receive, send: Send) -> None:
        scope["app"], scope["principal"] = house.app, None
        await ShortWay(never, house.app.routes, {AssertionError: _reached})(scope, receive, send)

    async def _reached(request: Any, error: Exception) -> Any:
        raise error

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=let_in), base_url=HOST) as http:
        with pytest.raises(AssertionError, match="long way"):
            await http.post("/v1/needs", json={"title": 1})
        with pytest.raises(AttributeError):  # the route itself: nobody has been let in by the door
            await http.post("/v1/needs", json=need(), headers={"Idempotency-Key": "k"})
