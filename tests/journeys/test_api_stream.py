"""The stream of changes over HTTP: names only, as far as the key may see; nothing is lost over a gap; it ends cleanly."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from typing import Any

from tests.support.engine import Caller, House, need


class Listener:
    """One connection to /v1/stream, held open by hand: the test client would wait for its end."""

    def __init__(self, house: House, who: Caller, last: int | None = None) -> None:
        self._heard: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._leave = asyncio.Event()
        headers = [(b"authorization", f"Bearer {who.key}".encode())]
        headers += [(b"last-event-id", str(last).encode())] if last is not None else []
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http",
            "path": "/v1/stream", "raw_path": b"/v1/stream", "query_string": b"", "headers": headers, "root_path": "",
            "client": ("127.0.0.1", 1), "server": ("renling.test", 80),
        }  # fmt: skip
        self._asked = False
        self.task = asyncio.create_task(house.app(scope, self._receive, self._send))
        self.start: dict[str, Any] = {}

    async def begun(self) -> Listener:
        self.start = await asyncio.wait_for(self._heard.get(), 5)
        assert self.start["type"] == "http.response.start"
        assert (await asyncio.wait_for(self._heard.get(), 5))["body"].startswith(b"retry:")
        return self

    async def next(self) -> dict[str, Any]:
        body = b""
        while b"data: " not in body:
            body = (await asyncio.wait_for(self._heard.get(), 5))["body"]
        event = dict(line.split(": ", 1) for line in body.decode().strip().split("\n") if ": " in line)
        assert event["event"] == "changed"
        data: dict[str, Any] = json.loads(event["data"])
        assert event["id"] == str(data["position"])
        return data

    async def until(self, position: int) -> list[str]:
        """All ids named up to a position."""
        ids: list[str] = []
        while True:
            data = await self.next()
            ids += data["ids"]
            if data["position"] >= position:
                return ids

    def quiet(self) -> bool:
        return self._heard.empty()

    async def leave(self) -> None:
        self._leave.set()
        await asyncio.wait_for(self.task, 5)

    async def _receive(self) -> dict[str, Any]:
        if not self._asked:
            self._asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await self._leave.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: dict[str, Any]) -> None:
        await self._heard.put(message)


async def test_a_change_is_named_to_those_who_may_see_it(house: House):
    await house["east"].sees("/v1/needs", (await house.log.head()).position)
    unit, auditor = await Listener(house, house["unit1"]).begun(), await Listener(house, house["auditor"]).begun()
    draft = await house["east"].did("/v1/needs", need(draft=True))
    last = await house["east"].did("/v1/needs", need())
    assert await unit.until(last["position"]) == [last["id"]]
    assert sorted(await auditor.until(last["position"])) == sorted([draft["id"], last["id"]])
    await unit.leave()
    await auditor.leave()


async def test_the_stream_wears_headers_that_keep_it_flowing(house: House):
    listener = await Listener(house, house["unit1"]).begun()
    headers = dict(listener.start["headers"])
    assert headers[b"content-type"].startswith(b"text/event-stream")
    assert (headers[b"cache-control"], headers[b"x-accel-buffering"]) == (b"no-store", b"no")
    assert headers[b"x-content-type-options"] == b"nosniff"
    assert b"content-encoding" not in headers
    await listener.leave()


async def test_after_a_gap_the_listener_hears_what_it_missed(house: House):
    before = (await house.log.head()).position
    posted = await house["east"].did("/v1/needs", need())
    hidden = await house["east"].did("/v1/needs", need(draft=True))
    await house["east"].sees("/v1/needs", hidden["position"])
    listener = Listener(house, house["unit1"], last=before)
    first = await asyncio.wait_for(listener._heard.get(), 5)
    assert first["type"] == "http.response.start"
    data = await listener.next()
    assert (data["ids"], data["position"]) == ([posted["id"]], hidden["position"])
    assert "310101" in data["areas"]
    await listener.leave()


async def test_the_streams_end_when_the_house_closes(house: House):
    listeners = [await Listener(house, house["unit1"]).begun() for _ in range(5)]
    house.app.state.closing.set()
    for listener in listeners:
        await asyncio.wait_for(listener.task, 5)
    assert len(house.engine.projector._listeners) == 0


async def test_a_listener_that_leaves_is_forgotten(house: House):
    listener = await Listener(house, house["unit1"]).begun()
    assert len(house.engine.projector._listeners) == 1
    await listener.leave()
    with suppress(asyncio.QueueEmpty):
        listener._heard.get_nowait()
    assert len(house.engine.projector._listeners) == 0
