"""What the rule book and the clock make of rounds: how many waves, an emergency, the calendar, and what is too large."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
import pytest_asyncio

from domain.matching import network
from domain.matching.digest import digest
from domain.matching.policy import EMERGENCY, NORMAL
from tests.support.engine import House
from tests.support.rounds import furnished, head, opened, published, system
from tests.support.world import BOOK, DISTRICT, STREET


@pytest_asyncio.fixture
async def town(house: House) -> House:
    await furnished(house)
    return house


async def test_a_round_in_an_emergency_goes_by_its_policy_to_the_end(town: House):
    until = town.clock.now() + timedelta(days=1)
    await town.engine.policies.declare_emergency(system("flood"), until=until, reason="台风")
    first = await opened(town)
    assert (first["mode"], first["policy"]) == ("emergency", digest(EMERGENCY))
    await town.engine.policies.lift_emergency(system("over"), reason="已过境")
    pair = first["pairs"][0]
    body = {"need": pair["need"], "offer": pair["offer"], "reason": "希望由他们来"}
    await town["street"].did(f"/v1/rounds/{first['id']}/pins", body)
    second = await town["street"].sees(f"/v1/rounds/{first['id']}")
    assert (second["mode"], second["digests"]["rules"]) == ("emergency", digest(EMERGENCY))
    assert (await opened(town))["policy"] == digest(NORMAL)


async def test_waves_end_with_the_policy_and_come_only_after_publication(town: House):
    await town.engine.register.adopt(system("two"), replace(BOOK, matching=replace(NORMAL, waves=2)))
    first = await opened(town)
    early = await town["street"].post(f"/v1/rounds/{first['id']}/wave")
    assert (early.status_code, early.json()["code"], early.json()["legal"][0]) == (409, "round.wrong_state", "publication")
    await published(town, first)
    second = await town["street"].did(f"/v1/rounds/{first['id']}/wave")
    await town["street"].did(f"/v1/rounds/{second['id']}/publication")
    late = await town["street"].post(f"/v1/rounds/{second['id']}/wave")
    assert (late.status_code, late.json()["code"]) == (409, "round.last_wave")


async def test_a_round_too_large_to_be_solved_at_once_is_discarded_and_says_so(town: House, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(network, "MOST_PAIRS", 1)
    answer = await town["street"].post("/v1/rounds", {"area": STREET})
    assert (answer.status_code, answer.json()["code"]) == (422, "round.too_large")
    listed = (await town["street"].sees("/v1/rounds", since=await head(town)))["items"]
    assert [doc["status"] for doc in listed] == ["discarded"]


async def test_the_calendar_opens_a_round_of_the_whole_district_and_leaves_publishing_to_people(town: House):
    tick = town.engine.clockwork.tick
    assert await tick() == 0
    await town.engine.register.adopt(system("weekly"), replace(BOOK, matching=replace(NORMAL, every_days=7)))
    await tick()
    (first,) = (await town["above"].sees("/v1/rounds", since=await head(town)))["items"]
    assert (first["area"], first["calendar"], first["status"], first["served"]) == (DISTRICT, True, "computed", 2)
    for _ in range(2):
        await tick()
    town.clock.advance(timedelta(days=6, hours=23))
    await tick()
    assert len((await town["above"].sees("/v1/rounds", since=await head(town)))["items"]) == 1
    town.clock.advance(timedelta(hours=1))
    await tick()
    assert len((await town["above"].sees("/v1/rounds", since=await head(town)))["items"]) == 2
