"""Organisations: a directory to search, and for each what it gave, what it received, with whom and how reliably."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response

from api.auth import person
from api.bodies_register import UnitLimitIn
from api.pages.board import rows
from api.pages.forms import Form, answered, asking_by_form, blank, form_of, seen
from api.pages.kept import kept_route_class
from api.pages.orgs.portrait import facts, reliability, side
from api.pages.places import Doc, category_words, engine_of, names, path_to, rule_book, standing, tier_words
from api.pages.site import Site, link, tongue
from domain.access import Facts, decide
from services.command import Done
from services.portraits import Portrait

ROWS, FEW = 50, 5


def routes(site: Site) -> APIRouter:
    router = APIRouter(route_class=kept_route_class(site), include_in_schema=False)

    @router.api_route("/orgs", methods=["GET", "HEAD"])
    async def directory(request: Request, q: str = "", area: str = "", line: str = "", cursor: str = "") -> Response:
        asked = {"q": q.strip(), "area": area, "line": line}
        before = int(cursor) if cursor.isascii() and cursor.isdigit() and len(cursor) <= 15 else None
        return site.page(request, "orgs/directory", parts=("list",), **await _directory(request, asked, before))

    @router.api_route("/orgs/{id}", methods=["GET", "HEAD"])
    async def org(request: Request, id: str, at: str = "") -> Response:
        found = engine_of(request).dashboards.portraits.of(id, at.strip() or None, min_position=seen(request))
        portrait = await found
        return site.page(request, "orgs/org", parts=("now",), **await _values(request, portrait, at.strip()))

    @router.post("/orgs/{id}/limit")
    async def limit(request: Request, id: str) -> Response:
        form, engine = await form_of(request), engine_of(request)

        async def act() -> Done:
            asked = form.read(UnitLimitIn) if form["engagements"].strip() else UnitLimitIn(engagements=0)
            return await engine.register.limit_unit(asking_by_form(request, form), id, engagements=asked.engagements)

        async def again(filled: Form, status: int) -> Response:
            portrait = await engine.dashboards.portraits.of(id)
            return site.page(request, "orgs/org", status=status, **await _values(request, portrait, "", filled))

        return await answered(request, form, act, then=lambda _: f"/orgs/{id}", again=again, said="saved")

    return router


async def _directory(request: Request, asked: dict[str, str], before: int | None) -> dict[str, Any]:
    engine, say, book = engine_of(request), tongue(request), await rule_book(engine_of(request))
    docs, following = await engine.dashboards.portraits.directory(**asked, before=before, limit=ROWS)
    top, tiers = book.area if book else "", tier_words(book, say)
    called = await names(engine, [place for doc in docs for place in doc.get("areas", ())], None)
    found = [
        {
            "href": f"/orgs/{doc['id']}", "name": doc["name"], "kind": tiers.get(doc["kind"], doc["kind"]),
            "where": say("、").join(called[place] for place in doc.get("areas", ())), "status": doc["status"],
            "row": "unit" if "areas" in doc else "area",
        }
        for doc in docs
    ]  # fmt: skip
    streets = (await engine.dashboards.of(top))["children"] if top else []
    return {
        "asked": asked, "rows": found, "standing": await standing(engine),
        "lines": await engine.dashboards.drill.lines(top) if top else [],
        "streets": [(child["area"]["id"], child["area"]["name"]) for child in streets],
        "next": link("/orgs", **asked, cursor=following) if following else "",
        "first": link("/orgs", **asked) if before is not None else "",
    }  # fmt: skip


async def _values(request: Request, portrait: Portrait, at: str, form: Form | None = None) -> dict[str, Any]:
    engine, say, moment = engine_of(request), tongue(request), at or None
    book, doc = await rule_book(engine), portrait.doc
    words, tiers = category_words(book, say), tier_words(book, say)
    partners = portrait.partners[:10]
    called = await names(engine, [*(id for id, _ in partners), *doc.get("areas", ())], moment)
    is_unit = "areas" in doc
    return {
        "doc": doc, "is_unit": is_unit, "kind": tiers.get(doc["kind"], doc["kind"]), "at": at,
        "limit": doc.get("limit"), "position": portrait.position, "standing": await standing(engine),
        "areas": [(area, called[area]) for area in doc.get("areas", ())],
        "places": () if is_unit else await path_to(engine, doc["id"]), "needs": portrait.needs, "offers": portrait.offers,
        "sides": [
            (say("给出"), side(portrait.gave, words, say), say("交付并经接收方确认的项目")),
            (say("得到"), side(portrait.got, words, say), say("作为接收方确认的项目")),
        ],
        "facts": facts(portrait, say), "reliability": reliability(portrait.reliability, say),
        "partners": [(f"/orgs/{id}", called[id], n) for id, n in partners], "more_partners": len(portrait.partners) - len(partners),
        "open_needs": await rows(engine, "need", portrait.open_needs[:FEW], words, say, moment),
        "open_offers": await rows(engine, "offer", portrait.open_offers[:FEW], words, say, moment),
        "n_open": (len(portrait.open_needs), len(portrait.open_offers)),
        "people": _people(request, doc["id"]), "live": "" if at else "*",
        "form": form or blank(engagements=str(doc.get("limit") or "")), "may_limit": not at and await _may_limit(request, doc),
    }  # fmt: skip


async def _may_limit(request: Request, doc: Doc) -> bool:
    """The unit itself, and the coordinators above its home."""
    me = person(request)
    if me is None or not doc.get("areas"):
        return False
    path = tuple(await engine_of(request).streams.path(doc["areas"][0]))
    return decide(me, "unit.limit", Facts(parties=(doc["id"],), path=path)) is None


def _people(request: Request, org: str) -> list[tuple[str, str]] | None:
    """(name, role) of the accounts that act for it: for its own people alone, None for everybody else."""
    viewer, accounts = person(request), request.app.state.accounts
    if viewer is None or viewer.org != org or accounts is None:
        return None
    known = {account.id: account for account in accounts.store.accounts()}
    now = engine_of(request).streams.clock.now()
    return [
        (known[grant.account].name, grant.role)
        for grant in accounts.store.grants()
        if grant.org == org and grant.account in known and grant.counts(now)
    ]
