"""One district with the register of two neighbourhoods and five units, started once and used by all journeys."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.sync_api import Browser

from adapters.system import SeededClock
from domain.units import check_character
from services.accounts import Accounts
from tests.support.accounts import MONDAY, accounts_in
from tests.support.chromium import chromium
from tests.support.engine import House, opened_house
from tests.support.mailbox import Mailbox, mailbox
from tests.support.receiver import Receiver, receiving
from tests.support.running import District, Someone, running
from tests.support.told import TAKEN

DISTRICT, STREET, EAST, WEST = "310101", "310101001", "310101001001", "310101001002"


@dataclass(frozen=True)
class Town:
    district: District
    office: Someone  # the district's coordinator
    street: Someone
    east: Someone  # a committee
    west: Someone
    units: tuple[Someone, ...]
    unit_ids: tuple[str, ...]
    auditor: Someone


@pytest.fixture(scope="session")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    data: Path = tmp_path_factory.mktemp("town") / "data"
    with running(data, "--empty") as district:
        yield settle(district)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@pytest_asyncio.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """The API in this process, over real parts in memory."""
    async with opened_house(tmp_path) as made:
        yield made


def settle(district: District) -> Town:
    """A street, two neighbourhoods and five units, entered by the district office over HTTP."""
    office = district.someone("district", "district-office", DISTRICT)
    for area, kind, parent in ((STREET, "street", DISTRICT), (EAST, "neighbourhood", STREET), (WEST, "neighbourhood", STREET)):
        office.post("/v1/areas", {"id": area, "name": f"区域 {area}", "kind": kind, "parent": parent})
    ids = []
    for n in range(5):
        code = f"91310101MA1FL{n:04d}"
        body = {"name": f"第{n}医院", "code": code + check_character(code), "kind": "医院", "areas": [STREET]}
        ids.append(office.post("/v1/units", body)["id"])
    return Town(
        district=district, office=office, street=district.someone("street", STREET, STREET),
        east=district.someone("committee", EAST), west=district.someone("committee", WEST),
        units=tuple(district.someone("unit", unit) for unit in ids), unit_ids=tuple(ids),
        auditor=district.someone("auditor", "audit"),
    )  # fmt: skip


@pytest.fixture
def clock() -> SeededClock:
    """Of the accounts: it stands still until it is moved."""
    return SeededClock(MONDAY)


@pytest.fixture
def accounts(tmp_path: Path, clock: SeededClock) -> Iterator[Accounts]:
    with accounts_in(tmp_path, clock) as opened:
        yield opened


@pytest_asyncio.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """Where robots and webhooks of notices are sent."""
    async with receiving() as listening:
        listening.answer = TAKEN
        yield listening


@pytest_asyncio.fixture
async def box() -> AsyncIterator[Mailbox]:
    async with mailbox() as listening:
        yield listening
