"""Lives of districts over which ways to know the market are compared; each is the same again for its seed."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from random import Random

from domain.access import SYSTEM
from domain.events import Refused
from domain.matching.snapshot import Snapshot
from tests.specs.golden.vault import GoldenVault
from tests.specs.workflow_machine import Workflow
from tests.support.market import Compared
from tests.support.story import OTHER_STREET, SOUTH, Story
from tests.support.world import BOOK, EAST, STREET, STREET_OFFICE, WEST, World

CHAPTERS, STEPS, WEEKS = 6, 150, 10


async def life(folder: Path, seed: int) -> Counter[str]:
    """What there was to be compared in a district in which units stop and go on and areas move."""
    story = await Story(World(folder, vault=GoldenVault()), seed).begin()
    compared, seen, last = Compared(story.world.log, story.world.codec), Counter[str](), 0
    for chapter in range(CHAPTERS):
        await story.go_on(STEPS)
        await office(story, chapter)
        head = (await story.world.log.head()).position
        midst = max(last, head - story.chance.randrange(1, 30))  # of a command, as likely as not
        last = head
        seen.update(shown(await compared.at(midst)))
        seen.update(shown(await compared.at(head)))
    return seen


def any_acts(seed: int) -> None:
    chance, workflow = Random(seed), Workflow()
    workflow.items(amounts=[chance.randint(2, 8) for _ in range(4)], windows=seed % 2 == 0, money=seed % 3 == 0)
    log = workflow.world.log
    compared = Compared(log, workflow.world.codec)

    async def compare() -> None:
        await compared.at((await log.head()).position)

    for _ in range(WEEKS):
        workflow.a_busy_week(Random(chance.random()))
        asyncio.run(compare())


async def office(story: Story, chapter: int) -> None:
    """What offices and owners do between the chapters."""
    world, register = story.world, story.world.register
    need, ask = story._any("need"), world.ask
    owner = story._principal((await world.state(need)).content.owner)
    acts: list[Callable[[], Awaitable[object]]] = [
        lambda: register.limit_unit(ask(world.units[1]), world.units[1].org, engagements=chapter),
        lambda: register.move_area(ask(SYSTEM), WEST, parent=(OTHER_STREET, STREET)[chapter % 2]),
        lambda: register.adopt(ask(SYSTEM), replace(BOOK, endorse_needs=chapter % 2 == 0)),
        lambda: needs_answered(story),
        lambda: releases(story),
        lambda: world.needs.withdraw(ask(owner), need),
        lambda: world.needs.reopen(ask(owner), need),
        *([lambda: register.close_area(ask(SYSTEM), SOUTH, successor=EAST)] if chapter == CHAPTERS - 2 else []),
    ]
    for act in acts:
        with suppress(Refused):
            await act()


async def needs_answered(story: Story) -> None:
    """What waits for an endorsement gets one, or is turned away."""
    for need in story.ids["need"][-12:]:
        act = story.chance.choice([story.world.needs.endorse, story.world.needs.endorse, story.world.needs.reject])
        with suppress(Refused):
            await act(story.world.ask(STREET_OFFICE), need)


async def releases(story: Story) -> None:
    """Some promises are released by their givers; some of those releases are taken back by both sides."""
    claims, ask = story.world.claims, story.world.ask
    for claim in story.ids["claim"]:
        terms = (await story.world.state(claim)).terms
        giver, taker = story._principal(terms.provider), story._principal(terms.receiver)
        with suppress(Refused):
            if story.chance.random() < 0.3:
                await claims.release(ask(giver), claim)
        with suppress(Refused):
            if story.chance.random() < 0.5:
                await claims.reinstate(ask(giver), claim)
                await claims.reinstate(ask(taker), claim)


def shown(snapshot: Snapshot) -> dict[str, int]:
    """How much of everything a snapshot holds: what is never there is never compared."""
    needs, offers, givers = snapshot.needs, snapshot.offers, snapshot.givers
    return {
        "used of needs": sum(bool(line.used) for need in needs for line in need.lines),
        "used of offers": sum(bool(line.used) for offer in offers for line in offer.lines),
        "partners": sum(len(need.partners) for need in needs), "refused": sum(len(need.refused) for need in needs),
        "live": sum(giver.live for giver in givers), "kept": sum(giver.kept for giver in givers),
        "broken": sum(giver.done - giver.kept for giver in givers), "limits": sum(giver.limit for giver in givers),
        "asked": sum(asker.asked for asker in snapshot.askers), "served": sum(asker.served for asker in snapshot.askers),
    }  # fmt: skip
