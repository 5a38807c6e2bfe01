"""/rounds/{id}/needs/{need} and /rounds/{id}/offers/{offer}: why this pair and not that one, for coordinators, auditors and
whoever owns the item, once the round is published."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request, Response
from markupsafe import Markup

from api.pages import shown
from api.pages.bars import points_bar
from api.pages.forms import someone
from api.pages.places import engine_of
from api.pages.rounds import told
from api.pages.rounds.page import head_values, namer
from api.pages.rounds.rows import Item, Namer, amounts, candidate_facts, pair_row, parts
from api.pages.site import Site, tongue
from api.pages.words import URGENCY, Tongue
from domain.access import PARTIES, Principal, missing
from domain.events import Refused
from domain.matching.explain import Holder, Why
from domain.matching.outcome import Pair
from domain.matching.policy import CRITERIA, WHOLE, Policy
from domain.round import RoundState
from services import sight
from services.command import kind_of
from services.engine import Engine
from services.round_reasons import Told


@dataclass(frozen=True, slots=True)
class Lost:
    """Something possible that did not come about: for whom it was kept, and what granting it would have cost."""

    other: Item
    unit: str
    amounts: str
    facts: Sequence[str]
    score: int
    bar: Markup
    parts: Sequence[tuple[str, int]]
    holders: Sequence[tuple[Item, str]]
    instead: str
    cost: str
    words: str
    need: str
    offer: str


@dataclass(frozen=True, slots=True)
class Missed:
    other: Item
    unit: str
    why: str
    hint: str


def add_pages(router: APIRouter, site: Site) -> None:
    @router.api_route("/rounds/{id}/needs/{need}", methods=["GET", "HEAD"])
    async def why_need(request: Request, id: str, need: str) -> Response:
        return site.page(request, "rounds/why", **await _values(request, id, need, "need"))

    @router.api_route("/rounds/{id}/offers/{offer}", methods=["GET", "HEAD"])
    async def why_offer(request: Request, id: str, offer: str) -> Response:
        return site.page(request, "rounds/why", **await _values(request, id, offer, "offer"))


async def _values(request: Request, id: str, item: str, kind: str) -> dict[str, Any]:
    engine, say, me = engine_of(request), tongue(request), someone(request)
    state, all = await _seen(engine, me, id, item, kind)
    told_of = await (engine.reasons.of_need if kind == "need" else engine.reasons.of_offer)(state, item)
    if told_of is None:
        raise missing()
    policy, name = await engine.reasons.policy(state), await _namer(engine, state, item, told_of, me, all, say)
    outcome = state.outcome
    assert outcome is not None
    average = outcome.value // max(outcome.served, 1)
    won, others = _split(told_of.whys)
    return {
        **await head_values(request, state), "kind": kind, "item": name.item(item), "all": all, "average": average,
        "won": [pair_row(state, pair, name) for pair in won], "found": outcome, "weights": _weights(policy),
        "others": [_lost(state, why, kind, name, average) for why in others], "more": told_of.more,
        "misses": [_missed(why, name) for why in told_of.misses], "crumb": True,
        "left": next((told.left(each.reasons, say) for each in outcome.unserved if each.need == item), None),
    }  # fmt: skip


async def _seen(engine: Engine, me: Principal, id: str, item: str, kind: str) -> tuple[RoundState, bool]:
    """The round, and whether the viewer sees all of it. Refused: item.not_found, round.not_computed."""
    held = await engine.streams.committed(id) if kind_of(id) == "round" else None
    if held is None or kind_of(item) != kind:
        raise missing()
    state: RoundState = held.state
    if not await sight.may_see(engine.streams, me, state):
        mine = await engine.streams.committed(item)
        owner = mine.state.content.owner if mine else None
        if state.status != "published" or me.role not in PARTIES or owner != me.org:
            raise missing()
        return state, False
    if state.outcome is None:
        raise Refused("round.not_computed", "这一轮还没有计算结果。", "This round has not been computed yet.")
    return state, True


async def _namer(
    engine: Engine, state: RoundState, item: str, found: Told, me: Principal, all: bool, say: Tongue
) -> Namer:  # fmt: skip
    ids = {item}
    for why in (*found.whys, *found.misses):
        ids |= {why.offer, *(holder.need for holder in why.holders)}
        ids |= {why.candidate.need} if why.candidate else set()
        ids |= {state.proposed.get((why.pair.need, why.pair.offer), "")} if why.pair else set()
    return await namer(engine, state, sorted(ids), say, org=me.org, all=all)


def _split(whys: Sequence[Why]) -> tuple[list[Pair], list[Why]]:
    return [why.pair for why in whys if why.pair], [why for why in whys if not why.pair]


def _lost(state: RoundState, why: Why, kind: str, name: Namer, average: int) -> Lost:
    candidate, say = why.candidate, name.say
    assert candidate is not None
    points = parts(candidate.parts, say)
    other = candidate.offer if kind == "need" else candidate.need
    return Lost(
        name.item(other), name.called.get(candidate.unit, candidate.unit), amounts(candidate.lines, say),
        candidate_facts(candidate, name), candidate.score, points_bar(points), points,
        [(name.item(holder.need), _holder(holder, say)) for holder in why.holders if holder.need != candidate.need],
        _instead(state, candidate.need, bool(why.holders), say), shown.points(why.price), told.price(why.price, average, say),
        candidate.need, candidate.offer,
    )  # fmt: skip


def _holder(holder: Holder, say: Tongue) -> str:
    """Why it may well have needed it more."""
    urgency = say(URGENCY[holder.urgency]) if holder.urgency in URGENCY else say("一般")
    others = say("另有 {n} 项可选", n=holder.others) if holder.others else say("别无选择")
    return say("{n} 分，{urgency}，{others}", n=shown.points(holder.score), urgency=urgency, others=others)


def _instead(state: RoundState, need: str, held: bool, say: Tongue) -> str:
    """What the need got without it; for what nobody got, why it was left."""
    mine = [pair for pair in state.outcome.pairs if pair.need == need] if state.outcome else []
    cover = min(sum(pair.cover for pair in mine), WHOLE)
    if cover == WHOLE:
        return say("这项需求已由另外 {n} 家全额满足。", n=len(mine)) if mine else ""
    if mine:
        return say("这项需求已由另外 {n} 家满足 {pct}。", n=len(mine), pct=told.per_cent(cover, say))
    return "" if held else say("这项资源没有给出：再配这一对，全区得不偿失，或单位已满。")


def _missed(why: Why, name: Namer) -> Missed:
    words, hint = told.why(why.code or "", name.say)
    item = name.item(why.offer)
    return Missed(item, item.owner, words, hint)


def _weights(policy: Policy) -> list[int]:
    return [getattr(policy.weights, criterion) for criterion in CRITERIA]
