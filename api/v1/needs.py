"""/v1/needs: what is lacking."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.answers import done
from api.asking import asking, engine
from api.bodies import ActIn, MergeIn, NeedIn, NeedPatch
from api.v1 import suggestions
from api.v1.routes import ItemId, act, command, reads
from services.command import Ask, Done

router = APIRouter(prefix="/v1/needs", tags=["needs 需求"])


@command(router, "POST", "", creates=True)
async def post_need(request: Request, body: NeedIn) -> Response:
    """发布需求 / Posts a need at once; `draft: true` keeps a draft."""
    return done(await engine(request).needs.post(await asking(request), body.asked(), as_draft=body.draft), 201)


@command(router, "PATCH", "/{id}")
async def amend_need(request: Request, id: ItemId, body: NeedPatch) -> Response:
    """修改需求 / Changes what the body names; never below what is committed."""
    return done(await engine(request).needs.amend(await asking(request), id, body.asked()))


@command(router, "POST", "/{id}/merge")
async def merge_need(request: Request, id: ItemId, body: MergeIn) -> Response:
    """并入另一需求 / Links a double to the need that it repeats."""
    return done(await engine(request).needs.merge(await asking(request), id, into=body.into, reason=body.why()))


async def _publish(request: Request, ask: Ask, id: str, body: ActIn) -> Done:
    return await engine(request).needs.publish(ask, id)


async def _endorse(request: Request, ask: Ask, id: str, body: ActIn) -> Done:
    return await engine(request).needs.endorse(ask, id)


async def _reject(request: Request, ask: Ask, id: str, body: ActIn) -> Done:
    return await engine(request).needs.reject(ask, id, reason=body.why())


async def _withdraw(request: Request, ask: Ask, id: str, body: ActIn) -> Done:
    return await engine(request).needs.withdraw(ask, id, reason=body.why())


async def _reopen(request: Request, ask: Ask, id: str, body: ActIn) -> Done:
    return await engine(request).needs.reopen(ask, id, reason=body.why())


act(router, "/{id}/publication", _publish, "发布草稿 / Posts a draft.")
act(router, "/{id}/endorsement", _endorse, "审核通过 / Lets a posted need open.")
act(router, "/{id}/rejection", _reject, "审核退回 / Sends a posted need back.")
act(router, "/{id}/withdrawal", _withdraw, "撤回 / Takes it off the board while nothing is committed.")
act(router, "/{id}/reopening", _reopen, "重新开放 / Puts it back on the board with its whole past.")
reads(router, "needs")
suggestions.add(router, "need")
