"""Using an invitation code: the first officers of a district, new people, and those who forgot their password."""

from __future__ import annotations

import time

from fastapi import APIRouter, Request, Response

from api.auth import Buckets
from api.pages.account.people import accounts_of, again, entered, private_line
from api.pages.forms import Form, blank, form_of
from api.pages.places import engine_of, rule_book
from api.pages.site import Site, route_class
from api.people import network_of
from domain.events import Refused
from services.accounts_rules import CLASSES, LEAST

TRIES = 10  # a minute and network


def routes(site: Site) -> APIRouter:
    router = APIRouter(route_class=route_class(site), include_in_schema=False)
    tries = Buckets(TRIES, time.monotonic, 60)

    def shown(request: Request, form: Form, status: int = 200) -> Response:
        accounts, policy = accounts_of(request), request.app.state.settings.password_policy
        return site.page(
            request, "account/join", status=status, form=form, policy=policy, least=LEAST, classes=CLASSES,
            first=not accounts.invitations.has_officer("security_admin"), setup=request.url.path == "/setup",
        )  # fmt: skip

    @router.api_route("/setup", methods=["GET", "HEAD"])
    @router.api_route("/join", methods=["GET", "HEAD"])
    async def join(request: Request, code: str = "") -> Response:
        return shown(request, blank(code=code))

    @router.post("/setup")
    @router.post("/join")
    async def accept(request: Request) -> Response:
        private_line(request)
        form, book = await form_of(request), await rule_book(engine_of(request))
        try:
            tries.take(network_of(request.scope))
            opened = await accounts_of(request).invitations.accept(
                form["code"], login=form["login"], name=form["name"], new=form["new"], again=form["again"],
                org=book.area if book else request.app.state.settings.district,
            )  # fmt: skip
        except Refused as refused:
            return shown(request, *again(request, form, refused))
        return entered(request, opened, "/me")

    return router
