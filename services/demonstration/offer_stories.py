"""What is given in the demonstration: offers with or without windows, and how their lives go on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from domain.access import SYSTEM
from domain.calendar import Slot, Span, Weekly, Window, last_end
from domain.capacity import Line
from services.demonstration.cast import Actor
from services.demonstration.dice import Dice
from services.demonstration.moments import clock_time, later, local_day
from services.demonstration.stage import Stage
from services.demonstration.traits import given
from services.demonstration.words import Thing
from services.offers import OfferChange, OfferDraft

BY_UNITS, BY_COMMITTEES = 985, 85
LIVES = (("stays", 690), ("retires", 215), ("pauses", 30), ("is paused", 35), ("grows", 30))
_HOURS = (("09:00", "11:30"), ("13:30", "16:30"), ("18:00", "20:30"))


class Stock:
    """An offer as the script knows it: what of it no claim has spoken for yet."""

    def __init__(
        self, offer: str, thing: Thing, owner: Actor, at: datetime, line: Line, windows: tuple[Window, ...],
        *, street: bool,
    ) -> None:  # fmt: skip
        self.offer, self.thing, self.owner, self.at = offer, thing, owner, at
        self.line, self.windows, self.street_only = line, windows, street
        self.left = line.quantity
        self.taken: set[date] = set()  # days on which an occurrence is spoken for
        self.until: datetime | None = last_end(windows) if windows else None  # claimed no more from then on
        self.claimable = True
        self.asked: set[str] = set()  # organisations that have claimed it

    def open_at(self, at: datetime, for_days: int = 25) -> bool:
        """Whether a claim made then can still be answered."""
        end = self.until
        return self.claimable and self.at < at and (end is None or at + timedelta(days=for_days) < end)

    def take(self, wanted: int) -> int:
        """So many of it, or what is left."""
        got = min(wanted, self.left)
        self.left -= got
        return got


def offers(stage: Stage) -> list[Stock]:
    """All offers of the eight years, each with its life but for the claims on it."""
    found = []
    for n in range(BY_UNITS + BY_COMMITTEES):
        dice = stage.dice("offer", n)
        at = stage.some_day(2, dice)
        if n < BY_UNITS:
            owner = dice.pick([unit for unit in stage.cast.units if unit.since + timedelta(days=1) < at])
        else:
            owner = dice.pick(stage.cast.committees)
        things = [thing for thing in stage.words.things if owner.kind in thing.by]
        found.append(_offer(stage, f"offer{n}", dice.pick(things), owner, at, dice))
    return found


def _offer(stage: Stage, name: str, thing: Thing, owner: Actor, at: datetime, dice: Dice) -> Stock:
    line = Line(thing.kind, dice.between(*thing.gives), thing.unit)
    windows = _windows(thing, at, dice)
    street = dice.happens(160)
    stock = Stock(name, thing, owner, at, line, windows, street=street)
    second = (Line("志愿者", dice.between(2, 6), "人"),) if thing.unit != "人" and dice.happens(60) else ()
    draft = OfferDraft(
        title=stage.title(thing.offers, thing.topic, dice, owner, touch=520),
        category=thing.category, lines=(line, *second), windows=windows, note=stage.say("offer_note", dice, 400),
        reach=stage.cast.street_of(owner).kind if street else stage.cast.district.kind,
    )  # fmt: skip
    draft = given(stage, name, thing, draft)
    as_draft = dice.happens(40)
    stage.script.add(at, owner.who, "offer.post", name, draft=draft, as_draft=as_draft)
    if as_draft:
        stock.at = later(at, 0, 4, dice)
        stage.script.add(stock.at, owner.who, "offer.publish", name)
    _live_on(stage, stock, dice)
    return stock


def _live_on(stage: Stage, stock: Stock, dice: Dice) -> None:
    """Windows end by the clock; an offer without them stays, or is paused, enlarged or retired some day."""
    script, who, name = stage.script, stock.owner.who, stock.offer
    if stock.windows:
        if stock.until is not None:
            script.add(stock.until + timedelta(minutes=2), SYSTEM, "offer.expire", name)
        return
    life, at = dice.weighted(LIVES), later(stock.at, 40, 300, dice)
    match life:
        case "retires":
            stock.until = later(stock.at, 200, 1100, dice)
            script.add(stock.until, who, "offer.retire", name, reason=stage.say("retire", dice, 700))
        case "pauses" | "is paused":
            stock.claimable = False
            script.add(at, who, "offer.pause", name, reason=stage.say("pause", dice))
            if life == "pauses":
                script.add(later(at, 10, 40, dice), who, "offer.resume", name)
        case "grows":
            more = Line(stock.line.kind, stock.line.quantity + dice.between(2, 20), stock.line.unit)
            script.add(at, who, "offer.amend", name, change=OfferChange(lines=(more,)))


def _windows(thing: Thing, at: datetime, dice: Dice) -> tuple[Window, ...]:
    since = local_day(at) + timedelta(days=dice.between(3, 8))
    if thing.windows == "span":
        day = since + timedelta(days=dice.between(20, 60))
        return (Span(clock_time(day, 13, 30), clock_time(day, 17)),)
    if thing.windows == "weekly":
        days = dice.some((1, 2, 3, 4, 5, 6, 7), dice.between(1, 2))
        opens, closes = dice.pick(_HOURS)
        until = None if dice.happens(300) else since + timedelta(days=dice.between(90, 420))
        return (Weekly(tuple(Slot(day, opens, closes) for day in sorted(days)), since, until),)
    return ()


def occurrences(stock: Stock, after: datetime, weeks: int, dice: Dice) -> Window | None:
    """Some of its windows in the weeks after that moment which nobody has asked for: one, or the same hour of up to
    `weeks` weeks. None when there are none."""
    window = stock.windows[0]
    if isinstance(window, Span):
        free = after < window.start and not stock.taken
        stock.taken.add(local_day(window.start))
        return window if free else None
    slot = dice.pick(window.weekly)
    first = max(local_day(after), window.since)
    first += timedelta(days=(slot.day - first.isoweekday()) % 7 + 7 * dice.below(3))
    days = [first + timedelta(weeks=week) for week in range(weeks)]
    days = [day for day in days if window.until is None or day <= window.until]
    if not days or any(day in stock.taken for day in days):
        return None
    stock.taken.update(days)
    if len(days) == 1:
        return _occurrence(slot, days[0])
    return Weekly((slot,), days[0], days[-1])


def ends(window: Window) -> datetime:
    """When a claimed window is over."""
    if isinstance(window, Span):
        return window.end
    return _occurrence(window.weekly[0], window.until or window.since).end


def in_reach(stage: Stage, stock: Stock) -> Sequence[Actor]:
    """Committees that can claim it; its own owner is none of them."""
    committees = stage.cast.committees_of(stock.owner.street) if stock.street_only else stage.cast.committees
    return [committee for committee in committees if committee is not stock.owner]


def _occurrence(slot: Slot, day: date) -> Span:
    (opens, open_minute), (closes, close_minute) = (map(int, text.split(":")) for text in (slot.opens, slot.closes))
    return Span(clock_time(day, opens, open_minute), clock_time(day, closes, close_minute))
