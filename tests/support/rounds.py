"""A small district in which rounds of matching are opened, published and answered over HTTP."""

from __future__ import annotations

from typing import Any

from domain.access import SYSTEM
from services.command import Ask
from tests.support.engine import Caller, House, need, offer
from tests.support.world import DISTRICT, STREET, WEST


async def furnished(house: House) -> None:
    """Two needs for twenty people; unit 1 has thirty to give, unit 2 twenty; one need that nobody can serve. `above` is the
    district's coordinator, `far` that of another street."""
    house.callers["above"] = Caller(house.app, "district-office", house.keys.create("district", "district-office", DISTRICT))
    house.callers["far"] = Caller(house.app, "far-office", house.keys.create("street", "far-office", "310101002"))
    await house["east"].did("/v1/needs", need(20))
    await house["west"].did("/v1/needs", need(20, area=WEST))
    await house["west"].did("/v1/needs", need(20, area=WEST, category="venue"))
    await house["unit1"].did("/v1/offers", offer(30))
    await house["unit2"].did("/v1/offers", offer(20))


async def opened(house: House, by: str = "street", **more: Any) -> dict[str, Any]:
    """A round of the street, as it is computed."""
    done = await house[by].did("/v1/rounds", {"area": STREET, "category": "service", **more})
    return await house[by].sees(f"/v1/rounds/{done['id']}")


async def published(house: House, round: dict[str, Any], by: str = "street") -> dict[str, Any]:
    await house[by].did(f"/v1/rounds/{round['id']}/publication")
    return await house[by].sees(f"/v1/rounds/{round['id']}")


def names(round: dict[str, Any]) -> set[tuple[str, str]]:
    return {(pair["need"], pair["offer"]) for pair in round["pairs"]}


def caller_of(house: House, org: str) -> Caller:
    return next(caller for caller in house.callers.values() if caller.org == org and caller.key)


async def answered(house: House, claim: str, act: str = "acceptance") -> dict[str, Any]:
    """Both sides say it, the giver first."""
    found = await house["auditor"].sees(f"/v1/claims/{claim}")
    await caller_of(house, found["provider"]).did(f"/v1/claims/{claim}/{act}")
    if act == "acceptance":
        await caller_of(house, found["receiver"]).did(f"/v1/claims/{claim}/{act}")
    return await house["auditor"].sees(f"/v1/claims/{claim}")


async def head(house: House) -> int:
    return (await house.log.head()).position


def system(key: str) -> Ask:
    return Ask(principal=SYSTEM, key=key, fingerprint=key)
