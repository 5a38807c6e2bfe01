"""The desk of everybody who is logged in: what waits, what falls due, what is new, and one's own lists."""

from __future__ import annotations

from fastapi import APIRouter

from api.pages.desk import home, mine
from api.pages.site import Site, route_class


def routes(site: Site) -> APIRouter:
    router = APIRouter(route_class=route_class(site), include_in_schema=False)
    home.add_home(router, site)
    mine.add_mine(router, site)
    return router
