"""What is going on in the demonstration today: open needs, unanswered claims, wait lists, work due this week."""

from __future__ import annotations

from datetime import datetime, timedelta

from services.demonstration.dice import Dice
from services.demonstration.handshake import Bargain, Proposal, answer, less
from services.demonstration.moments import clock_time, later
from services.demonstration.need_stories import Plea, agreed, claim, committee_need, done, provider_for
from services.demonstration.stage import Stage


def untouched(stage: Stage, name: str, dice: Dice) -> None:
    """Open, and nobody has claimed it yet; for some the day comes near."""
    ahead = clock_time(stage.today + timedelta(days=dice.between(3, 40)), 18)
    respond_by = ahead if dice.happens(400) else None
    committee_need(stage, name, dice, stage.ago(1, 50, dice), respond_by=respond_by, windows=respond_by is None)


def waiting(stage: Stage, name: str, dice: Dice) -> None:
    """Open, with one or two proposals that wait for the committee."""
    plea = _recent(stage, name, dice)
    one = provider_for(stage, plea, dice)
    claim(stage, plea, 0, one, stage.ago(1, 7, dice), dice)
    if dice.happens(250):
        claim(stage, plea, 1, provider_for(stage, plea, dice, one), stage.ago(1, 7, dice), dice)


def countered(stage: Stage, name: str, dice: Dice) -> None:
    """The committee has asked for less; the unit has not answered."""
    plea = _recent(stage, name, dice)
    first = claim(stage, plea, 0, provider_for(stage, plea, dice), stage.ago(5, 7, dice), dice)
    at = later(first.at, 0, 1, dice)
    stage.script.add(
        at, plea.owner.who, "claim.counter", first.claim, lines=less(first.lines, dice), note=stage.say("counter", dice)
    )


def half_covered(stage: Stage, name: str, dice: Dice) -> None:
    plea = committee_need(stage, name, dice, stage.ago(25, 45, dice), at_least=6)
    first = claim(
        stage, plea, 0, provider_for(stage, plea, dice), later(plea.at, 1, 5, dice), dice,
        quantity=plea.line.quantity // 2,
    )  # fmt: skip
    done(stage, plea, first, agreed(stage, first, dice), dice, due=dice.happens(600))


def full(stage: Stage, name: str, dice: Dice) -> None:
    """Covered, and another unit waits for its turn."""
    plea, first = _under_way(stage, name, dice, stage.ago(22, 30, dice))
    claim(stage, plea, 1, provider_for(stage, plea, dice, first.by), stage.ago(1, 7, dice), dice)


def falls_due(stage: Stage, name: str, dice: Dice) -> None:
    """Agreed almost two months ago and not delivered yet."""
    plea = committee_need(stage, name, dice, stage.ago(62, 75, dice), windows=False)
    first = claim(stage, plea, 0, provider_for(stage, plea, dice), stage.ago(55, 57, dice), dice)
    at = later(first.at, 1, 2, dice)
    stage.script.add(at, plea.owner.who, "claim.accept", first.claim)
    done(stage, plea, first, Bargain(at=at, lines=first.lines), dice, due=True)


def under_way(stage: Stage, name: str, dice: Dice) -> None:
    _under_way(stage, name, dice, stage.ago(18, 40, dice))


def reported(stage: Stage, name: str, dice: Dice) -> None:
    """Delivered, says the unit; the committee has not confirmed it."""
    _, first = _under_way(stage, name, dice, stage.ago(30, 40, dice), to_deliver=False)
    note = stage.say("report", dice)
    stage.script.add(stage.ago(1, 5, dice), first.by.who, "project.report", first.claim, note=note)


def in_dispute(stage: Stage, name: str, dice: Dice) -> None:
    plea, first = _under_way(stage, name, dice, stage.ago(30, 40, dice), to_deliver=False)
    note = stage.say("report", dice)
    stage.script.add(stage.ago(9, 12, dice), first.by.who, "project.report", first.claim, note=note)
    reason = stage.say("dispute", dice)
    stage.script.add(stage.ago(1, 6, dice), plea.owner.who, "project.dispute", first.claim, reason=reason)


def forming(stage: Stage, name: str, dice: Dice) -> None:
    """A joint claim: one member has confirmed, the other not yet."""
    plea = committee_need(stage, name, dice, stage.ago(10, 40, dice), at_least=9, windows=False)
    lead = provider_for(stage, plea, dice)
    one = provider_for(stage, plea, dice, lead)
    two, share = provider_for(stage, plea, dice, lead, one), plea.line.quantity // 3
    joint = claim(
        stage, plea, 0, lead, stage.ago(3, 7, dice), dice, quantity=plea.line.quantity - 2 * share,
        members=((one, share), (two, share)),
    )  # fmt: skip
    stage.script.add(later(joint.at, 0, 1, dice), one.who, "claim.join", joint.claim)


def refused(stage: Stage, name: str, dice: Dice) -> None:
    """Open again after a claim that came to nothing."""
    plea = committee_need(stage, name, dice, stage.ago(22, 50, dice), windows=False)
    first = claim(stage, plea, 0, provider_for(stage, plea, dice), later(plea.at, 1, 4, dice), dice)
    answer(stage, first, dice.pick(("refuse", "withdraw", "silence")), dice)


TODAY = (
    (30, untouched), (30, waiting), (5, countered), (12, half_covered), (5, full), (12, falls_due), (8, under_way),
    (6, reported), (3, in_dispute), (4, forming), (8, refused),
)  # fmt: skip


def present(stage: Stage) -> None:
    for count, story in TODAY:
        for n in range(count):
            name = f"{story.__name__}{n}"
            story(stage, name, stage.dice("present", name))


def _recent(stage: Stage, name: str, dice: Dice) -> Plea:
    return committee_need(stage, name, dice, stage.ago(10, 45, dice), at_least=4, windows=False)


def _under_way(
    stage: Stage, name: str, dice: Dice, at: datetime, *, to_deliver: bool = True
) -> tuple[Plea, Proposal]:
    """A need that one unit has taken on whole; what becomes of it may be left to the caller."""
    plea = committee_need(stage, name, dice, at, windows=False)
    first = claim(stage, plea, 0, provider_for(stage, plea, dice), later(at, 1, 3, dice), dice)
    when = later(first.at, 0, 2, dice)
    stage.script.add(when, plea.owner.who, "claim.accept", first.claim)
    if to_deliver:
        done(stage, plea, first, Bargain(at=when, lines=first.lines), dice, due=True)
    return plea, first
