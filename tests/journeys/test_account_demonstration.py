"""Who may enter as a ready-made person, and from where, on a data folder that holds the demonstration."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from api.settings import Settings
from domain.access import SYSTEM
from services.demonstration.script import asked
from tests.support.engine import DISTRICT, House, opened_house
from tests.support.world import BOOK

OURS = {"Sec-Fetch-Site": "same-origin"}
HERE, AWAY = "127.0.0.1", "203.0.113.9"


async def demonstrated(place: House) -> None:
    """The ledger holds the command with which every demonstration begins."""
    first = asked(SYSTEM, "rules.1.rules.adopt", "rules.adopt")
    await place.engine.register.adopt(first, replace(BOOK, zh=f"{BOOK.zh}（演示）"))


@pytest.mark.parametrize(
    ("bound_to", "demo", "client", "may"),
    [
        ("127.0.0.1", False, HERE, True), ("127.0.0.1", False, AWAY, False), ("0.0.0.0", False, HERE, False),
        ("0.0.0.0", False, AWAY, False), ("0.0.0.0", True, AWAY, True), ("127.0.0.1", True, AWAY, True),
    ],
)  # fmt: skip
async def test_a_demonstration_lets_people_in_at_its_own_machine_or_where_it_was_told_to(
    tmp_path: Path, bound_to: str, demo: bool, client: str, may: bool
):
    settings = Settings(data=tmp_path, host=bound_to, demo=demo)
    async with opened_house(tmp_path, settings=settings) as place:
        await demonstrated(place)
        transport = httpx.ASGITransport(app=place.app, client=(client, 4000))
        async with httpx.AsyncClient(transport=transport, base_url="http://renling.test") as http:
            page = await http.get("/login")
            assert "演示：人物和数据都是虚构的" in page.text  # said in any case
            assert (f'value="district-{DISTRICT}"' in page.text) is may
            answer = await http.post("/login/as", data={"person": f"district-{DISTRICT}"}, headers=OURS)
            assert answer.status_code == (303 if may else 403)
            assert ((await http.get("/me")).status_code == 200) is may
            made = [each.login for each in place.accounts.store.accounts()]
            assert made == ([f"demo-district-{DISTRICT}"] if may else [])


async def test_only_the_people_that_are_listed_can_be_entered_as(tmp_path: Path):
    async with opened_house(tmp_path) as place:
        await demonstrated(place)
        for key in ("", "system-310101", "unit-unit-nowhere", "person-1"):
            answer = await place["nobody"].http.post("/login/as", data={"person": key}, headers=OURS)
            assert answer.status_code == 404
        assert place.accounts.store.accounts() == ()

