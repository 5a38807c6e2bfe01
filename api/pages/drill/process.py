"""How things go from posting to evaluation: the funnel in three units of count, response times, cover, money."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Request, Response

from api.pages.charts import Part, stack
from api.pages.drill.choice import Asked, asked_of, frame, moment_of
from api.pages.drill.words import hours, value_of, words_of
from api.pages.places import engine_of
from api.pages.site import Site, tongue
from api.pages.words import Tongue
from domain.capacity import MONEY_UNITS
from services.drill import OVERDUE, Sums, share_of
from services.figures import QUANTITY, TIMES

BY_NEED = ("needs/total", "needs_claimed", "needs_promised", "needs_delivered", "needs_met", "needs_fed_back")
BY_CLAIM = (
    "claims/total", "claims_bound", "projects_reported", "projects_delivered", "projects_fed_back", "projects_evaluated",
)  # fmt: skip
MONEY = ("money/pledged_fen", "money/received_fen", "money/spent_fen")
HELD = ("projects_unheard", OVERDUE)


def install(router: APIRouter, site: Site) -> None:
    @router.api_route("/dashboards/{area}/process", methods=["GET", "HEAD"])
    async def process(request: Request, area: str) -> Response:
        asked, engine, say = asked_of(request, area), engine_of(request), tongue(request)
        around = await frame(request, asked, "/process")
        sums = await engine.dashboards.drill.sums(asked.choice, asked.at or None)
        now = await moment_of(engine, asked.at, around["position"])
        late = await engine.dashboards.drill.overdue(asked.choice, now, asked.at or None)
        return site.page(request, "drill/process", parts=("now",), **around, **_panels(asked, sums, late, say))


def _panels(asked: Asked, sums: Sums, late: int, say: Tongue) -> dict[str, Any]:
    n = {**sums.n, OVERDUE: late}
    asking = n.get("cover_count", 0)
    return {
        "funnels": [
            (say("按需求"), say("单位：项"), _stages(BY_NEED, n, asked, "bound", say)),
            (say("按认领与项目"), say("单位：次、个"), _stages(BY_CLAIM, n, asked, "done", say)),
        ],
        "quantities": _quantities(sums, asked, say), "times": [_timed(name, sums, asked, say) for name in TIMES],
        "held": [_figure(name, n.get(name, 0), asked, say) for name in HELD],
        "money": [_figure(name, n.get(name, 0), asked, say) for name in MONEY],
        "cover": f"{n.get('cover_sum', 0) // asking}%" if asking else "—",
        "cover_of": _figure("cover_count", asking, asked, say),
        "reached": _figure("beneficiaries", n.get("beneficiaries", 0), asked, say),
    }  # fmt: skip


def _figure(name: str, n: int, asked: Asked, say: Tongue) -> dict[str, Any]:
    words = words_of(name, say)
    assert words is not None
    return {
        "label": words.label, "meaning": words.meaning, "value": value_of(name, n, say), "n": n,
        "href": asked.href("/events", figure=name),
    }  # fmt: skip


def _stages(names: Sequence[str], n: dict[str, int], asked: Asked, tone: str, say: Tongue) -> list[dict[str, Any]]:
    """Each with its bar, as long as its share of the first one."""
    whole = max(n.get(names[0], 0), 1)
    found = []
    for name in names:
        figure = _figure(name, n.get(name, 0), asked, say)
        bar = stack([Part(tone, min(figure["n"], whole), figure["label"])], whole, numbers=False)
        found.append({**figure, "bar": bar, "pct": f"{100 * figure['n'] // whole}%"})
    return found


def _timed(name: str, sums: Sums, asked: Asked, say: Tongue) -> dict[str, Any]:
    spread = sums.times.get(name, {})
    median, most = share_of(spread, 500), share_of(spread, 900)
    figure = _figure(f"t/{name}", sum(spread.values()), asked, say)
    return {**figure, "median": hours(median, say), "p90": hours(most, say)}


def _quantities(sums: Sums, asked: Asked, say: Tongue) -> list[dict[str, Any]]:
    """By unit of count: needed, promised, delivered; never added over units."""
    units = {name[len(QUANTITY) + 1 :].rpartition("/")[0] for name in sums.n if name.startswith(f"{QUANTITY}/")}
    found = []
    for unit in sorted(units, key=lambda unit: (-sums.n.get(f"{QUANTITY}/{unit}/needed", 0), unit)):
        names = [f"{QUANTITY}/{unit}/{place}" for place in ("needed", "committed", "delivered")]
        cells = [(value_of(name, sums.n.get(name, 0), say), asked.href("/events", figure=name)) for name in names]
        found.append({"unit": say("金额") if unit in MONEY_UNITS else unit, "cells": cells})
    return found
