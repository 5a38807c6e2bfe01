"""The JSON API, version 1: one module a noun; a route is a body, one call, an answer."""

from __future__ import annotations

from fastapi import FastAPI

from api.v1 import (
    areas,
    claims,
    dashboards,
    desk,
    events,
    imports,
    needs,
    offers,
    policy,
    projects,
    rounds,
    units,
    webhooks,
)

NOUNS = (needs, offers, claims, projects, rounds, units, areas, policy, dashboards, desk, events, imports, webhooks)


def install(app: FastAPI) -> None:
    """Each route by itself: FastAPI looks through an included router, and all below it, anew on every request."""
    for noun in NOUNS:
        app.router.routes.extend(noun.router.routes)
