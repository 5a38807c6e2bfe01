"""Notices: the inbox of an organisation, how it wants to be told, what was sent, and its systems' webhooks."""

from __future__ import annotations

from fastapi import APIRouter

from api.pages.notices import deliveries, hooks, inbox, settings
from api.pages.site import Site

PARTS = (inbox, settings, deliveries, hooks)


def routes(site: Site) -> APIRouter:
    """All routes of the group in one flat list."""
    router = APIRouter()
    for part in PARTS:
        router.routes.extend(part.routes(site).routes)
    return router
