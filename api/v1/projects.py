"""/v1/projects: what an accepted claim becomes, from the first milestone to the closing; and the residents' word."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.answers import DoneOut, LinksOut, done
from api.asking import asking, engine
from api.bodies import (
    ActIn,
    ConfirmIn,
    EvaluationIn,
    FundsIn,
    LinksIn,
    MarkIn,
    MilestoneIn,
    ResidentEvaluation,
    SettleIn,
)
from api.errors import refusals
from api.evaluation import address_of
from api.v1.routes import ItemId, act, command, reads
from services import sight
from services.command import Ask, Done
from services.shapes import instant

router = APIRouter(prefix="/v1", tags=["projects 项目"])
projects = APIRouter(prefix="/v1/projects", tags=router.tags)


@command(projects, "POST", "/{id}/milestones", created=True)
async def plan_milestone(request: Request, id: ItemId, body: MilestoneIn) -> Response:
    """计划里程碑 / Plans a milestone; they are numbered 1, 2, …"""
    answer = await engine(request).projects.plan(await asking(request), id, what=body.title, due=body.due)
    return done(answer, 201)


@command(projects, "POST", "/{id}/milestones/{n}/met")
async def meet_milestone(request: Request, id: ItemId, n: int, body: ActIn | None = None) -> Response:
    """里程碑完成 / A milestone is met."""
    note = body.remark() if body else None
    return done(await engine(request).projects.mark(await asking(request), id, milestone=n, met=True, note=note))


@command(projects, "POST", "/{id}/milestones/{n}/slip")
async def slip_milestone(request: Request, id: ItemId, n: int, body: MarkIn | None = None) -> Response:
    """里程碑延期 / A milestone slips to another day."""
    ask, said = await asking(request), body or MarkIn()
    due, note = said.due, said.remark()
    return done(await engine(request).projects.mark(ask, id, milestone=n, met=False, due=due, note=note))


@command(projects, "POST", "/{id}/confirmation")
async def confirm_delivery(request: Request, id: ItemId, body: ConfirmIn | None = None) -> Response:
    """确认交付 / The receiver: it has arrived; `lines` only if less did."""
    ask, said = await asking(request), body or ConfirmIn()
    lines, people, note = said.own_lines(), said.beneficiaries, said.remark()
    return done(await engine(request).projects.confirm(ask, id, lines=lines, beneficiaries=people, note=note))


@command(projects, "POST", "/{id}/settlement")
async def settle_dispute(request: Request, id: ItemId, body: SettleIn | None = None) -> Response:
    """裁定争议 / By a coordinator, or the side that did not raise it."""
    ask, said = await asking(request), body or SettleIn()
    lines, why = said.own_lines(), said.why()
    return done(await engine(request).projects.settle(ask, id, outcome=said.outcome, lines=lines, reason=why))


@command(projects, "POST", "/{id}/funds")
async def book_funds(request: Request, id: ItemId, body: FundsIn) -> Response:
    """资金到账或支出 / Money that has arrived or was spent, in fen."""
    ask, (kind, fen) = await asking(request), body.booked()
    book = engine(request).projects.receive_funds if kind == "received" else engine(request).projects.spend_funds
    return done(await book(ask, id, amount_fen=fen, voucher=body.voucher, note=body.remark()))


@command(projects, "POST", "/{id}/evaluations")
async def evaluate_project(request: Request, id: ItemId, body: EvaluationIn) -> Response:
    """双方互评 / Each side once; score 1–5."""
    ask = await asking(request)
    return done(await engine(request).projects.evaluate(ask, id, score=body.score, note=body.remark()))


@command(projects, "POST", "/{id}/evaluation-links", created=True, says=LinksOut)
async def issue_links(request: Request, id: ItemId, body: LinksIn | None = None) -> Response:
    """居民评价链接 / One-time links for residents. Nothing is stored: the same key gives the same links."""
    house, ask = engine(request), await asking(request)
    tokens, until = await house.projects.issue_links(ask, id, count=(body or LinksIn()).count)
    links = [{"token": token, "url": address_of(request, token), "expires_at": instant(until)} for token in tokens]
    return done(await sight.standing(house.streams, id), 201, links=links)


@router.post(
    "/evaluations", response_model=None, responses={200: {"model": DoneOut}, **refusals(404, 410, 413, 415, 422, 507)},
    openapi_extra={"security": []},
)  # fmt: skip
async def evaluate_by_link(request: Request, body: ResidentEvaluation) -> Response:
    """居民评价 / A resident's word, without a key; the link is spent."""
    return done(await engine(request).projects.evaluate_by_link(token=body.token, score=body.score, note=body.note))


async def _deliver(request: Request, ask: Ask, id: str, body: ActIn) -> Done:
    return await engine(request).projects.report(ask, id, lines=body.own_lines(), note=body.remark())


async def _dispute(request: Request, ask: Ask, id: str, body: ActIn) -> Done:
    return await engine(request).projects.dispute(ask, id, reason=body.why())


async def _feed_back(request: Request, ask: Ask, id: str, body: ActIn) -> Done:
    return await engine(request).projects.feed_back(ask, id, note=body.remark())


async def _close(request: Request, ask: Ask, id: str, body: ActIn) -> Done:
    return await engine(request).projects.close(ask, id, reason=body.why())


act(projects, "/{id}/delivery", _deliver, "报告交付 / The provider: it is delivered; without `lines`, all of it.")
act(projects, "/{id}/dispute", _dispute, "提出争议 / Either side; say why.")
act(projects, "/{id}/feedback", _feed_back, "反馈结果 / The asker has been told what came of it.")
act(projects, "/{id}/closure", _close, "办结 / Fed back and evaluated by both, or with the reason why not.")
reads(projects, "projects")
router.routes.extend(projects.routes)
