"""Contacts on the pages: filled in by forms, masked, shown in full only in the answer to who may look."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest_asyncio

from api.pages.forms import fresh_key
from tests.support.engine import HOST, House, need, opened_house, people
from tests.support.people import cookie
from tests.support.world import EAST, STREET

ZHANG = {"name": "张伟", "phone": "138 1234 5678", "wechat": "zhangwei88"}


class Reader:
    """Somebody with a browser."""

    def __init__(self, house: House, headers: dict[str, str]) -> None:
        transport = httpx.ASGITransport(app=house.app)
        self.http = httpx.AsyncClient(transport=transport, base_url=HOST, headers=headers)

    async def sends(self, path: str, **fields: str) -> httpx.Response:
        return await self.http.post(path, data={"_key": fresh_key(), **fields})

    async def reads(self, path: str, **query: str) -> httpx.Response:
        return await self.http.get(path, params=query)


@pytest_asyncio.fixture
async def town(tmp_path: Path) -> AsyncIterator[tuple[House, dict[str, Any]]]:
    async with opened_house(tmp_path) as house:
        who = {"east": ("committee", EAST), "unit": ("unit", house.units[0]), "other": ("unit", house.units[1]),
               "street": ("street", STREET), "auditor": ("auditor", "audit"), "admin": ("system_admin", "admin")}  # fmt: skip
        readers = {name: Reader(house, cookie(house, *grant)) for name, grant in who.items()}
        readers["nobody"] = Reader(house, {})
        yield house, readers
        for reader in readers.values():
            await reader.http.aclose()


async def bound(house: House) -> str:
    """A need whose claim by the first unit is accepted."""
    posted = await house["east"].did("/v1/needs", need())
    claim = await house["unit0"].did("/v1/claims", {"need": posted["id"], "lines": people(5)})
    await house["east"].did(f"/v1/claims/{claim['id']}/acceptance")
    return str(posted["id"])


async def test_a_contact_is_filled_in_masked_and_shown_to_the_other_side(town):
    house, readers = town
    item = await bound(house)
    saved = await readers["east"].sends("/contacts", about=item, org=EAST, **ZHANG)
    assert (saved.status_code, saved.headers["location"]) == (303, f"/needs/{item}?done=saved")
    form = await readers["east"].reads("/contacts", about=item, org=EAST)
    assert "138****5678" in form.text
    assert "5678 " not in form.text
    assert form.headers["cache-control"] == "no-store"
    shown = await readers["unit"].sends("/contacts/reveal", about=item, org=EAST)
    assert (shown.status_code, shown.headers["cache-control"]) == (200, "no-store")
    assert all(value in shown.text for value in ZHANG.values())
    assert 'href="tel:13812345678"' in shown.text
    assert [line.kind for line in house.accounts.log.page(kind="contact")] == ["contact.revealed", "contact.kept"]


async def test_who_is_not_concerned_gets_nothing_and_is_not_recorded_as_having_looked(town):
    house, readers = town
    item = await bound(house)
    await readers["east"].sends("/contacts", about=item, org=EAST, **ZHANG)
    statuses = {
        name: (await readers[name].sends("/contacts/reveal", about=item, org=EAST)).status_code
        for name in ("other", "auditor", "admin", "nobody")
    }
    assert statuses == {"other": 404, "auditor": 404, "admin": 404, "nobody": 303}
    assert house.accounts.log.page(kind="contact.revealed") == ()


async def test_a_coordinator_must_choose_a_reason(town):
    house, readers = town
    item = await bound(house)
    await readers["east"].sends("/contacts", about=item, org=EAST, **ZHANG)
    assert (await readers["street"].sends("/contacts/reveal", about=item, org=EAST)).status_code == 422
    shown = await readers["street"].sends("/contacts/reveal", about=item, org=EAST, reason="urgent")
    assert ZHANG["phone"] in shown.text
    assert house.accounts.log.page()[0].detail == "urgent"


async def test_a_wrong_entry_comes_back_with_what_was_typed(town):
    house, readers = town
    item = await bound(house)
    again = await readers["east"].sends("/contacts", about=item, org=EAST, name="张伟", phone="请打我")
    assert again.status_code == 422
    assert 'value="请打我"' in again.text
    assert "电话号码只含数字" in again.text


async def test_nobody_fills_in_for_another_or_where_they_have_no_part(town):
    house, readers = town
    item = await bound(house)
    assert (await readers["unit"].sends("/contacts", about=item, org=EAST, **ZHANG)).status_code == 403
    assert (await readers["other"].reads("/contacts", about=item)).status_code == 404
    assert (await readers["nobody"].reads("/contacts", about=item)).headers["location"].startswith("/login")
    assert (await readers["auditor"].reads("/contacts")).status_code == 403


async def test_a_contact_is_in_no_address(town):
    house, readers = town
    item = await bound(house)
    await readers["east"].sends("/contacts", about=item, org=EAST, **ZHANG)
    assert (await readers["unit"].reads("/contacts/reveal", about=item, org=EAST)).status_code == 405
