"""Claims on pages: proposing one, answering it, and all that the two sides may do with it."""

from __future__ import annotations

from fastapi import APIRouter

from api.pages.claims import page, propose
from api.pages.site import Site, route_class


def routes(site: Site) -> APIRouter:
    router = APIRouter(route_class=route_class(site), include_in_schema=False)
    propose.add_proposing(router, site)
    page.add_pages(router, site)
    return router
