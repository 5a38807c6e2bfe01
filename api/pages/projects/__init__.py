"""Projects on pages: from the first milestone to the closing, with who must do what next."""

from __future__ import annotations

from fastapi import APIRouter

from api.pages.projects import page
from api.pages.site import Site, route_class


def routes(site: Site) -> APIRouter:
    router = APIRouter(route_class=route_class(site), include_in_schema=False)
    page.add_pages(router, site)
    return router
