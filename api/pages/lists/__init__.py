"""The three lists (资源、需求、项目清单) as a page, to print, as a spreadsheet and as open data."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response
from starlette.responses import RedirectResponse

from api.auth import person
from api.errors import as_json
from api.pages import shown
from api.pages.lists.choice import Typed, choices, typed_of
from api.pages.lists.table import TITLES, Table, table
from api.pages.places import engine_of, rule_book, standing
from api.pages.site import HEADERS, Site, route_class, tongue
from api.pages.words import Tongue
from api.people import session_of
from services.lists import MOST, Listed

ROWS = 50
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def routes(site: Site) -> APIRouter:
    router = APIRouter(route_class=route_class(site), include_in_schema=False)

    @router.api_route("/lists", methods=["GET", "HEAD"])
    async def lists(request: Request) -> Response:
        return RedirectResponse("/lists/needs", 303)

    @router.api_route("/lists/{kind}.xlsx", methods=["GET", "HEAD"])
    async def spreadsheet(request: Request, kind: str) -> Response:
        return await _spreadsheet(request, typed_of(request, kind))

    @router.api_route("/lists/{kind}.json", methods=["GET", "HEAD"])
    async def data(request: Request, kind: str, cursor: str = "") -> Response:
        typed, say = typed_of(request, kind), tongue(request)
        found = await _found(request, typed, 200, cursor, public=True)
        more = typed.href(".json", cursor=found.next) if found.next else None
        body = {"list": kind, "title": say(TITLES[kind]), "position": found.position, "next": more, "items": found.rows}
        return Response(as_json(body), headers=HEADERS, media_type="application/json")

    @router.api_route("/lists/{kind}", methods=["GET", "HEAD"])
    async def page(request: Request, kind: str, cursor: str = "") -> Response:
        typed, say, engine = typed_of(request, kind), tongue(request), engine_of(request)
        found = await _found(request, typed, ROWS, cursor)
        more = {
            "table": await _table(request, typed, found), "title": say(TITLES[kind]), "typed": typed, "kind": kind,
            "kinds": [(say(TITLES[name]), typed.href("", kind=name), name == kind) for name in TITLES],
            "next": typed.href("", cursor=found.next) if found.next else "", "first": typed.href("") if cursor else "",
            "position": found.position, "standing": await standing(engine), "head": await _head(request, found, say),
            "live": "" if typed.at or cursor else "*", **await choices(request, typed),
        }  # fmt: skip
        return site.page(request, "lists/page", parts=("now",), **more)

    return router


async def _found(request: Request, typed: Typed, limit: int, cursor: str, *, public: bool = False) -> Listed:
    before = int(cursor) if cursor.isascii() and cursor.isdigit() and len(cursor) <= 15 else None
    viewer = None if public else person(request)
    return await engine_of(request).dashboards.lists.of(typed.wanted, viewer, limit=limit, before=before)


async def _table(request: Request, typed: Typed, found: Listed) -> Table:
    return await table(engine_of(request), typed.kind, found.rows, typed.at or None, tongue(request))


async def _head(request: Request, found: Listed, say: Tongue) -> list[str]:
    """District, position and time; who took it away, and when."""
    engine, session = engine_of(request), session_of(request.scope)
    book = await rule_book(engine)
    district = (book.zh if say.lang == "zh" else book.en) if book else ""
    when = shown.minute(engine.streams.clock.now().isoformat())
    who = session.account.name if session else say("公众（未登录）")
    return [
        say("{district} · 截至序位 {n}", district=district, n=shown.number(found.position)),
        say("导出人：{who} · 导出时间：{when} · 截至序位 {n}", who=who, when=when, n=shown.number(found.position)),
    ]


async def _spreadsheet(request: Request, typed: Typed) -> Response:
    """At most MOST rows; it says so when there are more. What somebody logged in takes away is noted first."""
    say, found = tongue(request), await _found(request, typed, MOST, "")
    session, accounts = session_of(request.scope), request.app.state.accounts
    notes = [say(TITLES[typed.kind]), *await _head(request, found, say)]
    notes[1:1] = [say("只含最近的 {n} 条，请缩小范围后再导出。", n=MOST)] if found.next else []
    if session is not None and accounts is not None:
        accounts.log.note("list.exported", session.account.id, typed.kind, f"{len(found.rows)} @{found.position}")
    made = await _table(request, typed, found)
    body: Any = request.app.state.office.listing(say(TITLES[typed.kind]), notes, made.headings, made.plain)
    headers = {**HEADERS, "Content-Disposition": f'attachment; filename="renling-{typed.kind}-{found.position}.xlsx"'}
    return Response(body, headers=headers, media_type=XLSX)
