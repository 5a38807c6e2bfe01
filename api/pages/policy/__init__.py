"""Matching rules for everybody to read; drafts, what they would change and for whom, their adoption; emergencies."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response

from api.auth import person
from api.pages.places import engine_of
from api.pages.policy import comparing, drafting, emergency
from api.pages.policy.said import bars, groups
from api.pages.policy.standing import about, may
from api.pages.site import Site, route_class, tongue
from domain.policy_draft import VARIANTS


def routes(site: Site) -> APIRouter:
    router = APIRouter(route_class=route_class(site), include_in_schema=False)

    @router.api_route("/policy", methods=["GET", "HEAD"])
    async def policy(request: Request, of: str = "") -> Response:
        return site.page(request, "policy/policy", **await _values(request, of))

    drafting.install(router, site)
    comparing.install(router, site)
    emergency.install(router, site)
    return router


async def _values(request: Request, of: str) -> dict[str, Any]:
    """`of`: which of the two policies; without it the one in force."""
    standing = await engine_of(request).policies.standing()
    book, who, zh = standing.state.book, person(request), tongue(request).lang == "zh"
    in_force = "emergency" if standing.mode == "emergency" else "matching"
    shown = of if of in VARIANTS else in_force
    chosen = getattr(book, shown)
    return {
        **about(standing), "of": shown, "in_force": in_force,
        "groups": [(group, list(bars(group, chosen))) for group in groups(chosen, book, zh=zh)],
        "may_draft": may(who, "policy.draft", book), "may_declare": may(who, "policy.emergency", book),
    }  # fmt: skip
