"""Somebody with a browser that has no JavaScript, in this process: reads pages, fills in their forms, sends them."""

from __future__ import annotations

from collections.abc import Mapping
from html.parser import HTMLParser
from typing import Any

import httpx

from domain.access import Principal
from tests.support.engine import DISTRICT, EAST, HOST, STREET, WEST, House, need, people


class Fields(HTMLParser):
    """The forms of a page with what is filled in: action -> {name: value}; its links and its text."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.forms: dict[str, dict[str, str]] = {}
        self.links: list[str] = []
        self.text = ""
        self._form: dict[str, str] = {}
        self._area = self._select = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        match tag:
            case "form":
                self._form = self.forms.setdefault(found.get("action", ""), {})
            case "input" if found.get("type") not in ("checkbox", "radio") or "checked" in found:
                self._form[found.get("name", "")] = found.get("value", "")
            case "textarea":
                self._area = found["name"]
                self._form[self._area] = ""
            case "select":
                self._select = found["name"]
            case "option" if "selected" in found or self._select not in self._form:
                self._form[self._select] = found.get("value", "")
            case "a":
                self.links.append(found.get("href", ""))

    def handle_endtag(self, tag: str) -> None:
        self._area = "" if tag == "textarea" else self._area

    def handle_data(self, data: str) -> None:
        self.text += data
        if self._area:
            self._form[self._area] += data.removeprefix("\n")


class Person:
    """Somebody who is logged in, with a browser that has no JavaScript."""

    def __init__(self, house: House, role: str, org: str, area: str | None = None, lang: str = "zh") -> None:
        principal = Principal(id=f"person-{role}-{org}", role=role, org=org, area=area)

        async def app(scope: Any, receive: Any, send: Any) -> None:
            scope["principal"] = principal
            await house.app(scope, receive, send)

        self.http = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app), base_url=HOST, headers={"Accept-Language": lang, "Origin": HOST}
        )
        self._house = house

    async def sees(self, path: str, status: int = 200) -> Fields:
        head = (await self._house.log.head()).position
        await self._house.engine.projector.wait_for(head, 5)
        answer = await self.http.get(path)
        assert answer.status_code == status, answer.text[:1500]
        return Fields(answer.text)

    async def sends(self, page: str, action: str, status: int = 303, **typed: str) -> str:
        """Fills in the form with that action on a page and sends it: where it leads, or the page it shows again."""
        seen = await self.sees(page)
        assert action in seen.forms, (page, sorted(seen.forms))
        return await self.posts(action, {**seen.forms[action], **typed}, status)

    async def posts(self, action: str, fields: Mapping[str, str], status: int = 303) -> str:
        answer = await self.http.post(action, data=dict(fields))
        assert answer.status_code == status, (answer.status_code, answer.text[:3000])
        return answer.headers["location"] if status == 303 else answer.text


def everybody(house: House, lang: str = "zh") -> dict[str, Person]:
    return {
        "east": Person(house, "committee", EAST, lang=lang), "west": Person(house, "committee", WEST, lang=lang),
        "street": Person(house, "street", "street-office", STREET, lang=lang),
        "district": Person(house, "district", "district-office", DISTRICT, lang=lang),
        "auditor": Person(house, "auditor", "audit", lang=lang), "admin": Person(house, "system_admin", "it", lang=lang),
        **{f"unit{n}": Person(house, "unit", unit, lang=lang) for n, unit in enumerate(house.units)},
    }  # fmt: skip


async def claimed(house: House, lang: str = "zh", quantity: str = "12") -> tuple[dict[str, Person], str, str]:
    """A need of 20 and a unit's claim of it by form: (everybody, need, claim's path)."""
    who = everybody(house, lang)
    need_id = (await house["east"].did("/v1/needs", need(20)))["id"]
    page = await who["unit0"].sees(f"/needs/{need_id}/claim")
    assert page.forms[f"/needs/{need_id}/claim"]["lines-0-quantity"] == "20"  # what is free
    typed = {"lines-0-quantity": quantity, "note": "周末都可以"}
    went = await who["unit0"].sends(f"/needs/{need_id}/claim", f"/needs/{need_id}/claim", **typed)
    return who, need_id, went.partition("?")[0]


async def working(house: House, lang: str = "zh", **more: Any) -> tuple[dict[str, Person], str]:
    """An accepted claim of 12: (everybody, the project's path)."""
    posted = await house["east"].did("/v1/needs", need(20, **more))
    lines = more.get("lines", people(12))
    claim = await house["unit0"].did("/v1/claims", {"need": posted["id"], "lines": lines})
    await house["east"].did(f"/v1/claims/{claim['id']}/acceptance")
    project = (await house["east"].sees(f"/v1/claims/{claim['id']}"))["project"]
    return everybody(house, lang), f"/projects/{project}"
