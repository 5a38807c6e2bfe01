"""The front page, open to everybody: what this is, how far the district has come, what was posted last. Always there, also
when empty. Who is logged in is led on to the desk, and finds this page at /?about."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response
from starlette.responses import RedirectResponse

from api.auth import person
from api.pages.board import rows
from api.pages.figures import headline
from api.pages.places import category_words, engine_of, rule_book, standing
from api.pages.site import Site, route_class, tongue
from domain.events import Refused
from services.ports import StoreUnavailable
from services.read_ports import Behind

NEWEST = 5


def routes(site: Site) -> APIRouter:
    router = APIRouter(route_class=route_class(site), include_in_schema=False)

    @router.api_route("/", methods=["GET", "HEAD"])
    async def home(request: Request) -> Response:
        if person(request) is not None and not request.url.query and "X-Fragment" not in request.headers:
            return RedirectResponse("/desk", 303)
        try:
            values = await _district(request)
        except (Refused, Behind, StoreUnavailable):
            values = {"book": None, "tallies": (), "needs": (), "offers": (), "standing": None, "live": ""}
        return site.page(request, "home", parts=("now",), **values)

    return router


async def _district(request: Request) -> dict[str, Any]:
    engine, say = engine_of(request), tongue(request)
    book = await rule_book(engine)
    state = await standing(engine)
    if book is None:
        return {"book": None, "tallies": (), "needs": (), "offers": (), "standing": state, "live": "*"}
    board = await engine.dashboards.of(book.area)
    words = category_words(book, say)
    needs = await engine.boards.public("needs", status="open", limit=NEWEST)
    offers = await engine.boards.public("offers", status="published", limit=NEWEST)
    return {
        "book": book, "standing": state, "live": "*",
        "tallies": headline(board["figures"], say),
        "needs": await rows(engine, "need", needs.items, words, say, None),
        "offers": await rows(engine, "offer", offers.items, words, say, None),
    }  # fmt: skip
