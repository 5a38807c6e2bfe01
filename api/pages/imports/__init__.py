"""The import pages: a template out, a list in, looked through first, taken over whole or not at all."""

from __future__ import annotations

from fastapi import APIRouter

from api.pages.imports import job, start
from api.pages.site import Site, route_class


def routes(site: Site) -> APIRouter:
    router = APIRouter(route_class=route_class(site), include_in_schema=False)
    for part in (start, job):
        part.install(router, site)
    return router
