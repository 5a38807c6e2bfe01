"""What the account's pages share: the accounts of the house, who is logged in, and where to go next."""

from __future__ import annotations

import re

from fastapi import Request, Response
from starlette.responses import RedirectResponse

from api.pages.site import LogIn
from api.people import is_near, logged_in, session_of
from domain.events import Refused
from services.accounts import Accounts
from services.accounts_ports import Session
from services.accounts_sessions import Opened

ROLE_WORDS = {
    "unit": "单位经办", "unit_manager": "单位负责人", "committee": "居委会", "street": "街道协调员", "district": "区级协调员",
    "auditor": "审计员", "system_admin": "系统管理员", "security_admin": "安全管理员",
}  # fmt: skip
_OWN_PATH = re.compile(r"/(?!/)[\x21-\x5b\x5d-\x7e]*")  # no //host, no \


def accounts_of(request: Request) -> Accounts:
    """Refused: accounts.none."""
    found: Accounts | None = request.app.state.accounts
    if found is None:
        raise Refused("accounts.none", "这里不能登录。", "Nobody can log in here.", kind="missing")
    return found


def me_of(request: Request) -> Session:
    """The session, also of somebody whose identity has gone. Raises LogIn."""
    found = session_of(request.scope)
    if found is None or found.stage != "in":
        raise LogIn
    return found


def entered(request: Request, opened: Opened, onward: str = "") -> Response:
    """Logged in, and on to where one wanted to go."""
    path = onward if _OWN_PATH.fullmatch(onward) else "/"
    return logged_in(RedirectResponse(path, 303), request.scope, opened.token)


def demonstrates(request: Request) -> bool:
    """Whether anybody here may enter as a ready-made person: in a demonstration, at the machine itself or wherever
    RENLING_DEMO=1 allows it."""
    settings = request.app.state.settings
    bound_here = settings.host in ("127.0.0.1", "::1", "localhost")
    return bool(request.scope.get("demonstration")) and (settings.demo or (bound_here and is_near(request.scope)))
