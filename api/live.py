"""Server-sent events: what has changed, as far as the one who listens may see it; names only."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import suppress
from typing import cast

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api.errors import as_json
from domain.access import Principal
from services import sight
from services.engine import Engine
from services.projector import Changed

QUIET_S = 15.0  # without news a comment keeps proxies from hanging up
MOST_MISSED = 1000  # events after a gap; beyond that the listener is told to reload
_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]


class Live(Response):
    """One listener, until it leaves, the house closes, or it is no longer who it was (`goes_on` is asked each time)."""

    def __init__(
        self, engine: Engine, viewer: Principal, closing: asyncio.Event, seen: int | None,
        goes_on: Callable[[], bool] = lambda: True,
    ) -> None:  # fmt: skip
        self.status_code, self.background, self._goes_on = 200, None, goes_on
        self._engine, self._viewer, self._closing, self._seen = engine, viewer, closing, seen

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        news = cast(AsyncGenerator[Changed], self._engine.projector.changed())
        waiting = asyncio.ensure_future(anext(news))  # subscribed before the gap is read: nothing falls between
        await asyncio.sleep(0)
        leaving = [asyncio.ensure_future(_left(receive)), asyncio.ensure_future(self._closing.wait())]
        try:
            await send({"type": "http.response.start", "status": 200, "headers": list(_HEADERS)})
            await _say(send, b"retry: 2000\n\n" + await self._missed())
            while not any(task.done() for task in leaving):
                await asyncio.wait([waiting, *leaving], timeout=QUIET_S, return_when=asyncio.FIRST_COMPLETED)
                if not self._goes_on():
                    break
                if waiting.done():
                    await _say(send, await self._told(waiting.result()))
                    waiting = asyncio.ensure_future(anext(news))
                elif not any(task.done() for task in leaving):
                    await _say(send, b": \n\n")
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            for task in (waiting, *leaving):
                task.cancel()
                with suppress(asyncio.CancelledError, Exception):
                    await task
            await news.aclose()

    async def _told(self, changed: Changed) -> bytes:
        ids = await sight.visible(self._engine.streams, self._viewer, changed.ids)
        return _event(changed.position, {"ids": ids, "areas": sorted(changed.areas)})

    async def _missed(self) -> bytes:
        """What was changed since the position that the listener saw last."""
        position = self._engine.projector.status.position
        if self._seen is None or self._seen >= position:
            return b""
        if position - self._seen > MOST_MISSED:
            return _event(position, {"ids": [], "areas": [], "reset": True})
        rows = await self._engine.log.read_all(self._seen, position - self._seen)
        names = {row.stream.removeprefix("area-") for row in rows}
        areas = await sight.areas_of(self._engine.streams, {row.stream for row in rows})
        return _event(position, {"ids": await sight.visible(self._engine.streams, self._viewer, names), "areas": areas})


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _say(send: Send, body: bytes) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": True})


def _event(position: int, data: dict[str, object]) -> bytes:
    return b"event: changed\nid: %d\ndata: %b\n\n" % (position, as_json({"position": position, **data}))
