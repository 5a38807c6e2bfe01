"""Post a need, publish an offer: a form that can be begun like another item, sent, kept as a draft, and sent once only."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from fastapi import APIRouter, Request, Response

from api.auth import person
from api.bodies import NeedIn, OfferIn
from api.pages.forms import Form, NotRead, Sentences, answered, asking_by_form, form_of, fresh_key, someone
from api.pages.items import typed
from api.pages.items.choices import Choices, acted_for, choices_of, must_take_part
from api.pages.items.rows import numbered, only_shown_again, with_rows_changed
from api.pages.items.starts import begun, starts
from api.pages.places import engine_of
from api.pages.site import Site, route_class, tongue
from api.pages.words import Tongue
from services.command import Done

SIGNED_OUT = 401
PATHS = {"need": "/needs/new", "offer": "/offers/new"}


def routes(site: Site) -> APIRouter:
    router = APIRouter(route_class=route_class(site), include_in_schema=False)

    @router.api_route("/needs/new", methods=["GET", "HEAD"])
    async def new_need(request: Request, like: str = "", template: str = "") -> Response:
        return await _begin(site, request, "need", like, template)

    @router.api_route("/offers/new", methods=["GET", "HEAD"])
    async def new_offer(request: Request, like: str = "", template: str = "") -> Response:
        return await _begin(site, request, "offer", like, template)

    @router.post("/needs/new")
    async def post_need(request: Request) -> Response:
        return await _sent(site, request, "need")

    @router.post("/offers/new")
    async def post_offer(request: Request) -> Response:
        return await _sent(site, request, "offer")

    return router


async def _begin(site: Site, request: Request, kind: str, like: str, template: str) -> Response:
    me, engine, say = must_take_part(someone(request)), engine_of(request), tongue(request)
    choices = await choices_of(engine, me, kind, say)
    form = await begun(engine, me, kind, choices, like=like, template=template, say=say)
    keep = "offered" if like or template else "fresh"
    return _page(site, request, kind, form, choices, starts=await starts(engine, me, kind, say), keep=keep)


async def _sent(site: Site, request: Request, kind: str) -> Response:
    form, me = await form_of(request), person(request)

    async def again(filled: Form, status: int) -> Response:
        choices = await choices_of(engine_of(request), me, kind, tongue(request), filled["area"])
        return _page(site, request, kind, filled, choices, status=status)

    if only_shown_again(form):
        return await again(with_rows_changed(form), 200)
    if me is None:
        return await again(signed_out(form, tongue(request)), SIGNED_OUT)
    must_take_part(me)
    return await _post(request, kind, numbered(form), again)


def signed_out(form: Form, say: Tongue) -> Form:
    """The session has ended while the form was filled in: nothing of it is lost."""
    told = say("您已退出登录，填写的内容都还在。请在新窗口登录，再回到这里提交。")
    return Form(form.fields, Sentences({"": told}), form.key or fresh_key())


async def for_whom(request: Request, form: Form) -> Form:
    """The form with the id of the organisation that was named. Raises NotRead."""
    if not form["_for"].strip():
        return form
    org = await acted_for(engine_of(request), someone(request), form["_for"])
    if org is None:
        raise NotRead([{"type": "organisation", "loc": ("_for",)}])
    return replace(form, fields={**form.fields, "_for": org})


async def _post(
    request: Request, kind: str, form: Form, again: Callable[[Form, int], Awaitable[Response]]
) -> Response:
    engine, as_draft = engine_of(request), form["_act"] == "draft"

    async def act() -> Done:
        ask = asking_by_form(request, await for_whom(request, form))
        if kind == "need":
            need = typed.body(form, kind, NeedIn)
            return await engine.needs.post(ask, need.asked(), as_draft=as_draft)
        offer = typed.body(form, kind, OfferIn)
        return await engine.offers.post(ask, offer.asked(), as_draft=as_draft)

    return await answered(
        request, form, act, then=lambda done: "/drafts" if as_draft else f"/{kind}s/{done.id}", again=again,
        said="drafted" if as_draft else "posted",
    )  # fmt: skip


def _page(
    site: Site, request: Request, kind: str, form: Form, choices: Choices, *, status: int = 200, **more: Any
) -> Response:
    values = {"starts": None, "keep": "", "item": None, "owner": None, "meanwhile": (), "events": (), "least": {}, **more}
    return site.page(
        request, "items/form", status=status, kind=kind, form=form, choices=choices, action=PATHS[kind], **values
    )
