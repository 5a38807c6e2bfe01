"""A process dies while a round is under way; another one over the same ledger finishes it by the clock, and asks nobody twice."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from adapters.sqlite_store import SqliteStore
from domain.matching.outcome import Pair
from services import rounds
from services.round_solving import Solved, Solving
from services.streams import Streams
from tests.support.engine import House, need, offer, opened_house
from tests.support.world import STREET, WEST


class Died(Exception):
    """At this very place; who had asked is told of a fault."""


@asynccontextmanager
async def process(folder: Path) -> AsyncIterator[House]:
    """A new one over the ledger in the folder, a quarter of an hour after it was made."""
    async with opened_house(folder, await SqliteStore.open(folder / "ledger.db")) as house:
        house.clock.advance(timedelta(minutes=15))
        yield house


async def furnished(house: House) -> None:
    await house["east"].did("/v1/needs", need(20))
    await house["west"].did("/v1/needs", need(20, area=WEST))
    for unit in ("unit1", "unit2", "unit3"):
        await house[unit].did("/v1/offers", offer(10))


async def only_round(house: House, by: str = "street") -> dict[str, Any]:
    """As the lists know it, then as it is."""
    (row,) = (await house[by].sees("/v1/rounds", since=(await house.log.head()).position))["items"]
    return await house[by].sees(f"/v1/rounds/{row['id']}")


async def types(house: House, round: str) -> list[str]:
    return [row.type for row in await house.log.read_stream(round)]


def dies_computing(monkeypatch: pytest.MonkeyPatch) -> None:
    async def die(self: Solving, round: Any) -> Solved:
        raise Died

    monkeypatch.setattr(Solving, "of", die)


def dies_after_the_first_pair(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Pair] = []

    async def one(streams: Streams, round: str, pair: Pair) -> Any:
        asked.append(pair)
        if len(asked) > 1:
            raise Died
        return await propose(streams, round, pair)

    propose = rounds.propose
    monkeypatch.setattr(rounds, "propose", one)
    monkeypatch.setattr(rounds, "TOGETHER", 1)


async def test_a_round_that_was_opened_and_never_computed_is_computed_by_the_clock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    async with process(tmp_path) as house:
        await furnished(house)
        with monkeypatch.context() as fault:
            dies_computing(fault)
            assert (await house["street"].post("/v1/rounds", {"area": STREET})).status_code == 500
        left = await only_round(house)
        assert (left["status"], left["pairs"]) == ("opened", [])
        await house["west"].did("/v1/needs", need(7, area=WEST, title="截止之后的需求"))
    async with process(tmp_path) as house:
        house.clock.advance(timedelta(minutes=15))
        await only_round(house)  # the lists have caught up
        assert await house.engine.clockwork.tick() == 1
        done = await only_round(house)
        assert (done["status"], done["needs"], len(done["pairs"]), done["key"]) == ("computed", 2, 3, left["key"])
        assert await house.engine.clockwork.tick() == 0
        assert await types(house, done["id"]) == ["round.opened", "round.computed"]


async def test_a_publication_that_stopped_half_way_is_finished_by_the_clock_and_nobody_is_asked_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    async with process(tmp_path) as house:
        await furnished(house)
        done = await house["street"].did("/v1/rounds", {"area": STREET})
        with monkeypatch.context() as fault:
            dies_after_the_first_pair(fault)
            assert (await house["street"].post(f"/v1/rounds/{done['id']}/publication")).status_code == 500
        left = await only_round(house)
        assert (left["status"], [bool(pair["claim"]) for pair in left["pairs"]].count(True)) == ("published", 1)
        assert left["acts"] == ["publication"]
    async with process(tmp_path) as house:
        house.clock.advance(timedelta(minutes=15))
        before = await only_round(house)
        assert await house.engine.clockwork.tick() == 1
        after = await only_round(house)
        assert all(pair["claim"] for pair in after["pairs"])
        assert [p["claim"] for p in before["pairs"] if p["claim"]] == [p["claim"] for p in left["pairs"] if p["claim"]]
        claims = (await house["auditor"].sees("/v1/claims", since=(await house.log.head()).position))["items"]
        assert {claim["id"] for claim in claims} == {pair["claim"] for pair in after["pairs"]}
        assert {claim["proposed_by"]["org"] for claim in claims} == {"street-office"}
        assert await house.engine.clockwork.tick() == 0
        assert (await types(house, after["id"])).count("round.pair_proposed") == 3


async def test_whoever_asks_again_need_not_wait_for_the_clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    async with process(tmp_path) as house:
        await furnished(house)
        with monkeypatch.context() as fault:
            dies_computing(fault)
            assert (await house["street"].post("/v1/rounds", {"area": STREET}, key="the-round")).status_code == 500
        assert (await only_round(house))["status"] == "opened"
        answer = await house["street"].did("/v1/rounds", {"area": STREET}, key="the-round")
        round = answer["id"]
        assert ((await only_round(house))["status"], answer["version"]) == ("computed", 1)
        with monkeypatch.context() as fault:
            dies_after_the_first_pair(fault)
            assert (await house["street"].post(f"/v1/rounds/{round}/publication")).status_code == 500
        await house["street"].did(f"/v1/rounds/{round}/publication")
        assert all(pair["claim"] for pair in (await only_round(house))["pairs"])


async def test_the_clock_leaves_those_alone_who_are_at_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    async with process(tmp_path) as house:
        await furnished(house)
        with monkeypatch.context() as fault:
            dies_computing(fault)
            assert (await house["street"].post("/v1/rounds", {"area": STREET})).status_code == 500
        await only_round(house)
        assert await house.engine.clockwork.tick() == 0
        house.clock.advance(timedelta(minutes=2))
        assert await house.engine.clockwork.tick() == 1
