"""What a key with scopes may do over the API, and what becomes of a key that has expired."""

from __future__ import annotations

import pytest

from tests.support.engine import Caller, House, need, offer, people


@pytest.mark.parametrize(
    ("scopes", "posts", "claims"),
    [(("read",), 403, 403), (("offers:write",), 201, 403), (("claims:write",), 403, 201), (None, 201, 201)],
)
async def test_a_key_does_what_its_scopes_cover(house: House, scopes: tuple[str, ...] | None, posts: int, claims: int):
    wanted = (await house["east"].did("/v1/needs", need()))["id"]
    caller = Caller(house.app, house.units[1], house.keys.create("unit_system", house.units[1], scopes=scopes))
    assert (await caller.post("/v1/offers", offer())).status_code == posts
    answer = await caller.post("/v1/claims", {"need": wanted, "lines": people(5)})
    assert answer.status_code == claims
    if claims == 403:
        assert answer.json()["code"] == "access.scope"
    assert (await caller.get(f"/v1/needs/{wanted}")).status_code == 200
    await caller.http.aclose()


async def test_acts_beyond_the_scopes_are_not_offered(house: House):
    mine = (await house["unit1"].did("/v1/offers", offer()))["id"]
    reader = Caller(house.app, house.units[1], house.keys.create("unit_system", house.units[1], scopes=("read",)))
    assert "retirement" in (await house["unit1"].sees(f"/v1/offers/{mine}"))["acts"]
    assert (await reader.sees(f"/v1/offers/{mine}"))["acts"] == []
    await reader.http.aclose()
