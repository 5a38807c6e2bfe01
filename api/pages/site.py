"""How every page is answered: its language, its template or only a part of it, its refusals."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import RedirectResponse

from api.auth import person
from api.errors import TABLE, speaks_chinese
from api.pages import charts, shown
from api.pages.assets import Asset, load_assets
from api.pages.words import DONE, LANGUAGES, TYPE_SIZES, URGENCY, Tongue, status_tone, status_word
from api.posted import unread_of
from domain.events import Refused
from services.ports import StoreUnavailable
from services.read_ports import Behind

HERE = Path(__file__).parent.parent
HEADERS = {"Cache-Control": "private, no-cache", "Vary": "X-Fragment, Cookie, Accept-Language"}
A_YEAR_S = 31_536_000

class LogIn(Exception):
    """Nobody is logged in, and this page is somebody's."""


Handler = Callable[[Request], Awaitable[Response]]


class Site:
    """The templates and assets of the pages, loaded once."""

    def __init__(self) -> None:
        self.assets: Mapping[str, Asset] = load_assets(HERE / "static")
        self._env = Environment(
            loader=FileSystemLoader(HERE / "templates"), autoescape=True, trim_blocks=True, lstrip_blocks=True,
            undefined=StrictUndefined, auto_reload=False,
        )  # fmt: skip
        self._env.filters |= {"day": shown.day, "minute": shown.minute, "n": shown.number, "pts": shown.points, "wd": shown.weekday}
        self._env.globals |= {
            "asset": {name: f"/static/{name}?v={asset.digest}" for name, asset in self.assets.items()},
            "status_word": status_word, "status_tone": status_tone,
            "urgencies": URGENCY, "charts": charts, "shown": shown,
        }  # fmt: skip

    def page(
        self, request: Request, name: str, *, parts: tuple[str, ...] = (), status: int = 200, **values: Any
    ) -> Response:
        """The page, or with `X-Fragment` one of its parts: the template NAME_PART.html alone."""
        say = tongue(request)
        part = request.headers.get("X-Fragment", "")
        template = f"{name}_{part}.html" if part in parts else f"{name}.html"
        html = self._env.get_template(template).render(
            **{**_everywhere(request, say), **values}
        )
        headers = {**HEADERS, "Content-Language": say.tag}
        response = Response(html, status, headers, "text/html; charset=utf-8")
        for name, choices in (("lang", LANGUAGES), ("type", TYPE_SIZES)):
            if (chosen := request.query_params.get(name, "")) in choices:
                response.set_cookie(name, chosen, max_age=A_YEAR_S, httponly=True, samesite="lax")
        return response

    def refused(self, request: Request, refused: Refused) -> Response:
        sentence = refused.zh if tongue(request).lang == "zh" else refused.en
        return self.page(request, "error", status=TABLE[refused.kind].status, sentence=sentence)

    def busy(self, request: Request) -> Response:
        say = tongue(request)
        response = self.page(request, "error", status=503, sentence=say("暂时读不到数据，请稍后刷新。"))
        response.headers["Retry-After"] = "2"
        return response


def route_class(site: Site) -> type[APIRoute]:
    """Routes whose refusals are pages too."""

    class PageRoute(APIRoute):
        def get_route_handler(self) -> Handler:  # type: ignore[override]  # the parent says Coroutine
            handler = super().get_route_handler()

            async def answer(request: Request) -> Response:
                try:
                    return await handler(request)
                except LogIn:
                    return RedirectResponse(link("/login", next=_here(request)), 303)
                except Refused as refused:
                    return site.refused(request, refused)
                except RequestValidationError:
                    say = tongue(request)
                    return site.page(request, "error", status=422, sentence=say("网址中有一项填写不正确。"))
                except (Behind, StoreUnavailable):
                    return site.busy(request)

            return answer

    return PageRoute


def tongue(request: Request) -> Tongue:
    """`?lang=`, else the cookie, else what the browser prefers; Chinese when it has no preference."""
    for asked in (request.query_params.get("lang"), request.cookies.get("lang")):
        if asked in LANGUAGES:
            return Tongue(asked)
    return Tongue("zh" if speaks_chinese(request) else "en")


def link(path: str, **parameters: Any) -> str:
    """A path with those parameters that say something; a list is said one by one."""
    query = urlencode({name: value for name, value in parameters.items() if value not in (None, "", [])}, doseq=True)
    return f"{path}?{query}" if query else path


def large_type(request: Request) -> bool:
    """Whether the reader has chosen large type."""
    return (request.query_params.get("type") or request.cookies.get("type")) == "large"


def _everywhere(request: Request, say: Tongue) -> dict[str, Any]:
    """What every template may use: `me` is who is logged in, `said` what was just done."""
    large = large_type(request)
    return {
        "_": say, "say": say, "path": request.url.path, "link": link, "large": large, "me": person(request),
        "session": request.scope.get("session"), "unread_notices": unread_of(request),
        "demonstration": request.scope.get("demonstration", False),
        "elsewhere": _same(request, lang=say.other),
        "other_type": _same(request, type="plain" if large else "large"),
        "said": DONE.get(request.query_params.get("done", ""), ""),
    }  # fmt: skip


def _same(request: Request, **changed: str) -> str:
    """This very page, with something chosen otherwise."""
    kept = {name: value for name, value in request.query_params.items() if name not in ("done", "seen")}
    return "?" + urlencode({**kept, **changed})


def _here(request: Request) -> str:
    """Where to come back to after log-in: forms are filled in anew."""
    if request.method not in ("GET", "HEAD"):
        return ""
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")

