"""Rounds of matching: the list, the preview that a coordinator decides on, why each pair and why not, and the acts."""

from __future__ import annotations

from fastapi import APIRouter

from api.pages.rounds import acts, listing, page, why
from api.pages.site import Site, route_class


def routes(site: Site) -> APIRouter:
    router = APIRouter(route_class=route_class(site), include_in_schema=False)
    listing.add_list(router, site)
    page.add_page(router, site)
    why.add_pages(router, site)
    acts.add_acts(router, site)
    return router
