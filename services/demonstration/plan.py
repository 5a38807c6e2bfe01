"""The whole script: how the district began, eight years of history, and what is going on today."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from functools import partial

from domain.access import SYSTEM
from domain.capacity import Line
from services.demonstration import aid_stories, hard_stories, need_stories, present_stories
from services.demonstration.bounds import LAST
from services.demonstration.cast import Actor
from services.demonstration.claimed_offers import claims_on_offers, claims_waiting
from services.demonstration.moments import clock_time, on
from services.demonstration.need_stories import Story
from services.demonstration.offer_stories import Stock, offers
from services.demonstration.script import Act
from services.demonstration.stage import Stage
from services.needs import NeedDraft
from services.rulebooks import Pack

ALSO_ELSEWHERE = 8  # units that are later admitted to a second street
LIMITED = 400  # units in a thousand that say how many engagements they want at once
HISTORY_ENDS = 75  # days before today; younger needs are the present's


def plan(pack: Pack, today: date) -> tuple[Act, ...]:
    """Who does what, when: the same for the same pack and day. Nothing for a pack without a demonstration.

    `today` is the day in Shanghai; everything happens before it begins."""
    if pack.demonstration is None:
        return ()
    stage = Stage(pack, pack.demonstration, today)
    _begin(stage)
    stocks = offers(stage)
    for n, story in enumerate(_history(stocks)):
        dice = stage.dice("need", n)
        story(stage, f"need{n}", dice, stage.some_day(HISTORY_ENDS, dice))
    aid_stories.aid(stage)
    present_stories.present(stage)
    claims_on_offers(stage, stocks)
    claims_waiting(stage, stocks)
    _end(stage)
    return stage.script.in_order()


def _end(stage: Stage) -> None:
    """The last act is always the same committee's, so that one can ask whether it has been played."""
    owner, thing, dice = stage.cast.committees[0], stage.words.things[0], stage.dice(LAST)
    draft = NeedDraft(
        title=stage.title(thing.needs, thing.topic, dice, owner), category=thing.category, area=owner.home,
        lines=(Line(thing.kind, thing.asks[0], thing.unit),), beneficiaries=dice.between(20, 90),
    )  # fmt: skip
    at = min(stage.script.latest + timedelta(minutes=1), stage.script.end - timedelta(seconds=1))
    stage.script.add(at, owner.who, "need.post", LAST, draft=draft)


def _history(stocks: Sequence[Stock]) -> list[Story]:
    hard, plain = hard_stories, need_stories
    counted: tuple[tuple[int, Story], ...] = (
        (92, plain.single), (22, plain.bargained), (42, partial(plain.cited, stocks=stocks)),
        (26, partial(plain.connected, stocks=stocks)), (9, plain.lapsed),
        (22, hard.split), (13, hard.joint), (3, partial(hard.joint, twist="leaves")),
        (3, partial(hard.joint, twist="is invited")),
        (3, partial(hard.joint, twist="says no")), (2, partial(hard.joint, twist="takes the lead")),
        (6, hard.too_late), (6, hard.moved_up), (24, hard.second_try), (8, hard.released), (2, hard.reinstated),
        (2, partial(hard.disputed, fate="settled failed")), (3, partial(hard.disputed, fate="settled delivered")),
        (2, partial(hard.disputed, fate="settled resumed")), (9, hard.withdrawn), (6, hard.merged),
        (26, hard.firm_asks),
    )  # fmt: skip
    return [story for count, story in counted for _ in range(count)]


def _begin(stage: Stage) -> None:
    """The rule book, the areas, and each unit when it joins."""
    start, pack, script = clock_time(stage.first_day, 9), stage.pack, stage.script
    script.add(start, SYSTEM, "rules.adopt", "rules", book=pack.book)
    for n, area in enumerate(pack.areas):
        script.add(start + timedelta(seconds=5 * n + 5), SYSTEM, "area.open", f"area{n}", draft=area)
    for n, (unit, actor) in enumerate(zip(pack.units, stage.cast.units, strict=True)):
        script.add(actor.since, stage.cast.district.who, "unit.register", f"unit{n}", draft=unit)
        if n % (len(pack.units) // ALSO_ELSEWHERE + 1) == 3:
            _admitted(stage, f"unit{n}", actor.since, unit.areas)
        _limited(stage, f"unit{n}", actor)


def _limited(stage: Stage, name: str, unit: Actor) -> None:
    """Some units say how much they can do at once."""
    dice = stage.dice("limited", name)
    if dice.happens(LIMITED):
        at = on((unit.since + timedelta(days=1)).date(), dice)
        stage.script.add(at, unit.who, "unit.limit", name, engagements=dice.between(3, 16))


def _admitted(stage: Stage, name: str, since: datetime, areas: tuple[str, ...]) -> None:
    dice = stage.dice("admitted", name)
    street = dice.pick([street for street in stage.cast.streets if street.home not in areas])
    at = on((since + timedelta(days=dice.between(200, 600))).date(), dice)
    stage.script.add(at, street.who, "unit.admit", name, area=street.home)
