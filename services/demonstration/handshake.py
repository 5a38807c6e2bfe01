"""How claims are proposed and answered in the demonstration."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from domain.access import SYSTEM
from domain.calendar import Window
from domain.capacity import MONEY_UNITS, Line
from domain.claim_proposing import Invitation
from services.claims import ClaimDraft
from services.demonstration.cast import Actor
from services.demonstration.dice import Dice
from services.demonstration.moments import later
from services.demonstration.stage import Stage

HOW = (
    ("accept", 690), ("counter", 110), ("counter twice", 30), ("refuse", 80), ("withdraw", 30), ("silence", 60)
)  # fmt: skip
SURELY = (("accept", 800), ("counter", 160), ("counter twice", 40))


@dataclass(frozen=True, kw_only=True, slots=True)
class Proposal:
    """`claim`, `need` and `offer` are the script's names. `to` answers; so do the members, each with its own lines."""

    claim: str
    at: datetime
    by: Actor
    to: Actor
    lines: tuple[Line, ...]
    need: str | None = None
    offer: str | None = None
    window: Window | None = None
    members: tuple[tuple[Actor, tuple[Line, ...]], ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Bargain:
    """What was agreed, and when."""

    at: datetime
    lines: tuple[Line, ...]


def propose(stage: Stage, proposal: Proposal, dice: Dice) -> None:
    draft = ClaimDraft(
        need=proposal.need, offer=proposal.offer, lines=proposal.lines, window=proposal.window,
        note=stage.say("claim_note", dice, 350),
        members=tuple(Invitation(org=actor.who.org, lines=lines) for actor, lines in proposal.members),
    )  # fmt: skip
    stage.script.add(proposal.at, proposal.by.who, "claim.propose", proposal.claim, draft=draft)


def answer(stage: Stage, proposal: Proposal, how: str, dice: Dice) -> Bargain | None:
    """How it ends: the bargain, or None when nothing came of it."""
    if how in ("counter", "counter twice") and _can_bargain(proposal):
        return _countered(stage, proposal, dice, twice=how == "counter twice")
    if how == "refuse":
        at = later(proposal.at, 0, 5, dice)
        stage.script.add(at, proposal.to.who, "claim.refuse", proposal.claim, reason=stage.say("decline", dice, 900))
    elif how == "withdraw":
        at = later(proposal.at, 1, 4, dice)
        stage.script.add(at, proposal.by.who, "claim.withdraw", proposal.claim, reason=stage.say("withdraw", dice))
    elif how == "silence":
        expire(stage, proposal)
    else:
        return accept(stage, proposal, later(proposal.at, 0, 5, dice), dice)
    return None


def accept(stage: Stage, proposal: Proposal, at: datetime, dice: Dice) -> Bargain:
    """Yes as it stands; the members have confirmed shortly before."""
    for actor, _ in proposal.members:
        stage.script.add(min(later(proposal.at, 0, 0, dice), at), actor.who, "claim.join", proposal.claim)
    note = stage.say("confirm", dice, 150)
    stage.script.add(at, proposal.to.who, "claim.accept", proposal.claim, note=note)
    return Bargain(at=at, lines=total(proposal))


def expire(stage: Stage, proposal: Proposal) -> None:
    """Nobody answers until the clock ends it."""
    at = proposal.at + timedelta(days=stage.pack.book.clocks.answer_days, minutes=1)
    stage.script.add(at, SYSTEM, "claim.expire", proposal.claim)


def total(proposal: Proposal) -> tuple[Line, ...]:
    """What all contributors give together; they all give of the same first line."""
    first, *rest = proposal.lines
    quantity = first.quantity + sum(lines[0].quantity for _, lines in proposal.members)
    return (replace(first, quantity=quantity), *rest)


def less(lines: tuple[Line, ...], dice: Dice) -> tuple[Line, ...]:
    """Three to nine tenths of the first line, never nothing and never all."""
    first, *rest = lines
    quantity = min(max(first.quantity * dice.between(3, 9) // 10, 1), first.quantity - 1)
    return (replace(first, quantity=quantity), *rest)


def _can_bargain(proposal: Proposal) -> bool:
    first = proposal.lines[0]
    return not proposal.members and first.quantity > 2 and first.unit not in MONEY_UNITS


def _countered(stage: Stage, proposal: Proposal, dice: Dice, *, twice: bool) -> Bargain:
    lines, at = less(proposal.lines, dice), later(proposal.at, 0, 4, dice)
    asker, other = proposal.by, proposal.to
    stage.script.add(at, other.who, "claim.counter", proposal.claim, lines=lines, note=stage.say("counter", dice))
    if twice:
        more = (replace(lines[0], quantity=lines[0].quantity + 1), *lines[1:])
        if more != proposal.lines:
            lines, at = more, later(at, 0, 3, dice)
            note = stage.say("counter", dice)
            stage.script.add(at, asker.who, "claim.counter", proposal.claim, lines=lines, note=note)
            asker, other = other, asker
    at = later(at, 0, 3, dice)
    stage.script.add(at, asker.who, "claim.accept", proposal.claim)
    return Bargain(at=at, lines=lines)
