"""Suggestions on pages: the best five beside an item, and a page of its own with every point and why others do not fit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request, Response
from markupsafe import Markup

from api.auth import person
from api.pages import shown
from api.pages.bars import points_bar
from api.pages.forms import someone
from api.pages.places import Doc, engine_of, names, path_to, rule_book, standing, tier_words
from api.pages.site import Site, link, tongue
from api.pages.words import Tongue
from domain.access import COORDINATORS, Principal, missing
from domain.matching.candidates import named
from domain.matching.index import Suggestion
from domain.matching.misses import Miss, Refusals
from domain.matching.policy import CRITERIA
from domain.matching.reasons import REASONS
from services import sight
from services.command import kind_of
from services.engine import Engine
from services.shapes import window
from services.suggestions import Called, Suggested

BESIDE = 5  # on the item's own page
ALL = 20
WAIT_S, LONGER_S = 0.05, 2.0  # for a first start, beside an item and on the page that is about nothing else
WORDS = {
    "fit": "供需吻合", "near": "就近", "time": "时间", "urgency": "紧急", "skill": "专长", "trust": "信誉", "waiting": "等候",
    "vulnerable": "困难群体",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class Fit:
    """One suggestion as it is shown. `claim`: the form, filled in; "" for who only looks."""

    id: str
    href: str
    title: str
    number: str
    owner: str
    score: int
    rank: int
    scarce: int
    bar: Markup
    parts: tuple[tuple[str, int], ...]
    tier: str
    halves: int
    lines: str
    when: str
    claim: str


async def fits_beside(request: Request, kind: str, doc: Doc, at: str) -> dict[str, Any]:
    """The panel of an item's page: None for the past, for who may not have it, and where there can be none. A first start
    is not waited for."""
    me, engine, part = person(request), engine_of(request), request.headers.get("X-Fragment", "")
    if at or me is None or part not in ("", "fits") or not await engine.suggestions.may(me, kind, doc["id"]):
        return {"fits": None}
    if not await engine.suggestions.soon(WAIT_S):
        return {"fits": {"ready": False, "items": ()}}
    found = await _asked(engine, me, kind, doc["id"], BESIDE, rejected=False)
    return {"fits": {"ready": True, "items": await _fits(engine, me, kind, doc, found, tongue(request))}}


def add_page(router: APIRouter, site: Site) -> None:
    """GET /items/{id}/suggestions, of needs and offers alike."""

    @router.api_route("/items/{id}/suggestions", methods=["GET", "HEAD"])
    async def suggestions(request: Request, id: str) -> Response:
        me, engine, say, kind = someone(request), engine_of(request), tongue(request), kind_of(id)
        if kind not in ("need", "offer"):
            raise missing()
        state = await sight.seen(engine.streams, me, id, kind)
        await engine.suggestions.check(me, state)
        doc = await engine.trail.item(id)
        assert doc is not None
        values: dict[str, Any] = {"ready": False, "fits": (), "misses": (), "counts": (), "found": None}
        if await engine.suggestions.soon(LONGER_S):
            found = await _asked(engine, me, kind, id, ALL, rejected=True)
            refused = found.refused or Refusals((), ())
            values = {
                "ready": True, "found": found, "fits": await _fits(engine, me, kind, doc, found, say),
                "counts": [(_why(code, say)[0], n) for code, n in refused.counts],
                "misses": [_missed(miss, found, say) for miss in refused.nearest],
            }  # fmt: skip
        return site.page(
            request, "suggested/page", parts=("now",), kind=kind, item=doc, places=await path_to(engine, doc["area"]),
            owner_name=(await names(engine, [doc["owner"]], None))[doc["owner"]], criteria=[say(WORDS[c]) for c in CRITERIA],
            standing=await standing(engine), live=f"{id} {doc['area']}", **values,
        )  # fmt: skip


async def _asked(engine: Engine, me: Principal, kind: str, id: str, limit: int, *, rejected: bool) -> Suggested:
    ask = engine.suggestions.for_need if kind == "need" else engine.suggestions.for_offer
    return await ask(me, id, limit, rejected)


async def _fits(engine: Engine, me: Principal, kind: str, doc: Doc, found: Suggested, say: Tongue) -> list[Fit]:
    tiers, called = tier_words(await rule_book(engine), say), await names(engine, [c.owner for c in found.called.values()], None)
    return [_fit(one, me, kind, doc, found, called, tiers, say) for one in found.items]


def _fit(
    one: Suggestion, me: Principal, kind: str, doc: Doc, found: Suggested, called: Any, tiers: Any, say: Tongue
) -> Fit:  # fmt: skip
    pair, other = one.candidate, "offer" if kind == "need" else "need"
    id = pair.offer if kind == "need" else pair.need
    name = found.called.get(id, Called())
    parts = tuple((say(WORDS[criterion]), points) for criterion, points in named(pair.parts).items())
    lines = [{"kind": line.kind, "unit": line.unit, "quantity": line.quantity} for line in pair.lines]
    return Fit(
        id=id, href=f"/{other}s/{id}", title=name.title or say("（文字已删除）"), number=name.number,
        owner=called.get(name.owner, name.owner), score=pair.score, rank=one.rank, scarce=one.mark, bar=points_bar(parts),
        parts=parts, tier=tiers.get(pair.tier, ""), halves=pair.halves, lines=shown.amounts(lines, say),
        when=shown.window(window(pair.window), say) if pair.window else "", claim=_claim(one, me, kind, doc),
    )  # fmt: skip


def _claim(one: Suggestion, me: Principal, kind: str, doc: Doc) -> str:
    """The ordinary form with both sides in it: on the other side's item for the owner of this one; a coordinator claims the
    need for both."""
    pair = one.candidate
    takes = [f"{line.quantity} {line.unit} {line.kind}" for line in pair.lines]
    if me.org == doc["owner"] and kind == "need":
        return link(f"/offers/{pair.offer}/claim", cite=pair.need, take=takes)
    if me.org == doc["owner"] or me.role in COORDINATORS:
        return link(f"/needs/{pair.need}/claim", cite=pair.offer, take=takes)
    return ""


def _missed(miss: Miss, found: Suggested, say: Tongue) -> dict[str, str]:
    why, hint = _why(miss.code, say)
    name = found.called.get(miss.id, Called())
    return {
        "href": f"/{kind_of(miss.id)}s/{miss.id}", "title": name.title or say("（文字已删除）"), "number": name.number,
        "why": why, "hint": hint,
    }  # fmt: skip


def _why(code: str, say: Tongue) -> tuple[str, str]:
    reason = REASONS[code]
    return (reason.zh, reason.hint_zh) if say.lang == "zh" else (reason.en, reason.hint_en)
