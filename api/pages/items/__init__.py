"""Needs and offers as people write them: forms, drafts, templates and copies."""

from __future__ import annotations

from fastapi import APIRouter

from api.pages.items import drafts, edit, post
from api.pages.site import Site


def routes(site: Site) -> APIRouter:
    """Before the pages of single items: /needs/new is no item."""
    router = APIRouter(include_in_schema=False)
    for part in (post, edit, drafts):
        router.routes.extend(part.routes(site).routes)
    return router
