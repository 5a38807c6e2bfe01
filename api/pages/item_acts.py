"""The acts of needs and offers by form: what their buttons say, and what each of them asks the engine for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from fastapi import APIRouter, Request, Response

from api.bodies import ActIn, MergeIn
from api.pages.acts import Act
from api.pages.forms import Form, answered, asking_by_form, form_of
from api.pages.places import engine_of
from services.command import Ask, Done
from services.engine import Engine

Again = Callable[[Request, str, str, str, Form, int], Awaitable[Response]]
Do = Callable[[Engine, Ask, str, Form], Awaitable[Done]]

NEED: Mapping[str, Act] = {
    "claim": Act(word="认领", page="claim", first=True, when="待认领和已认满的需求可以认领或候补。"),
    "publication": Act(word="发布草稿", asks=False, first=True, when="只有草稿可以发布。"),
    "endorsement": Act(word="审核通过", asks=False, first=True, when="只有待审核的需求可以审核。"),
    "rejection": Act(word="退回", when="只有待审核的需求可以审核。"),
    "amendment": Act(word="修改", page="edit", when="草稿、待审核、待认领和已认满的需求可以修改。"),
    "merge": Act(word="并入另一条需求", when="只有待认领、还没有人认领的需求可以并入别处。"),
    "withdrawal": Act(word="撤回", when="只有草稿、待审核和待认领的需求可以撤回。"),
    "reopening": Act(word="重新开放", when="已撤回、已失效和已办结的需求可以重新开放。"),
}
OFFER: Mapping[str, Act] = {
    "claim": Act(word="认领", page="claim", first=True, when="可认领的资源才可以认领。"),
    "publication": Act(word="发布草稿", asks=False, first=True, when="只有草稿可以发布。"),
    "amendment": Act(word="修改", page="edit", when="草稿、可认领、已约满和已暂停的资源可以修改。"),
    "pause": Act(word="暂停认领", when="只有可认领或已约满的资源可以暂停。"),
    "resumption": Act(word="恢复认领", asks=False, first=True, when="只有已暂停的资源可以恢复。"),
    "retirement": Act(word="下架", when="已下架和已过期的资源不必再下架。"),
}
ACTS = {"need": NEED, "offer": OFFER}


async def _reject(engine: Engine, ask: Ask, id: str, form: Form) -> Done:
    return await engine.needs.reject(ask, id, reason=form.read(ActIn).why())


async def _withdraw(engine: Engine, ask: Ask, id: str, form: Form) -> Done:
    return await engine.needs.withdraw(ask, id, reason=form.read(ActIn).why())


async def _reopen(engine: Engine, ask: Ask, id: str, form: Form) -> Done:
    return await engine.needs.reopen(ask, id, reason=form.read(ActIn).why())


async def _merge(engine: Engine, ask: Ask, id: str, form: Form) -> Done:
    body = form.read(MergeIn)
    return await engine.needs.merge(ask, id, into=body.into, reason=body.why())


async def _pause(engine: Engine, ask: Ask, id: str, form: Form) -> Done:
    return await engine.offers.pause(ask, id, reason=form.read(ActIn).why())


async def _retire(engine: Engine, ask: Ask, id: str, form: Form) -> Done:
    return await engine.offers.retire(ask, id, reason=form.read(ActIn).why())


DO: Mapping[str, Mapping[str, tuple[Do, str]]] = {  # kind -> act -> what it does, what the page says then
    "need": {
        "publication": (lambda engine, ask, id, form: engine.needs.publish(ask, id), "posted"),
        "endorsement": (lambda engine, ask, id, form: engine.needs.endorse(ask, id), "done"),
        "rejection": (_reject, "done"), "merge": (_merge, "done"), "withdrawal": (_withdraw, "withdrawn"),
        "reopening": (_reopen, "done"),
    },
    "offer": {
        "publication": (lambda engine, ask, id, form: engine.offers.publish(ask, id), "posted"),
        "pause": (_pause, "done"), "retirement": (_retire, "done"),
        "resumption": (lambda engine, ask, id, form: engine.offers.resume(ask, id), "done"),
    },
}  # fmt: skip


def add_acts(router: APIRouter, kind: str, acts: Mapping[str, tuple[Do, str]], again: Again) -> None:
    """POST /needs/{id}/withdrawal and so on; a refused one shows the page `again`: (request, kind, id, act, form, status)."""
    for name, (do, said) in acts.items():
        router.add_api_route(f"/{kind}s/{{id}}/{name}", _route(kind, name, do, said, again), methods=["POST"])


def _route(kind: str, name: str, do: Do, said: str, again: Again) -> Callable[[Request, str], Awaitable[Response]]:
    async def route(request: Request, id: str) -> Response:
        form, engine = await form_of(request), engine_of(request)
        return await answered(
            request, form, lambda: do(engine, asking_by_form(request, form), id, form),
            then=lambda done: f"/{kind}s/{id}", again=lambda typed, status: again(request, kind, id, name, typed, status),
            said=said,
        )  # fmt: skip

    return route
