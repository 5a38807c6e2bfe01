"""/v1/offers: what somebody has to give."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.answers import done
from api.asking import asking, engine
from api.bodies import ActIn, OfferIn, OfferPatch
from api.v1 import suggestions
from api.v1.routes import ItemId, act, command, reads
from services.command import Ask, Done

router = APIRouter(prefix="/v1/offers", tags=["offers 资源"])


@command(router, "POST", "", creates=True)
async def post_offer(request: Request, body: OfferIn) -> Response:
    """发布资源 / Publishes an offer at once; `draft: true` keeps a draft."""
    return done(await engine(request).offers.post(await asking(request), body.asked(), as_draft=body.draft), 201)


@command(router, "PATCH", "/{id}")
async def amend_offer(request: Request, id: ItemId, body: OfferPatch) -> Response:
    """修改资源 / Changes what the body names; never below what is held or committed."""
    return done(await engine(request).offers.amend(await asking(request), id, body.asked()))


async def _publish(request: Request, ask: Ask, id: str, body: ActIn) -> Done:
    return await engine(request).offers.publish(ask, id)


async def _pause(request: Request, ask: Ask, id: str, body: ActIn) -> Done:
    return await engine(request).offers.pause(ask, id, reason=body.why())


async def _resume(request: Request, ask: Ask, id: str, body: ActIn) -> Done:
    return await engine(request).offers.resume(ask, id)


async def _retire(request: Request, ask: Ask, id: str, body: ActIn) -> Done:
    return await engine(request).offers.retire(ask, id, reason=body.why())


act(router, "/{id}/publication", _publish, "发布草稿 / Publishes a draft.")
act(router, "/{id}/pause", _pause, "暂停 / Takes no new claims for a while.")
act(router, "/{id}/resumption", _resume, "恢复 / Takes claims again.")
act(router, "/{id}/retirement", _retire, "下架 / Takes no new claims; accepted ones stay binding.")
reads(router, "offers")
suggestions.add(router, "offer")
