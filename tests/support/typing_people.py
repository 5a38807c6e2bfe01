"""Somebody who is logged in and fills in forms with a browser that has no JavaScript."""

from __future__ import annotations

import re
from html import unescape

import httpx

from tests.support.engine import House
from tests.support.people import cookie


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


def kept(page: str, name: str) -> str:
    """What a field of the form on the page holds."""
    if found := re.search(rf'<input[^>]* name="{re.escape(name)}"([^>]*)>', page):
        if 'type="checkbox"' in found[0]:
            return "on" if " checked" in found[0] else ""
        value = re.search(r'value="([^"]*)"', found[0])
        return unescape(value[1]) if value else ""
    if found := re.search(rf'<textarea[^>]* name="{name}"[^>]*>\n([^<]*)<', page):
        return plain(unescape(found[1]))
    chosen = re.search(rf'<select[^>]* name="{name}".*?</select>', page, re.DOTALL)
    option = chosen and re.search(r'<option value="([^"]*)" selected', chosen[0])
    return unescape(option[1]) if option else ""


def plain(text: str) -> str:
    return text.replace("\r\n", "\n")


def position(answer: httpx.Response) -> int:
    """What the page after a form must at least show."""
    return int(answer.headers["location"].rpartition("seen=")[2])


def made(answer: httpx.Response) -> str:
    """The id of the item that a form led to."""
    found = re.match(r"/(?:needs|offers)/((?:need|offer)-[^?]+)\?", answer.headers["location"])
    assert found, answer.headers["location"]
    return found[1]
