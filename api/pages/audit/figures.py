"""/audit/figures: acts on behalf of others by account, and deadlines that went by; for the auditor and the district."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response

from api.pages.forms import someone
from api.pages.places import engine_of, names
from api.pages.site import Site, link
from domain.access import Facts, Principal, decide
from domain.events import Refused
from services.engine import Engine

SHOWN = 20


def install(router: APIRouter, site: Site) -> None:
    @router.api_route("/audit/figures", methods=["GET", "HEAD"])
    async def figures(request: Request) -> Response:
        values = await _figures(engine_of(request), someone(request))
        return site.page(request, "audit/figures", **values)


async def _figures(engine: Engine, viewer: Principal) -> dict[str, Any]:
    if decide(viewer, "oversight.see", Facts()) is not None:
        raise Refused(
            "access.forbidden", "审计指标由审计员和区级协调员查看。",
            "Audit figures are for auditors and for the district's coordinators.", kind="forbidden",
        )  # fmt: skip
    done = await engine.oversight.delegations()
    missed = await engine.oversight.missed(engine.streams.clock.now())
    late = missed.overdue[:SHOWN]
    called = await names(engine, [org for doc in late for org in (doc["provider"], doc["receiver"])], None)
    return {
        "done": done, "share": sum(row.delegated for row in done.rows) * 1000 // max(done.acts, 1), "missed": missed,
        "rows": [(row, link("/audit/trail", actor=row.actor, delegated="1")) for row in done.rows[:SHOWN]],
        "late": [
            (doc, called[doc["provider"]], called[doc["receiver"]], link("/audit", what=doc["id"])) for doc in late
        ],
    }  # fmt: skip
