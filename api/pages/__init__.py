"""The pages: home, board, item, dashboard; server-rendered, in Chinese and English, working without JavaScript."""

from __future__ import annotations

from fastapi import APIRouter, FastAPI

from api.pages import assets, board, dashboard, home, item, live
from api.pages.site import Site


def router() -> APIRouter:
    """All routes of the pages. They ask the engine at `request.app.state.engine`."""
    site = Site()
    all_of_them = APIRouter(include_in_schema=False)
    for part in (home, board, item, dashboard):
        all_of_them.include_router(part.routes(site))
    all_of_them.include_router(live.routes())
    all_of_them.include_router(assets.routes(site.assets))
    return all_of_them


def install(app: FastAPI) -> None:
    app.include_router(router())
