"""What becomes of an agreed claim in the demonstration: milestones, money, delivery, disputes, feedback, evaluation."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from domain.access import SYSTEM
from domain.capacity import MONEY_UNITS, Line
from services.demonstration.cast import Actor
from services.demonstration.dice import Dice
from services.demonstration.handshake import Bargain
from services.demonstration.moments import by_day, later, local_day
from services.demonstration.stage import Stage

_DAYS = (((4, 20), 50), ((20, 45), 40), ((61, 80), 10))  # from the bargain to the report: one in ten is late


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """One project, by its claim's name. `opens`: its window is over only then. `fate`: settled delivered, settled
    failed, settled resumed, in dispute; else all goes well. `given`: what is delivered where it is less."""

    claim: str
    bargain: Bargain
    provider: Actor
    receiver: Actor
    people: int  # who benefit
    opens: datetime | None = None
    fate: str = ""
    given: tuple[Line, ...] | None = None
    scores: tuple[int, ...] = field(default=(5, 5, 5, 5, 4, 4, 4, 3))


def deliver(stage: Stage, job: Job, dice: Dice, *, due: bool = False) -> datetime:
    """From the bargain to the closing; returns when it is over. `due`: it takes as long as it may."""
    start = job.bargain.at
    days = (61, 75) if due else dice.weighted(_DAYS)
    reported = later(start, *days, dice)
    if job.opens is not None and job.opens > start:
        reported = max(reported, later(job.opens, 0, 3, dice))
    _milestones(stage, job, reported, dice)
    _money(stage, job, reported, dice)
    stage.script.add(
        reported, job.provider.who, "project.report", job.claim, lines=job.given, note=stage.say("report", dice, 700)
    )
    if job.fate:
        at = later(reported, 1, 4, dice)
        return _disputed(stage, job, at, dice)
    return _confirmed(stage, job, later(reported, 0, 6, dice), dice)


def _milestones(stage: Stage, job: Job, until: datetime, dice: Dice) -> None:
    if not dice.happens(130):
        return
    last = at = later(job.bargain.at, 0, 1, dice)
    step = (until - at) // 4
    for number, what in enumerate(dice.some(stage.words.sayings["milestone"], dice.between(2, 3)), 1):
        last, due = at + timedelta(minutes=number), local_day(at + step * number)
        stage.script.add(last, job.provider.who, "project.plan", job.claim, what=what, due=due)
    for number in (1, 2):
        last = by_day(at + step * number, last)
        if dice.happens(200):
            new = local_day(last + timedelta(days=5))
            stage.script.add(last, job.provider.who, "project.mark", job.claim, milestone=number, met=False, due=new)
            last += timedelta(hours=1)
        if dice.happens(850):
            stage.script.add(last, job.provider.who, "project.mark", job.claim, milestone=number, met=True)


def _money(stage: Stage, job: Job, until: datetime, dice: Dice) -> None:
    """Pledged money arrives in up to three parts and is spent, not always to the last fen."""
    pledged = sum(line.quantity for line in job.bargain.lines if line.unit in MONEY_UNITS)
    if not pledged:
        return
    parts, last = dice.between(1, 3), job.bargain.at
    step = (until - last) // (2 * parts + 1)
    for n in range(parts):
        arrives = pledged // parts if n < parts - 1 else pledged - pledged // parts * (parts - 1)
        last = by_day(job.bargain.at + step * (2 * n + 1), last)
        note = stage.say("funds", dice, 500)
        stage.script.add(last, job.receiver.who, "project.receive", job.claim, amount_fen=arrives, note=note)
        spent = arrives * dice.pick((100, 100, 100, 97, 92, 85)) // 100
        last = by_day(job.bargain.at + step * (2 * n + 2), last)
        stage.script.add(last, job.receiver.who, "project.spend", job.claim, amount_fen=spent)


def _disputed(stage: Stage, job: Job, at: datetime, dice: Dice) -> datetime:
    stage.script.add(at, job.receiver.who, "project.dispute", job.claim, reason=stage.say("dispute", dice))
    if job.fate == "in dispute":
        return at
    settled = later(at, 3, 12, dice)
    outcome = job.fate.removeprefix("settled ")
    stage.script.add(
        settled, stage.cast.street_of(job.receiver).who, "project.settle", job.claim, outcome=outcome,
        reason=stage.say("settle", dice),
    )  # fmt: skip
    if outcome == "failed":
        return settled
    if outcome == "resumed":
        return _confirmed(stage, job, later(settled, 1, 4, dice), dice)
    return _heard(stage, job, settled, dice)


def _confirmed(stage: Stage, job: Job, at: datetime, dice: Dice) -> datetime:
    note = stage.say("confirm", dice, 500)
    stage.script.add(at, job.receiver.who, "project.confirm", job.claim, beneficiaries=job.people, note=note)
    return _heard(stage, job, at, dice)


def _heard(stage: Stage, job: Job, at: datetime, dice: Dice) -> datetime:
    """The asker is told, the two sides and some residents have their say, the project is closed."""
    script, claim = stage.script, job.claim
    told = later(at, 0, 5, dice)
    script.add(told, job.receiver.who, "project.feed_back", claim, note=stage.say("feedback", dice))
    if dice.happens(220):
        _residents(stage, job, later(told, 0, 1, dice), dice)
    silent = dice.happens(60)
    last = told
    for actor in (job.receiver,) if silent else (job.receiver, job.provider):
        when = later(told, 0, 5, dice)
        last = max(last, when)
        said = stage.say("evaluation", dice, 700)
        script.add(when, actor.who, "project.evaluate", claim, score=dice.pick(job.scores), note=said)
    closed = later(last, 0, 9, dice)
    if dice.happens(960):
        reason = stage.say("close", dice) if silent else None
        script.add(closed, job.receiver.who, "project.close", claim, reason=reason)
    return closed


def _residents(stage: Stage, job: Job, at: datetime, dice: Dice) -> None:
    """Some links go out, and some of them come back within the week."""
    count = dice.between(2, 5)
    stage.script.add(at, job.receiver.who, "project.invite", job.claim, count=count)
    for number in range(dice.between(1, count)):
        at = at + timedelta(hours=dice.between(2, 30), minutes=dice.below(60))
        score, note = dice.pick(job.scores), stage.say("resident", dice, 600)
        stage.script.add(at, SYSTEM, "project.resident", job.claim, link=number, score=score, note=note)


def fewer(lines: tuple[Line, ...], by: int) -> tuple[Line, ...]:
    """The lines with the first one cut by so much."""
    return (replace(lines[0], quantity=lines[0].quantity - by), *lines[1:])
