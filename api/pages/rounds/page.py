"""/rounds/{id}: one round as a coordinator decides on it: what it serves, how evenly it falls, each pair, who is left over."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Request, Response

from api.pages import shown
from api.pages.audit.subject import viewer_of
from api.pages.forms import blank, someone
from api.pages.places import category_words, engine_of, names, path_to, rule_book, standing, tier_words
from api.pages.rounds import told
from api.pages.rounds.rows import A_PAGE, Namer, grouped, pair_row, rest_row, sheet
from api.pages.site import HEADERS, Site, link, tongue
from api.pages.words import STATUSES, Tongue
from api.people import session_of
from domain.matching.outcome import Outcome, Pair
from domain.round import RoundState
from services import sight
from services.engine import Engine
from services.round_replay import as_text

VIEWS = {"askers": "按提出方", "units": "按单位", "left": "未配上"}
MOST_PINS = 20  # pins that could not be kept, listed


def add_page(router: APIRouter, site: Site) -> None:
    @router.api_route("/rounds/{id}", methods=["GET", "HEAD"])
    async def round(request: Request, id: str, view: str = "", page: int = 1, compare: str = "") -> Response:
        state = await seen_round(request, id)
        values = await head_values(request, state)
        if state.outcome is not None:
            view = view if view in VIEWS else "askers"
            values |= await _outcome(request, state, state.outcome, view, page, bool(compare))
        return site.page(request, "rounds/round", parts=("now",), found=state.outcome, **values)


    @router.api_route("/rounds/{id}/export", methods=["GET", "HEAD"])
    async def export(request: Request, id: str) -> Response:
        """All that the result depends on, to be checked elsewhere."""
        state = await seen_round(request, id)
        body = as_text(await engine_of(request).replay.exported(state.id))
        headers = {**HEADERS, "Content-Disposition": f'attachment; filename="{state.number}.json"'}
        return Response(body, headers=headers, media_type="application/json")


async def seen_round(request: Request, id: str) -> RoundState:
    """Refused: item.not_found. Raises LogIn."""
    state = await sight.seen(engine_of(request).streams, someone(request), id, "round")
    assert isinstance(state, RoundState)
    return state


async def head_values(request: Request, state: RoundState) -> dict[str, Any]:
    """What every page of a round says at its top."""
    engine, say, me = engine_of(request), tongue(request), viewer_of(request)
    book, clock = await rule_book(engine), engine.streams.clock
    history = await engine.trail.history(state.id)
    opened, discarded = history[0], next((e for e in history if e["type"] == "round.discarded"), None)
    published = next((e for e in history if e["type"] == "round.published"), None)
    called = await names(engine, [state.area, state.by, state.to], None)
    policy = await engine.reasons.policy(state)
    return {
        "round": state, "places": await path_to(engine, state.area), "called": called, "opened": opened, "published": published,
        "category_name": category_words(book, say).get(state.category or "", say("全部类别")), "standing": await standing(engine),
        "said_at": shown.minute(datetime.fromtimestamp(state.at * 60, UTC).isoformat()),
        "then": link("/audit", what="dashboard", area=state.area, at=state.cutoff), "waves": policy.waves,
        "audit": link("/audit", what=state.id), "who": account_name(request, opened["actor"]),
        "acts": await sight.acts(engine.streams, me, state, clock.now()), "form": blank(), "modes": told.MODES,
        "discarded": discarded["data"].get("reason") if discarded else None, "live": state.id,
    }  # fmt: skip


async def namer(engine: Engine, state: RoundState, ids: Sequence[str | None], say: Tongue, **more: Any) -> Namer:
    """Knows needs, offers and claims, whose they are, and the units that are named."""
    docs = await engine.reasons.items(state, [id for id in ids if id])
    orgs = [doc["owner"] for doc in docs.values()]
    units = [pair.unit for pair in state.outcome.pairs] if state.outcome else []
    called = await names(engine, [*orgs, *units], None)
    return Namer(docs=docs, called=called, tiers=tier_words(await rule_book(engine), say), say=say, **more)


def account_name(request: Request, actor: str) -> str:
    """Whose account it was; a key or the clock by its id."""
    accounts = request.app.state.accounts
    account = accounts.store.account(actor) if accounts and session_of(request.scope) else None
    return account.name if account else actor


async def _outcome(request: Request, state: RoundState, found: Outcome, view: str, page: int, compare: bool) -> dict[str, Any]:
    engine, say = engine_of(request), tongue(request)
    compared = await engine.reasons.compared(state) if compare or engine.reasons.known(state) else None
    count = len(found.unserved) if view == "left" else len(found.pairs)
    pages = max(-(-count // A_PAGE), 1)
    page = min(max(page, 1), pages)
    here = link(f"/rounds/{state.id}", view=view if view != "askers" else "")
    shown_rows = await (_left if view == "left" else _pairs)(engine, state, found, view, page, say)
    return {
        **shown_rows, "view": view, "page": page, "pages": pages, "here": here,
        "turn": [link(f"/rounds/{state.id}", view=view, page=to) + "#list" for to in (page - 1, page + 1)],
        "views": [(say(word), link(f"/rounds/{state.id}", view=key) + "#list", key == view) for key, word in VIEWS.items()],
        "fairness": told.fairness(found, say), "sentences": told.sentences(found, say),
        "ways": told.ways(found, compared, say) if compared else None, "filled": sum(pair.by == "fill" for pair in found.pairs),
        "verdicts": told.verdicts(found, compared, bool(state.scope.pins), say) if compared else (),
        "asked": (len({pair.unit for pair in found.pairs}), len(found.pairs)),
        "refused": await _refused(engine, state, found, say), "answers": (answers := await _answers(engine, state)),
        "unanswered": dict(answers).get("proposed", 0),
    }  # fmt: skip


async def _pairs(engine: Engine, state: RoundState, found: Outcome, view: str, page: int, say: Tongue) -> dict[str, Any]:
    owners = await namer(engine, state, [pair.need for pair in found.pairs], say)
    chosen = grouped(found.pairs, view == "units", owners)[(page - 1) * A_PAGE : page * A_PAGE]
    ids = [id for _, _, pair in chosen for id in (pair.need, pair.offer, _claim(state, pair))]
    name = await namer(engine, state, ids, say)
    return {"groups": sheet((group, n, pair_row(state, pair, name)) for group, n, pair in chosen), "rest": ()}


async def _left(engine: Engine, state: RoundState, found: Outcome, view: str, page: int, say: Tongue) -> dict[str, Any]:
    chosen = found.unserved[(page - 1) * A_PAGE : page * A_PAGE]
    name = await namer(engine, state, [each.need for each in chosen], say)
    return {"groups": (), "rest": [rest_row(state, each, name) for each in chosen]}


async def _answers(engine: Engine, state: RoundState) -> list[tuple[str, int]]:
    """(status of a claim, how many) of all that were proposed, in the order of a claim's life."""
    docs = await engine.reasons.items(state, state.proposed.values()) if state.proposed else {}
    counted = Counter(docs[claim]["status"] if claim in docs else "proposed" for claim in state.proposed.values())
    return [(status, counted[status]) for status in STATUSES["claim"] if counted[status]]


async def _refused(engine: Engine, state: RoundState, found: Outcome, say: Tongue) -> list[tuple[Any, Any, str]]:
    """Pins that could not be kept, and why."""
    pins = found.refused_pins[:MOST_PINS]
    if not pins:
        return []
    name = await namer(engine, state, [id for need, offer, _ in pins for id in (need, offer)], say)
    return [(name.item(need), name.item(offer), told.pin_refused(code, say)) for need, offer, code in pins]


def _claim(state: RoundState, pair: Pair) -> str | None:
    return state.proposed.get((pair.need, pair.offer))
