"""/v1/rounds: everything in an area matched at once; looked at, decided about, published."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.answers import done, tagged
from api.answers_round import ExportOut, RoundOut, RoundRowOut
from api.asking import asking, engine
from api.auth import viewer
from api.bodies import ActIn
from api.bodies_round import DecisionIn, RoundIn
from api.errors import as_json
from api.v1.routes import At, ItemId, act, command, histories, lists, reading, stored, stream_of
from domain.access import missing
from services import round_view, sight
from services.asof import parse_at
from services.command import Ask, Done

router = APIRouter(prefix="/v1/rounds", tags=["rounds 统一匹配"])


@command(router, "POST", "", creates=True)
async def open_round(request: Request, body: RoundIn) -> Response:
    """开始一轮 / Opens a round on the ledger as it stands and computes it; read it by its id. Nobody is asked yet."""
    return done(await engine(request).rounds.open(await asking(request), body.asked()), 201)


@command(router, "POST", "/{id}/pins")
async def pin_pair(request: Request, id: ItemId, body: DecisionIn) -> Response:
    """指定一对 / The pair must come about; the round is computed again with the same lots."""
    ask, rounds = await asking(request), engine(request).rounds
    return done(await rounds.pin(ask, id, need=body.need, offer=body.offer, reason=body.reason))


@command(router, "POST", "/{id}/prohibitions")
async def prohibit_pair(request: Request, id: ItemId, body: DecisionIn) -> Response:
    """排除一对 / The pair must not come about; the round is computed again with the same lots."""
    ask, rounds = await asking(request), engine(request).rounds
    return done(await rounds.prohibit(ask, id, need=body.need, offer=body.offer, reason=body.reason))


@command(router, "POST", "/{id}/wave", created=True)
async def open_wave(request: Request, id: ItemId, body: ActIn | None = None) -> Response:
    """下一轮补配 / The same matter once more after answers; the answer is the new round."""
    return done(await engine(request).rounds.wave(await asking(request), id), 201)


@reading(router, "/{id}", RoundOut, "get_rounds", 404)
async def get_round(request: Request, id: ItemId, at: At = None) -> Response:
    """一轮：配对、未配上的及原因、公平、证明 / One round: its pairs, who is left over and why, fairness, proof."""
    house, who = engine(request), viewer(request)
    await stored(request)
    state = await sight.seen(house.streams, who, stream_of("rounds", id), "round")
    position = await parse_at(at, house.log)
    item = await house.trail.folded(id, position)
    if item is None:
        raise missing()
    doc = round_view.view(item)
    if position is None:
        doc["acts"] = list(await sight.acts(house.streams, who, state, house.streams.clock.now()))
    return tagged(request, as_json(doc), f'"{doc["version"]}"')


@reading(router, "/{id}/export", ExportOut, "export_round", 404, 409)
async def export_round(request: Request, id: ItemId) -> Response:
    """导出核验文件 / All that the result depends on, to be checked elsewhere: facts with proofs, inputs, policy."""
    house = engine(request)
    await sight.seen(house.streams, viewer(request), id, "round")
    return Response(as_json(await house.replay.exported(id)), media_type="application/json")


async def _publish(request: Request, ask: Ask, id: str, body: ActIn) -> Done:
    return await engine(request).rounds.publish(ask, id)


async def _discard(request: Request, ask: Ask, id: str, body: ActIn) -> Done:
    return await engine(request).rounds.discard(ask, id, reason=body.why())


async def _compute(request: Request, ask: Ask, id: str, body: ActIn) -> Done:
    return await engine(request).rounds.compute(ask, id)


act(router, "/{id}/publication", _publish, "公布 / Both sides of each pair are asked, by a claim each.")
act(router, "/{id}/discard", _discard, "放弃 / Nothing comes of it; it stays on record.")
act(router, "/{id}/computation", _compute, "重新计算 / Once more; recorded only if it differs.")
lists(router, "rounds", RoundRowOut)
histories(router, "rounds")
