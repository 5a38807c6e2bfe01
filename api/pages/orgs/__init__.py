"""Organisations: a directory to search, and for each what it gave, what it received, with whom and how reliably."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response

from api.auth import person
from api.pages.board import rows
from api.pages.kept import kept_route_class
from api.pages.orgs.portrait import facts, reliability, side
from api.pages.places import category_words, engine_of, names, path_to, rule_book, standing, tier_words
from api.pages.site import Site, link, tongue
from services.portraits import Portrait

ROWS, FEW = 50, 5


def routes(site: Site) -> APIRouter:
    router = APIRouter(route_class=kept_route_class(site), include_in_schema=False)

    @router.api_route("/orgs", methods=["GET", "HEAD"])
    async def directory(request: Request, q: str = "", area: str = "", line: str = "", cursor: str = "") -> Response:
        engine, say = engine_of(request), tongue(request)
        before = int(cursor) if cursor.isascii() and cursor.isdigit() and len(cursor) <= 15 else None
        asked = {"q": q.strip(), "area": area, "line": line}
        docs, following = await engine.dashboards.portraits.directory(**asked, before=before, limit=ROWS)
        book = await rule_book(engine)
        top = book.area if book else ""
        tiers = tier_words(book, say)
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
        return site.page(
            request, "orgs/directory", parts=("list",), asked=asked, rows=found, standing=await standing(engine),
            lines=await engine.dashboards.drill.lines(top) if top else [],
            streets=[(child["area"]["id"], child["area"]["name"]) for child in streets],
            next=link("/orgs", **asked, cursor=following) if following else "", first=link("/orgs", **asked) if cursor else "",
        )  # fmt: skip

    @router.api_route("/orgs/{id}", methods=["GET", "HEAD"])
    async def org(request: Request, id: str, at: str = "") -> Response:
        portrait = await engine_of(request).dashboards.portraits.of(id, at.strip() or None)
        return site.page(request, "orgs/org", parts=("now",), **await _values(request, portrait, at.strip()))

    return router


async def _values(request: Request, portrait: Portrait, at: str) -> dict[str, Any]:
    engine, say, moment = engine_of(request), tongue(request), at or None
    book, doc = await rule_book(engine), portrait.doc
    words, tiers = category_words(book, say), tier_words(book, say)
    partners = portrait.partners[:10]
    called = await names(engine, [*(id for id, _ in partners), *doc.get("areas", ())], moment)
    is_unit = "areas" in doc
    return {
        "doc": doc, "is_unit": is_unit, "kind": tiers.get(doc["kind"], doc["kind"]), "at": at,
        "position": portrait.position, "standing": await standing(engine),
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
    }  # fmt: skip


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
