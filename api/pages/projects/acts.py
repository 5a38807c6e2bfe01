"""The acts of a project by form: what their buttons say, and what each of them asks the engine for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from api.bodies import ActIn, ConfirmIn, EvaluationIn, FundsIn, MarkIn, MilestoneIn, SettleIn
from api.fields import lines_of
from api.pages.acts import Act
from api.pages.claims import terms
from api.pages.forms import Form, NotRead
from api.pages.shown import is_day
from domain.capacity import Line
from domain.events import Refused
from services.command import Ask, Done
from services.engine import Engine

PROJECT: Mapping[str, Act] = {
    "delivery": Act(word="报告交付", first=True, when="只有实施中的项目可以报告交付。"),
    "confirmation": Act(word="确认交付", first=True, when="报告交付以后才能确认。"),
    "settlement": Act(word="裁定争议", first=True, when="只有有争议的项目需要裁定。"),
    "feedback": Act(word="反馈结果", first=True, when="交付确认或裁定以后反馈结果。"),
    "evaluations": Act(word="评价对方", first=True, when="交付确认或裁定以后评价。"),
    "evaluation-links": Act(word="请居民评价", page="poster", when="交付确认以后可以请居民评价。"),
    "milestones": Act(word="计划节点", when="实施中和待确认的项目可以计划节点。"),
    "marks": Act(word="节点完成或延期", when="实施中、待确认和有争议的项目可以更新节点。"),
    "funds": Act(word="登记资金", when="承诺了资金、尚未办结的项目可以登记资金。"),
    "closure": Act(word="办结", when="交付确认或裁定以后可以办结。"),
    "dispute": Act(word="提出争议", when="实施中、待确认和已确认的项目可以提出争议。"),
    "abort": Act(word="中止（解除认领）", when="尚未报告交付的项目可以中止。"),
}
WAYS = {  # how the asker was told -> what the note says
    "talk": "当面", "phone": "电话", "notice": "公告栏", "group": "居民群", "meeting": "居民会议",
}  # fmt: skip

Do = Callable[[Engine, Ask, str, Form], Awaitable[Done]]


async def _deliver(engine: Engine, ask: Ask, id: str, form: Form) -> Done:
    return await engine.projects.report(ask, id, lines=_lines(form), note=_remark(form))


async def _confirm(engine: Engine, ask: Ask, id: str, form: Form) -> Done:
    said = ConfirmIn.model_validate({"beneficiaries": _people(form["beneficiaries"]), "note": _remark(form)})
    lines = _lines(form)
    return await engine.projects.confirm(ask, id, lines=lines, beneficiaries=said.beneficiaries, note=said.remark())


async def _settle(engine: Engine, ask: Ask, id: str, form: Form) -> Done:
    said = SettleIn.model_validate({"outcome": form["outcome"] or None, "reason": form["reason"].strip() or None})
    lines = _lines(form) if said.outcome == "delivered" else None
    return await engine.projects.settle(ask, id, outcome=said.outcome, lines=lines, reason=said.why())


async def _dispute(engine: Engine, ask: Ask, id: str, form: Form) -> Done:
    return await engine.projects.dispute(ask, id, reason=form.read(ActIn).why())


async def _feed_back(engine: Engine, ask: Ask, id: str, form: Form) -> Done:
    """To whom, how and when, and what was said, all in the note."""
    if not form["told"].strip() or not form["note"].strip():
        raise NotRead([{"type": "missing", "loc": (name,)} for name in ("told", "note") if not form[name].strip()])
    day = form["when"].strip()
    if day and not is_day(day):
        raise NotRead([{"type": "day", "loc": ("when",)}])
    head = "，".join(part for part in (day, WAYS.get(form["way"], ""), form["told"].strip()) if part)
    return await engine.projects.feed_back(ask, id, note=f"{head}：{form['note'].strip()}")


async def _evaluate(engine: Engine, ask: Ask, id: str, form: Form) -> Done:
    said = form.read(EvaluationIn)
    return await engine.projects.evaluate(ask, id, score=said.score, note=said.remark())


async def _plan(engine: Engine, ask: Ask, id: str, form: Form) -> Done:
    said = form.read(MilestoneIn)
    return await engine.projects.plan(ask, id, what=said.title, due=said.due)


async def _mark(engine: Engine, ask: Ask, id: str, form: Form) -> Done:
    said = MarkIn.model_validate({"due": form["due"] or None, "note": _remark(form)})
    number, met = form["milestone"], form["mark"] == "met"
    if not number.isascii() or not number.isdigit() or form["mark"] not in ("met", "slipped"):
        raise NotRead([{"type": "missing", "loc": ("milestone" if not number.isdigit() else "mark",)}])
    if not met and said.due is None:
        raise NotRead([{"type": "missing", "loc": ("due",)}])
    return await engine.projects.mark(ask, id, milestone=int(number), met=met, due=said.due, note=said.remark())


async def _book(engine: Engine, ask: Ask, id: str, form: Form) -> Done:
    fen = terms.fen(form["yuan"]) if form["yuan"].strip() else None
    if fen is None:
        raise NotRead([{"type": "money" if form["yuan"].strip() else "missing", "loc": ("yuan",)}])
    voucher = form["voucher"].strip().lower() or None
    said = FundsIn.model_validate({"kind": form["kind"] or None, "amount_fen": fen, "voucher": voucher, "note": _remark(form)})
    book = engine.projects.receive_funds if said.kind == "received" else engine.projects.spend_funds
    try:
        return await book(ask, id, amount_fen=fen, voucher=said.voucher, note=said.remark())
    except Refused as refused:
        if refused.field == "amount_fen":
            refused.field = "yuan"  # as the form calls it
        raise


async def _close(engine: Engine, ask: Ask, id: str, form: Form) -> Done:
    return await engine.projects.close(ask, id, reason=form.read(ActIn).why())


def _lines(form: Form) -> tuple[Line, ...]:
    return lines_of(terms.typed_lines(form))


def _remark(form: Form) -> str | None:
    return form["note"].strip() or None


def _people(typed: str) -> int:
    count = terms.counted(typed) if typed.strip() else 0
    if count is None:
        raise NotRead([{"type": "int_type", "loc": ("beneficiaries",)}])
    return count


DO: Mapping[str, Do] = {
    "delivery": _deliver, "confirmation": _confirm, "settlement": _settle, "feedback": _feed_back,
    "evaluations": _evaluate, "milestones": _plan, "marks": _mark, "funds": _book, "closure": _close, "dispute": _dispute,
}  # fmt: skip
