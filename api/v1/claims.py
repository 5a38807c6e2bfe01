"""/v1/claims: the handshake, from either side."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.answers import done
from api.asking import asking, engine
from api.bodies import ActIn, ClaimIn, InviteIn, LeadIn
from api.fields import lines_of
from api.v1.routes import ItemId, act, command, reads
from services.command import Ask, Done

router = APIRouter(prefix="/v1/claims", tags=["claims 认领"])


@command(router, "POST", "", creates=True)
async def propose_claim(request: Request, body: ClaimIn) -> Response:
    """提出认领 / A unit claims a need, a committee an offer, a coordinator brings both together."""
    return done(await engine(request).claims.propose(await asking(request), body.asked()), 201)


@command(router, "POST", "/{id}/lead")
async def change_lead(request: Request, id: ItemId, body: LeadIn) -> Response:
    """移交牵头 / Another joined member speaks for all."""
    return done(await engine(request).joint.change_lead(await asking(request), id, org=body.org))


@command(router, "POST", "/{id}/members", created=True)
async def invite_member(request: Request, id: ItemId, body: InviteIn) -> Response:
    """邀请成员 / The lead asks one more unit, while the claim is still proposed."""
    ask, lines = await asking(request), lines_of(body.lines)
    return done(await engine(request).joint.invite(ask, id, org=body.org, lines=lines), 201)


@command(router, "POST", "/{id}/members/{org}/acceptance")
async def join_claim(request: Request, id: ItemId, org: ItemId, body: ActIn | None = None) -> Response:
    """成员确认 / A member confirms its part."""
    return done(await engine(request).joint.join(await asking(request), id, org=org))


@command(router, "POST", "/{id}/members/{org}/refusal")
async def refuse_to_join(request: Request, id: ItemId, org: ItemId, body: ActIn | None = None) -> Response:
    """成员谢绝 / A member says no; the others go on."""
    why = body.why() if body else None
    return done(await engine(request).joint.refuse(await asking(request), id, org=org, reason=why))


@command(router, "POST", "/{id}/members/{org}/withdrawal")
async def leave_claim(request: Request, id: ItemId, org: ItemId, body: ActIn | None = None) -> Response:
    """成员退出 / A member steps out; its part is open again."""
    why = body.why() if body else None
    return done(await engine(request).joint.leave(await asking(request), id, org=org, reason=why))


async def _accept(request: Request, ask: Ask, id: str, body: ActIn) -> Done:
    lines, window = body.own_lines(), body.own_window()
    return await engine(request).claims.accept(ask, id, note=body.remark(), lines=lines, window=window)


async def _refuse(request: Request, ask: Ask, id: str, body: ActIn) -> Done:
    return await engine(request).claims.refuse(ask, id, reason=body.why())


async def _counter(request: Request, ask: Ask, id: str, body: ActIn) -> Done:
    lines, window = body.own_lines(), body.own_window()
    return await engine(request).claims.counter(ask, id, lines=lines, window=window, note=body.remark())


async def _withdraw(request: Request, ask: Ask, id: str, body: ActIn) -> Done:
    return await engine(request).claims.withdraw(ask, id, reason=body.why())


async def _release(request: Request, ask: Ask, id: str, body: ActIn) -> Done:
    return await engine(request).claims.release(ask, id, reason=body.why())


async def _reinstate(request: Request, ask: Ask, id: str, body: ActIn) -> Done:
    return await engine(request).claims.reinstate(ask, id, reason=body.why())


act(router, "/{id}/acceptance", _accept, "接受 / Yes; with other lines or another window it is a counter.")
act(router, "/{id}/refusal", _refuse, "谢绝 / No; the hold on the offer comes back.")
act(router, "/{id}/counter", _counter, "还价 / Other lines or another window; now the other side answers.")
act(router, "/{id}/withdrawal", _withdraw, "撤回 / The proposer takes it back before it binds.")
act(router, "/{id}/release", _release, "解除 / Out of an accepted claim before delivery.")
act(router, "/{id}/reinstatement", _reinstate, "恢复 / Undoes a release that both sides say was a mistake.")
reads(router, "claims")
