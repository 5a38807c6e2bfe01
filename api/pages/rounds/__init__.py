"""Rounds of matching: the list, the preview that a coordinator decides on, why each pair and why not, and the acts."""

from __future__ import annotations

from fastapi import APIRouter

from api.pages.rounds.acts import add_acts
from api.pages.rounds.listing import add_list
from api.pages.rounds.page import add_page
from api.pages.rounds.why import add_pages
from api.pages.site import Site, route_class


def routes(site: Site) -> APIRouter:
    router = APIRouter(route_class=route_class(site), include_in_schema=False)
    add_list(router, site)
    add_page(router, site)
    add_pages(router, site)
    add_acts(router, site)
    return router
