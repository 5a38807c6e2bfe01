"""Logging in and out, and in a demonstration entering as one of its people."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from fastapi import APIRouter, Request, Response
from starlette.responses import RedirectResponse

from api.auth import Buckets, person
from api.pages.account.people import (
    OWED,
    ROLE_WORDS,
    accounts_of,
    again,
    demonstrates,
    entered,
    own_path,
    private_line,
    provider_name,
)
from api.pages.forms import Form, blank, form_of
from api.pages.places import engine_of
from api.pages.site import LogIn, Site, link, route_class
from api.people import logged_out, network_of, session_of
from domain.events import Refused
from services.accounts_demo import DemoPerson, people
from services.accounts_ports import Session
from services.rulebooks import load_pack

TRIES, VISITS = 10, 120  # a minute and network


def routes(site: Site) -> APIRouter:
    router = APIRouter(route_class=route_class(site), include_in_schema=False)
    tries, visits = Buckets(TRIES, time.monotonic, 60), Buckets(VISITS, time.monotonic, 60)
    _by_password(router, site, tries)
    _by_code(router, site, tries)

    @router.post("/login/as")
    async def enter(request: Request) -> Response:
        visits.take(network_of(request.scope))
        form = await form_of(request)
        chosen = await _chosen(request, form["person"])
        _leave(request)
        return entered(request, accounts_of(request).demo.enter(chosen), form["next"])

    @router.post("/logout")
    async def logout(request: Request) -> Response:
        _leave(request)
        return logged_out(RedirectResponse("/", 303), request.scope)

    return router


def _by_password(router: APIRouter, site: Site, tries: Buckets) -> None:
    async def shown(request: Request, form: Form, status: int = 200) -> Response:
        there = await _people(request) if demonstrates(request) else ()
        return site.page(
            request, "account/login", status=status, form=form, groups=_by_role(there), provider=provider_name(request)
        )

    @router.api_route("/login", methods=["GET", "HEAD"])
    async def login(request: Request, next: str = "") -> Response:
        onward = _owed(request, next)
        return RedirectResponse(onward, 303) if onward else await shown(request, blank(next=next))

    @router.post("/login")
    async def log_in(request: Request) -> Response:
        private_line(request)
        form, network = await form_of(request), network_of(request.scope)
        try:
            tries.take(network)
            opened = await accounts_of(request).entrance.log_in(form["login"], form["password"], network)
        except Refused as refused:
            return await shown(request, *again(request, form, refused))
        _leave(request)
        return entered(request, opened, form["next"])


def _by_code(router: APIRouter, site: Site, tries: Buckets) -> None:
    @router.api_route("/login/code", methods=["GET", "HEAD"])
    async def code(request: Request, next: str = "") -> Response:
        _half(request)
        return site.page(request, "account/code", form=blank(next=next))

    @router.post("/login/code")
    async def second_factor(request: Request) -> Response:
        session, form, network = _half(request), await form_of(request), network_of(request.scope)
        try:
            tries.take(network)
            opened = await accounts_of(request).entrance.second_factor(session, form["code"], network)
        except Refused as refused:
            typed, status = again(request, form, refused)
            return site.page(request, "account/code", status=status, form=typed)
        return entered(request, opened, form["next"])


def _owed(request: Request, next: str) -> str:
    """Where somebody who is logged in, or halfway, goes instead of logging in; "": nowhere."""
    session = session_of(request.scope)
    if session is None:
        return ""
    if session.stage == "code":
        return link("/login/code", next=next)
    if (owes := accounts_of(request).sessions.owes(session)) is not None:
        return link(OWED[owes], next=next)
    if person(request) is None:
        return "/me"
    return own_path(next) if next and not demonstrates(request) else ""


def _half(request: Request) -> Session:
    """The session that waits for its code. Raises LogIn."""
    session = session_of(request.scope)
    if session is None or session.stage != "code":
        raise LogIn
    return session


async def _people(request: Request) -> Sequence[DemoPerson]:
    return await people(engine_of(request).streams, load_pack(request.app.state.settings.district))


async def _chosen(request: Request, key: str) -> DemoPerson:
    """Refused: demonstration.closed, person.unknown."""
    if not demonstrates(request):
        raise Refused(
            "demonstration.closed",
            "这里不能以演示人物进入。",
            "Nobody enters as a demonstration person here.",
            kind="forbidden",
        )
    chosen = next((each for each in await _people(request) if each.key == key), None)
    if chosen is None:
        raise Refused("person.unknown", "没有这个演示人物。", "There is no such demonstration person.", kind="missing")
    return chosen


def _by_role(there: Sequence[DemoPerson]) -> Mapping[str, list[DemoPerson]]:
    """The role's Chinese word -> its people."""
    found: dict[str, list[DemoPerson]] = {}
    for each in there:
        found.setdefault(ROLE_WORDS[each.role], []).append(each)
    return found


def _leave(request: Request) -> None:
    if (session := session_of(request.scope)) is not None:
        accounts_of(request).sessions.end(session)
