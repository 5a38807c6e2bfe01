"""Logging in and out, and in a demonstration entering as one of its people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fastapi import APIRouter, Request, Response
from starlette.responses import RedirectResponse

from api.pages.account.people import ROLE_WORDS, accounts_of, demonstrates, entered
from api.pages.forms import Form, blank, form_of
from api.pages.places import engine_of
from api.pages.site import Site, route_class
from api.people import logged_out, session_of
from domain.events import Refused
from services.accounts_demo import DemoPerson, people
from services.rulebooks import load_pack


def routes(site: Site) -> APIRouter:
    router = APIRouter(route_class=route_class(site), include_in_schema=False)

    async def shown(request: Request, form: Form, status: int = 200) -> Response:
        there = await _people(request) if demonstrates(request) else ()
        return site.page(request, "account/login", status=status, form=form, groups=_by_role(there))

    @router.api_route("/login", methods=["GET", "HEAD"])
    async def login(request: Request, next: str = "") -> Response:
        return await shown(request, blank(next=next))

    @router.post("/login/as")
    async def enter(request: Request) -> Response:
        """Refused: demonstration.closed."""
        form = await form_of(request)
        if not demonstrates(request):
            raise Refused(
                "demonstration.closed",
                "这里不能以演示人物进入。",
                "Nobody enters as a demonstration person here.",
                kind="forbidden",
            )
        chosen = next((each for each in await _people(request) if each.key == form["person"]), None)
        if chosen is None:
            raise Refused(
                "person.unknown", "没有这个演示人物。", "There is no such demonstration person.", kind="missing"
            )
        _leave(request)
        return entered(request, accounts_of(request).demo.enter(chosen), form["next"])

    @router.post("/logout")
    async def logout(request: Request) -> Response:
        _leave(request)
        return logged_out(RedirectResponse("/", 303), request.scope)

    return router


async def _people(request: Request) -> Sequence[DemoPerson]:
    return await people(engine_of(request).streams, load_pack(request.app.state.settings.district))


def _by_role(there: Sequence[DemoPerson]) -> Mapping[str, list[DemoPerson]]:
    """The role's Chinese word -> its people."""
    found: dict[str, list[DemoPerson]] = {}
    for person in there:
        found.setdefault(ROLE_WORDS[person.role], []).append(person)
    return found


def _leave(request: Request) -> None:
    if (session := session_of(request.scope)) is not None:
        accounts_of(request).sessions.end(session)
