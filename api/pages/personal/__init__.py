"""Pages about people: how to reach them."""

from __future__ import annotations

from fastapi import APIRouter

from api.pages.personal import contacts
from api.pages.site import Site, route_class


def routes(site: Site) -> APIRouter:
    router = APIRouter(route_class=route_class(site), include_in_schema=False)
    contacts.add(router, site)
    return router
