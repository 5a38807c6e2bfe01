"""Claiming: the form on a need or an offer, with what is free, one's own fitting items, and other units to join in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import APIRouter, Request, Response

from api.bodies import ClaimIn, MemberIn
from api.pages.acts import why_not
from api.pages.bars import line_bar, line_legend, line_words
from api.pages.claims import terms
from api.pages.forms import Form, NotRead, answered, asking_by_form, blank, form_of, someone
from api.pages.item_acts import ACTS
from api.pages.places import Doc, engine_of, names, path_to, standing
from api.pages.shown import is_day
from api.pages.site import Site, tongue
from api.pages.words import Tongue
from domain.access import COORDINATORS, Principal
from domain.events import Refused
from domain.need import NeedState
from domain.offer import OfferState
from services import sight
from services.command import Done, kind_of
from services.engine import Engine
from services.rehearsal import rehearsal
from services.shapes import window as told

MOST_OWN = 100  # items to cite
MOST_NAMES = 60  # units suggested by name
SEATS = 3  # rows for other units


def add_proposing(router: APIRouter, site: Site) -> None:
    """GET and POST /needs/{id}/claim and /offers/{id}/claim."""
    for kind in ("need", "offer"):
        _add(router, site, kind)


def _add(router: APIRouter, site: Site, kind: str) -> None:
    async def show(request: Request, id: str) -> Response:
        values = await _values(request, kind, id, None)
        return site.page(request, "claims/propose", parts=("form",), **values)

    async def send(request: Request, id: str) -> Response:
        form, engine = await form_of(request), engine_of(request)
        me = someone(request)
        state = await sight.seen(engine.streams, me, id, kind)
        assert isinstance(state, NeedState | OfferState)

        async def act() -> Done:
            draft = (await _body(engine, kind, state, form)).asked()
            return await engine.claims.propose(asking_by_form(request, form), draft)

        async def again(typed: Form, status: int) -> Response:
            return site.page(request, "claims/propose", status=status, **await _values(request, kind, id, typed))

        return await answered(request, form, act, then=lambda done: f"/claims/{done.id}", again=again, said="claimed")

    router.add_api_route(f"/{kind}s/{{id}}/claim", show, methods=["GET", "HEAD"])
    router.add_api_route(f"/{kind}s/{{id}}/claim", send, methods=["POST"])


async def _body(engine: Engine, kind: str, state: NeedState | OfferState, form: Form) -> ClaimIn:
    """What was typed as the API's body. Raises NotRead, ValidationError."""
    window = terms.chosen(form["window"], state.content.windows)
    day = form["respond_by"].strip()
    if day and not is_day(day):
        raise NotRead([{"type": "day", "loc": ("respond_by",)}])
    more: dict[str, Any] = {
        kind: state.id, "lines": [line.model_dump() for line in terms.typed_lines(form)],
        "members": await _members(engine, state, form), "window": told(window) if window else None,
        "respond_by": f"{day}T23:59:59+08:00" if day else None,
    }  # fmt: skip
    other = {"need": "offer", "offer": "need"}[kind]
    return ClaimIn.model_validate({**more, other: form["cite"] or None, "note": form["note"].strip() or None})


async def _members(engine: Engine, state: NeedState | OfferState, form: Form) -> list[MemberIn]:
    """Other units by the name that was typed, each with its quantities."""
    found = []
    for n in range(SEATS):
        called = form[f"member{n}-name"].strip()
        if called:
            lines = terms.typed_lines(form, f"member{n}")
            found.append(MemberIn(org=await unit_called(engine, called, f"member{n}-name"), lines=lines))
    return found


async def unit_called(engine: Engine, called: str, field: str) -> str:
    """The id of the unit with this name (or id). Refused: no such unit, or several."""
    found = (await engine.boards.list("units", None, q=called, limit=MOST_OWN)).items
    exact = [unit["id"] for unit in found if called in (unit["name"], unit["id"], unit["code"])]
    if called.startswith("unit-"):
        exact = [called]
    if len(exact) != 1:
        raise Refused(
            "member.unknown", "没有找到唯一叫这个名称的单位，请按登记名称填写。",
            "There is no single unit of that name: write it as it is registered.", kind="invalid", field=field,
        )  # fmt: skip
    return str(exact[0])


async def _values(request: Request, kind: str, id: str, form: Form | None) -> dict[str, Any]:
    me, engine, say = someone(request), engine_of(request), tongue(request)
    state = await sight.seen(engine.streams, me, id, kind)
    assert isinstance(state, NeedState | OfferState)
    doc = await engine.trail.item(id)
    rehearsed = await rehearsal(engine.streams, me)
    assert doc is not None
    assert rehearsed is not None
    verdicts = await (rehearsed.need(state) if isinstance(state, NeedState) else rehearsed.offer(state))
    why, words = verdicts["claim"], line_words(kind, say)
    own = await _own(engine, me, kind, doc)
    own += await _wished(engine, me, kind, request.query_params.get("cite", ""), own)
    lines = doc["lines"]
    return {
        "kind": kind, "item": doc, "form": form or _begun(request, lines, own), "why": _why(kind, why, doc, say),
        "owner_name": (await names(engine, [doc["owner"]], None))[doc["owner"]], "matching": me.role in COORDINATORS,
        "bars": [(line, line_bar(line, words), list(line_legend(line, words, say))) for line in lines], "words": words,
        "rows": terms.rows(lines), "own": own, "places": await path_to(engine, doc["area"]), "covered": _covered(doc),
        "windows": terms.choices(
            state.content.windows, state.capacity, engine.streams.clock.now(), say, every=kind == "need"
        ),
        "joint": request.query_params.get("joint") == "1" or bool(form and form["member0-name"]),
        "seats": [(n, terms.rows(lines, f"member{n}")) for n in range(SEATS)], "units": await _units(engine, me, kind),
        "days": rehearsed.book.clocks.answer_days, "live": f"{id} {doc['area']}", "standing": await standing(engine),
    }  # fmt: skip


def _why(kind: str, why: Refused | None, doc: Doc, say: Tongue) -> str:
    return why_not(kind, ACTS[kind]["claim"], why, doc, say) if why else ""


def _covered(doc: Doc) -> bool:
    """Nothing is free: a claim of a need waits its turn."""
    return not any(line["free"] > 0 for line in doc["lines"])


def _begun(request: Request, lines: Sequence[Doc], own: Sequence[tuple[str, str]]) -> Form:
    """What is free is filled in, or less where a link said so (`take`: "20 人 志愿者"); nothing is cited unless a link did."""
    wished = request.query_params.get("cite", "")
    takes = (take.partition(" ") for take in request.query_params.getlist("take"))
    taken = {line: quantity for quantity, _, line in takes if line}
    fields = {**terms.filled(lines, [_least(line, taken) for line in lines]), "cite": wished if wished in dict(own) else ""}
    for n in range(SEATS):
        fields |= terms.filled(lines, [0] * len(lines), f"member{n}")
    return blank(**fields)


def _least(line: Doc, taken: Mapping[str, str]) -> int:
    """What is free of a line; no more than is wished, once something is wished at all."""
    wished = taken.get(f"{line['unit']} {line['kind']}", "0" if taken else str(line["free"]))
    return min(int(line["free"]), terms.counted(wished) or 0)


async def _wished(
    engine: Engine, me: Principal, kind: str, cited: str, own: Sequence[tuple[str, str]]
) -> list[tuple[str, str]]:
    """What a link cites, also when it is not among those first listed: it stands to be chosen where it can be."""
    other = "offer" if kind == "need" else "need"
    held = await engine.streams.committed(cited) if kind_of(cited) == other and cited not in dict(own) else None
    if held is None or held.state.status not in ("open", "covered", "published") or not await sight.may_see(engine.streams, me, held.state):
        return []
    if held.state.content.owner != me.org and me.role not in COORDINATORS:
        return []
    doc = await engine.trail.item(cited)
    return [(cited, f"{held.state.number} {doc['title'] or '' if doc else ''}")]


async def _own(engine: Engine, me: Principal, kind: str, doc: Doc) -> list[tuple[str, str]]:
    """(id, number and title) of what may be cited: what fits first, else the newest first."""
    other, status = ("offers", "published") if kind == "need" else ("needs", "open,covered")
    where: dict[str, Any] = {"owner": me.org}
    if me.role in COORDINATORS:
        where = {"category": doc["category"]} if kind == "need" else {"category": doc["category"], "area": me.area}
    found = await engine.boards.list(other, me, status=status, limit=MOST_OWN, **where)
    units = {line["unit"] for line in doc["lines"]}
    rated = [(it, it["category"] == doc["category"] and bool(units & {x["unit"] for x in it["lines"]})) for it in found.items]
    ordered = sorted(rated, key=lambda pair: not pair[1])
    return [(it["id"], f"{it['number']} {it['title'] or ''}") for it, _ in ordered if it["owner"] != doc["owner"]]


async def _units(engine: Engine, me: Principal, kind: str) -> list[str]:
    """Names to choose from; any other registered name may be typed."""
    if kind != "need" or me.role in COORDINATORS:
        return []
    found = await engine.boards.list("units", me, status="registered", limit=MOST_NAMES)
    return sorted(unit["name"] for unit in found.items if unit["id"] != me.org)
