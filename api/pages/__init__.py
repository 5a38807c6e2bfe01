"""The pages: home, board, item, dashboard; server-rendered, in Chinese and English, working without JavaScript."""

from __future__ import annotations

from fastapi import FastAPI
from starlette.routing import BaseRoute

from api.pages import (
    access,
    account,
    admin,
    assets,
    audit,
    board,
    claims,
    dashboard,
    desk,
    evaluate,
    home,
    imports,
    item,
    items,
    keys,
    lists,
    live,
    notices,
    orgs,
    personal,
    policy,
    projects,
    rounds,
)  # fmt: skip
from api.pages.site import Site


def routes(site: Site) -> list[BaseRoute]:
    """All routes of the pages. They ask the engine at `request.app.state.engine`."""
    groups = (
        home, board, items, claims, projects, desk, item, dashboard, account, admin, keys, audit, notices, access, personal,
        evaluate, lists, orgs, imports, policy, rounds,
    )  # fmt: skip
    parts = [part.routes(site) for part in groups]
    return [route for part in (*parts, live.routes(), assets.routes(site.assets)) for route in part.routes]


def install(app: FastAPI) -> Site:
    site = Site()
    app.router.routes.extend(routes(site))
    return site
