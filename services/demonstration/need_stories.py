"""What is asked for in the demonstration, and how each need found its answer, or did not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from domain.access import SYSTEM
from domain.calendar import Slot, Span, Weekly, Window
from domain.capacity import Line
from services.demonstration.cast import Actor
from services.demonstration.delivery import Job, deliver
from services.demonstration.dice import Dice
from services.demonstration.handshake import SURELY, Bargain, Proposal, answer, propose
from services.demonstration.moments import clock_time, later, local_day
from services.demonstration.offer_stories import Stock
from services.demonstration.stage import Stage
from services.demonstration.traits import asked
from services.demonstration.words import Thing, Want
from services.needs import NeedChange, NeedDraft


@dataclass(frozen=True, kw_only=True, slots=True)
class Plea:
    """A need as the script knows it. `ends`: when its last window is over."""

    need: str
    owner: Actor
    want: Want
    line: Line
    at: datetime
    people: int
    draft: NeedDraft
    ends: datetime | None = None

    @property
    def lines(self) -> tuple[Line, ...]:
        return (self.line,)


def committee_need(
    stage: Stage, name: str, dice: Dice, at: datetime, *, at_least: int = 1, windows: bool = True,
    respond_by: datetime | None = None, thing: Thing | None = None,
) -> Plea:  # fmt: skip
    """A committee posts a need for one of the pack's things; `at_least` so many of it."""
    things = [t for t in stage.words.things if t.asks[1] >= max(at_least, 2) or at_least == 1]
    thing = thing or dice.pick([t for t in things if windows or not t.windows])
    owner = dice.pick(stage.cast.committees)
    window = _window(thing, at, dice) if windows and thing.windows else None
    return _posted(stage, name, dice, at, owner, thing, at_least, window, respond_by)


def unit_need(stage: Stage, name: str, dice: Dice, at: datetime) -> Plea:
    """A firm asks the neighbourhoods for something."""
    owner = dice.pick([unit for unit in stage.cast.units if unit.since + timedelta(days=1) < at])
    return _posted(stage, name, dice, at, owner, dice.pick(stage.words.wants), 1, None, None)


def _posted(
    stage: Stage, name: str, dice: Dice, at: datetime, owner: Actor, want: Want, at_least: int, window: Window | None,
    respond_by: datetime | None,
) -> Plea:  # fmt: skip
    line = Line(want.kind, max(dice.between(*want.asks), at_least), want.unit)
    people = dice.between(10, 240)
    draft = NeedDraft(
        title=stage.title(want.needs, want.topic, dice, owner), category=want.category, area=owner.home, lines=(line,),
        urgency=dice.weighted(((0, 15), (1, 50), (2, 27), (3, 8))), windows=(window,) if window else (),
        beneficiaries=people, respond_by=respond_by, note=stage.say("need_note", dice, 450),
    )  # fmt: skip
    draft = asked(stage, name, want, draft)
    as_draft = dice.happens(50)
    stage.script.add(at, owner.who, "need.post", name, draft=draft, as_draft=as_draft)
    if as_draft:
        stage.script.add(later(at, 0, 0, dice), owner.who, "need.publish", name)
    elif dice.happens(60):
        change = NeedChange(urgency=min(draft.urgency + 1, 3), note=stage.say("need_note", dice))
        stage.script.add(later(at, 0, 0, dice), owner.who, "need.amend", name, change=change)
    ends = window.end if isinstance(window, Span) else None
    if isinstance(window, Weekly):
        ends = clock_time(window.until or window.since, 22)
    return Plea(need=name, owner=owner, want=want, line=line, at=at, people=people, draft=draft, ends=ends)


def _window(thing: Thing, at: datetime, dice: Dice) -> Window:
    """One afternoon, or an evening of some weeks, a month or two ahead."""
    day = local_day(at) + timedelta(days=dice.between(35, 70))
    if thing.windows == "span" or dice.happens(500):
        hour = dice.pick((9, 14, 18))
        return Span(clock_time(day, hour), clock_time(day, hour + 2))
    slot = Slot(day.isoweekday(), "18:30", "20:00")
    return Weekly((slot,), day, day + timedelta(weeks=dice.between(2, 7)))


def provider_for(stage: Stage, plea: Plea, dice: Dice, *others: Actor) -> Actor:
    """A unit of a kind that gives such things; a committee when a unit asks."""
    if not isinstance(plea.want, Thing):
        near = stage.cast.committees_of(plea.owner.street)
        return dice.pick([each for each in near if each not in others])
    units = [unit for unit in stage.cast.givers(plea.want.by, plea.at) if unit not in others]
    return dice.pick(units or [unit for unit in stage.cast.givers(_ALL, plea.at) if unit not in others])


_ALL = ("国企", "金融", "商贸", "社会组织", "科技", "文化", "学校", "医院", "机关", "律所")


def claim(
    stage: Stage, plea: Plea, number: int, by: Actor, at: datetime, dice: Dice, *, quantity: int | None = None,
    members: Sequence[tuple[Actor, int]] = (),
) -> Proposal:  # fmt: skip
    """A unit claims the need, or part of it, alone or with others."""
    line = replace(plea.line, quantity=quantity or plea.line.quantity)
    proposal = Proposal(
        claim=f"{plea.need}c{number}", at=at, by=by, to=plea.owner, lines=(line,), need=plea.need,
        members=tuple((actor, (replace(line, quantity=share),)) for actor, share in members),
    )  # fmt: skip
    propose(stage, proposal, dice)
    return proposal


def agreed(stage: Stage, proposal: Proposal, dice: Dice, how: str = "accept") -> Bargain:
    """The bargain of a claim that comes to a good end."""
    bargain = answer(stage, proposal, how, dice)
    assert bargain is not None
    return bargain


def done(
    stage: Stage, plea: Plea, proposal: Proposal, bargain: Bargain, dice: Dice, *, fate: str = "", due: bool = False,
    given: tuple[Line, ...] | None = None, provider: Actor | None = None,
) -> datetime:  # fmt: skip
    job = Job(
        claim=proposal.claim, bargain=bargain, provider=provider or _giver(proposal, plea), receiver=plea.owner,
        people=plea.people, opens=plea.ends, fate=fate, given=given,
    )  # fmt: skip
    return deliver(stage, job, dice, due=due)


def _giver(proposal: Proposal, plea: Plea) -> Actor:
    return proposal.to if proposal.by is plea.owner else proposal.by


Story = Callable[[Stage, str, Dice, datetime], None]


def single(stage: Stage, name: str, dice: Dice, at: datetime) -> None:
    """One unit does all of it."""
    plea = committee_need(stage, name, dice, at)
    first = claim(stage, plea, 0, provider_for(stage, plea, dice), later(at, 1, 20, dice), dice)
    bargain = agreed(stage, first, dice)
    done(stage, plea, first, bargain, dice)


def bargained(stage: Stage, name: str, dice: Dice, at: datetime) -> None:
    """The committee asks for less than was claimed; the rest is given by another unit."""
    plea = committee_need(stage, name, dice, at, at_least=4, windows=False)
    one = provider_for(stage, plea, dice)
    first = claim(stage, plea, 0, one, later(at, 1, 15, dice), dice)
    bargain = agreed(stage, first, dice, dice.weighted(SURELY[1:]))
    done(stage, plea, first, bargain, dice)
    rest = plea.line.quantity - bargain.lines[0].quantity
    if rest:
        two, at = provider_for(stage, plea, dice, one), later(bargain.at, 1, 12, dice)
        second = claim(stage, plea, 1, two, at, dice, quantity=rest)
        done(stage, plea, second, agreed(stage, second, dice), dice)


def cited(stage: Stage, name: str, dice: Dice, at: datetime, stocks: Sequence[Stock]) -> None:
    """A unit claims the need with an offer that it has published, or the committee asks for that offer for its need."""
    stock = _stock(stage, dice, at, stocks)
    if stock is None:
        return single(stage, name, dice, at)
    plea = committee_need(stage, name, dice, at, windows=False, thing=stock.thing)
    quantity = stock.take(plea.line.quantity)
    by, to = (stock.owner, plea.owner) if dice.happens(600) else (plea.owner, stock.owner)
    proposal = Proposal(
        claim=f"{name}c0", at=later(at, 1, 8, dice), by=by, to=to, lines=(replace(plea.line, quantity=quantity),),
        need=name, offer=stock.offer,
    )  # fmt: skip
    propose(stage, proposal, dice)
    done(stage, plea, proposal, agreed(stage, proposal, dice), dice, provider=stock.owner)
    return None


def connected(stage: Stage, name: str, dice: Dice, at: datetime, stocks: Sequence[Stock]) -> None:
    """The street brings a need and an offer together; both sides say yes."""
    stock = _stock(stage, dice, at, stocks)
    if stock is None:
        return single(stage, name, dice, at)
    plea = committee_need(stage, name, dice, at, windows=False, thing=stock.thing)
    lines = (replace(plea.line, quantity=stock.take(plea.line.quantity)),)
    proposal = Proposal(
        claim=f"{name}c0", at=later(at, 1, 8, dice), by=stage.cast.street_of(plea.owner), to=plea.owner, lines=lines,
        need=name, offer=stock.offer,
    )  # fmt: skip
    propose(stage, proposal, dice)
    first = later(proposal.at, 0, 2, dice)
    stage.script.add(first, stock.owner.who, "claim.accept", proposal.claim)
    last = later(first, 0, 2, dice)
    stage.script.add(last, plea.owner.who, "claim.accept", proposal.claim)
    done(stage, plea, proposal, Bargain(at=last, lines=lines), dice, provider=stock.owner)
    return None


def _stock(stage: Stage, dice: Dice, at: datetime, stocks: Sequence[Stock]) -> Stock | None:
    """An offer for the whole district that is free for weeks and not fully spoken for."""
    fit = [s for s in stocks if not s.windows and not s.street_only and s.open_at(at, 60) and s.left >= s.thing.asks[1]]
    return dice.pick(fit) if fit else None


def lapsed(stage: Stage, name: str, dice: Dice, at: datetime) -> None:
    """Nobody commits before the day it was needed by."""
    respond_by = clock_time(local_day(at) + timedelta(days=dice.between(25, 50)), 18)
    plea = committee_need(stage, name, dice, at, windows=False, respond_by=respond_by)
    if dice.happens(400):
        first = claim(stage, plea, 0, provider_for(stage, plea, dice), later(at, 2, 8, dice), dice)
        answer(stage, first, "withdraw", dice)
    stage.script.add(respond_by + timedelta(minutes=1), SYSTEM, "need.lapse", name)
