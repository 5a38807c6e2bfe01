"""One claim, as its two sides, the coordinators above and auditors see it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from fastapi import APIRouter, Request, Response

from api.pages.acts import Panel, meanwhile, panel, seat_of
from api.pages.claims import terms
from api.pages.claims.acts import CLAIM, DO, Do
from api.pages.claims.timeline import timeline
from api.pages.claims.told import LEAD, MEMBERS, binding, days_left, place_in_queue, rounds
from api.pages.forms import Form, answered, asking_by_form, blank, form_of, someone
from api.pages.personal.beside import people_beside
from api.pages.places import Doc, engine_of, names, path_to, standing
from api.pages.sentences import people_in
from api.pages.site import Site, tongue
from api.pages.words import Tongue
from domain.access import Principal
from domain.claim import ClaimState
from domain.need import NeedState
from domain.offer import OfferState
from services import sight
from services.engine import Engine
from services.rehearsal import rehearsal
from services.rehearsal_bound import of_claim

Item = NeedState | OfferState | None


def add_pages(router: APIRouter, site: Site) -> None:
    """GET /claims/{id}, and a POST for each act."""

    @router.api_route("/claims/{id}", methods=["GET", "HEAD"])
    async def claim(request: Request, id: str, act: str = "") -> Response:
        values = await _values(request, id, act, None)
        return site.page(request, "claims/claim", parts=("head", "now", "acts"), **values)

    for name, (do, said) in DO.items():
        _add(router, site, name, do, said)


def _add(router: APIRouter, site: Site, name: str, do: Do, said: str) -> None:
    async def again(request: Request, id: str, typed: Form, status: int) -> Response:
        return site.page(request, "claims/claim", status=status, **await _values(request, id, name, typed))

    async def route(request: Request, id: str) -> Response:
        form, engine, me = await form_of(request), engine_of(request), someone(request)
        state = await sight.seen(engine.streams, me, id, "claim")
        assert isinstance(state, ClaimState)
        need, offer = await _items(engine, state)
        return await answered(
            request, form, lambda: do(engine, asking_by_form(request, form), state, need or offer, form),
            then=lambda done: f"/claims/{id}", again=lambda typed, status: again(request, id, typed, status), said=said,
        )  # fmt: skip

    router.add_api_route(f"/claims/{{id}}/{name}", route, methods=["POST"])


async def _items(engine: Engine, claim: ClaimState) -> tuple[NeedState | None, OfferState | None]:
    held = [await engine.streams.load(id) if id else None for id in (claim.terms.need, claim.terms.offer)]
    return tuple(each.state if each else None for each in held)  # type: ignore[return-value]  # one of each


async def _values(request: Request, id: str, act: str, form: Form | None) -> dict[str, Any]:
    engine, say, me = engine_of(request), tongue(request), someone(request)
    wanted = form["_for"] if form else request.query_params.get("for", "")
    state = await sight.seen(engine.streams, me, id, "claim")
    assert isinstance(state, ClaimState)
    doc, history = await engine.trail.item(id), await engine.trail.history(id)
    assert doc is not None
    orgs = [org for entry in history for org in people_in(entry)]
    called = await names(engine, [*orgs, state.terms.provider, state.terms.receiver, *(m.org for m in state.terms.members)], None)
    need, offer = await _items(engine, state)
    stand = await standing(engine)
    place, waiting = await place_in_queue(engine, state)
    events = timeline(history, called, say)
    ends = state.status == "proposed"
    return {
        "claim": doc, "called": called, "places": await path_to(engine, doc["area"]), "standing": stand,
        "need": need, "offer": offer, "rounds": rounds(history, called, say), "events": events,
        "binds": [("need", binding(state, need, say)), ("offer", binding(state, offer, say))] if _open(state) else [],
        "queue": (place, waiting), "left": days_left(doc["expires_at"], stand.today) if ends else None,
        "live": " ".join(each for each in (id, state.terms.need, state.terms.offer) if each), "mine": me.org,
        "awaited": say("、").join(called.get(org, org) for org in state.awaiting),
        "reinstating": say("、").join(called.get(org, org) for org in state.reinstating),
        **await _acts(engine, me, state, doc, act, form, events, called, say, wanted), **await people_beside(request, id),
    }  # fmt: skip


def _open(claim: ClaimState) -> bool:
    """Something would still be bound."""
    return claim.status in ("proposed", "waitlisted", "released")


async def _acts(
    engine: Engine, me: Principal, state: ClaimState, doc: Doc, act: str, form: Form | None, events: list[dict[str, Any]],
    called: Mapping[str, str], say: Tongue, wanted: str,
) -> dict[str, Any]:  # fmt: skip
    seat = await seat_of(engine, me, state, f"/claims/{state.id}", wanted, act, called)
    rehearsed = await rehearsal(engine.streams, me, seat.org)
    assert rehearsed is not None
    verdicts = await of_claim(rehearsed, state)
    awaited = next((name for name in ("acceptance", "joining") if verdicts.get(name, True) is None), "")
    shown = panel(
        "claim", CLAIM, verdicts, doc, say, form=form, chosen=act, turn=awaited, fields="claims/fields.html",
        meanwhile=meanwhile(form, events) if form else (), seat=seat,
    )  # fmt: skip
    need, offer = await _items(engine, state)
    item = need or offer
    return {
        "panel": _filled(shown, doc) if form is None else shown, "panel_acts": CLAIM,
        "rows": terms.rows(_lines(doc, shown.chosen, need)),
        "windows": _windows(engine, item, say) if shown.chosen == "counter" else [],
        "joined": [(m.org, called[m.org]) for m in state.terms.members if m.status == "joined" and not m.lead],
        "is_joint": bool(state.terms.members), "member_words": MEMBERS, "lead_word": LEAD,
    }  # fmt: skip


def _lines(doc: Doc, chosen: str, need: NeedState | None) -> list[Doc]:
    """What can be typed into: the claim's lines, or for one more unit all lines of the need."""
    if chosen == "members" and need is not None:
        return terms.lines_said(need.content.lines)
    return list(doc["lines"])


def _filled(shown: Panel, doc: Doc) -> Panel:
    """The open form with the terms as they stand."""
    if shown.chosen != "counter":
        return shown
    return replace(shown, form=blank(**terms.filled(doc["lines"], [line["quantity"] for line in doc["lines"]])))


def _windows(engine: Engine, item: Item, say: Tongue) -> list[tuple[str, str]]:
    if item is None or not item.content.windows:
        return []
    kept = [("", say("不改时段"))]
    at = engine.streams.clock.now()
    return kept + [c for c in terms.choices(item.content.windows, item.capacity, at, say, every=False) if c[0]]
