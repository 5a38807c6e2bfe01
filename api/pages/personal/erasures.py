"""Asking for erasure, approving and doing it, and the certificate that is left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import APIRouter, Request, Response

from api.pages.forms import Form, blank, form_of, gone_on, someone, wrong_fields
from api.pages.personal.contacts import MOST_ID
from api.pages.personal.stores import personal_of
from api.pages.places import engine_of, names
from api.pages.site import Site, tongue
from domain.access import Principal
from domain.erasure import KINDS, REASONS, Erasure
from domain.events import Refused
from services.erasure import Erasures

STATUSES = {  # status -> (word, tone)
    "asked": ("待批准", "open"), "approved": ("待执行", "bound"), "declined": ("未批准", "off"),
    "executed": ("已删除，列表更新中", "bound"), "cleared": ("已删除", "done"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Told:
    erasure: Erasure
    what: str
    item: str  # its number
    org: str
    reason: str
    status: str
    tone: str
    acts: tuple[str, ...]


def add(router: APIRouter, site: Site) -> None:
    @router.api_route("/erasures", methods=["GET", "HEAD"])
    async def erasures(request: Request) -> Response:
        found = personal_of(request).erasures.seen(someone(request))
        return site.page(request, "personal/erasures", rows=await _told(request, found))

    @router.api_route("/erasures/new", methods=["GET", "HEAD"])
    async def new(request: Request, about: str = "", org: str = "", kind: str = "text") -> Response:
        return await _form(request, site, blank(about=about[:MOST_ID], org=org[:MOST_ID], kind=kind[:20]))

    @router.post("/erasures")
    async def ask(request: Request) -> Response:
        who, form = someone(request), await form_of(request)
        try:
            asked = await personal_of(request).erasures.request(
                who, kind=form["kind"], about=form["about"], org=form["org"] or who.org, reason=form["reason"]
            )
        except Refused as refused:
            if refused.kind != "invalid":
                raise
            wrong = wrong_fields(refused, zh=tongue(request).lang == "zh")
            return await _form(request, site, Form(form.fields, wrong, form.key), 422)
        return gone_on(f"/erasures/{asked.id}", "asked")

    @router.api_route("/erasures/{id}", methods=["GET", "HEAD"])
    async def certificate(request: Request, id: str) -> Response:
        found = personal_of(request).erasures.one(someone(request), id[:MOST_ID])
        (row,) = await _told(request, [found])
        return site.page(request, "personal/erasure", row=row, e=found)

    @router.post("/erasures/{id}/{act}")
    async def act(request: Request, id: str, act: str) -> Response:
        """approval, refusal or execution."""
        await _act(personal_of(request).erasures, someone(request), id, act)
        return gone_on(f"/erasures/{id}", "done")


async def _form(request: Request, site: Site, form: Form, status: int = 200) -> Response:
    someone(request)
    called = await names(engine_of(request), [form["about"], form["org"]], None)
    word = 0 if tongue(request).lang == "zh" else 1
    return site.page(
        request, "personal/erasure_form", status=status, form=form, number=await _number(request, form["about"]),
        org_name=called.get(form["org"], ""), kinds=[(kind, words[word]) for kind, words in KINDS.items()],
        reasons=[(reason, words[word]) for reason, words in REASONS.items()],
    )  # fmt: skip


async def _act(erasures: Erasures, who: Principal, id: str, act: str) -> Erasure:
    match act:
        case "approval":
            return await erasures.approve(who, id)
        case "refusal":
            return await erasures.decline(who, id)
        case "execution":
            return await erasures.execute(who, id)
    raise Refused("path.unknown", "没有这个地址。", "There is no such address.", kind="missing")


async def _told(request: Request, found: Sequence[Erasure]) -> list[Told]:
    who, say, erasures = someone(request), tongue(request), personal_of(request).erasures
    called = await names(engine_of(request), [each.org for each in found], None)
    word = 0 if say.lang == "zh" else 1
    return [
        Told(
            erasure=each, what=KINDS[each.kind][word], item=await _number(request, each.about), org=called[each.org],
            reason=REASONS[each.reason][word], status=say(STATUSES[each.status][0]), tone=STATUSES[each.status][1],
            acts=erasures.may(who, each),
        )
        for each in found
    ]  # fmt: skip


async def _number(request: Request, item: str) -> str:
    """The number of an item, which says nothing of its words."""
    held = await engine_of(request).streams.committed(item) if item else None
    return str(getattr(held.state, "number", "")) if held else ""
