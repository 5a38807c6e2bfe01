"""Words that specs are told in: what was refused, what is used of an item, the ways to a bound or delivered claim."""

from __future__ import annotations

from collections.abc import Awaitable
from datetime import date
from typing import Any

import pytest

from domain.access import Principal
from domain.calendar import Slot, Weekly
from domain.capacity import Line
from domain.events import Refused
from services.command import Done
from tests.support.world import COMMITTEE, World


async def refused(act: Awaitable[Any], code: str) -> Refused:
    """The refusal, which must have this code."""
    with pytest.raises(Refused) as caught:
        await act
    assert caught.value.code == code, caught.value
    return caught.value


async def used(
    world: World, item: str, occurrence: str = "", line: tuple[str, str] = ("志愿者", "人")
) -> tuple[int, ...]:
    """(free, held, committed, delivered) of one line of a need or offer, as stored."""
    capacity = (await world.state(item)).capacity
    amounts = capacity.used.get((*line, occurrence))
    rest = (amounts.held, amounts.committed, amounts.delivered) if amounts else (0, 0, 0)
    return (capacity.free(*line, occurrence), *rest)


async def status(world: World, item: str) -> str:
    return str((await world.state(item)).status)


async def bound(
    world: World, unit: Principal, quantity: int, need: Done, committee: Principal = COMMITTEE, **more: Any
) -> tuple[str, str]:
    """An accepted claim of a need, and its project."""
    claim = await world.claim(unit, quantity, need=need.id, **more)
    await world.claims.accept(world.ask(committee), claim.id)
    return claim.id, (await world.state(claim.id)).project


async def delivered(world: World, unit: Principal, project: str, committee: Principal = COMMITTEE) -> None:
    """Reported by the unit and confirmed by the committee, all of it."""
    await world.projects.report(world.ask(unit), project)
    await world.projects.confirm(world.ask(committee), project)


async def closed(world: World, project: str, committee: Principal = COMMITTEE) -> Done:
    return await world.projects.close(world.ask(committee), project, reason="居民已当面致谢")


def lines(*named: tuple[str, int, str]) -> tuple[Line, ...]:
    return tuple(Line(*each) for each in named)


def weekly(since: str, until: str | None, *slots: tuple[int, str, str], skipped: tuple[str, ...] = ()) -> Weekly:
    """Slots of (day, opens, closes) between two days."""
    days = tuple(date.fromisoformat(day) for day in skipped)
    return Weekly(tuple(Slot(*s) for s in slots), date.fromisoformat(since), until and date.fromisoformat(until), days)
