"""The door of the house, outside the framework: who may come in, how much may be carried, what every answer wears."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from os import urandom

from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.auth import Buckets, Keys, principal_of
from api.errors import problem, refusal_of, refusal_of_status
from api.people import People
from api.settings import Settings
from domain.events import Refused
from services.ports import StoreUnavailable

STRANGERS_PER_S = 30  # requests of one address without a key
OPEN = {("POST", "/v1/evaluations")}  # a one-time link is its own key
_REQUEST_ID = re.compile(rb"[A-Za-z0-9_-]{1,64}")
_BAD_PATH = re.compile("[\x00-\x1f\x7f\ufffd]")
_STRICT = (
    b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    b"frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
)
_DOCS = (  # Swagger and ReDoc start from an inline script and draw with inline styles
    b"default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    b"worker-src 'self' blob:; frame-ancestors 'none'; base-uri 'none'"
)
_HEADERS = [
    (b"strict-transport-security", b"max-age=31536000; includeSubDomains"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),  # with no-referrer a browser would send our own forms with Origin: null
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
]

logger = logging.getLogger(__name__)


class Door:
    """ASGI. Under /v1 a key is asked for before anything is read, elsewhere a person's cookie is. `top` gives the
    district's area: that of a district key made without one. `page`: a refusal as those see it who look at pages."""

    def __init__(
        self, app: ASGIApp, keys: Keys, settings: Settings, top: Callable[[], Awaitable[str | None]],
        people: Callable[[Callable[[], float]], People | None] = lambda clock_s: None,
        page: Callable[[Scope, Refused], Response | None] = lambda scope, refused: None,
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self._app, self._keys, self._settings, self._top = app, keys, settings, top
        self._people, self._page = people(clock_s), page
        self._known = Buckets(settings.requests_per_second, clock_s)
        self._strangers = Buckets(STRANGERS_PER_S, clock_s)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        headers = dict(scope["headers"])
        scope["request_id"] = _request_id(headers.get(b"x-request-id"))
        dressed = _dressed(scope, send)
        uploads = scope["path"].startswith(("/v1/imports/", "/imports/"))
        limit = self._settings.max_upload_bytes if uploads else self._settings.max_body_bytes
        try:
            await self._admit(scope, headers)
            _fits(headers, limit)
        except (Refused, StoreUnavailable) as error:
            return await self._refused(scope, headers, refusal_of(error))(scope, receive, dressed)
        try:
            await self._app(scope, _counted(receive, limit), dressed)
        except Exception as error:
            logger.exception("request %s failed", scope["request_id"])
            if scope.get("answered"):
                raise
            await problem(HTTPConnection(scope), refusal_of(error))(scope, receive, dressed)

    async def _admit(self, scope: Scope, headers: dict[bytes, bytes]) -> None:
        path: str = scope["path"]
        if _BAD_PATH.search(path):
            raise refusal_of_status(404)
        if not path.startswith("/v1/"):
            if self._people is not None:
                await self._people.admit(scope, headers)
            return
        if (scope["method"], path) in OPEN:
            self._strangers.take((scope.get("client") or ("?",))[0])
        else:
            principal = principal_of(headers.get(b"authorization", b"").decode("latin-1"), self._keys)
            self._known.take(principal.id)
            if principal.role == "district" and principal.area is None:
                principal = replace(principal, area=await self._top())
            scope["principal"] = principal
        if scope["method"] in ("POST", "PATCH", "PUT") and not path.startswith("/v1/imports/"):
            _is_json(headers)

    def _refused(self, scope: Scope, headers: dict[bytes, bytes], refused: Refused) -> Response:
        by_page = not scope["path"].startswith("/v1/") and b"text/html" in headers.get(b"accept", b"")
        page = self._page(scope, refused) if by_page else None
        return page or problem(HTTPConnection(scope), refused)


def _is_json(headers: dict[bytes, bytes]) -> None:
    carries = headers.get(b"content-length", b"0") != b"0" or b"transfer-encoding" in headers
    media = headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
    if carries and not (media.startswith(b"application/") and media.endswith((b"/json", b"+json"))):
        raise Refused(
            "body.media_type", "请求体须为 application/json。", "The body must be application/json.", kind="media"
        )


def _fits(headers: dict[bytes, bytes], limit: int) -> None:
    given = headers.get(b"content-length", b"0")
    if not given.isdigit() or len(given) > 15 or int(given) > limit:
        raise Refused(
            "body.too_large", f"请求体最大 {limit} 字节。", f"A body has at most {limit} bytes.", kind="large"
        )


def _counted(receive: Receive, limit: int) -> Receive:
    """Bodies without a length are cut off at the limit."""
    left = limit

    async def counted() -> Message:
        nonlocal left
        message = await receive()
        if message["type"] == "http.request":
            left -= len(message.get("body", b""))
            if left < 0:
                raise HTTPException(413)
        return message

    return counted


def _dressed(scope: Scope, send: Send) -> Send:
    """Every answer wears the request's id and the security headers."""
    path: str = scope["path"]
    own = [
        (b"x-request-id", scope["request_id"].encode()),
        (b"content-security-policy", _DOCS if path in ("/docs", "/redoc") else _STRICT),
        *_HEADERS,
    ]
    if path.startswith("/v1/"):
        own.append((b"cache-control", b"no-store"))

    async def dressed(message: Message) -> None:
        if message["type"] == "http.response.start":
            scope["answered"] = True
            if "session" in scope:  # what a person sees is for nobody who sits at the same machine later
                message["headers"] = [pair for pair in message["headers"] if pair[0].lower() != b"cache-control"]
                message["headers"].append((b"cache-control", b"no-store"))
            there = {name.lower() for name, _ in message["headers"]}
            message["headers"] = [*message["headers"], *(pair for pair in own if pair[0] not in there)]
        await send(message)

    return dressed


def _request_id(given: bytes | None) -> str:
    if given is not None and _REQUEST_ID.fullmatch(given):
        return given.decode()
    return urandom(8).hex()
