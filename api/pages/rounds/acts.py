"""What is done with a round by form: pin, prohibit, publish, discard, compute again, go on; who is asked is said before."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import APIRouter, Request, Response

from api.pages.forms import Form, answered, asking_by_form, blank, form_of, someone
from api.pages.places import engine_of
from api.pages.rounds.page import head_values, namer, seen_round
from api.pages.site import Site, tongue
from domain import round_acts
from domain.events import Refused
from domain.round import RoundState
from services import sight
from services.command import Ask, Done, kind_of
from services.engine import Engine

Do = Callable[[Engine, Ask, str, Form], Awaitable[Done]]


async def _pin(engine: Engine, ask: Ask, id: str, form: Form) -> Done:
    return await engine.rounds.pin(ask, id, need=form["need"], offer=form["offer"], reason=form["reason"] or None)


async def _prohibit(engine: Engine, ask: Ask, id: str, form: Form) -> Done:
    return await engine.rounds.prohibit(ask, id, need=form["need"], offer=form["offer"], reason=form["reason"] or None)


async def _publish(engine: Engine, ask: Ask, id: str, form: Form) -> Done:
    return await engine.rounds.publish(ask, id)


async def _discard(engine: Engine, ask: Ask, id: str, form: Form) -> Done:
    return await engine.rounds.discard(ask, id, reason=form["reason"] or None)


async def _compute(engine: Engine, ask: Ask, id: str, form: Form) -> Done:
    return await engine.rounds.compute(ask, id)


async def _wave(engine: Engine, ask: Ask, id: str, form: Form) -> Done:
    return await engine.rounds.wave(ask, id)


FORMS: dict[str, tuple[Do, str, str]] = {  # act -> (what it does, heading of its page, what is said afterwards)
    "pins": (_pin, "指定这一对", "recomputed"), "prohibitions": (_prohibit, "排除这一对", "recomputed"),
    "publication": (_publish, "公布方案", "published"), "discard": (_discard, "放弃这一轮", "done"),
}  # fmt: skip
BUTTONS: dict[str, tuple[Do, str]] = {"computation": (_compute, "recomputed"), "wave": (_wave, "computed")}


def add_acts(router: APIRouter, site: Site) -> None:
    """GET and POST /rounds/{id}/ACT for acts with a page of their own, POST alone for the others."""
    for act, (do, _, said) in FORMS.items():
        router.add_api_route(f"/rounds/{{id}}/{act}", _page(site, act), methods=["GET", "HEAD"])
        router.add_api_route(f"/rounds/{{id}}/{act}", _route(site, act, do, said), methods=["POST"])
    for act, (do, said) in BUTTONS.items():
        router.add_api_route(f"/rounds/{{id}}/{act}", _route(site, act, do, said), methods=["POST"])


def _page(site: Site, act: str) -> Callable[..., Awaitable[Response]]:
    async def page(request: Request, id: str, need: str = "", offer: str = "") -> Response:
        state, streams = await seen_round(request, id), engine_of(request).streams
        if act not in await sight.acts(streams, someone(request), state, streams.clock.now()):
            raise Refused(
                "round.wrong_state", "您现在不能办理这一步。", "This is not yours to do now.", legal=round_acts.legal(state)
            )
        return await _shown(site, request, state, act, blank(need=need, offer=offer), 200)

    return page


def _route(site: Site, act: str, do: Do, said: str) -> Callable[..., Awaitable[Response]]:
    async def route(request: Request, id: str) -> Response:
        form, engine, state = await form_of(request), engine_of(request), await seen_round(request, id)

        async def again(typed: Form, status: int) -> Response:
            return await _shown(site, request, state, act, typed, status)

        return await answered(
            request, form, lambda: do(engine, asking_by_form(request, form), id, form),
            then=lambda done: f"/rounds/{done.id}", again=again, said=said,
        )  # fmt: skip

    return route


async def _shown(site: Site, request: Request, state: RoundState, act: str, form: Form, status: int) -> Response:
    """The page of an act, before it or with what is wrong; a button that failed has one too."""
    engine, say = engine_of(request), tongue(request)
    heading = FORMS[act][1] if act in FORMS else {"computation": "重新计算", "wave": "开始下一轮补配"}[act]
    sides = [form[side] if kind_of(form[side]) == side else None for side in ("need", "offer")]
    name = await namer(engine, state, sides, say)
    values: dict[str, Any] = await head_values(request, state)
    return site.page(request, "rounds/act", status=status, **{
        **values, "act": act, "form": form, "heading": say(heading), "crumb": True, **await _asked(engine, state),
        "sides": [name.item(side) for side in sides if side and side in name.docs],
    })  # fmt: skip


async def _asked(engine: Engine, state: RoundState) -> dict[str, int]:
    """How many pairs, units and askers a publication is about."""
    pairs = state.pending if state.status == "published" else state.outcome.pairs if state.outcome else ()
    docs = await engine.reasons.items(state, [pair.need for pair in pairs]) if pairs else {}
    owners = {docs[pair.need]["owner"] if pair.need in docs else pair.need for pair in pairs}
    return {"n_pairs": len(pairs), "n_units": len({pair.unit for pair in pairs}), "n_askers": len(owners)}
