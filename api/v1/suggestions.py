"""/v1/needs/{id}/suggestions and /v1/offers/{id}/suggestions: who would fit, how well and why; who would not, and why not."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from api.answers import LineShort, hashed
from api.asking import engine
from api.auth import viewer
from api.errors import as_json
from api.v1.routes import ItemId, reading, stored
from domain.calendar import expand
from domain.matching.candidates import named
from domain.matching.index import Suggestion
from domain.matching.misses import Miss
from domain.matching.reasons import REASONS
from services.shapes import instant, window
from services.suggestions import MOST, Called, Suggested

SHOWN_TIMES = 5


class Limit(BaseModel):
    limit: int = Field(default=10, ge=1, le=MOST, description="最多几条 / at most so many, of the refused too")
    rejected: bool = Field(default=False, description="也列出不合适的及原因 / also who does not fit, and why")


class PartsOut(BaseModel):
    """Points of the eight criteria; they add up to the score."""

    fit: int
    near: int
    time: int
    urgency: int
    skill: int
    trust: int
    waiting: int
    vulnerable: int


class TimeOut(BaseModel):
    start: str
    end: str


class SuggestionOut(BaseModel):
    """`title`, `number` and `owner` are those of the other side; `unit` is who gives. `rank`: the score less `scarce`, the
    points by which others would miss the offer. `tier`: the kind of the smallest area that holds both. `lines`, `window`,
    `times` (the first five): what a claim on both could say."""

    need: str
    offer: str
    unit: str
    owner: str
    title: str | None
    number: str
    score: int
    rank: int
    scarce: int
    parts: PartsOut
    tier: str
    common_halves: int
    cover: int = Field(description="千分之几 / thousandths of what is open that it could cover")
    lines: list[LineShort]
    window: dict[str, Any] | None
    times: list[TimeOut]


class MissOut(BaseModel):
    """Why not, and what would help."""

    id: str
    title: str | None
    number: str
    code: str
    zh: str
    en: str
    hint_zh: str
    hint_en: str


class RejectedOut(BaseModel):
    """`counts`: by the first rule that is against it, of all on the other side. `nearest`: those that came furthest."""

    counts: dict[str, int]
    nearest: list[MissOut]


class SuggestionsOut(BaseModel):
    """True for the ledger at `position`, under the `policy` of this digest; `mode` is normal or emergency."""

    position: int
    policy: str
    mode: str
    items: list[SuggestionOut]
    rejected: RejectedOut | None


def add(router: APIRouter, kind: str) -> None:
    """GET /{id}/suggestions, to the needs or the offers."""

    @reading(router, "/{id}/suggestions", SuggestionsOut, f"suggestions_of_{kind}s", 403, 404, 409)
    async def get_suggestions(request: Request, id: ItemId, asked: Annotated[Limit, Query()]) -> Response:
        """推荐 / Who would fit, best first, as the ledger stands now; with `rejected`, also why others do not."""
        await stored(request)
        suggestions = engine(request).suggestions
        ask = suggestions.for_need if kind == "need" else suggestions.for_offer
        found = await ask(viewer(request), id, asked.limit, asked.rejected)
        return hashed(request, as_json(told(found, kind)))


def told(found: Suggested, kind: str) -> dict[str, Any]:
    """The answer, for an item of this kind."""
    unknown, other = Called(), "offer" if kind == "need" else "need"
    return {
        "position": found.position, "policy": found.policy, "mode": found.mode,
        "items": [_suggested(one, found.called.get(getattr(one.candidate, other), unknown)) for one in found.items],
        "rejected": {
            "counts": dict(found.refused.counts),
            "nearest": [_missed(miss, found.called.get(miss.id, unknown)) for miss in found.refused.nearest],
        } if found.refused else None,
    }  # fmt: skip


def _suggested(one: Suggestion, called: Called) -> dict[str, Any]:
    pair = one.candidate
    times = expand(pair.window)[:SHOWN_TIMES] if pair.window else ()
    return {
        "need": pair.need, "offer": pair.offer, "unit": pair.unit, "owner": called.owner, "title": called.title,
        "number": called.number, "score": pair.score, "rank": one.rank, "scarce": one.mark, "parts": named(pair.parts),
        "tier": pair.tier, "common_halves": pair.halves, "cover": pair.cover,
        "lines": [{"kind": line.kind, "unit": line.unit, "quantity": line.quantity} for line in pair.lines],
        "window": window(pair.window) if pair.window else None,
        "times": [{"start": instant(time.start), "end": instant(time.end)} for time in times],
    }  # fmt: skip


def _missed(miss: Miss, called: Called) -> dict[str, Any]:
    why = REASONS[miss.code]
    return {
        "id": miss.id, "title": called.title, "number": called.number, "code": miss.code, "zh": why.zh, "en": why.en,
        "hint_zh": why.hint_zh, "hint_en": why.hint_en,
    }  # fmt: skip
