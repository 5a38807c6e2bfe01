"""People at the door: whose cookie it is, whether a form was sent from our own pages, and no more than a person can do."""

from __future__ import annotations

import ipaddress
from collections.abc import Awaitable, Callable
from dataclasses import replace
from http.cookies import CookieError, SimpleCookie
from urllib.parse import urlsplit

from starlette.responses import Response
from starlette.types import Scope

from api.auth import Buckets
from domain.events import Refused
from services.accounts import Accounts
from services.accounts_ports import Session
from services.accounts_sessions import ABSOLUTE
from services.ports import StoreUnavailable

COOKIES = {"https": "__Host-sid", "http": "sid"}  # a browser keeps __Host- cookies only when they came by https
SAFE = ("GET", "HEAD", "OPTIONS")
READS, WRITES = 600, 60  # a minute and person


class People:
    """Reads the session's cookie into the scope: `session` (who, with all identities) and `principal` (who it acts as)."""

    def __init__(
        self, accounts: Accounts, top: Callable[[], Awaitable[str | None]],
        is_demonstration: Callable[[], Awaitable[bool]], clock_s: Callable[[], float],
    ) -> None:  # fmt: skip
        self._accounts, self._top, self._is_demonstration = accounts, top, is_demonstration
        self._reads, self._writes = Buckets(READS, clock_s, 60), Buckets(WRITES, clock_s, 60)
        self._demonstration: bool | None = None

    async def admit(self, scope: Scope, headers: dict[bytes, bytes]) -> None:
        """Refused: form.cross_site, rate.exceeded."""
        if scope["path"].startswith("/static/"):
            return
        scope["demonstration"] = await self._shows_demonstration()
        token = token_of(scope, headers)
        from_here(scope, headers, has_cookie=token is not None)
        if token is None:
            return
        by_itself = b"x-fragment" in headers or scope["path"] == "/live"  # an open page that nobody looks at
        session = self._accounts.sessions.find(token, touch=not by_itself)
        if session is None:
            return
        who = session.id if session.account.demonstration else session.account.id
        (self._reads if scope["method"] in SAFE else self._writes).take(who)
        scope["session"] = session
        principal = self._accounts.sessions.principal(session)
        if principal is not None and principal.role == "district" and principal.area is None:
            principal = replace(principal, area=await self._top())
        if principal is not None:
            scope["principal"] = principal

    async def _shows_demonstration(self) -> bool:
        if self._demonstration is None:
            try:
                self._demonstration = await self._is_demonstration()
            except StoreUnavailable:
                return False
        return self._demonstration


def token_of(scope: Scope, headers: dict[bytes, bytes]) -> str | None:
    """What the session's cookie holds; a cookie of the other scheme is not looked at."""
    try:
        jar = SimpleCookie(headers.get(b"cookie", b"").decode("latin-1"))
    except CookieError:
        return None
    held = jar.get(cookie_name(scope))
    return held.value if held and held.value else None


def cookie_name(scope: Scope) -> str:
    return COOKIES["https" if scope["scheme"] == "https" else "http"]


def from_here(scope: Scope, headers: dict[bytes, bytes], *, has_cookie: bool) -> None:
    """A request that changes something comes from our own pages: the browser says so in Sec-Fetch-Site, an older one in
    Origin. Who sends neither is no browser, and must not come with a browser's cookie. Refused: form.cross_site."""
    if scope["method"] in SAFE:
        return
    site, origin = headers.get(b"sec-fetch-site"), headers.get(b"origin")
    if site is not None:
        own = site == b"same-origin"
    elif origin is not None:
        own = urlsplit(origin.decode("latin-1")).netloc.encode("latin-1") == headers.get(b"host", b"")
    else:
        own = not has_cookie
    if not own:
        raise Refused(
            "form.cross_site", "这个请求不是从本站页面发出的，没有办理。请回到本站页面重新提交。",
            "This request did not come from a page of this site, so nothing was done. Go back to our page and send it again.",
            kind="forbidden",
        )  # fmt: skip


def logged_in(response: Response, scope: Scope, token: str) -> Response:
    """With the session's cookie. Over http it is meant for this very machine, and for demonstrations."""
    secure = scope["scheme"] == "https"
    response.set_cookie(
        cookie_name(scope), token, max_age=int(ABSOLUTE.total_seconds()), path="/", secure=secure, httponly=True,
        samesite="lax",
    )  # fmt: skip
    return response


def logged_out(response: Response, scope: Scope) -> Response:
    secure = scope["scheme"] == "https"
    response.delete_cookie(cookie_name(scope), path="/", secure=secure, httponly=True, samesite="lax")
    return response


def session_of(scope: Scope) -> Session | None:
    found: Session | None = scope.get("session")
    return found


def network_of(scope: Scope) -> str:
    """The /24 or /64 that a request comes from: what one guesser has many addresses of."""
    try:
        address = ipaddress.ip_address((scope.get("client") or ("",))[0])
    except ValueError:
        return "unknown"
    return str(ipaddress.ip_network((address, 24 if address.version == 4 else 64), strict=False))


def is_near(scope: Scope) -> bool:
    """Whether the caller sits at this very machine."""
    try:
        return ipaddress.ip_address((scope.get("client") or ("",))[0]).is_loopback
    except ValueError:
        return False
