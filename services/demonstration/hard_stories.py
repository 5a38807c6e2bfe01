"""Needs that took more than one attempt: joint claims, wait lists, releases, disputes, doubles."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from services.demonstration.cast import Actor
from services.demonstration.delivery import fewer
from services.demonstration.dice import Dice
from services.demonstration.handshake import Bargain, answer
from services.demonstration.moments import later
from services.demonstration.need_stories import Plea, agreed, claim, committee_need, done, provider_for, unit_need
from services.demonstration.stage import Stage


def split(stage: Stage, name: str, dice: Dice, at: datetime) -> None:
    """Two or three units, a claim each."""
    plea = committee_need(stage, name, dice, at, at_least=6)
    left, when = plea.line.quantity, at
    others: list[Actor] = []
    parts = dice.between(2, 3)
    for number in range(parts):
        quantity = left if number == parts - 1 else max(left * dice.between(3, 6) // 10, 1)
        left -= quantity
        when = later(when, 1, 6, dice)
        others.append(provider_for(stage, plea, dice, *others))
        part = claim(stage, plea, number, others[-1], when, dice, quantity=quantity)
        done(stage, plea, part, agreed(stage, part, dice), dice)


def joint(stage: Stage, name: str, dice: Dice, at: datetime, twist: str = "") -> None:
    """A lead unit and its members. Twists: a member leaves, says no, takes the lead, or is invited later."""
    plea = committee_need(stage, name, dice, at, at_least=10, windows=False)
    lead = provider_for(stage, plea, dice)
    helpers = [provider_for(stage, plea, dice, lead)]
    if plea.line.quantity >= 12 or dice.happens(500):
        helpers.append(provider_for(stage, plea, dice, lead, *helpers))
    share = plea.line.quantity // (len(helpers) + 1)
    script, last = stage.script, helpers[-1]
    proposal = claim(
        stage, plea, 0, lead, later(at, 1, 12, dice), dice, quantity=plea.line.quantity - share * len(helpers),
        members=[(helper, share) for helper in helpers if twist != "is invited" or helper is not last],
    )  # fmt: skip
    joins = later(proposal.at, 1, 2, dice)
    if twist == "is invited":
        lines = (replace(plea.line, quantity=share),)
        asked = later(proposal.at, 0, 0, dice)
        script.add(asked, lead.who, "claim.invite", proposal.claim, org=last.who.org, lines=lines)
    for helper in helpers:
        verb = "claim.member_refuse" if twist == "says no" and helper is last else "claim.join"
        script.add(joins, helper.who, verb, proposal.claim)
    if twist == "takes the lead":
        script.add(later(joins, 0, 0, dice), lead.who, "claim.lead", proposal.claim, org=last.who.org)
    agreed_at = later(later(joins, 0, 0, dice), 1, 3, dice)
    bargain = Bargain(at=agreed_at, lines=plea.lines)
    script.add(bargain.at, plea.owner.who, "claim.accept", proposal.claim)
    given = None
    if twist in ("leaves", "says no"):
        given, gone = fewer(bargain.lines, share), later(bargain.at, 1, 3, dice)
        if twist == "leaves":
            script.add(gone, last.who, "claim.leave", proposal.claim, reason=stage.say("leave", dice))
        _another(stage, plea, share, gone, dice, lead, *helpers)
    done(stage, plea, proposal, bargain, dice, given=given, provider=last if twist == "takes the lead" else lead)


def _another(stage: Stage, plea: Plea, quantity: int, after: datetime, dice: Dice, *before: Actor) -> None:
    """A unit that has not been there before claims what is open, and delivers it."""
    unit = provider_for(stage, plea, dice, *before)
    filling = claim(stage, plea, 1, unit, later(after, 1, 8, dice), dice, quantity=quantity)
    done(stage, plea, filling, agreed(stage, filling, dice), dice)


def too_late(stage: Stage, name: str, dice: Dice, at: datetime) -> None:
    """Two claim all of it; the first is accepted, the other superseded."""
    plea = committee_need(stage, name, dice, at)
    one = provider_for(stage, plea, dice)
    first = claim(stage, plea, 0, one, later(at, 1, 5, dice), dice)
    claim(stage, plea, 1, provider_for(stage, plea, dice, one), later(first.at, 0, 0, dice), dice)
    when = later(first.at, 2, 5, dice)
    stage.script.add(when, plea.owner.who, "claim.accept", first.claim)
    done(stage, plea, first, Bargain(at=when, lines=first.lines), dice)


def moved_up(stage: Stage, name: str, dice: Dice, at: datetime) -> None:
    """The unit on the wait list is promoted when the first one steps back."""
    plea = committee_need(stage, name, dice, at)
    one = provider_for(stage, plea, dice)
    two = provider_for(stage, plea, dice, one)
    first = claim(stage, plea, 0, one, later(at, 1, 5, dice), dice)
    bargain = agreed(stage, first, dice)
    second = claim(stage, plea, 1, two, later(bargain.at, 1, 3, dice), dice)
    back = later(second.at, 1, 3, dice)
    stage.script.add(back, one.who, "claim.release", first.claim, reason=stage.say("release", dice))
    when = later(back, 1, 4, dice)
    stage.script.add(when, plea.owner.who, "claim.accept", second.claim)
    done(stage, plea, second, Bargain(at=when, lines=second.lines), dice)


def second_try(stage: Stage, name: str, dice: Dice, at: datetime) -> None:
    """The first claim comes to nothing, the second one does."""
    plea = committee_need(stage, name, dice, at, windows=False)
    one = provider_for(stage, plea, dice)
    first = claim(stage, plea, 0, one, later(at, 1, 8, dice), dice)
    answer(stage, first, dice.pick(("refuse", "refuse", "withdraw", "silence")), dice)
    _another(stage, plea, plea.line.quantity, later(first.at, 12, 20, dice), dice, one)


def released(stage: Stage, name: str, dice: Dice, at: datetime) -> None:
    """An accepted claim is released; another unit takes over."""
    plea = committee_need(stage, name, dice, at, windows=False)
    one = provider_for(stage, plea, dice)
    first = claim(stage, plea, 0, one, later(at, 1, 8, dice), dice)
    back = later(agreed(stage, first, dice).at, 2, 10, dice)
    side = dice.pick((one, plea.owner))
    stage.script.add(back, side.who, "claim.release", first.claim, reason=stage.say("release", dice))
    _another(stage, plea, plea.line.quantity, back, dice, one)


def reinstated(stage: Stage, name: str, dice: Dice, at: datetime) -> None:
    """A release that both sides agree was a mistake."""
    plea = committee_need(stage, name, dice, at, windows=False)
    one = provider_for(stage, plea, dice)
    first = claim(stage, plea, 0, one, later(at, 1, 8, dice), dice)
    bargain = agreed(stage, first, dice)
    back = later(bargain.at, 1, 5, dice)
    stage.script.add(back, one.who, "claim.release", first.claim, reason=stage.say("release", dice))
    sorry = later(back, 0, 1, dice)
    stage.script.add(sorry, one.who, "claim.reinstate", first.claim, reason=stage.say("reinstate", dice))
    again = later(sorry, 0, 2, dice)
    stage.script.add(again, plea.owner.who, "claim.reinstate", first.claim, reason=stage.say("reinstate", dice))
    done(stage, plea, first, Bargain(at=again, lines=bargain.lines), dice)


def disputed(stage: Stage, name: str, dice: Dice, at: datetime, fate: str) -> None:
    """The street settles it; what was not delivered is claimed by somebody else."""
    plea = committee_need(stage, name, dice, at, at_least=4, windows=False)
    one = provider_for(stage, plea, dice)
    first = claim(stage, plea, 0, one, later(at, 1, 8, dice), dice)
    over = done(stage, plea, first, agreed(stage, first, dice), dice, fate=fate)
    if fate == "settled failed":
        _another(stage, plea, plea.line.quantity, over, dice, one)


def withdrawn(stage: Stage, name: str, dice: Dice, at: datetime) -> None:
    """Not needed any more; a proposal that was waiting goes with it."""
    plea = committee_need(stage, name, dice, at)
    when = later(at, 8, 30, dice)
    if dice.happens(500):
        waiting = claim(stage, plea, 0, provider_for(stage, plea, dice), later(at, 4, 6, dice), dice)
        when = later(waiting.at, 1, 5, dice)
    stage.script.add(when, plea.owner.who, "need.withdraw", name, reason=stage.say("need_withdrawn", dice))


def merged(stage: Stage, name: str, dice: Dice, at: datetime) -> None:
    """Posted twice; the double is linked to the first."""
    plea = committee_need(stage, name, dice, at, windows=False)
    double, again = f"{name}double", later(at, 1, 3, dice)
    stage.script.add(again, plea.owner.who, "need.post", double, draft=plea.draft)
    reason = stage.say("merged", dice)
    stage.script.add(later(again, 0, 2, dice), plea.owner.who, "need.merge", double, into=name, reason=reason)
    first = claim(stage, plea, 0, provider_for(stage, plea, dice), later(again, 8, 20, dice), dice)
    done(stage, plea, first, agreed(stage, first, dice), dice)


def firm_asks(stage: Stage, name: str, dice: Dice, at: datetime) -> None:
    """A committee answers a unit's need."""
    plea = unit_need(stage, name, dice, at)
    first = claim(stage, plea, 0, provider_for(stage, plea, dice), later(at, 1, 15, dice), dice)
    how = dice.weighted((("accept", 85), ("refuse", 15)))
    bargain = answer(stage, first, how, dice)
    if bargain is not None:
        done(stage, plea, first, bargain, dice)
