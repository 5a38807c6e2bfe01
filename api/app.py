"""The web application: the door, the routes of version 1, the pages, and what becomes of every failure."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Protocol

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.routing import iter_route_contexts
from fastapi_offline import FastAPIOffline
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

from api import pages, v1
from api.auth import Keys
from api.door import Door
from api.errors import as_json, problem, refusal_of, refusal_of_status, speaks_chinese
from api.openapi import described
from api.people import People
from api.settings import Settings
from api.short_way import ShortWay
from api.validation import field_errors, refusal
from domain import rules
from domain.events import Refused
from services import accounts_demo
from services.accounts import Accounts
from services.engine import Engine
from services.import_jobs import ImportJobs
from services.imports import Imports
from services.key_office import KeyFile, KeyOffice
from services.office_ports import Office
from services.ports import Conflict, StoreUnavailable
from services.read_ports import Behind
from services.rulebooks import load_pack

PACKED_FROM = 1_000  # bytes


class KeyBook(Keys, KeyFile, Protocol):
    """Where keys are looked up and looked after."""


def create_app(
    engine: Engine, keys: KeyBook, settings: Settings, office: Office, accounts: Accounts | None = None
) -> FastAPI:
    """All of it, over an open district. Set `app.state.closing` before the server stops: it ends the streams. Without
    `accounts` nobody can log in."""
    app: FastAPI = FastAPIOffline(
        title="认领 Renling", version="1", summary="双向认领 / two-way claims between units and committees",
    )  # fmt: skip
    app.state.engine, app.state.settings, app.state.closing = engine, settings, asyncio.Event()
    app.state.office, app.state.accounts = office, accounts
    app.state.key_office = KeyOffice(keys, accounts.log) if accounts else None
    app.state.imports = Imports(engine.streams, engine.needs, engine.offers, engine.register)
    app.state.import_jobs = ImportJobs(app.state.imports, engine.streams)
    v1.install(app)
    site = pages.install(app)
    app.add_api_route("/healthz", healthz, include_in_schema=False)
    for failure, handler in _HANDLERS.items():
        app.add_exception_handler(failure, handler)

    async def top() -> str | None:
        held = await engine.streams.load(rules.STREAM)
        return held.state.book.area if held else None

    async def is_demonstration() -> bool:
        return settings.demo or await accounts_demo.is_demonstration(engine.streams, load_pack(settings.district))

    def people(clock_s: Callable[[], float]) -> People | None:
        return People(accounts, top, is_demonstration, clock_s) if accounts else None

    def page(scope: Scope, refused: Refused) -> Response:
        return site.refused(Request(scope), refused)

    app.add_middleware(GZipMiddleware, minimum_size=PACKED_FROM, compresslevel=6)
    app.add_middleware(ShortWay, routes=app.routes, failures=_HANDLERS)
    app.add_middleware(Door, keys=keys, settings=settings, top=top, people=people, page=page)
    app.openapi = lambda: described(app)  # type: ignore[method-assign]  # FastAPI's own hook for this
    return app


async def healthz(request: Request) -> Response:
    """200 while commands can be taken; lists that lag or have halted are said, and are no reason to be restarted."""
    engine: Engine = request.app.state.engine
    try:
        head = (await engine.log.head()).position
    except StoreUnavailable:
        return Response(as_json({"status": "store unavailable"}), 503, media_type="application/json")
    status = engine.projector.status
    body = {"status": "ok", "position": head, "lists": status.position, "halted": status.halted_at is not None}
    return Response(as_json(body), media_type="application/json")


async def _refused(request: Request, error: Exception) -> Response:
    return problem(request, refusal_of(error), errors=getattr(error, "errors", None))


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    found = error.errors()
    return problem(request, refusal(found), errors=field_errors(found, zh=speaks_chinese(request)))


async def _framework(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    headers = {"Allow": ", ".join(_methods(request))} if error.status_code == 405 else error.headers
    return problem(request, refusal_of_status(error.status_code), headers=headers)


def _methods(request: Request) -> list[str]:
    """All that the path can be asked, by any of its routes."""
    path = request.scope["path"]
    contexts = iter_route_contexts(request.app.routes)
    found = [c.methods for c in contexts if (regex := getattr(c, "path_regex", None)) and regex.match(path)]
    return sorted({method for methods in found for method in methods or ()})


_HANDLERS: dict[type[Exception], Any] = {
    Refused: _refused, StoreUnavailable: _refused, Conflict: _refused, Behind: _refused, RequestValidationError: _invalid,
    HTTPException: _framework,
}  # fmt: skip
