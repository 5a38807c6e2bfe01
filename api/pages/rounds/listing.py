"""/rounds: the rounds of one's area, newest first, and the form that opens one."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response

from api.pages.forms import Form, answered, asking_by_form, blank, form_of, seen, someone
from api.pages.places import Doc, category_words, engine_of, names, rule_book, standing
from api.pages.rounds import told
from api.pages.rounds.page import account_name
from api.pages.site import Site, link, tongue
from api.pages.words import STATUSES
from domain.access import COORDINATORS, Facts, Principal, decide, missing
from services.engine import Engine
from services.rounds import RoundDraft

ROWS = 20


def add_list(router: APIRouter, site: Site) -> None:
    @router.api_route("/rounds", methods=["GET", "HEAD"])
    async def rounds(request: Request, area: str = "", category: str = "", status: str = "", cursor: str = "") -> Response:
        values = await _values(request, area, category, status, cursor)
        return site.page(request, "rounds/list", parts=("now",), **values)

    @router.post("/rounds")
    async def open_round(request: Request) -> Response:
        form, engine = await form_of(request), engine_of(request)

        async def again(typed: Form, code: int) -> Response:
            return site.page(request, "rounds/list", status=code, **{**await _values(request, "", "", "", ""), "form": typed})

        draft = RoundDraft(area=form["area"], category=form["category"] or None)
        return await answered(
            request, form, lambda: engine.rounds.open(asking_by_form(request, form), draft),
            then=lambda done: f"/rounds/{done.id}", again=again, said="computed",
        )  # fmt: skip


def may_see(me: Principal | None) -> bool:
    """Whether somebody sees any rounds at all."""
    return me is not None and (me.role in COORDINATORS or me.role == "auditor")


async def _values(request: Request, area: str, category: str, status: str, cursor: str) -> dict[str, Any]:
    me, engine, say = someone(request), engine_of(request), tongue(request)
    if not may_see(me):
        raise missing()
    book, asked = await rule_book(engine), {"area": area, "category": category, "status": status}
    page = await engine.boards.list(
        "rounds", me, area=area or None, category=category or None, status=status or None, limit=ROWS, cursor=cursor or None,
        min_position=seen(request),
    )  # fmt: skip
    areas = await _areas(engine, me.area or (book.area if book else ""))
    may_open = bool(me.area) and decide(me, "round.open", Facts(path=(me.area,) if me.area else ())) is None
    return {
        "rows": [await _row(request, engine, doc) for doc in page.items], "asked": asked, "choices": areas, "may_open": may_open,
        "called": await names(engine, [doc["area"] for doc in page.items], None), "categories": category_words(book, say),
        "statuses": [(key, word) for key, (word, _) in STATUSES["round"].items()], "modes": told.MODES,
        "form": blank(area=me.area or ""), "standing": await standing(engine),
        "next": link("/rounds", **asked, cursor=page.next) if page.next else "", "live": "" if cursor else "*",
        "filtered": any(asked.values()),
    }  # fmt: skip


async def _row(request: Request, engine: Engine, doc: Doc) -> Doc:
    """With who asked for it; a calendar is nobody."""
    first = (await engine.trail.history(doc["id"]))[0]
    return {**doc, "who": "" if doc["calendar"] else account_name(request, first["actor"])}


async def _areas(engine: Engine, top: str) -> list[tuple[str, str]]:
    """(id, name) of an area and all below it as a tree, set in by their depth."""
    docs = await engine.dashboards.drill.areas(top) if top else []
    paths = {doc["id"]: (await engine.streams.path(doc["id"]))[::-1] for doc in docs}
    least = min((len(path) for path in paths.values()), default=0)
    ordered = sorted((doc for doc in docs if doc["status"] == "open"), key=lambda doc: paths[doc["id"]])
    return [(doc["id"], "\u3000" * (len(paths[doc["id"]]) - least) + doc["name"]) for doc in ordered]
