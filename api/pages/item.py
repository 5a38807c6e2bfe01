"""One need or offer: what it is, how much of it is taken, who claims it, and all that has happened to it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Mapping, Sequence
from dataclasses import replace
from typing import Any

from fastapi import APIRouter, Request, Response
from markupsafe import Markup

from api.auth import person
from api.pages.acts import meanwhile, panel, seat_of
from api.pages.bars import line_bar, line_legend, line_words
from api.pages.board import ONLY_NEEDS
from api.pages.forms import Form, seen
from api.pages.item_acts import ACTS, DO, add_acts
from api.pages.personal.beside import people_beside
from api.pages.places import Doc, category_words, engine_of, group_words, names, path_to, rule_book, standing
from api.pages.sentences import dot, people_in, sentence
from api.pages.site import Site, link, route_class, tongue
from api.pages.suggested import add_page, fits_beside
from api.pages.words import Tongue
from domain.access import COORDINATORS, PUBLIC, SYSTEM, Principal, decide, missing
from services import sight
from services.asof import parse_at
from services.command import kind_of
from services.engine import Engine
from services.rehearsal import rehearsal

STANDING = ("accepted", "fulfilled")  # promises that are public, with the names of both sides
MOST_CLAIMS = 200
MOST_DOUBLES = 50  # needs to choose from, when one is merged into another


def routes(site: Site) -> APIRouter:
    router = APIRouter(route_class=route_class(site), include_in_schema=False)

    async def answer(request: Request, kind: str, id: str, at: str, act: str = "") -> Response:
        engine, say, me = engine_of(request), tongue(request), person(request)
        values = await item_values(engine, kind, id, at, say, me, seen(request))
        values |= await _acts(engine, kind, values, say, me, act, None, request.query_params.get("for", ""))
        values |= await people_beside(request, id, at) | await fits_beside(request, kind, values["item"], at)
        return site.page(request, "item", parts=("head", "now", "acts", "fits"), **values)

    async def again(request: Request, kind: str, id: str, act: str, form: Form, status: int) -> Response:
        engine, say, me = engine_of(request), tongue(request), person(request)
        values = await item_values(engine, kind, id, "", say, me, None)
        values |= await _acts(engine, kind, values, say, me, act, form, form["_for"])
        values |= await people_beside(request, id) | {"fits": None}
        return site.page(request, "item", status=status, **values)

    @router.api_route("/needs/{id}", methods=["GET", "HEAD"])
    async def need(request: Request, id: str, at: str = "", act: str = "") -> Response:
        return await answer(request, "need", id, at, act)

    @router.api_route("/offers/{id}", methods=["GET", "HEAD"])
    async def offer(request: Request, id: str, at: str = "", act: str = "") -> Response:
        return await answer(request, "offer", id, at, act)

    for kind, acts in DO.items():
        add_acts(router, kind, acts, again)
    add_page(router, site)
    return router


async def item_values(
    engine: Engine, kind: str, id: str, at: str, say: Tongue, me: Principal | None = None, position: int | None = None
) -> dict[str, Any]:
    """What the page shows to `me` (None: to everybody), at least as new as a position."""
    doc, cut = await _visible(engine, kind, id, at, me)
    moment = str(cut) if cut is not None else None
    history = [entry for entry in await engine.trail.history(id) if cut is None or entry["position"] <= cut]
    claims, projects = await _claims(engine, id, moment, position)
    mine = await _mine(engine, id, me, moment, position)
    mentioned = [org for entry in history for org in people_in(entry)]
    sides = [c[side] for c in (*claims, *mine) for side in ("provider", "receiver")]
    members = [member["org"] for c in (*claims, *mine) for member in c["members"]]
    called = await names(engine, [doc["owner"], doc.get("reach"), *mentioned, *sides, *members], moment)
    book, words = await rule_book(engine), line_words(kind, say)
    return {
        "kind": kind, "item": {**ONLY_NEEDS, **doc}, "owner_name": called[doc["owner"]], "called": called,
        "reach_name": called.get(doc.get("reach") or ""), "note": doc["note"] if me else None,
        "places": await path_to(engine, doc["area"]), "at": at.strip(), "position": cut, "words": words,
        "category_name": category_words(book, say).get(doc["category"], doc["category"]),
        "lines": _lines(doc["lines"], words, say), "mine": mine,
        "groups": _for_whom(doc, group_words(book, say)),
        "events": _events(kind, id, history, called, say, private=_insider(me, doc)), "standing": await standing(engine),
        "claims": _promises(claims, projects, called, {c["id"] for c in mine}), "counts": _counts(claims),
        "live": "" if at else f"{id} {doc['area']}", "in_round": None if at else await _in_round(engine, me, doc),
    }  # fmt: skip


async def _acts(
    engine: Engine, kind: str, values: dict[str, Any], say: Tongue, me: Principal | None, act: str, form: Form | None,
    wanted: str,
) -> dict[str, Any]:
    """The panel of acts; None for the past, and where nobody could do anything. `wanted`: for whom it would be done."""
    doc, acts = values["item"], ACTS[kind]
    held = await engine.streams.committed(doc["id"])
    assert held is not None
    seat = await seat_of(engine, me, held.state, f"/{kind}s/{doc['id']}", wanted, act, values["called"])
    rehearsed = await rehearsal(engine.streams, me, seat.org)
    if values["at"] or rehearsed is None:
        return {"panel": None}
    verdicts = await (rehearsed.need if kind == "need" else rehearsed.offer)(held.state) if me else {}
    newer = meanwhile(form, values["events"]) if form else ()
    doubles = await _doubles(engine, doc, me) if act == "merge" else ()
    shown = panel(
        kind, acts, verdicts, doc, say, form=form, chosen=act, fields="item_fields.html", meanwhile=newer,
        logged_in=me is not None, seat=seat,
    )  # fmt: skip
    return {"panel": shown, "panel_acts": acts, "doubles": doubles}


async def _doubles(engine: Engine, doc: Doc, me: Principal | None) -> list[tuple[str, str]]:
    found = await engine.boards.list("needs", me, area=doc["area"], status="open,posted", limit=MOST_DOUBLES)
    return [(other["id"], f"{other['number']} {other['title']}") for other in found.items if other["id"] != doc["id"]]


async def _visible(engine: Engine, kind: str, id: str, at: str, me: Principal | None) -> tuple[Doc, int | None]:
    """The item now, or cut at the position that `at` means. Missing: unknown, another kind, or not for these eyes."""
    state = await sight.seen(engine.streams, me or PUBLIC, id, kind)
    cut = await parse_at(at, engine.log)
    doc = await (engine.trail.item(id) if cut is None else engine.trail.item_at(id, cut))
    if doc is None:
        raise missing()
    then = replace(await sight.facts(engine.streams, state), public=doc.get("public", True))
    if decide(me or PUBLIC, f"{kind}.see", then) is not None:
        raise missing()
    return doc, cut


async def _in_round(engine: Engine, me: Principal | None, doc: Doc) -> tuple[str, str] | None:
    """(number, address of the reasons) of the last published round it was in, for its owner and whoever sees the round."""
    if not _insider(me, doc):
        return None
    round = await engine.reasons.last_with(doc["id"], doc["area"], doc["category"])
    if round is None or me is None or not (me.org == doc["owner"] or await sight.may_see(engine.streams, me, round)):
        return None
    return round.number, f"/rounds/{round.id}/{kind_of(doc['id'])}s/{doc['id']}"


def _insider(me: Principal | None, doc: Doc) -> bool:
    """Its owner and those who look after the district read the reasons that were given, too."""
    return me is not None and (me.org == doc["owner"] or me.role in (*COORDINATORS, "auditor"))


async def _mine(
    engine: Engine, id: str, me: Principal | None, at: str | None, position: int | None
) -> list[Doc]:
    """The claims on it that this viewer may see whole, oldest first."""
    if me is None:
        return []
    found = await engine.boards.list("claims", me, about=id, at=at, limit=MOST_CLAIMS, min_position=position)
    return found.items[::-1]


async def _claims(
    engine: Engine, id: str, at: str | None, position: int | None
) -> tuple[list[Doc], Mapping[str, Doc]]:
    """The claims on it, oldest first, and their projects by id. Only what is public of them may reach the page."""
    claims = (await engine.boards.list("claims", SYSTEM, about=id, at=at, limit=MOST_CLAIMS, min_position=position)).items
    if not any(claim["project"] for claim in claims):
        return claims[::-1], {}
    projects = (await engine.boards.list("projects", SYSTEM, about=id, at=at, limit=MOST_CLAIMS)).items
    return claims[::-1], {project["id"]: project for project in projects}


def _for_whom(doc: Doc, called: Mapping[str, str]) -> list[str]:
    """The residents it is for, by name; none: for everybody."""
    asked = [doc["group"]] if doc.get("group") else doc.get("groups") or []
    return [called.get(group, group) for group in asked]


def _lines(lines: Sequence[Doc], words: Mapping[str, str], say: Tongue) -> list[tuple[Doc, Markup, list[Any]]]:
    """Each line with its bar and the bar's legend; `by_window` is None where it is not counted by occurrence."""
    return [
        ({"by_window": None, **line}, line_bar(line, words), list(line_legend(line, words, say))) for line in lines
    ]


def _promises(
    claims: Sequence[Doc], projects: Mapping[str, Doc], called: Mapping[str, str], known: Container[str] = ()
) -> list[dict[str, Any]]:
    """Accepted claims with both names, no notes. Who only asked, or was declined, stays unnamed; `known` are told of
    elsewhere."""
    return [
        {
            "number": claim["number"], "status": claim["status"], "lines": claim["lines"],
            "provider": called[claim["provider"]], "receiver": called[claim["receiver"]],
            "members": [called[m["org"]] for m in claim["members"] if m["status"] == "joined" and not m["lead"]],
            "project": projects.get(claim["project"] or ""),
        }
        for claim in claims
        if claim["status"] in STANDING and claim["id"] not in known
    ]  # fmt: skip


def _counts(claims: Sequence[Doc]) -> list[tuple[str, int]]:
    """(status, how many) of all claims on it, those that stand first."""
    counted = Counter(claim["status"] for claim in claims)
    order = (*STANDING, "proposed", "waitlisted")
    return [(s, counted[s]) for s in (*order, *sorted(counted.keys() - set(order))) if counted[s]]


def _events(
    kind: str, id: str, history: Sequence[Doc], called: Mapping[str, str], say: Tongue, *, private: bool = False
) -> list[dict[str, Any]]:
    """The timeline, newest first. Each leads to the item as it was right then, once everybody could see it."""
    shown, seen = [], False
    for entry in history:
        seen = seen or not entry["type"].endswith((".drafted", ".rejected"))
        then = link(f"/{kind}s/{id}", at=entry["position"]) if seen else None
        told = sentence(entry, lambda org: called.get(org, org), say)
        said = entry["data"].get("reason") if private else None
        shown.append({**entry, "told": told, "tone": dot(entry), "then": then, "said": said})
    return shown[::-1]
