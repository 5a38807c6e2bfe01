"""An organisation's webhooks on a page: how the last call ended, test, new secret, replay, and a form for another one."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import APIRouter, Request, Response

from api.errors import TABLE
from api.pages.forms import Form, asking_by_form, blank, form_of, gone_on, someone, wrong_fields
from api.pages.site import Site, route_class, tongue
from api.posted import post_of
from domain.events import Refused
from services.command import Ask
from services.webhooks import Webhooks, shown

MOST_DIGITS = 15
CHOICES = (
    ("", "全部事件"), ("claim.", "认领"), ("project.", "项目"), ("need.", "需求"), ("offer.", "资源"),
)  # fmt: skip
Act = Callable[[Webhooks, Ask, Form], Awaitable[bytes]]


def routes(site: Site) -> APIRouter:
    router = APIRouter(route_class=route_class(site), include_in_schema=False)
    hooks = HookPage(site)

    @router.api_route("/notices/webhooks", methods=["GET", "HEAD"])
    async def webhooks(request: Request) -> Response:
        return await hooks.page(request, blank())

    @router.post("/notices/webhooks")
    async def register(request: Request) -> Response:
        return await hooks.did(request, lambda of, ask, form: of.register(ask, form["url"].strip(), _types(form)), _secret)

    @router.post("/notices/webhooks/{id}/rotation")
    async def rotate(request: Request, id: str) -> Response:
        return await hooks.did(request, lambda of, ask, form: of.rotate(ask, id), _secret)

    @router.post("/notices/webhooks/{id}/test")
    async def test(request: Request, id: str) -> Response:
        return await hooks.did(request, lambda of, ask, form: of.test(ask, id), _answered)

    @router.post("/notices/webhooks/{id}/replay")
    async def replay(request: Request, id: str) -> Response:
        return await hooks.did(request, lambda of, ask, form: of.replay(ask, id, _position(form)))

    @router.post("/notices/webhooks/{id}/removal")
    async def remove(request: Request, id: str) -> Response:
        return await hooks.did(request, lambda of, ask, form: of.drop(ask, id))

    return router


class HookPage:
    """The page, as it is and after an act."""

    def __init__(self, site: Site) -> None:
        self._site = site

    async def page(self, request: Request, form: Form, status: int = 200, **more: Any) -> Response:
        found = await post_of(request).webhooks.of(someone(request))
        say = tongue(request)
        values = {
            "hooks": [shown(each) for each in found], "form": form, "secret": "", "answered": None, "about": "",
            "choices": [(value, say(zh)) for value, zh in CHOICES],
        }  # fmt: skip
        return self._site.page(request, "notices/webhooks", status=status, **{**values, **more})

    async def did(
        self, request: Request, act: Act, then: Callable[[dict[str, Any]], dict[str, Any]] | None = None
    ) -> Response:
        """Secrets and test results are shown on the very answer; everything else goes on to the page."""
        form = await form_of(request)
        try:
            answer: dict[str, Any] = json.loads(await act(post_of(request).webhooks, asking_by_form(request, form), form))
        except Refused as refused:
            if refused.kind in ("missing", "forbidden", "malformed"):
                raise
            wrong = wrong_fields(refused, zh=tongue(request).lang == "zh")
            return await self.page(request, Form(form.fields, wrong, blank().key), TABLE[refused.kind].status)
        return await self.page(request, blank(), **then(answer)) if then else gone_on("/notices/webhooks", "done")


def _types(form: Form) -> list[str]:
    return [form["types"]] if form["types"] else []


def _secret(answer: dict[str, Any]) -> dict[str, Any]:
    return {"secret": answer["secret"], "about": answer["id"]}


def _answered(answer: dict[str, Any]) -> dict[str, Any]:
    return {"answered": answer, "about": answer["id"]}


def _position(form: Form) -> int:
    """Refused by the use case when it is no position."""
    typed = form["after"].strip().replace(",", "")
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) <= MOST_DIGITS else -1
