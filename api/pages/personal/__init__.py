"""Pages about people: how to reach them, erasing what was said of them, what was done in their names."""

from __future__ import annotations

from fastapi import APIRouter

from api.pages.personal import contacts, delegations, erasures
from api.pages.site import Site, route_class


def routes(site: Site) -> APIRouter:
    router = APIRouter(route_class=route_class(site), include_in_schema=False)
    for part in (contacts, erasures, delegations):
        part.add(router, site)
    return router
