"""Log-in by an identity provider: away to it, back from it, and linking it with an account one has already."""

from __future__ import annotations

import base64
import json
from dataclasses import asdict

from fastapi import APIRouter, Request, Response
from starlette.responses import RedirectResponse

from api.pages.account.people import accounts_of, entered, me_of
from api.pages.forms import gone_on
from api.pages.site import Site, route_class
from api.people import session_of
from domain.events import Refused
from services.accounts_ports import Departure, Session
from services.accounts_provider import Provided, came_back

AWAY_S = 600  # a browser may be at the provider
_COOKIE = "away"


def routes(site: Site) -> APIRouter:
    router = APIRouter(route_class=route_class(site), include_in_schema=False)

    @router.get("/login/provider")
    async def away(request: Request, next: str = "", link: str = "") -> Response:
        """Nothing is changed here; a form would not be let go to another host by our own content policy."""
        session = me_of(request) if link else None
        address, departure = await provided_of(request).provider.begin(_back(request))
        kept = {**asdict(departure), "next": next[:500], "link": session.account.id if session else ""}
        answer = RedirectResponse(address, 303)
        answer.set_cookie(
            _COOKIE, base64.urlsafe_b64encode(json.dumps(kept).encode()).decode(), max_age=AWAY_S, httponly=True,
            path="/login/provider", samesite="lax", secure=request.url.scheme == "https",
        )  # fmt: skip
        return answer

    @router.get("/login/provider/back")
    async def back(request: Request, code: str = "", state: str = "", error: str = "") -> Response:
        provided, (departure, onward, link) = provided_of(request), _kept(request)
        departure = came_back(departure, state)
        if error or not code:
            raise Refused(
                "provider.declined", "身份认证已取消。", "The identity provider was told no.", kind="forbidden"
            )
        vouched = await provided.provider.finish(departure, code, _back(request))
        if link:
            provided.link(_still(request, link), vouched)
            answer = gone_on("/me", "saved")
        else:
            answer = entered(request, provided.log_in(vouched), onward)
        answer.delete_cookie(_COOKIE, path="/login/provider")
        return answer

    @router.post("/login/provider/unlink")
    async def unlink(request: Request) -> Response:
        provided_of(request).unlink(me_of(request))
        return gone_on("/me", "saved")

    return router


def provided_of(request: Request) -> Provided:
    """Refused: provider.none."""
    found = accounts_of(request).provided
    if found is None:
        raise Refused("provider.none", "这里没有接入身份认证服务。", "No identity provider is used here.", kind="missing")
    return found


def _still(request: Request, account: str) -> Session:
    """Whoever went away to link an account, back again. Refused: provider.out_of_turn."""
    session = session_of(request.scope)
    if session is None or session.account.id != account:
        raise Refused(
            "provider.out_of_turn", "登录已中断或超时，请重新开始。",
            "This log-in was interrupted or took too long: start again.", kind="malformed",
        )  # fmt: skip
    return session


def _back(request: Request) -> str:
    own = request.app.state.settings.public_url or str(request.base_url)
    return own.rstrip("/") + "/login/provider/back"


def _kept(request: Request) -> tuple[Departure | None, str, str]:
    """(departure, where to go on to, account to be linked), as this browser has kept them."""
    try:
        kept = json.loads(base64.urlsafe_b64decode(request.cookies.get(_COOKIE, "")))
        departure = Departure(state=str(kept["state"]), nonce=str(kept["nonce"]), verifier=str(kept["verifier"]))
        return departure, str(kept["next"]), str(kept["link"])
    except (ValueError, KeyError, TypeError):
        return None, "", ""
