"""The stream that tells open pages what has changed: names alone, of what the one who listens may see."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from api.auth import person
from api.live import Live
from api.pages.places import engine_of
from api.people import session_of
from domain.access import PUBLIC


def routes() -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.get("/live")
    async def live(request: Request, seen: str = "") -> Response:
        """`changed` with {position, ids, areas}, from what happened after `seen`, or after Last-Event-ID, on."""
        last = request.headers.get("Last-Event-ID") or seen
        position = int(last) if last.isascii() and last.isdigit() and len(last) <= 15 else None
        session, accounts = session_of(request.scope), request.app.state.accounts

        def goes_on() -> bool:
            return session is None or bool(accounts.sessions.goes_on(session))

        return Live(engine_of(request), person(request) or PUBLIC, request.app.state.closing, position, goes_on)

    return router
