"""The items behind a figure, with what each adds, and where in the ledger that was written."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response

from api.pages import shown
from api.pages.drill.choice import asked_of, found, frame, moment_of
from api.pages.drill.words import hours, value_of, words_of
from api.pages.places import engine_of, names
from api.pages.site import Site, link, tongue
from api.pages.words import Tongue
from services.drill import Behind
from services.open_rows import open_row

ROWS = 50


def install(router: APIRouter, site: Site) -> None:
    @router.api_route("/dashboards/{area}/events", methods=["GET", "HEAD"])
    async def events(request: Request, area: str, figure: str = "", page: int = 1) -> Response:
        asked, engine, say = asked_of(request, area), engine_of(request), tongue(request)
        words = found(words_of(figure, say))
        around = await frame(request, asked, "/events")
        now = await moment_of(engine, asked.at, around["position"])
        page = max(page, 1)
        behind = await engine.dashboards.drill.behind(
            asked.choice, figure, now, asked.at or None, skip=(page - 1) * ROWS, limit=ROWS
        )
        more = {
            "words": words, "figure": figure, "total": value_of(figure, behind.total, say), "count": behind.count,
            "rows": await _rows(engine, behind, figure, asked.at, say), "page": page,
            "previous": asked.href("/events", figure=figure, page=page - 1) if page > 1 else "",
            "next": asked.href("/events", figure=figure, page=page + 1) if behind.count > page * ROWS else "",
        }  # fmt: skip
        return site.page(request, "drill/events", parts=("now",), **around, **more)


async def _rows(engine: Any, behind: Behind, figure: str, at: str, say: Tongue) -> list[dict[str, Any]]:
    opened = [(n, facts, open_row(doc)) for n, facts, doc in behind.rows]
    called = await names(engine, [org for _, _, row in opened for org in row.orgs], at or None)
    return [
        {
            "kind": row.kind, "number": row.number, "status": row.status, "title": row.title, "hidden": row.hidden,
            "orgs": [called[org] for org in row.orgs], "day": facts["day"], "position": facts["position"],
            "href": link(row.href, at=facts["position"] if at else None) if row.href else "",
            "adds": hours(n, say) if figure.startswith("t/") else value_of(figure, n, say),
            "then": shown.number(facts["position"]),
        }
        for n, facts, row in opened
    ]  # fmt: skip
