"""The pages on which people log in and out, choose who they act as, and look after their account."""

from __future__ import annotations

from fastapi import APIRouter

from api.pages.account import join, login, me, own, provider
from api.pages.site import Site


def routes(site: Site) -> APIRouter:
    router = APIRouter(include_in_schema=False)
    for part in (login, join, me, own, provider):
        router.routes.extend(part.routes(site).routes)
    return router
