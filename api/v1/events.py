"""/v1/events: the ledger as far as the key may see it; /v1/stream: a word whenever something has changed."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from api.answers import EventsOut
from api.asking import engine
from api.auth import viewer
from api.errors import as_json, refusals
from api.live import Live
from api.v1.routes import header

router = APIRouter(prefix="/v1", tags=["events 事件"])
After = Annotated[int, Query(ge=0, le=2**53)]
Limit = Annotated[int, Query(ge=1, le=1000)]
LINES = ("application/x-ndjson", "application/jsonl")
_EVENTS = {
    200: {
        "model": EventsOut, "description": "事件 / events",
        "content": {media: {"schema": {"type": "string", "description": "one event a line"}} for media in LINES},
    },
    **refusals(422),
}  # fmt: skip
_STREAM: dict[int | str, dict[str, Any]] = {
    200: {"description": "server-sent events", "content": {"text/event-stream": {"schema": {"type": "string"}}}}
}
_LAST = header("Last-Event-ID", "^[0-9]{1,15}$", "最后收到的序位 / the position seen last")


@router.get("/events", response_model=None, responses=_EVENTS)
async def get_events(request: Request, after: After = 0, limit: Limit = 500) -> Response:
    """事件 / Events with position > `after` that the key may see, of at most `limit` looked at, oldest first. Ask again
    with `after` = `next`. JSON lines when Accept says application/x-ndjson or application/jsonl (`next` is X-Next)."""
    found = await engine(request).trail.events(after, limit, viewer(request))
    accepted = request.headers.get("accept", "")
    media = next((media for media in LINES if media in accepted), None)
    headers = {"X-Next": str(found["next"]), "X-Position": str(found["position"])}
    if media is None:
        return Response(as_json(found), 200, headers, "application/json")
    return Response(b"".join(as_json(item) + b"\n" for item in found["items"]), 200, headers, media)


@router.get("/stream", response_model=None, responses={**_STREAM, **refusals()}, openapi_extra={"parameters": [_LAST]})
async def get_stream(request: Request) -> Response:
    """变动通知 / Server-sent events: `event: changed`, `id` the position, data {position, ids, areas}. Names only:
    fetch again what you show. After a gap that Last-Event-ID tells of, one event names what was missed (`reset`: reload)."""
    seen = _seen(request.headers.get("last-event-id"))
    return Live(engine(request), viewer(request), request.app.state.closing, seen)


def _seen(given: str | None) -> int | None:
    given = (given or "").strip()
    return int(given) if given.isascii() and given.isdigit() and len(given) <= 15 else None
