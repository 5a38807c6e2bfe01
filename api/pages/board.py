"""The board: needs and offers that everybody may see, with filters, search and paging, now or as of any moment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import APIRouter, Request, Response

from api.pages.bars import line_bar, line_words
from api.pages.cartogram import MODES, Drawn, cartogram
from api.pages.kept import kept_route_class
from api.pages.places import Doc, category_words, engine_of, names, paths_to, rule_book, standing
from api.pages.site import Site, link, tongue
from api.pages.words import BOARD_STATUSES, Tongue
from services.engine import Engine

ROWS = 20
KINDS = {"needs": "need", "offers": "offer"}
ONLY_NEEDS = {  # what offers do not have
    "urgency": 0, "beneficiaries": 0, "respond_by": None, "outside": None, "reopened": 0, "merged_into": None,
    "skill": None, "vulnerable": False, "group": None,
}  # fmt: skip


def routes(site: Site) -> APIRouter:
    router = APIRouter(route_class=kept_route_class(site, same_parts=True), include_in_schema=False)

    @router.api_route("/board", methods=["GET", "HEAD"])
    async def board(
        request: Request, kind: str = "needs", area: str = "", category: str = "", status: str = "", q: str = "",
        at: str = "", cursor: str = "", by: str = "",
    ) -> Response:  # fmt: skip
        kind = kind if kind in KINDS else "needs"
        asked = {"area": area, "category": category, "status": status, "q": q.strip(), "at": at.strip()}
        values = await board_values(engine_of(request), kind, asked, cursor, tongue(request))
        values |= await _map(engine_of(request), kind, asked, by, tongue(request))
        return site.page(request, "board", parts=("list",), **values)

    return router


async def rows(
    engine: Engine, kind: str, items: Sequence[Doc], categories: Mapping[str, str], say: Tongue, at: str | None
) -> list[Doc]:
    """Items as the list shows them: with names instead of ids, and a bar for each of their first lines."""
    owners = await names(engine, (item["owner"] for item in items), at)
    paths = await paths_to(engine, (item["area"] for item in items))
    words = line_words(kind, say)
    return [
        {
            **ONLY_NEEDS, **item, "kind": kind, "href": link(f"/{kind}s/{item['id']}", at=at),
            "owner_name": owners[item["owner"]],
            "where": [place.name for place in paths[item["area"]][1:]],
            "category_name": categories.get(item["category"], item["category"]),
            "bars": [(line, line_bar(line, words)) for line in item["lines"][:2]], "words": words,
        }
        for item in items
    ]  # fmt: skip


async def board_values(engine: Engine, kind: str, asked: dict[str, str], cursor: str, say: Tongue) -> dict[str, Any]:
    book, at = await rule_book(engine), asked["at"] or None
    categories = category_words(book, say)
    page = await engine.boards.public(
        kind, **{name: value or None for name, value in asked.items()}, limit=ROWS, cursor=cursor or None
    )
    return {
        "kind": kind, "asked": asked, "categories": categories, "statuses_to_choose": BOARD_STATUSES[kind],
        "streets": await _streets(engine, book.area if book else None, asked["area"]),
        "rows": await rows(engine, KINDS[kind], page.items, categories, say, at),
        "position": page.position, "standing": await standing(engine), "is_first": not cursor,
        "first": link("/board", kind=kind, **asked),
        "next": link("/board", kind=kind, **asked, cursor=page.next) if page.next else None,
        "kinds": [(name, link("/board", kind=name, **{**asked, "status": ""})) for name in KINDS],
        "live": "" if at or cursor else "*",
    }  # fmt: skip


async def _map(engine: Engine, kind: str, asked: dict[str, str], by: str, say: Tongue) -> dict[str, Any]:
    """The needs of the whole district, place by place; a tile leaves its place's needs on the board. Offers are not tied
    to places: they have no map. It is drawn when it is unfolded, which `by` says."""
    book = await rule_book(engine)
    modes = [(link("/board", **asked, by=name), say(word), name == by) for name, word in MODES.items()]
    shown = {"has_map": kind == "needs" and book is not None, "map_modes": modes, "mosaic": None}
    if not (shown["has_map"] and by in MODES and book):
        return shown
    narrowed = {"category": asked["category"], "at": asked["at"], "by": by}
    drawn = Drawn(
        area=book.area, mode=by, at=asked["at"], category=asked["category"],
        href=lambda id: link("/board", area=id, **narrowed),
    )  # fmt: skip
    return {**shown, "mosaic": await cartogram(engine, drawn, say)}


async def _streets(engine: Engine, district: str | None, chosen: str) -> list[tuple[str, str]]:
    """(id, name) to choose from: the areas right below the district, and the one chosen when it lies deeper."""
    if district is None:
        return []
    docs = await engine.dashboards.drill.areas(district)
    return sorted((doc["id"], doc["name"]) for doc in docs if doc["parent"] == district or doc["id"] == chosen)
