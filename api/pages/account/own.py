"""Looking after one's own account: the password, the second factor, and the places where one is logged in."""

from __future__ import annotations

import base64
import binascii

import segno
from fastapi import APIRouter, Request, Response
from markupsafe import Markup
from starlette.responses import RedirectResponse

from api.pages.account.people import accounts_of, again, entered, me_of, own_path
from api.pages.forms import Form, blank, form_of, gone_on
from api.pages.site import Site, route_class
from api.people import logged_in, logged_out
from domain.events import Refused
from services.accounts_rules import CLASSES, LEAST


def routes(site: Site) -> APIRouter:
    router = APIRouter(route_class=route_class(site), include_in_schema=False)
    _password(router, site)
    _second(router, site)

    @router.post("/account/sessions/end")
    async def everywhere(request: Request) -> Response:
        session, sessions = me_of(request), accounts_of(request).sessions
        if session.account.demonstration:  # other visitors are the same person
            sessions.end(session)
        else:
            sessions.end_all(session.account.id, by=session.account.id)
        return logged_out(RedirectResponse("/login", 303), request.scope)

    @router.post("/account/sessions/others")
    async def elsewhere(request: Request) -> Response:
        session = me_of(request)
        if not session.account.demonstration:
            accounts_of(request).sessions.end_all(session.account.id, by=session.account.id, but=session.id)
        return gone_on("/me", "done")

    return router


def _password(router: APIRouter, site: Site) -> None:
    def password_page(request: Request, form: Form, status: int = 200) -> Response:
        policy = request.app.state.settings.password_policy
        due = accounts_of(request).sessions.owes(me_of(request)) == "password"
        return site.page(
            request, "account/password", status=status, form=form, due=due, policy=policy, least=LEAST, classes=CLASSES
        )

    @router.api_route("/account/password", methods=["GET", "HEAD"])
    async def password(request: Request, next: str = "") -> Response:
        return password_page(request, blank(next=next))

    @router.post("/account/password")
    async def change_password(request: Request) -> Response:
        session, form = me_of(request), await form_of(request)
        try:
            opened = await accounts_of(request).own.change_password(session, form["old"], form["new"], form["again"])
        except Refused as refused:
            return password_page(request, *again(request, form, refused))
        return entered(request, opened, form["next"] or "/me?done=saved")


def _second(router: APIRouter, site: Site) -> None:
    def second_page(request: Request, form: Form, status: int = 200) -> Response:
        session, own = me_of(request), accounts_of(request).own
        sealed = _sealed(form["sealed"]) or own.offered(session.account)
        secret, address = own.shown(session.account, sealed)
        form = Form({**form.fields, "sealed": base64.urlsafe_b64encode(sealed).decode()}, form.wrong, form.key)
        return site.page(
            request, "account/second", status=status, form=form, has_one=session.account.totp is not None,
            secret=" ".join(secret[n : n + 4] for n in range(0, len(secret), 4)), picture=_picture(address),
            due=accounts_of(request).sessions.owes(session) == "second",
        )  # fmt: skip

    @router.api_route("/account/second", methods=["GET", "HEAD"])
    async def second(request: Request, next: str = "") -> Response:
        return second_page(request, blank(next=next))

    @router.post("/account/second")
    async def enrol(request: Request) -> Response:
        session, form = me_of(request), await form_of(request)
        sealed = _sealed(form["sealed"]) or b""
        try:
            done = await accounts_of(request).own.enrol(session, sealed, form["code"], form["old"], form["old_code"])
        except Refused as refused:
            if refused.code == "second.stale":
                raise
            return second_page(request, *again(request, form, refused))
        page = site.page(request, "account/recovery", codes=done.recovery, onward=own_path(form["next"] or "/me"))
        return logged_in(page, request.scope, done.opened.token)


def _sealed(text: str) -> bytes | None:
    try:
        return base64.urlsafe_b64decode(text.encode("ascii")) or None
    except (binascii.Error, UnicodeEncodeError):
        return None


def _picture(address: str) -> Markup:
    """The QR code as SVG within the page: black on white in the dark too, for telephones."""
    drawn = segno.make(address, error="m").svg_inline(scale=1, border=4, omitsize=True, svgclass="qr", lineclass=None)
    return Markup(drawn)
