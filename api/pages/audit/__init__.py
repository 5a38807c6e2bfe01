"""The audit pages: any item, board or dashboard as of any moment, two moments compared, the trail and its proofs."""

from __future__ import annotations

from fastapi import APIRouter

from api.pages.audit import compare, figures, proof, replay, trail
from api.pages.site import Site, route_class


def routes(site: Site) -> APIRouter:
    router = APIRouter(route_class=route_class(site), include_in_schema=False)
    for part in (replay, compare, trail, proof, figures):
        part.install(router, site)
    return router
