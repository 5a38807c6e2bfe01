"""The drafts of one's organisation: go on with one, or throw it away."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response

from api.pages.board import rows
from api.pages.forms import Form, answered, asking_by_form, blank, form_of, seen, someone
from api.pages.items.choices import must_take_part
from api.pages.places import category_words, engine_of, rule_book
from api.pages.site import Site, route_class, tongue
from domain.access import missing
from services.command import Done, kind_of

MOST = 100


def routes(site: Site) -> APIRouter:
    router = APIRouter(route_class=route_class(site), include_in_schema=False)

    @router.api_route("/drafts", methods=["GET", "HEAD"])
    async def drafts(request: Request) -> Response:
        return site.page(request, "items/drafts", form=blank(), **await _drafts(request))

    @router.post("/drafts/{id}")
    async def throw_away(request: Request, id: str) -> Response:
        form, engine, kind = await form_of(request), engine_of(request), kind_of(id)

        async def act() -> Done:
            if kind not in ("need", "offer"):
                raise missing()
            ask = asking_by_form(request, form)
            return await (engine.needs.withdraw if kind == "need" else engine.offers.retire)(ask, id)

        async def again(filled: Form, status: int) -> Response:
            return site.page(request, "items/drafts", status=status, form=filled, **await _drafts(request))

        return await answered(request, form, act, then=lambda _: "/drafts", again=again, said="withdrawn")

    return router


async def _drafts(request: Request) -> dict[str, Any]:
    """Needs first, the newest of each first."""
    me, engine, say = must_take_part(someone(request)), engine_of(request), tongue(request)
    words, found = category_words(await rule_book(engine), say), list[Any]()
    for kind in ("need", "offer"):
        page = await engine.boards.list(
            f"{kind}s", me, owner=me.org, status="draft", limit=MOST, min_position=seen(request)
        )
        found += await rows(engine, kind, page.items, words, say, None)
    return {"drafts": found}
