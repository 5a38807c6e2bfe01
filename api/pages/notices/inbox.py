"""The inbox of an organisation: newest first, by group, unread or all, marked as read for everybody in it."""

from __future__ import annotations

import re

from fastapi import APIRouter, Request, Response

from api.pages.forms import form_of, gone_on, someone
from api.pages.notices.telling import GROUPS, groups_of, told
from api.pages.places import engine_of, standing
from api.pages.site import Site, link, route_class, tongue
from api.posted import post_of
from services.notice_inbox import Page

_NUMBER = re.compile(r"\d{1,15}", re.ASCII)


def routes(site: Site) -> APIRouter:
    router = APIRouter(route_class=route_class(site), include_in_schema=False)

    @router.api_route("/notices", methods=["GET", "HEAD"])
    async def notices(request: Request, group: str = "", show: str = "", before: str = "") -> Response:
        group = group if group in GROUPS else ""
        who, say, engine = someone(request), tongue(request), engine_of(request)
        page = await post_of(request).inbox.page(
            who, group=group, unread=show == "unread", before=_number(before)
        )
        asked = {"group": group, "show": "unread" if show == "unread" else ""}
        return site.page(
            request, "notices/inbox", parts=("list",), rows=await told(engine.boards, page.notices, say),
            unread=page.unread, groups=groups_of(say), asked=asked, here=link("/notices", **asked),
            next=_next(page, asked), is_first=not before,
            upto=max((notice.seq for notice in page.notices), default=0), standing=await standing(engine),
            live="" if before else "*", group_names=GROUPS,
        )  # fmt: skip

    @router.post("/notices/read")
    async def read(request: Request) -> Response:
        """One notice, or all up to the newest that was on the page; then back to where one was, or on to the item."""
        who, form = someone(request), await form_of(request)
        upto, one = _number(form["upto"]), _number(form["seq"])
        if one is not None:
            await post_of(request).inbox.mark(who, one, [one])
        elif upto is not None:
            await post_of(request).inbox.mark(who, upto)
        group, show = form["group"], form["show"]
        return gone_on(link("/notices", group=group if group in GROUPS else "", show="unread" if show == "unread" else ""))

    return router


def _next(page: Page, asked: dict[str, str]) -> str | None:
    if page.next is None:
        return None
    return link("/notices", **{**asked, **({"show": "unread"} if page.next_unread else {})}, before=page.next)


def _number(typed: str) -> int | None:
    return int(typed) if _NUMBER.fullmatch(typed) else None
