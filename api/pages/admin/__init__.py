"""The pages of those who look after accounts: who there is, who may do what as whom, and what was done about it."""

from __future__ import annotations

from fastapi import APIRouter

from api.pages.admin import log, people
from api.pages.site import Site


def routes(site: Site) -> APIRouter:
    router = APIRouter(include_in_schema=False)
    for part in (people, log):
        router.routes.extend(part.routes(site).routes)
    return router
