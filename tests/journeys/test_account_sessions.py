"""Logging in, choosing an identity, logging out; as a browser without JavaScript does it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.engine import EAST, House, need, opened_house
from tests.support.people import cookie


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[House]:
    async with opened_house(tmp_path) as made:
        yield made


async def test_somebody_who_is_logged_in_is_named_on_every_page(place: House):
    http, mine = place["nobody"].http, cookie(place, "unit", place.units[0])
    page = await http.get("/board", headers=mine)
    assert "测试" in page.text
    assert page.headers["cache-control"] == "no-store"
    assert "测试" not in (await http.get("/board")).text


async def test_who_logs_out_is_out_also_with_the_old_cookie(place: House):
    http, mine = place["nobody"].http, cookie(place, "unit", place.units[0])
    answer = await http.post("/logout", headers=mine)
    assert answer.status_code == 303
    assert (await http.get("/me", headers=mine)).headers["location"] == "/login?next=%2Fme"


async def test_a_form_from_another_site_is_refused(place: House):
    http, mine = place["nobody"].http, cookie(place, "unit", place.units[0])
    for header in ({"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "none"}, {"Sec-Fetch-Site": "same-site"}):
        assert (await http.post("/logout", headers={**mine, **header})).status_code == 403
    without = {"Cookie": mine["Cookie"]}
    assert (await http.post("/logout", headers=without)).status_code == 403
    assert (await http.post("/logout", headers={**without, "Origin": "http://evil.test"})).status_code == 403
    assert (await http.get("/me", headers=mine)).status_code == 200
    assert (await http.post("/logout", headers={**without, "Origin": "http://renling.test"})).status_code == 303


async def test_an_open_stream_ends_with_the_session_and_says_nothing_more(place: House):
    mine = cookie(place, "committee", EAST)
    listening = asyncio.create_task(place["nobody"].http.get("/live", headers=mine))
    await asyncio.sleep(0.2)
    before = await place["east"].did("/v1/needs", need(draft=True))  # which only its own side may know of
    await asyncio.sleep(0.5)
    await place["nobody"].http.post("/logout", headers=mine)
    after = await place["east"].did("/v1/needs", need(draft=True))
    told = (await asyncio.wait_for(listening, 20)).text
    assert before["id"] in told
    assert after["id"] not in told
