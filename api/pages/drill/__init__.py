"""Drill-down of a dashboard: how things go, how fairly they are spread, and the items behind every figure."""

from __future__ import annotations

from fastapi import APIRouter

from api.pages.drill import areas, events, process
from api.pages.drill.choice import Asked, views
from api.pages.site import Site
from api.pages.words import Tongue


def of_overview(area: str, at: str, say: Tongue) -> list[tuple[str, str, bool]]:
    """The pages of a dashboard, as its overview links them."""
    return views(Asked(area=area, at=at), "", say)


def install(router: APIRouter, site: Site) -> None:
    for part in (process, areas, events):
        part.install(router, site)
