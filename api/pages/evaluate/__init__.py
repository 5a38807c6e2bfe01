"""Pages for residents: evaluate by a one-time link, and the poster with codes to tear off."""

from __future__ import annotations

from fastapi import APIRouter

from api.pages.evaluate import poster, resident
from api.pages.site import Site, route_class


def routes(site: Site) -> APIRouter:
    router = APIRouter(route_class=route_class(site), include_in_schema=False)
    resident.add(router, site)
    poster.add(router, site)
    return router
