"""The handshake on pages, by people without JavaScript: what they may do stands there as buttons, and why not the rest."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import httpx
import pytest

from domain.access import Principal
from tests.support.engine import DISTRICT, EAST, HOST, STREET, WEST, House, need, offer, opened_house


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


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with opened_house(tmp_path) as made:
        yield made


def everybody(house: House, lang: str = "zh") -> dict[str, Person]:
    return {
        "east": Person(house, "committee", EAST, lang=lang), "west": Person(house, "committee", WEST, lang=lang),
        "street": Person(house, "street", "street-office", STREET, lang=lang),
        "district": Person(house, "district", "district-office", DISTRICT, lang=lang),
        "auditor": Person(house, "auditor", "audit", lang=lang), "admin": Person(house, "system_admin", "it", lang=lang),
        **{f"unit{n}": Person(house, "unit", unit, lang=lang) for n, unit in enumerate(house.units)},
    }  # fmt: skip


async def test_a_draft_is_its_owners_alone_and_is_published_by_its_button(house: House):
    who = everybody(house)
    draft = (await house["east"].did("/v1/needs", need(draft=True, note="两周一次")))["id"]
    for other in ("west", "unit0", "admin"):
        await who[other].sees(f"/needs/{draft}", 404)
    page = await who["east"].sees(f"/needs/{draft}")
    assert "两周一次" in page.text
    assert "只有待审核的需求可以审核" not in page.text  # that is the street's business, whatever the state
    await who["east"].sends(f"/needs/{draft}", f"/needs/{draft}/publication")
    assert "待认领" in (await who["west"].sees(f"/needs/{draft}")).text


async def test_sending_a_form_twice_does_it_once(house: House):
    who = everybody(house)
    posted = (await house["unit0"].did("/v1/offers", offer()))["id"]
    page = await who["unit0"].sees(f"/offers/{posted}?act=pause")
    fields = {**page.forms[f"/offers/{posted}/pause"], "reason": "盘点"}
    first = await who["unit0"].posts(f"/offers/{posted}/pause", fields)
    assert await who["unit0"].posts(f"/offers/{posted}/pause", fields) == first
    await who["unit0"].sends(f"/offers/{posted}", f"/offers/{posted}/resumption")
    assert len((await house["auditor"].sees(f"/v1/offers/{posted}/history"))["items"]) == 3


async def test_who_comes_second_sees_what_changed_and_overwrites_nothing(house: House):
    who = everybody(house)
    posted = (await house["east"].did("/v1/needs", need(20)))["id"]
    page = await who["east"].sees(f"/needs/{posted}?act=withdrawal")
    await house["east"].act("PATCH", f"/v1/needs/{posted}", {"title": "换了标题"})
    typed = {**page.forms[f"/needs/{posted}/withdrawal"], "reason": "不需要了"}
    again = Fields(await who["east"].posts(f"/needs/{posted}/withdrawal", typed, 412))
    assert "已被他人更新" in again.text
    assert "修改标题" in again.text
    form = again.forms[f"/needs/{posted}/withdrawal"]
    assert form["reason"] == "不需要了"
    assert "done=withdrawn" in await who["east"].posts(f"/needs/{posted}/withdrawal", form)


@pytest.mark.parametrize("lang", ["zh", "en"])
async def test_the_other_acts_on_needs_and_offers_have_their_forms(house: House, lang: str):
    who, east = everybody(house, lang), house["east"]
    first, second = [(await east.did("/v1/needs", need(title=f"需求{n}")))["id"] for n in range(2)]
    await who["east"].sends(f"/needs/{second}?act=merge", f"/needs/{second}/merge", into=first, reason="重复")
    await who["street"].sends(f"/needs/{first}?act=withdrawal", f"/needs/{first}/withdrawal", reason="取消")
    again = await who["east"].sends(f"/needs/{first}?act=reopening", f"/needs/{first}/reopening")
    assert re.search(r"seen=\d+", again)
    given = (await house["unit0"].did("/v1/offers", offer(draft=True)))["id"]
    await who["unit0"].sends(f"/offers/{given}", f"/offers/{given}/publication")
    await who["unit0"].sends(f"/offers/{given}?act=retirement", f"/offers/{given}/retirement")
    doc = await house["auditor"].sees(f"/v1/offers/{given}")
    assert doc["status"] == "retired"
    assert (await house["auditor"].sees(f"/v1/needs/{second}"))["status"] == "merged"


async def test_everybody_else_is_told_to_log_in_and_forms_without_log_in_lead_there(house: House):
    posted = (await house["east"].did("/v1/needs", need()))["id"]
    page = Fields((await house["nobody"].http.get(f"/needs/{posted}")).text)
    assert any(link.startswith("/login?next=") for link in page.links)
    assert not [action for action in page.forms if action.endswith("/withdrawal")]
    answer = await house["nobody"].http.post(f"/needs/{posted}/withdrawal", data={"_key": "k", "reason": "x"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/login")
