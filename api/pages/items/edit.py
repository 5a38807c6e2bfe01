"""Change a need or an offer; who saves upon an old version first sees what changed meanwhile, beside what they typed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from fastapi import APIRouter, Request, Response

from api.auth import person
from api.bodies import NeedPatch, OfferPatch
from api.errors import TABLE
from api.pages import shown
from api.pages.forms import Form, Sentences, answered, asking_by_form, blank, form_of, fresh_key, someone
from api.pages.items import changes, typed
from api.pages.items.choices import choices_of
from api.pages.items.post import SIGNED_OUT, for_whom, signed_out
from api.pages.items.rows import numbered, only_shown_again, rows_of, with_rows_changed
from api.pages.places import category_words, engine_of, group_words, names, rule_book
from api.pages.sentences import people_in, sentence
from api.pages.site import Site, route_class, tongue
from domain.access import COORDINATORS, Principal, allow
from domain.events import Refused
from services import sight
from services.command import Ask, Done
from services.engine import Engine

STALE = TABLE["stale"].status
BELOW = ("need.below_committed", "offer.below_held")
CHANGEABLE = {"need": ("draft", "posted", "open", "covered"), "offer": ("draft", "published", "paused", "exhausted")}

Doc = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Editing:
    """One item on its form. `owner` is whom a coordinator acts for, None for one's own."""

    kind: str
    item: Doc
    owner: str | None


def routes(site: Site) -> APIRouter:
    router = APIRouter(route_class=route_class(site), include_in_schema=False)

    async def form_page(request: Request, kind: str, id: str) -> Response:
        editing = await _editing(engine_of(request), someone(request), kind, id)
        if editing.item["status"] not in CHANGEABLE[kind]:
            raise Refused("item.not_changeable", "这一项现在不能修改。", "It cannot be changed any more.")
        form = blank(**typed.fields(editing.item, kind), _version=str(editing.item["version"]))
        return await _page(site, request, editing, form, keep="fresh")

    async def saved(request: Request, kind: str, id: str) -> Response:
        form = await form_of(request)
        if person(request) is None:
            return await _signed_out(site, request, kind, id, form)
        editing = await _editing(engine_of(request), someone(request), kind, id)
        if only_shown_again(form):
            return await _page(site, request, editing, with_rows_changed(form))
        return await _save(site, request, editing, numbered(form))

    @router.api_route("/needs/{id}/edit", methods=["GET", "HEAD"])
    async def edit_need(request: Request, id: str) -> Response:
        return await form_page(request, "need", id)

    @router.api_route("/offers/{id}/edit", methods=["GET", "HEAD"])
    async def edit_offer(request: Request, id: str) -> Response:
        return await form_page(request, "offer", id)

    @router.post("/needs/{id}/edit")
    async def save_need(request: Request, id: str) -> Response:
        return await saved(request, "need", id)

    @router.post("/offers/{id}/edit")
    async def save_offer(request: Request, id: str) -> Response:
        return await saved(request, "offer", id)

    return router


async def _editing(engine: Engine, me: Principal, kind: str, id: str) -> Editing:
    """Refused: item.not_found, access.forbidden. Whether it can still be changed is the engine's to say."""
    state: Any = await sight.seen(engine.streams, me, id, kind)
    for_another = me.role in COORDINATORS and me.org != state.content.owner
    if not for_another:
        allow(me, f"{kind}.amend", await sight.facts(engine.streams, state))
    item = await engine.trail.item(id)
    assert item is not None
    return Editing(kind=kind, item=item, owner=state.content.owner if for_another else None)


async def _save(site: Site, request: Request, editing: Editing, form: Form) -> Response:
    engine, kind, id = engine_of(request), editing.kind, str(editing.item["id"])
    publishes = form["_act"] == "post" and editing.item["status"] == "draft"

    async def act() -> Done:
        ask = asking_by_form(request, await for_whom(request, form))
        done = await _amended(engine, ask, kind, id, form, editing.item)
        if not publishes:
            return done
        publish = engine.needs.publish if kind == "need" else engine.offers.publish
        return await publish(replace_key(ask, done.version), id)

    async def again(filled: Form, status: int) -> Response:
        now = await _editing(engine, someone(request), kind, id)  # a draft may have been saved, though not published
        if status == STALE:
            return await _stale(site, request, now, filled)
        if filled["_version"] != str(now.item["version"]) and publishes:
            fields = {**filled.fields, "_version": str(now.item["version"])}
            filled = replace(filled, fields=fields, key=fresh_key())
        return await _page(site, request, now, filled, status=status)

    drafted = editing.item["status"] == "draft" and not publishes
    return await answered(
        request, form, act, then=lambda _: "/drafts" if drafted else f"/{kind}s/{id}", again=again,
        said="posted" if publishes else "drafted" if drafted else "amended",
    )  # fmt: skip


async def _amended(engine: Engine, ask: Ask, kind: str, id: str, form: Form, item: Doc) -> Done:
    """Only what was typed otherwise. What the engine refuses for the sake of a line is said beside that line."""
    was = await _version(engine, id, form["_version"]) or item
    parts = changes.changed(form, was, kind)
    try:
        if kind == "need":
            return await engine.needs.amend(ask, id, typed.checked(NeedPatch, parts, kind).asked())
        return await engine.offers.amend(ask, id, typed.checked(OfferPatch, parts, kind).asked())
    except Refused as refused:
        if refused.code not in BELOW:
            raise
        field = _short_line(form, item) or ("windows" if "windows" in parts else "lines")
        raise Refused(refused.code, refused.zh, refused.en, kind=refused.kind, field=field, legal=refused.legal) from None


def replace_key(ask: Ask, version: int) -> Ask:
    """The same person's next command of the same form."""
    return Ask(
        principal=ask.principal, key=f"{ask.key}.publish", fingerprint=ask.fingerprint, if_match=version,
        on_behalf_of=ask.on_behalf_of, basis=ask.basis,
    )  # fmt: skip


def _short_line(form: Form, item: Doc) -> str | None:
    """The row that asks for less than is bound already."""
    for n, row in enumerate(rows_of(form.fields, "lines")):
        for line in item["lines"]:
            same = row.get("kind") == line["kind"] and row.get("unit") in (line["unit"], typed.unit_shown(line["unit"]))
            if same and typed.counted(row) < bound(line):
                return f"lines-{n}-quantity"
    return None


def bound(line: Doc) -> int:
    """How much of a line is promised; the most of any occurrence."""
    every = line.get("by_window") or [line]
    return max(int(w["held"] + w["committed"] + w["delivered"]) for w in every)


async def _version(engine: Engine, id: str, version: str) -> Doc | None:
    """The item as it was when the form was filled in."""
    history = await engine.trail.history(id)
    found = [entry["position"] for entry in history if str(entry["version"]) == version]
    return await engine.trail.item_at(id, found[0]) if found else None


async def _stale(site: Site, request: Request, now: Editing, form: Form) -> Response:
    """What others did meanwhile; the form goes on from there, with everything that was typed."""
    engine, say, id = engine_of(request), tongue(request), str(now.item["id"])
    was = await _version(engine, id, form["_version"]) or now.item
    groups = group_words(await rule_book(engine), say)
    carried, told = changes.carried_on(form, was, now.item, now.kind, say, groups)
    since = [entry for entry in await engine.trail.history(id) if entry["version"] > was["version"]]
    called = await names(engine, [org for entry in since for org in people_in(entry)], None)
    events = [(entry["at"], sentence(entry, lambda org: called.get(org, org), say)) for entry in since]
    fields = {**carried.fields, "_version": str(now.item["version"])}
    again = replace(carried, fields=fields, wrong=Sentences())  # the page itself tells what happened
    return await _page(site, request, now, again, status=STALE, meanwhile=told, events=events)


async def _signed_out(site: Site, request: Request, kind: str, id: str, form: Form) -> Response:
    """What was typed and nothing else: who is not logged in learns nothing about the item."""
    said, form = tongue(request), numbered(form)
    unknown = {"id": id, "number": "", "status": "", "version": form["_version"], "lines": [], "category": "", "area": ""}
    editing = Editing(kind=kind, item=unknown, owner=None)
    return await _page(site, request, editing, signed_out(form, said), status=SIGNED_OUT)


async def _page(
    site: Site, request: Request, editing: Editing, form: Form, *, status: int = 200, **more: Any
) -> Response:
    engine, say, kind, item = engine_of(request), tongue(request), editing.kind, editing.item
    choices = await choices_of(engine, None, kind, say)
    called = await names(engine, [item["area"], item.get("reach"), editing.owner], None)
    fixed = {
        "category": category_words(await rule_book(engine), say).get(item["category"], item["category"]),
        "area": called.get(item["area"], ""), "reach": called.get(item.get("reach") or "", ""),
        "outside": item.get("outside") or "",
    }  # fmt: skip
    lines = [(line["kind"], typed.unit_shown(line["unit"]), shown.amount(line, say, bound(line))) for line in item["lines"]]
    least = {(kind, unit): amount for (kind, unit, amount), line in zip(lines, item["lines"], strict=True) if bound(line)}
    values = {"starts": None, "keep": "", "meanwhile": (), "events": (), **more}
    return site.page(
        request, "items/form", status=status, kind=kind, form=form, choices=choices, item=item, fixed=fixed, least=least,
        owner=editing.owner, owner_name=called.get(editing.owner or "", ""),
        action=f"/{kind}s/{item['id']}/edit", **values,
    )  # fmt: skip
