"""Accounts and roles: those who open accounts, those who give roles and the units' managers each see what is theirs to do."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request, Response

from api.pages import shown as told
from api.pages.account.people import ROLE_WORDS, accounts_of, again
from api.pages.admin.posts import choices, post_of
from api.pages.forms import Form, blank, form_of, gone_on, someone
from api.pages.places import engine_of, names
from api.pages.site import Site, route_class, tongue
from domain.access import Facts, Principal, allow, decide
from domain.calendar import ZONE
from domain.events import Refused
from services.accounts_office import MANAGED, AccountOffice, Dossier

ACTS: dict[str, Callable[[AccountOffice, Principal, str], None]] = {
    "disable": AccountOffice.disable, "enable": AccountOffice.enable, "unlock": AccountOffice.unlock,
    "sessions": AccountOffice.end_sessions, "second": AccountOffice.drop_second,
}  # fmt: skip
MAY = {
    "disable": "account.disable", "enable": "account.unlock", "unlock": "account.unlock", "sessions": "session.end",
    "second": "account.unlock", "code": "account.open", "open": "account.open", "give": "grant.give", "revoke": "grant.end",
}  # fmt: skip


def routes(site: Site) -> APIRouter:
    router = APIRouter(route_class=route_class(site), include_in_schema=False)
    _opening(router, site)
    _one(router, site)

    @router.api_route("/admin", methods=["GET", "HEAD"])
    async def everybody(request: Request, q: str = "") -> Response:
        by = someone(request)
        found = accounts_of(request).office.all(by)
        there = [each for each in found if _matches(each, q)]
        asked = [(each, grant) for each in found for grant in each.live() if grant.granted_at is None]
        called = await names(engine_of(request), [grant.org for each in found for grant in each.grants], None)
        return site.page(
            request, "admin/people", people=there, asked=asked, q=q, called=called, role_words=ROLE_WORDS, can=_can(by)
        )

    @router.post("/admin/people/{id}/code")
    async def code(request: Request, id: str) -> Response:
        account, text = accounts_of(request).office.new_code(someone(request), id)
        return site.page(request, "admin/code", account=account, code=text, fresh=False)

    @router.post("/admin/people/{id}/{act}")
    async def act(request: Request, id: str, act: str) -> Response:
        if act not in ACTS:
            raise Refused("act.unknown", "没有这个操作。", "There is no such act.", kind="missing")
        ACTS[act](accounts_of(request).office, someone(request), id)
        return gone_on(f"/admin/people/{id}", "done")

    @router.post("/admin/grants/{id}/{act}")
    async def decided(request: Request, id: str, act: str) -> Response:
        by, office = someone(request), accounts_of(request).office
        (office.give if act == "give" else office.revoke)(by, id)
        return gone_on("/admin", "done")

    return router


def _opening(router: APIRouter, site: Site) -> None:
    async def opening(request: Request, form: Form, status: int = 200) -> Response:
        by = someone(request)
        allow(by, "account.open", Facts(parties=(by.org,)))
        return site.page(
            request, "admin/new", status=status, form=form, **await choices(engine_of(request), by, tongue(request))
        )

    @router.api_route("/admin/new", methods=["GET", "HEAD"])
    async def new(request: Request) -> Response:
        return await opening(request, blank(role=MANAGED))

    @router.post("/admin/new")
    async def open_account(request: Request) -> Response:
        by, form, office = someone(request), await form_of(request), accounts_of(request).office
        try:
            post = await post_of(engine_of(request), by, form)
            account, code = office.open_account(by, login=form["login"], name=form["name"], post=post)
        except Refused as refused:
            return await opening(request, *again(request, form, refused))
        return site.page(request, "admin/code", account=account, code=code, fresh=True)


def _one(router: APIRouter, site: Site) -> None:
    async def dossier(request: Request, id: str, form: Form, status: int = 200) -> Response:
        by = someone(request)
        found = accounts_of(request).office.one(by, id)
        called = await names(engine_of(request), [grant.org for grant in found.grants], None)
        people = {each.id: each.name for each in accounts_of(request).store.accounts()}
        return site.page(
            request, "admin/person", status=status, form=form, found=found, called=called, role_words=ROLE_WORDS,
            can=_can(by, found), people=people, own=by.id == id, **await choices(engine_of(request), by, tongue(request)),
        )  # fmt: skip

    @router.api_route("/admin/people/{id}", methods=["GET", "HEAD"])
    async def person(request: Request, id: str) -> Response:
        return await dossier(request, id, blank(role=MANAGED))

    @router.post("/admin/people/{id}/grants")
    async def ask_for(request: Request, id: str) -> Response:
        by, form = someone(request), await form_of(request)
        try:
            post = await post_of(engine_of(request), by, form, _until(form["until"]))
            accounts_of(request).office.ask_for(by, id, post)
        except Refused as refused:
            if refused.kind == "missing":
                raise
            return await dossier(request, id, *again(request, form, refused))
        return gone_on(f"/admin/people/{id}", "saved")


def _can(by: Principal, found: Dossier | None = None) -> set[str]:
    """What `by` may do; each act is decided again when it is done."""
    facts = Facts(parties=(by.org,))
    can = {act for act, action in MAY.items() if decide(by, action, facts) is None}
    return can if found is None or found.account.id != by.id else set()


def _matches(each: Dossier, q: str) -> bool:
    wanted = q.strip().casefold()
    return not wanted or wanted in each.account.name.casefold() or wanted in each.account.login.casefold()


def _until(typed: str) -> datetime | None:
    """The end of a day of Shanghai. Refused: until.invalid."""
    if not typed:
        return None
    if not told.is_day(typed):
        raise Refused("until.invalid", "请写成 年-月-日。", "Write it as YYYY-MM-DD.", kind="invalid", field="until")
    day = datetime.fromisoformat(typed).date()
    return datetime.combine(day, time.max.replace(microsecond=0), ZoneInfo(ZONE)).astimezone(UTC)
