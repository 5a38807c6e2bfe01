"""Where a round shows besides its own address: the desk of whom it hands needs to, the audit replay, and nowhere in public."""

from __future__ import annotations

import re

import pytest_asyncio

from tests.support.engine import House
from tests.support.people import cookie
from tests.support.rounds import furnished, head, published
from tests.support.world import DISTRICT, STREET


@pytest_asyncio.fixture
async def town(house: House) -> House:
    await furnished(house)
    return house


async def shown(town: House, path: str, role: str, org: str, area: str | None = None, lang: str = "zh") -> tuple[int, str]:
    """Status and text of a page, as somebody who is logged in sees it."""
    answer = await town["nobody"].get(path, headers={**cookie(town, role, org, area), "Accept-Language": lang})
    return answer.status_code, re.sub(r"\s+", " ", re.sub("<[^>]+>", " ", answer.text))


async def test_the_districts_desk_says_that_a_round_below_has_left_needs(town: House):
    done = await town["street"].did("/v1/rounds", {"area": STREET})
    await published(town, done)
    await town["above"].sees("/v1/rounds", since=await head(town))
    _, desk = await shown(town, "/desk", "district", "district-office", DISTRICT)
    assert f"下级没有配上的需求 {done['number']}" in desk
    _, desk = await shown(town, "/desk", "district", "district-office", DISTRICT, "en")
    assert f"Needs that a round below has left {done['number']}" in desk
    _, own = await shown(town, "/desk", "street", "street-office", STREET)
    assert done["number"] not in own


async def test_the_auditor_replays_a_round_by_its_number(town: House):
    done = await town["street"].did("/v1/rounds", {"area": STREET})
    await published(town, done)
    await town["auditor"].sees("/v1/rounds", since=await head(town))
    status, page = await shown(town, f"/audit?what={done['number']}", "auditor", "audit")
    assert status == 200
    assert "配上的需求 2" in page
    assert "未配上的需求 1" in page
    status, early = await shown(town, f"/audit?what={done['id']}&at={done['position']}", "auditor", "audit")
    assert (status, "计算中" in early, "配上的需求 2" in early) == (200, True, False)


async def test_a_round_is_nobodys_organisation_and_its_claims_name_it_only_to_the_parties(town: House):
    done = await published(town, await town["street"].did("/v1/rounds", {"area": STREET}))
    await town["auditor"].sees("/v1/rounds", since=await head(town))
    for role, org in (("unit", town["unit3"].org), ("auditor", "audit")):
        assert (await shown(town, f"/orgs/{done['id']}", role, org))[0] == 404
    assert (await town["nobody"].get(f"/audit?what={done['id']}")).status_code == 404
    claim = done["pairs"][0]
    party = next(caller for caller in town.callers.values() if caller.org == claim["unit"])
    stranger = town["unit3"]
    assert (await party.sees(f"/v1/claims/{claim['claim']}"))["round"] == done["id"]
    assert (await stranger.get(f"/v1/claims/{claim['claim']}")).status_code == 404
    types = {entry["type"] for entry in (await stranger.sees("/v1/events", limit="1000"))["items"]}
    assert not any(name.startswith("round.") for name in types)
    assert "need.posted" in types
