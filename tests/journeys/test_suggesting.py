"""What is new is told to those whom it suits, over a real engine: few, in turn, within the week's budget, once."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from adapters.log_stream import LogStream
from adapters.read_db import SqliteReadDb
from adapters.system import SeededIds
from api.wiring import build
from domain.access import SYSTEM
from domain.matching.policy import NORMAL
from domain.suggestion import SuggestionIssued
from services.command import Ask
from services.engine import Engine
from services.suggesting import FEW, FRESH
from tests.support.engine import House, need, offer, people
from tests.support.world import BOOK, EAST, WEST


async def everybody_listens(orgs: Sequence[str]) -> frozenset[str]:
    return frozenset()


async def tick(house: House) -> int:
    return await house.engine.suggesting.tick(everybody_listens)


async def issued(house: House, item: str = "") -> list[SuggestionIssued]:
    """All that was ever told, or of one item; in the ledger's order."""
    rows = [row for row in await house.log.read_all(0, 10_000) if row.type == SuggestionIssued.TYPE]
    facts = [house.engine.streams.codec.decode(row).event for row in rows]
    return [fact for fact in facts if isinstance(fact, SuggestionIssued) and fact.item in (item or fact.item,)]


async def posted(house: House, who: str, kind: str, **more: Any) -> str:
    made: str = (await house[who].did(f"/v1/{kind}s", (need if kind == "need" else offer)(**more)))["id"]
    return made


async def offers_of_all(house: House, **more: Any) -> list[str]:
    """An offer of each of the four hospitals; of this nobody is to be told any more."""
    made = [await posted(house, f"unit{n}", "offer", **more) for n in range(4)]
    assert await tick(house) == 0
    return made


async def by_rules(house: House, **policy: Any) -> None:
    book = replace(BOOK, matching=replace(NORMAL, **policy))
    await house.engine.register.adopt(Ask(principal=SYSTEM, key=f"rules-{policy}", fingerprint="rules"), book)


@asynccontextmanager
async def another(house: House, name: str = "second") -> AsyncIterator[Engine]:
    """The same district in another process, or after a restart: nothing is in memory but what the ledger says."""
    read_db = SqliteReadDb.open(house.data / f"read-{name}")
    try:
        yield build(
            house.log, house.engine.streams.vault, read_db, LogStream(house.log), clock=house.clock,  # type: ignore[arg-type]
            ids=SeededIds(name, house.clock.now), links=house.data / "links.key", shared=True,
        )  # fmt: skip
    finally:
        await read_db.close()


async def test_a_new_need_is_told_to_the_units_that_have_what_it_asks_for(house: House):
    fits = await posted(house, "unit1", "offer")
    await posted(house, "unit2", "offer", category="venue")
    assert await tick(house) == 0
    asked = await posted(house, "east", "need")
    assert await tick(house) == 1
    (told,) = await issued(house)
    assert (told.to, told.item, told.about, told.algorithm) == (house.units[1], asked, fits, "index/1")
    said = await house["east"].sees(f"/v1/needs/{asked}/suggestions")
    assert (told.score, told.policy) == (said["items"][0]["score"], said["policy"])
    posting = next(row for row in await house.log.read_stream(asked) if row.type == "need.posted")
    assert told.news == told.position == posting.position


async def test_a_new_offer_is_told_to_all_who_wait_for_it(house: House):
    mine, theirs = await posted(house, "east", "need"), await posted(house, "west", "need", area=WEST)
    await posted(house, "unit2", "need", category="venue")
    await tick(house)
    given = await posted(house, "unit0", "offer")
    assert await tick(house) == 2
    assert {(told.to, told.item, told.about) for told in await issued(house)} == {(EAST, given, mine), (WEST, given, theirs)}


async def test_nobody_is_told_of_a_draft_before_it_is_published(house: House):
    await offers_of_all(house)
    asked = await posted(house, "east", "need", draft=True)
    assert await tick(house) == 0
    await house["east"].did(f"/v1/needs/{asked}/publication")
    assert await tick(house) == FEW


async def test_what_does_not_fit_well_is_left_to_those_who_look(house: House):
    await offers_of_all(house, quantity=2)
    asked = await posted(house, "east", "need", quantity=100)
    assert await tick(house) == 0
    assert len((await house["east"].sees(f"/v1/needs/{asked}/suggestions"))["items"]) == 4
    await by_rules(house, notice_score=0)
    await posted(house, "east", "need", quantity=100)
    assert await tick(house) == FEW


async def test_of_many_whom_it_suits_those_are_told_who_heard_least(house: House):
    for n, quantity in enumerate((50, 50, 50, 19)):  # the last one always fits a little less
        await posted(house, f"unit{n}", "offer", quantity=quantity)
    assert await tick(house) == 0
    first, second = await posted(house, "east", "need"), await posted(house, "west", "need", area=WEST)
    assert await tick(house) == 2 * FEW
    assert (await issued(house, second))[0].to == house.units[3]
    assert {told.to for told in await issued(house, first)} == set(house.units[:3])
    await posted(house, "east", "need")
    await posted(house, "west", "need", area=WEST)
    await tick(house)
    assert Counter(told.to for told in await issued(house)) == dict.fromkeys(house.units, 3)


async def test_a_unit_with_two_offers_that_fit_is_told_once_for_the_better_one(house: House):
    await posted(house, "unit1", "offer", quantity=15)
    whole = await posted(house, "unit1", "offer", quantity=20)
    await tick(house)
    await posted(house, "east", "need", quantity=20)
    assert await tick(house) == 1
    assert [told.about for told in await issued(house)] == [whole]


async def test_who_publishes_sees_what_there_is_and_is_not_told_of_it(house: House):
    await posted(house, "unit1", "offer")
    asked = await posted(house, "east", "need")
    await posted(house, "unit2", "offer")
    assert await tick(house) == 2
    assert [(told.to, told.item == asked) for told in await issued(house)] == [(house.units[1], True), (EAST, False)]


async def test_the_budget_of_a_week_is_kept_and_begins_anew(house: House):
    await posted(house, "unit1", "offer", quantity=200)
    await by_rules(house, notices_per_week=2)
    assert await tick(house) == 0
    for _ in range(4):
        await posted(house, "east", "need")
    assert await tick(house) == 2
    house.clock.advance(timedelta(days=6))
    await posted(house, "east", "need")
    assert await tick(house) == 0
    house.clock.advance(timedelta(days=1))
    again = await posted(house, "east", "need")
    assert await tick(house) == 1
    assert [told.item for told in await issued(house)][2:] == [again]


async def test_where_the_rules_allow_no_notices_none_are_issued(house: House):
    await offers_of_all(house)
    await by_rules(house, notices_per_week=0)
    await posted(house, "east", "need")
    assert await tick(house) == 0


async def test_a_need_that_is_opened_again_is_not_told_to_the_same_again(house: House):
    await posted(house, "unit1", "offer")
    asked = await posted(house, "east", "need")
    assert await tick(house) == 1
    await house["east"].did(f"/v1/needs/{asked}/withdrawal", {"reason": "改期"})
    await house["east"].did(f"/v1/needs/{asked}/reopening")
    assert await tick(house) == 0
    await posted(house, "unit2", "offer")
    assert await tick(house) == 1  # it is new, and told to the committee
    assert [told.to for told in await issued(house)] == [house.units[1], EAST]


async def test_what_is_amended_is_told_to_those_alone_whom_it_did_not_fit_before(house: House):
    await offers_of_all(house, quantity=20)
    asked = await posted(house, "east", "need", quantity=20)
    assert await tick(house) == FEW
    await house["east"].act("PATCH", f"/v1/needs/{asked}", {"title": "周末义诊志愿者（两天）"})
    assert await tick(house) == 0
    large = await posted(house, "east", "need", quantity=200)
    assert await tick(house) == 0
    answer = await house["east"].act("PATCH", f"/v1/needs/{large}", {"lines": people(20)})
    assert answer.status_code == 200
    assert await tick(house) == FEW
    assert {told.item for told in (await issued(house))[FEW:]} == {large}


async def test_after_a_restart_nothing_is_told_again_and_what_has_come_meanwhile_is_found(house: House):
    await offers_of_all(house)
    first = await posted(house, "east", "need")
    assert await tick(house) == FEW
    meanwhile = await posted(house, "west", "need", area=WEST)
    async with another(house) as engine:
        assert await engine.suggesting.tick(everybody_listens) == FEW
        assert await engine.suggesting.tick(everybody_listens) == 0
    async with another(house, "third") as engine:
        assert await engine.suggesting.tick(everybody_listens) == 0
    assert Counter(told.item for told in await issued(house)) == {first: FEW, meanwhile: FEW}


async def test_what_was_not_yet_told_when_a_process_died_is_told_by_the_next_one(house: House):
    await offers_of_all(house)
    first, second = await posted(house, "east", "need"), await posted(house, "west", "need", area=WEST)
    asked = list[Sequence[str]]()

    async def dies_at_the_second(orgs: Sequence[str]) -> frozenset[str]:
        asked.append(orgs)
        if len(asked) > 1:
            raise ConnectionError
        return frozenset()

    with pytest.raises(ConnectionError):
        await house.engine.suggesting.tick(dies_at_the_second)
    assert Counter(told.item for told in await issued(house)) == {first: FEW}
    async with another(house) as engine:
        assert await engine.suggesting.tick(everybody_listens) == FEW
    assert Counter(told.item for told in await issued(house)) == {first: FEW, second: FEW}


async def test_what_led_to_nothing_before_a_restart_leads_to_nothing_after_it(house: House):
    """The offers are looked at again; the need came after them, and who posted it has seen them beside it."""
    await offers_of_all(house)
    asked = await posted(house, "east", "need")
    async with another(house) as engine:
        assert await engine.suggesting.tick(everybody_listens) == FEW
    assert {told.item for told in await issued(house)} == {asked}


async def test_what_is_older_than_some_days_at_the_first_look_is_not_news(house: House):
    await posted(house, "unit1", "offer")
    await posted(house, "east", "need")
    house.clock.advance(FRESH + timedelta(minutes=1))
    recent = await posted(house, "west", "need", area=WEST)
    assert await tick(house) == 1
    assert [told.item for told in await issued(house)] == [recent]


async def test_two_processes_that_look_at_once_tell_everybody_once(house: House):
    await offers_of_all(house)
    for _ in range(2):
        await posted(house, "east", "need")
    async with another(house) as one, another(house, "third") as two:
        await asyncio.gather(*(engine.suggesting.tick(everybody_listens) for engine in (one, two, one)))
    told = await issued(house)
    assert len({(fact.to, fact.item) for fact in told}) == len(told) == 2 * FEW


async def test_while_nothing_is_new_the_market_is_not_even_read(house: House):
    assert await tick(house) == 0
    assert house.engine.market.position == 0
    await posted(house, "unit1", "offer")
    await tick(house)
    seen = house.engine.market.position
    await house["unit1"].did("/v1/needs", need(draft=True))
    await tick(house)
    assert house.engine.market.position == seen > 0


async def test_who_wants_no_suggestions_leaves_the_place_to_others(house: House):
    await offers_of_all(house)

    async def declined(orgs: Sequence[str]) -> frozenset[str]:
        return frozenset(house.units[:3]) & frozenset(orgs)

    await posted(house, "east", "need")
    assert await house.engine.suggesting.tick(declined) == 1
    assert [told.to for told in await issued(house)] == [house.units[3]]
