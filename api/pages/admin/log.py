"""The access log as the auditor and the administrators read it, and whether its chain holds."""

from __future__ import annotations

import re

from fastapi import APIRouter, Request, Response

from api.pages.account.people import accounts_of
from api.pages.forms import someone
from api.pages.site import Site, link, route_class, tongue
from domain.access import Facts, allow

ROWS = 50
KINDS = {
    "login": "登录", "session": "会话", "account": "账号", "grant": "授权", "invitation": "邀请", "password": "密码更改",
    "second": "验证器", "recovery": "备用码使用", "identity": "身份切换", "contact": "查看联系方式", "log": "日志",
}  # fmt: skip
ACTS = {
    "login.password": "密码正确", "login.succeeded": "登录成功", "login.failed": "登录失败", "login.locked": "锁定",
    "login.demonstration": "以演示人物进入", "login.provider": "由身份平台登录", "session.closed": "退出",
    "session.displaced": "最早的登录被顶替", "session.ended": "登录被终止", "account.opened": "开立账号",
    "account.disabled": "停用账号", "account.enabled": "恢复账号", "account.unlocked": "解除锁定", "grant.asked": "申请身份",
    "grant.given": "授予身份", "grant.revoked": "收回身份", "invitation.made": "发出邀请码", "invitation.used": "使用邀请码",
    "password.changed": "修改密码", "second.enrolled": "启用手机验证器", "second.dropped": "解除手机验证器",
    "recovery.used": "使用备用码", "identity.chosen": "切换身份", "contact.revealed": "查看联系方式", "log.verified": "核对日志",
}  # fmt: skip


def routes(site: Site) -> APIRouter:
    router = APIRouter(route_class=route_class(site), include_in_schema=False)

    async def shown(request: Request, kind: str, before: str, checked: tuple[int | None] | None = None) -> Response:
        allow(someone(request), "security.see", Facts())
        log, kind = accounts_of(request).log, kind if kind in KINDS else ""
        last = int(before) if re.fullmatch("[0-9]{1,15}", before, re.ASCII) else None
        rows = log.page(before=last, kind=kind, limit=ROWS + 1)
        older = link("/admin/log", kind=kind, before=rows[ROWS - 1].n) if len(rows) > ROWS else None
        return site.page(
            request, "admin/log", rows=rows[:ROWS], kind=kind, kinds=KINDS, acts=ACTS, names=_names(request),
            older=older, head=log.head(), checked=checked,
        )  # fmt: skip

    @router.api_route("/admin/log", methods=["GET", "HEAD"])
    async def read(request: Request, kind: str = "", before: str = "") -> Response:
        return await shown(request, kind, before)

    @router.post("/admin/log")
    async def verify(request: Request) -> Response:
        """Reads the whole chain again; that somebody did so is noted too."""
        principal = someone(request)
        allow(principal, "security.see", Facts())
        log = accounts_of(request).log
        broken = log.verify()
        log.note("log.verified", principal.id, "access log", "sound" if broken is None else f"broken at {broken}")
        return await shown(request, "", "", (broken,))

    return router


def _names(request: Request) -> dict[str, str]:
    """id -> name of the accounts; others are called by their id."""
    say = tongue(request)
    known = {"?": say("不明"), "console": say("服务器控制台")}
    return known | {account.id: account.name for account in accounts_of(request).store.accounts()}
