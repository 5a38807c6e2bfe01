"""Keys of programs: a unit's manager and the security administrator make, renew and revoke them."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from api.pages.account.people import ROLE_WORDS, again
from api.pages.admin.posts import choices, post_of
from api.pages.forms import Form, blank, form_of, gone_on, someone
from api.pages.places import engine_of, names
from api.pages.site import Site, route_class, tongue
from domain.access import Facts, Principal, decide
from domain.events import Refused
from domain.scopes import SCOPES
from services.key_office import GIVEN, LIVES, OWN, KeyOffice

KEY_ROLE_WORDS = {**ROLE_WORDS, "unit_system": "单位系统"}
USUAL = ("read", "offers:write", "claims:write", "claims:decide", "projects:write")  # chosen to begin with


def routes(site: Site) -> APIRouter:
    router = APIRouter(route_class=route_class(site), include_in_schema=False)

    @router.api_route("/keys", methods=["GET", "HEAD"])
    async def keys(request: Request) -> Response:
        return await _shown(site, request, blank(role=OWN[0], days="366", **{f"scope-{n}": "1" for n in USUAL}))

    @router.post("/keys")
    async def make(request: Request) -> Response:
        by, form = someone(request), await form_of(request)
        office_of(request).permit(by)
        try:
            org, area = await _organisation(request, by, form)
            text = office_of(request).make(
                by, role=form["role"], org=org, area=area, label=form["label"],
                scopes=[name for name in SCOPES if form[f"scope-{name}"]],
                days=int(form["days"]) if form["days"].isascii() and form["days"].isdigit() else 0,
            )  # fmt: skip
        except Refused as refused:
            return await _shown(site, request, *again(request, form, refused))
        return site.page(request, "keys/made", key=text, rotated=False)

    @router.post("/keys/{id}/rotation")
    async def rotate(request: Request, id: str) -> Response:
        return site.page(request, "keys/made", key=office_of(request).rotate(someone(request), id), rotated=True)

    @router.post("/keys/{id}/revocation")
    async def revoke(request: Request, id: str) -> Response:
        office_of(request).revoke(someone(request), id)
        return gone_on("/keys", "done")

    return router


async def _shown(site: Site, request: Request, form: Form, status: int = 200) -> Response:
    """All keys that one may see, and the form for a new one."""
    by, say = someone(request), tongue(request)
    keys, at = office_of(request).all(by), engine_of(request).streams.clock.now()
    called = await names(engine_of(request), [key.org for key in keys], None)
    mine = by.role == "unit_manager"
    return site.page(
        request, "keys/keys", status=status, form=form, keys=keys, at=at, called=called, role_words=KEY_ROLE_WORDS,
        roles=[(role, say(KEY_ROLE_WORDS[role])) for role in (OWN if mine else GIVEN)], lives=LIVES, can=_can(by),
        scopes={name: words[0 if say.lang == "zh" else 1] for name, words in SCOPES.items()}, mine=mine,
        orgs=() if mine else (await choices(engine_of(request), by, say))["orgs"],
    )  # fmt: skip


def office_of(request: Request) -> KeyOffice:
    found: KeyOffice = request.app.state.key_office
    return found


async def _organisation(request: Request, by: Principal, form: Form) -> tuple[str, str | None]:
    """(organisation, a coordinator's area) that the key is for; a unit's programs belong to the unit."""
    if by.role == "unit_manager":
        return by.org, None
    role = "unit" if form["role"] == "unit_system" else form["role"]
    post = await post_of(engine_of(request), by, Form({**form.fields, "role": role}))
    return post.org, post.area


def _can(by: Principal) -> set[str]:
    own = Facts(parties=(by.org,))
    return {act for act in ("make", "revoke") if decide(by, f"key.{act}", own) is None}
