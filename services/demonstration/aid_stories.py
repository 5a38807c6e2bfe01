"""Aid in the demonstration: what regions outside the district need, in money and goods, and who takes it on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from domain.capacity import Line
from services.demonstration.cast import Actor
from services.demonstration.delivery import Job, deliver
from services.demonstration.dice import Dice
from services.demonstration.handshake import Proposal, answer, propose
from services.demonstration.moments import later
from services.demonstration.stage import Stage
from services.demonstration.words import Aid
from services.needs import NeedDraft

WITH_MONEY, GOODS_ONLY, STILL_OPEN = 84, 14, 9
PLEDGED_FEN = 824_000_000  # in all, about 8.24 million yuan
ROUND_FEN = 100_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Appeal:
    need: str
    owner: Actor
    at: datetime
    lines: tuple[Line, ...]
    people: int


def aid(stage: Stage) -> None:
    for n, fen in enumerate((*_amounts(stage), *[0] * GOODS_ONLY)):
        dice = stage.dice("aid", n)
        at = stage.ago(32, 50, dice) if n % 9 == 4 else stage.some_day(100, dice)
        appeal = _appeal(stage, f"aid{n}", at, fen, dice)
        _taken_on(stage, appeal, dice, together=fen > 0 and n % 10 == 0)
    for n in range(STILL_OPEN):
        dice = stage.dice("aid open", n)
        fen = dice.between(20, 90) * 10 * ROUND_FEN // 10
        _appeal(stage, f"aid open{n}", stage.ago(2, 60, dice), fen, dice)


def _amounts(stage: Stage) -> list[int]:
    """What is pledged, shared out unevenly and rounded."""
    dice = stage.dice("aid amounts")
    weights = [dice.between(25, 180) for _ in range(WITH_MONEY)]
    return [max(PLEDGED_FEN * weight // sum(weights) // ROUND_FEN, 1) * ROUND_FEN for weight in weights]


def _appeal(stage: Stage, name: str, at: datetime, fen: int, dice: Dice) -> Appeal:
    """The district, or a street for the region that it is paired with, posts it."""
    kind = dice.pick(stage.words.aid)
    owner = stage.cast.district if dice.happens(650) else dice.pick(stage.cast.streets)
    region, people = dice.pick(stage.words.regions), dice.between(30, 900)
    lines = _lines(kind, fen, dice)
    topic = kind.topic if fen else tuple(line.kind for line in lines)
    draft = NeedDraft(
        title=stage.title(kind.needs, topic, dice, owner, region=region), category=kind.category, area=owner.home,
        lines=lines, urgency=dice.between(1, 3), beneficiaries=people, outside=region,
        note=stage.say("need_note", dice, 300), vulnerable=stage.dice("traits", name).happens(kind.vulnerable),
    )  # fmt: skip
    stage.script.add(at, owner.who, "need.post", name, draft=draft)
    return Appeal(need=name, owner=owner, at=at, lines=lines, people=people)


def _lines(kind: Aid, fen: int, dice: Dice) -> tuple[Line, ...]:
    goods = [Line(g.kind, dice.between(*g.asks), g.unit) for g in dice.some(kind.goods, 1)]
    if not fen:
        return tuple(goods)
    money = Line("帮扶资金", fen, "分")
    return (money, *goods) if dice.happens(220) else (money,)


def _taken_on(stage: Stage, appeal: Appeal, dice: Dice, *, together: bool) -> None:
    there = [unit for unit in stage.cast.units if unit.since < appeal.at]
    lead, helper = dice.some(there, 2)
    lines = appeal.lines
    members: tuple[tuple[Actor, tuple[Line, ...]], ...] = ()
    if together:
        half = appeal.lines[0].quantity // 2
        lines = (replace(lines[0], quantity=lines[0].quantity - half), *lines[1:])
        members = ((helper, (replace(lines[0], quantity=half),)),)
    proposal = Proposal(
        claim=f"{appeal.need}c0", at=later(appeal.at, 1, 18, dice), by=lead, to=appeal.owner, lines=lines,
        need=appeal.need, members=members,
    )  # fmt: skip
    propose(stage, proposal, dice)
    bargain = answer(stage, proposal, "accept", dice)
    if bargain is not None:
        job = Job(claim=proposal.claim, bargain=bargain, provider=lead, receiver=appeal.owner, people=appeal.people)
        deliver(stage, job, dice)
