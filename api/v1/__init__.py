"""The JSON API, version 1: one module a noun; a route is a body, one call, an answer."""

from __future__ import annotations

from fastapi import APIRouter, FastAPI

from api.v1 import areas, claims, dashboards, desk, events, imports, needs, offers, projects, units

NOUNS = (needs, offers, claims, projects, units, areas, dashboards, desk, events, imports)


def install(app: FastAPI) -> None:
    v1 = APIRouter(prefix="/v1")
    for noun in NOUNS:
        v1.include_router(noun.router)
    app.include_router(v1)
