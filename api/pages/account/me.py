"""Who one is and acts as: all one's identities, one button each; the account itself; where one is logged in."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from api.pages.account.people import ROLE_WORDS, accounts_of, entered, me_of, provider_name
from api.pages.forms import form_of
from api.pages.places import engine_of, names
from api.pages.site import Site, route_class


def routes(site: Site) -> APIRouter:
    router = APIRouter(route_class=route_class(site), include_in_schema=False)

    @router.api_route("/me", methods=["GET", "HEAD"])
    async def me(request: Request) -> Response:
        session, accounts = me_of(request), accounts_of(request)
        identities = accounts.sessions.identities(session)
        called = await names(engine_of(request), [each.org for each in identities], None)
        return site.page(
            request, "account/me", account=session.account, identities=identities, role_words=ROLE_WORDS,
            in_use=session.identity, called=called, here=session.id, recovery=accounts.store.recovery_left(session.account.id),
            sessions=accounts.sessions.live(session.account.id), owes=accounts.sessions.owes(session),
            provider=provider_name(request),
        )  # fmt: skip

    @router.post("/me")
    async def choose(request: Request) -> Response:
        session, form = me_of(request), await form_of(request)
        return entered(request, accounts_of(request).sessions.choose(session, form["identity"]), form["next"] or "/me")

    return router
