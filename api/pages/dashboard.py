"""The dashboard of an area and all below it: figures, charts with their tables, and the way further down."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Request, Response

from api.pages import drill, shown
from api.pages.bars import stages
from api.pages.cartogram import MODES, Drawn, cartogram
from api.pages.charts import Series, lines, stack
from api.pages.figures import Figures, category_rows, tallies
from api.pages.kept import kept_route_class
from api.pages.places import category_words, engine_of, rule_book, standing, tier_words
from api.pages.site import Site, link, tongue
from api.pages.words import Tongue
from domain.access import missing
from services.engine import Engine

MONTHS = 24  # shown in the trend
TREND = (
    ("needs", "open", "新发布需求"), ("offers", "bound", "新发布资源"), ("claims", "new", "新提出认领"),
    ("delivered", "done", "交付确认"),
)  # fmt: skip


def routes(site: Site) -> APIRouter:
    router = APIRouter(route_class=kept_route_class(site, same_parts=True), include_in_schema=False)

    @router.api_route("/dashboards", methods=["GET", "HEAD"])
    async def district(request: Request, at: str = "", by: str = "open") -> Response:
        book = await rule_book(engine_of(request))
        if book is None:
            raise missing()
        return await dashboard(request, book.area, at, by)

    @router.api_route("/dashboards/{area}", methods=["GET", "HEAD"])
    async def dashboard(request: Request, area: str, at: str = "", by: str = "open") -> Response:
        values = await dashboard_values(engine_of(request), area, at.strip(), tongue(request), by)
        return site.page(request, "dashboard", parts=("now",), **values)

    drill.install(router, site)
    return router


async def dashboard_values(engine: Engine, area: str, at: str, say: Tongue, by: str = "open") -> dict[str, Any]:
    """`by`: what the map of places is coloured by."""
    board = await engine.dashboards.of(area, at or None)
    mode = by if by in MODES else "open"
    drawn = Drawn(area=area, mode=mode, at=at, category="", href=lambda id: link(f"/dashboards/{id}", at=at))
    modes = [(link(f"/dashboards/{area}", at=at, by=name), say(word), name == mode) for name, word in MODES.items()]
    book, state = await rule_book(engine), await standing(engine)
    return {
        "area": board["area"], "trail": board["path"], "at": at, "position": board["position"], "standing": state,
        "figures": board["figures"], "tallies": tallies(board["figures"], say, area, at),
        "tier_words": tier_words(book, say), "groups": _groups(board["children"], say, at),
        "categories": category_rows(board, category_words(book, say), say),
        "trend": _trend(board, state.today, at, say), "mosaic": await cartogram(engine, drawn, say), "map_modes": modes,
        "live": "" if at else area, "dash_views": drill.of_overview(area, at, say),
    }  # fmt: skip


def _groups(children: Sequence[Figures], say: Tongue, at: str) -> list[dict[str, Any]]:
    """The areas right below by their tier, each with the bar of its needs; bars of one tier share a scale. Tiers that
    needs are not counted by (themed clusters of units) have none."""
    found: dict[str, list[Figures]] = {}
    for child in children:
        found.setdefault(child["area"]["kind"], []).append(child)
    return [
        {"tier": tier, "rows": (bars := _bars(rows, say, at)), "needs": sum(row["total"] for row in bars)}
        for tier, rows in found.items()
    ]


def _bars(rows: Sequence[Figures], say: Tongue, at: str) -> list[dict[str, Any]]:
    most = max(row["figures"]["needs"]["total"] for row in rows)
    return [
        {
            "name": row["area"]["name"], "href": link(f"/dashboards/{row['area']['id']}", at=at),
            "parts": (parts := stages(row["figures"], say)), "bar": stack(parts, most),
            "total": row["figures"]["needs"]["total"], "units": row["figures"]["units"]["total"],
            "offers": row["figures"]["offers"]["total"],
        }
        for row in rows
    ]  # fmt: skip


def _trend(board: Figures, today: str, at: str, say: Tongue) -> dict[str, Any] | None:
    """The last two years up to this month, or to that of `at`; of a position: to the newest that has anything."""
    counted = {row["month"]: row for row in board["by_month"]}
    if not counted:
        return None
    under_way = today[:7] if not at else at[:7] if shown.is_day(at[:10]) else ""
    last = max([*counted, under_way])
    months = shown.months_before(last, MONTHS)
    series = [Series(tone, say(zh), [counted.get(m, {}).get(name, 0) for m in months]) for name, tone, zh in TREND]
    open_end = last == under_way
    title = say("{first} 至 {last} 逐月趋势", first=months[0], last=months[-1])
    rows = [(month, [s.values[i] for s in series]) for i, month in enumerate(months)][::-1]
    svg = lines(months, series, title=title, open_end=open_end)
    return {"svg": svg, "series": series, "rows": rows, "open_end": open_end}
