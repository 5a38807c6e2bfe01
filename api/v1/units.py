"""/v1/units: the register of stationed units."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.answers import done
from api.asking import asking, engine
from api.bodies import ActIn
from api.bodies_register import UnitAreaIn, UnitIn, UnitLimitIn
from api.v1.routes import ItemId, act, command, reads
from services.command import Ask, Done

router = APIRouter(prefix="/v1/units", tags=["units 驻区单位"])


@command(router, "POST", "", creates=True)
async def register_unit(request: Request, body: UnitIn) -> Response:
    """登记单位 / By a coordinator above its home."""
    return done(await engine(request).register.register_unit(await asking(request), body.asked()), 201)


@command(router, "POST", "/{id}/areas")
async def admit_unit(request: Request, id: ItemId, body: UnitAreaIn) -> Response:
    """加入区域 / The unit also belongs to another area or cluster."""
    return done(await engine(request).register.admit_unit(await asking(request), id, area=body.area))


@command(router, "PUT", "/{id}/limit")
async def limit_unit(request: Request, id: ItemId, body: UnitLimitIn) -> Response:
    """同时承接的上限 / How many engagements it wants to have at once, 1 to 999; 0: no limit of its own."""
    return done(await engine(request).register.limit_unit(await asking(request), id, engagements=body.engagements))


async def _suspend(request: Request, ask: Ask, id: str, body: ActIn) -> Done:
    return await engine(request).register.suspend_unit(ask, id)


async def _resume(request: Request, ask: Ask, id: str, body: ActIn) -> Done:
    return await engine(request).register.resume_unit(ask, id)


act(router, "/{id}/suspension", _suspend, "暂停参与 / It may not take part for now.")
act(router, "/{id}/resumption", _resume, "恢复参与 / It may take part again.")
reads(router, "units")
