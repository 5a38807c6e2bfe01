"""The hot offer again and again: what goes wrong once in a hundred times goes wrong here."""

from __future__ import annotations

import itertools
import os
import time

import pytest

from tests.contracts.test_races import course, dealt, neighbourhoods, started
from tests.support.races import Act, Course
from tests.support.telling import used
from tests.support.world import World

__all__ = ["course", "started"]  # fixtures

pytestmark = pytest.mark.torture


async def test_every_claim_and_every_yes_counts_once_round_after_round(course: Course):
    world, unit = course.world, course.world.units[0]
    committees = await neighbourhoods(world, 60)
    minutes = float(os.environ.get("TORTURE_MINUTES", "1"))
    until = time.monotonic() + 60 * minutes / 2  # half for each of the two ledgers
    for turn in itertools.takewhile(lambda turn: not turn or time.monotonic() < until, itertools.count()):
        offer = await world.offer(unit, 50)
        wants = [Act("want", c, f"want-{turn}-{c}", offer.id, 1) for c in committees]
        assert (await course.race(dealt(wants))).count("ok") == 50
        claims = await world.log.citing(offer.id)
        answers = [
            Act("accept", unit.org, f"{turn}-{c}", c)
            if n % 3
            else Act("withdraw", await receiver(world, c), f"{turn}-{c}", c)
            for n, c in enumerate(claims)
        ]
        assert (await course.race(dealt(answers))).count("ok") == 50
        withdrawn = sum(answer.what == "withdraw" for answer in answers)
        assert await used(world, offer.id) == (withdrawn, 0, 50 - withdrawn, 0)


async def receiver(world: World, claim: str) -> str:
    return (await world.state(claim)).terms.receiver
