"""Every page and form, opened and sent by every kind of person, logged in: nobody gets further than the reviewed rights
say, whoever has a right is not turned away, and a form that is refused has written nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi.routing import iter_route_contexts

from api import auth
from domain import access
from tests.support.rights_copy import read_copy
from tests.support.rights_pages import PageRow, PageSweep, read_pages
from tests.support.rights_town import opened_town

HERE = Path(__file__).parent
API, PAGES = read_copy(HERE / "access_rights.csv"), read_pages(HERE / "access_pages.csv")
FRAMEWORK = ("/openapi.json", "/docs", "/docs/oauth2-redirect", "/redoc", "/static-offline-docs", "/healthz")


def swept(folder: Path, pages: Sequence[PageRow]) -> PageSweep:
    async def sweep() -> PageSweep:
        async with opened_town(folder) as town:
            await town.shown()
            made = PageSweep(town, API)
            for page in pages:
                await made.ask(page)
            return made

    return asyncio.run(sweep())


def test_every_page_and_form_is_open_to_those_who_may_and_to_nobody_else(tmp_path: Path):
    made = swept(tmp_path, PAGES)
    assert made.wrong == []
    assert made.asked > 1_500


async def test_every_page_and_form_is_in_the_reviewed_copy(tmp_path: Path):
    async with opened_town(tmp_path) as town:
        routes = {
            (method, context.path) for context in iter_route_contexts(town.house.app.routes)
            for method in (context.methods or ()) if method != "HEAD" and not context.path.startswith(("/v1/", *FRAMEWORK))
        }  # fmt: skip
    told = {(page.method, page.path) for page in PAGES}
    assert len(routes) > 60
    assert sorted(routes - told) == []
    assert sorted(told - routes) == []


def test_a_form_that_forgets_who_asks_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    everybody = access.Principal(id="anybody", role="district", org="district-office", area="310101")
    monkeypatch.setattr("api.pages.forms.person", lambda conn: auth.person(conn) or everybody)
    pages = [page for page in PAGES if page.path == "/needs/{id}/withdrawal"]
    assert any("public, none got" in said for said in swept(tmp_path, pages).wrong)


def test_a_page_that_shows_what_is_not_public_is_found(tmp_path: Path):
    pages = [replace(page, like="GET /v1/claims/{id}") for page in PAGES if page.path == "/needs/{id}" and page.method == "GET"]
    claims = [replace(page, path="/claims/{id}") for page in pages]
    assert any("public, none got 303" in said for said in swept(tmp_path, claims).wrong)
