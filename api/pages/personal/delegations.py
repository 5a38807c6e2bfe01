"""What was done in our name: by whom, on what basis, and a form to object within three working days."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import APIRouter, Request, Response

from api.pages.forms import Form, answered, asking_by_form, blank, form_of, fresh_key, someone
from api.pages.personal.stores import personal_of
from api.pages.places import Doc, engine_of, names
from api.pages.sentences import people_in, sentence
from api.pages.site import Site, tongue
from api.pages.words import bases
from domain.access import COORDINATORS, Principal
from domain.delegation import GROUNDS
from services.command import kind_of
from services.delegation import Act
from services.engine import Engine

MOST = 100  # acts on a page, the newest


@dataclass(frozen=True, slots=True)
class Told:
    """An act as the page tells it."""

    act: Act
    sentence: str
    title: str
    href: str
    org: str
    actor: str
    basis: str
    ground: str
    open: bool


def add(router: APIRouter, site: Site) -> None:
    async def page(request: Request, form: Form, status: int = 200) -> Response:
        who, say, engine = someone(request), tongue(request), engine_of(request)
        word = 0 if say.lang == "zh" else 1
        shown = await _shown(request, who)
        rows = await told(engine, shown[:MOST], request)
        return site.page(
            request, "personal/delegations", status=status, rows=rows, more=len(shown) > MOST, form=form,
            grounds=[(code, words[word]) for code, words in GROUNDS.items()], ours=_ours(who),
        )  # fmt: skip

    @router.api_route("/delegations", methods=["GET", "HEAD"])
    async def delegations(request: Request) -> Response:
        return await page(request, blank())

    @router.post("/delegations/{position}/objection")
    async def objection(request: Request, position: int) -> Response:
        form = await form_of(request)
        ask = asking_by_form(request, form)

        async def again(typed: Form, status: int) -> Response:
            return await page(request, Form({**typed.fields, "at": str(position)}, typed.wrong, fresh_key()), status)

        return await answered(
            request, form, lambda: personal_of(request).delegations.object(ask, position, form["ground"]),
            then=lambda done: "/delegations", again=again, said="objected",
        )  # fmt: skip


async def told(engine: Engine, acts: Sequence[Act], request: Request) -> list[Told]:
    """With the sentences, names and titles as they are now."""
    say = tongue(request)
    word, now = 0 if say.lang == "zh" else 1, engine.streams.clock.now()
    entries = {act.position: await _entry(engine, act) for act in acts}
    orgs = [org for act in acts for org in (act.org, *people_in(entries[act.position]))]
    called = await names(engine, orgs, None)
    docs = {act.item: await engine.trail.item(act.item) for act in acts}
    return [
        Told(
            act=act, sentence=sentence(entries[act.position], lambda org: called.get(org, org), say),
            title=(docs[act.item] or {}).get("title") or "", href=f"/{kind_of(act.item)}s/{act.item}",
            org=called[act.org], actor=_account(request, act.actor), basis=bases(say).get(act.basis, act.basis),
            ground=GROUNDS.get(act.objection.ground, (act.objection.ground,) * 2)[word] if act.objection else "",
            open=act.open(now),
        )
        for act in acts
    ]  # fmt: skip


async def _shown(request: Request, who: Principal) -> list[Act]:
    """In our name; for a coordinator what it did itself; for the auditor what was objected to."""
    delegations = personal_of(request).delegations
    if who.role == "auditor":
        return await delegations.objected()
    return await (delegations.by(who.id) if who.role in COORDINATORS else delegations.of(who.org))


def _ours(who: Principal) -> str:
    """Whose acts the page shows: "us", "mine" or "objected"."""
    return "objected" if who.role == "auditor" else "mine" if who.role in COORDINATORS else "us"


async def _entry(engine: Engine, act: Act) -> Doc:
    """The event that tells best what was done."""
    history = await engine.trail.history(act.item)
    same = [entry for entry in history if entry["position"] >= act.position and entry["type"] == act.type]
    return same[0] if same else {"type": act.type, "data": {}}


def _account(request: Request, actor: str) -> str:
    """Who it was, by name; a key by its id."""
    accounts = getattr(request.app.state, "accounts", None)
    account = accounts.store.account(actor) if accounts else None
    return account.name if account else actor
