"""One need or offer: what it is, how much of it is taken, who claims it, and all that has happened to it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import APIRouter, Request, Response
from markupsafe import Markup

from api.pages.bars import line_bar, line_legend, line_words
from api.pages.board import ONLY_NEEDS
from api.pages.places import Doc, category_words, engine_of, names, path_to, rule_book, standing
from api.pages.sentences import dot, people_in, sentence
from api.pages.site import Site, link, route_class, tongue
from api.pages.words import Tongue
from domain.access import SYSTEM, missing
from services.asof import parse_at
from services.engine import Engine

STANDING = ("accepted", "fulfilled")  # promises that are public, with the names of both sides
MOST_CLAIMS = 200


def routes(site: Site) -> APIRouter:
    router = APIRouter(route_class=route_class(site), include_in_schema=False)

    async def answer(request: Request, kind: str, id: str, at: str) -> Response:
        values = await item_values(engine_of(request), kind, id, at, tongue(request))
        return site.page(request, "item", parts=("now",), **values)

    @router.api_route("/needs/{id}", methods=["GET", "HEAD"])
    async def need(request: Request, id: str, at: str = "") -> Response:
        return await answer(request, "need", id, at)

    @router.api_route("/offers/{id}", methods=["GET", "HEAD"])
    async def offer(request: Request, id: str, at: str = "") -> Response:
        return await answer(request, "offer", id, at)

    return router


async def item_values(engine: Engine, kind: str, id: str, at: str, say: Tongue) -> dict[str, Any]:
    doc, cut = await _visible(engine, kind, id, at)
    moment = str(cut) if cut is not None else None
    history = [entry for entry in await engine.trail.history(id) if cut is None or entry["position"] <= cut]
    claims, projects = await _claims(engine, id, moment)
    mentioned = [org for entry in history for org in people_in(entry)]
    sides = [c[side] for c in claims for side in ("provider", "receiver")]
    members = [member["org"] for c in claims for member in c["members"]]
    called = await names(engine, [doc["owner"], doc.get("reach"), *mentioned, *sides, *members], moment)
    book, words = await rule_book(engine), line_words(kind, say)
    return {
        "kind": kind, "item": {**ONLY_NEEDS, **doc}, "owner_name": called[doc["owner"]],
        "reach_name": called.get(doc.get("reach") or ""),
        "places": await path_to(engine, doc["area"]), "at": at.strip(), "position": cut, "words": words,
        "category_name": category_words(book, say).get(doc["category"], doc["category"]),
        "lines": _lines(doc["lines"], words, say),
        "events": _events(kind, id, history, called, say), "standing": await standing(engine),
        "claims": _promises(claims, projects, called), "counts": _counts(claims),
        "live": "" if at else f"{id} {doc['area']}",
    }  # fmt: skip


async def _visible(engine: Engine, kind: str, id: str, at: str) -> tuple[Doc, int | None]:
    """The item now, or cut at the position that `at` means. Missing: unknown, another kind, or not for everybody."""
    if not id.startswith(f"{kind}-"):
        raise missing()
    cut = await parse_at(at, engine.log)
    doc = await (engine.trail.item(id) if cut is None else engine.trail.item_at(id, cut))
    if doc is None or not doc.get("public", True):
        raise missing()
    return doc, cut


async def _claims(engine: Engine, id: str, at: str | None) -> tuple[list[Doc], Mapping[str, Doc]]:
    """The claims on it, oldest first, and their projects by id. Only what is public of them may reach the page."""
    claims = (await engine.boards.list("claims", SYSTEM, about=id, at=at, limit=MOST_CLAIMS)).items
    if not any(claim["project"] for claim in claims):
        return claims[::-1], {}
    projects = (await engine.boards.list("projects", SYSTEM, about=id, at=at, limit=MOST_CLAIMS)).items
    return claims[::-1], {project["id"]: project for project in projects}


def _lines(lines: Sequence[Doc], words: Mapping[str, str], say: Tongue) -> list[tuple[Doc, Markup, list[Any]]]:
    """Each line with its bar and the bar's legend; `by_window` is None where it is not counted by occurrence."""
    return [
        ({"by_window": None, **line}, line_bar(line, words), list(line_legend(line, words, say))) for line in lines
    ]


def _promises(claims: Sequence[Doc], projects: Mapping[str, Doc], called: Mapping[str, str]) -> list[dict[str, Any]]:
    """Accepted claims with both names, no notes. Who only asked, or was declined, stays unnamed."""
    return [
        {
            "number": claim["number"], "status": claim["status"], "lines": claim["lines"],
            "provider": called[claim["provider"]], "receiver": called[claim["receiver"]],
            "members": [called[m["org"]] for m in claim["members"] if m["status"] == "joined" and not m["lead"]],
            "project": projects.get(claim["project"] or ""),
        }
        for claim in claims
        if claim["status"] in STANDING
    ]  # fmt: skip


def _counts(claims: Sequence[Doc]) -> list[tuple[str, int]]:
    """(status, how many) of all claims on it, those that stand first."""
    counted = Counter(claim["status"] for claim in claims)
    order = (*STANDING, "proposed", "waitlisted")
    return [(s, counted[s]) for s in (*order, *sorted(counted.keys() - set(order))) if counted[s]]


def _events(
    kind: str, id: str, history: Sequence[Doc], called: Mapping[str, str], say: Tongue
) -> list[dict[str, Any]]:
    """The timeline, newest first. Each leads to the item as it was right then, once everybody could see it."""
    shown, seen = [], False
    for entry in history:
        seen = seen or not entry["type"].endswith((".drafted", ".rejected"))
        then = link(f"/{kind}s/{id}", at=entry["position"]) if seen else None
        told = sentence(entry, lambda org: called.get(org, org), say)
        shown.append({**entry, "told": told, "tone": dot(entry), "then": then})
    return shown[::-1]
