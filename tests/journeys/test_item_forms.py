"""Posting, changing and copying needs and offers on the pages, as a browser without JavaScript does it, in both languages."""

from __future__ import annotations

import re

import httpx
import pytest

from tests.support.engine import EAST, STREET, WEST, House, need, offer
from tests.support.people import cookie

HOSTILE = "<script>alert('x')</script>\"&'"
NEED = {
    "title": "重阳节为老人理发", "category": "service", "area": EAST, "lines-0-kind": "理发师", "lines-0-quantity": "１,2",
    "lines-0-unit": "人", "lines-1-kind": "物资款", "lines-1-quantity": "1,200.5", "lines-1-unit": "元", "urgency": "2",
    "beneficiaries": "1,200", "respond_by": "2026-03-20", "outside": "云南省", "note": "请自带工具。\r\n场地已备。",
    "windows-0-kind": "span", "windows-0-date": "2026-04-04", "windows-0-opens": "09:00", "windows-0-closes": "11:30",
    "windows-1-kind": "weekly", "windows-1-day2": "on", "windows-1-day4": "on", "windows-1-opens": "14:00",
    "windows-1-closes": "16:00", "windows-1-since": "2026-04-06", "windows-1-until": "2026-05-31",
    "windows-1-except": "2026-05-05、2026-05-07",
}  # fmt: skip
OFFER = {
    "title": "会议室周末开放", "category": "venue", "reach": "street", "lines-0-kind": "会议室", "lines-0-quantity": "2",
    "lines-0-unit": "场", "note": "请提前预约。",
}  # fmt: skip


class Person:
    """Somebody who is logged in and has only a browser without JavaScript."""

    def __init__(self, house: House, role: str, org: str, area: str | None = None, lang: str = "zh") -> None:
        self.headers = {**cookie(house, role, org, area), "Accept-Language": lang}
        self.http = house["nobody"].http

    async def sees(self, path: str, status: int = 200) -> str:
        answer = await self.http.get(path, headers=self.headers)
        assert answer.status_code == status, answer.text[-2000:]
        return answer.text

    async def sends(self, path: str, fields: dict[str, str], status: int = 303, **pressed: str) -> httpx.Response:
        """Fills the form in that is there and presses a button."""
        key = key_in(await self.sees(path)) if "_key" not in fields else fields["_key"]
        answer = await self.http.post(path, data={**fields, "_key": key, **pressed}, headers=self.headers)
        assert answer.status_code == status, answer.text[-3000:]
        return answer


def key_in(page: str) -> str:
    found = re.search(r'name="_key" value="([^"]+)"', page)
    assert found
    return found[1]


def made(answer: httpx.Response) -> str:
    """The id of the item that a form led to."""
    found = re.match(r"/(?:needs|offers)/((?:need|offer)-[^?]+)\?", answer.headers["location"])
    assert found, answer.headers["location"]
    return found[1]


@pytest.fixture
def east(house: House) -> Person:
    return Person(house, "committee", EAST)


@pytest.fixture
def unit(house: House) -> Person:
    return Person(house, "unit", house.units[1])


async def test_a_need_that_was_typed_field_by_field_is_the_need_that_was_meant(house: House, east: Person):
    answer = await east.sends("/needs/new", NEED)
    item = await house["east"].sees(f"/v1/needs/{made(answer)}")
    expected = {
        "title": "重阳节为老人理发", "category": "service", "area": EAST, "urgency": 2, "beneficiaries": 1200,
        "respond_by": "2026-03-20T15:59:59Z", "outside": "云南省", "status": "open", "owner": EAST,
    }  # fmt: skip
    assert {name: item[name] for name in expected} == expected
    assert [(line["kind"], line["quantity"], line["unit"]) for line in item["lines"]] == [
        ("理发师", 12, "人"), ("物资款", 120_050, "分"),
    ]  # fmt: skip
    assert item["windows"][0] == {"start": "2026-04-04T01:00:00Z", "end": "2026-04-04T03:30:00Z"}
    assert item["windows"][1] == {
        "weekly": [{"day": 2, "from": "14:00", "to": "16:00"}, {"day": 4, "from": "14:00", "to": "16:00"}],
        "from": "2026-04-06", "until": "2026-05-31", "except": ["2026-05-05", "2026-05-07"],
    }  # fmt: skip
    assert "场地已备" in item["note"]
    assert "已发布。" in await east.sees(answer.headers["location"])


async def test_an_offer_that_was_typed_is_published(house: House, unit: Person):
    item = await house["unit1"].sees(f"/v1/offers/{made(await unit.sends('/offers/new', OFFER))}")
    assert (item["title"], item["reach"], item["status"], item["note"]) == ("会议室周末开放", STREET, "published", "请提前预约。")


async def test_who_is_not_logged_in_logs_in_and_comes_back(house: House):
    answer = await house["nobody"].http.get("/needs/new?like=need-1")
    assert (answer.status_code, answer.headers["location"]) == (303, "/login?next=%2Fneeds%2Fnew%3Flike%3Dneed-1")
    assert (await house["nobody"].http.get("/drafts")).headers["location"] == "/login?next=%2Fdrafts"
