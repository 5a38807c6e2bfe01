"""What the account's pages share: the accounts of the house, who is logged in, and where to go next."""

from __future__ import annotations

import re

from fastapi import Request, Response
from starlette.responses import RedirectResponse

from api.errors import TABLE
from api.pages.forms import Form, fresh_key, wrong_fields
from api.pages.site import LogIn, link, tongue
from api.people import is_near, logged_in, session_of
from domain.events import Refused
from services.accounts import Accounts
from services.accounts_ports import Session
from services.accounts_sessions import Opened

ROLE_WORDS = {
    "unit": "单位经办", "unit_manager": "单位负责人", "committee": "居委会", "street": "街道协调员", "district": "区级协调员",
    "auditor": "审计员", "system_admin": "系统管理员", "security_admin": "安全管理员",
}  # fmt: skip
OWED = {"password": "/account/password", "second": "/account/second"}
_OWN_PATH = re.compile(r"/(?!/)[\x21-\x5b\x5d-\x7e]*")  # no //host, no \


def accounts_of(request: Request) -> Accounts:
    """Refused: accounts.none."""
    found: Accounts | None = request.app.state.accounts
    if found is None:
        raise Refused("accounts.none", "这里不能登录。", "Nobody can log in here.", kind="missing")
    return found


def provider_name(request: Request) -> str:
    """Of the identity provider that one may log in by; "" where there is none."""
    provided = accounts_of(request).provided
    return provided.provider.name if provided else ""


def me_of(request: Request) -> Session:
    """The session, also of somebody whose identity has gone. Raises LogIn."""
    found = session_of(request.scope)
    if found is None or found.stage != "in":
        raise LogIn
    return found


def entered(request: Request, opened: Opened, onward: str = "") -> Response:
    """Logged in as far as it goes: to the code, to what is owed, or on to where one wanted to go."""
    session, path = opened.session, own_path(onward)
    if session.stage == "code":
        path = link("/login/code", next=path)
    elif (owes := accounts_of(request).sessions.owes(session)) is not None:
        path = link(OWED[owes], next=path)
    return logged_in(RedirectResponse(path, 303), request.scope, opened.token)


def own_path(onward: str) -> str:
    """A path of ours: nobody is sent elsewhere after log-in."""
    return onward if _OWN_PATH.fullmatch(onward) else "/"


def again(request: Request, form: Form, refused: Refused) -> tuple[Form, int]:
    """The form with what is wrong beside its field, without what was typed secretly; and the status."""
    wrong = wrong_fields(refused, zh=tongue(request).lang == "zh")
    return Form(form.fields, wrong, fresh_key()), TABLE[refused.kind].status


def private_line(request: Request) -> None:
    """Refused: login.insecure, where others could read a password on its way."""
    demo = request.app.state.settings.demo
    if request.url.scheme != "https" and not is_near(request.scope) and not demo:
        raise Refused(
            "login.insecure", "这个连接没有加密，不能在这里输入密码。请用 https 地址打开，或请管理员配置证书。",
            "This connection is not encrypted, so no password may be typed here. Open the https address.", kind="forbidden",
        )  # fmt: skip


def demonstrates(request: Request) -> bool:
    """Whether anybody here may enter as a ready-made person: in a demonstration, at the machine itself or wherever
    RENLING_DEMO=1 allows it."""
    settings = request.app.state.settings
    bound_here = settings.host in ("127.0.0.1", "::1", "localhost")
    return bool(request.scope.get("demonstration")) and (settings.demo or (bound_here and is_near(request.scope)))
