"""A suggestion in the inbox, by mail and in the trail: for those whom it suits alone, and only while they want to hear it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest_asyncio

from domain.access import Principal
from domain.suggestion import SuggestionIssued
from services import sight
from services.notice_inbox import USUAL
from services.notice_ports import Manners
from services.notices import GROUPS
from tests.support.engine import House, need, offer
from tests.support.mailbox import Mailbox
from tests.support.people import cookie
from tests.support.receiver import Receiver
from tests.support.told import caught_up, house_with, post_of, sent
from tests.support.world import EAST, STREET

SAID = re.compile(r"新需求与贵方的资源“义诊志愿者队伍”匹配 (\d+) 分")


@pytest_asyncio.fixture
async def house(tmp_path: Path, box: Mailbox, receiver: Receiver) -> AsyncIterator[House]:
    async with house_with(tmp_path, box, receiver) as made:
        yield made


async def told(house: House) -> int:
    """The clock's turn, and the notices'."""
    count = await house.engine.suggesting.tick(post_of(house).inbox.declined)
    await caught_up(house)
    return count


async def new_need(house: House) -> tuple[str, int]:
    """A need that two hospitals could serve, and how many were told of it."""
    for n in (1, 2):
        await house[f"unit{n}"].did("/v1/offers", offer())
    await told(house)
    asked: str = (await house["east"].did("/v1/needs", need(title="春季义诊")))["id"]
    return asked, await told(house)


async def page(house: House, unit: int, path: str = "/notices", **headers: str) -> str:
    found = await house["nobody"].http.get(path, headers={**cookie(house, "unit", house.units[unit]), **headers})
    assert found.status_code == 200, found.text
    return found.text


async def test_a_suggestion_is_found_in_the_inbox_of_those_whom_it_suits_and_leads_to_the_item(house: House):
    asked, count = await new_need(house)
    assert count == 2
    shown = await page(house, 1)
    score = (await house["east"].sees(f"/v1/needs/{asked}/suggestions"))["items"][0]["score"]
    assert [int(points) for points in SAID.findall(shown)][:1] == [score // 10]
    assert f'<a href="/needs/{asked}">春季义诊</a>' in shown
    assert 'href="/notices?group=suggestion"' in shown
    assert SAID.search(await page(house, 1, "/notices?group=suggestion"))
    for other in (0, 3):
        assert not SAID.search(await page(house, other))


async def test_the_committee_is_told_of_a_new_offer_and_not_of_what_it_posts_itself(house: House):
    await house["east"].did("/v1/needs", need())
    await told(house)
    await house["unit1"].did("/v1/offers", offer())
    assert await told(house) == 1
    shown = await house["nobody"].http.get("/notices", headers=cookie(house, "committee", EAST))
    assert "新资源与贵方的需求“周末义诊志愿者”匹配" in shown.text
    assert not SAID.search(await page(house, 1))


async def test_who_has_switched_suggestions_off_is_told_of_none_until_they_are_on_again(house: House):
    headers = cookie(house, "unit", house.units[1])
    assert '<option value="on" selected>接收</option>' in await page(house, 1, "/notices/settings")
    answer = await house["nobody"].http.post("/notices/settings", data={"suggestions": "off", "lang": "zh"}, headers=headers)
    assert answer.status_code == 303
    assert '<option value="off" selected>不接收</option>' in await page(house, 1, "/notices/settings")
    _, count = await new_need(house)
    assert count == 1
    assert not SAID.search(await page(house, 1))
    assert SAID.search(await page(house, 2))
    assert await house.log.read_stream(f"suggestion-{house.units[1]}") == []
    await house["nobody"].http.post("/notices/settings", data={"suggestions": "on", "lang": "zh"}, headers=headers)
    await house["west"].did("/v1/needs", need(area="310101001002"))
    assert await told(house) == 2
    assert SAID.search(await page(house, 1))


async def test_a_coordinator_speaks_for_its_own_office_too(house: House):
    inbox, street = post_of(house).inbox, Principal(id="person-2", role="street", org="street-office", area=STREET)
    await inbox.set_manners(street, Manners(to="", suggestions=False))
    assert await inbox.declined(["street-office", *house.units]) == {"street-office"}


async def test_a_suggestion_goes_out_with_the_daily_mail_in_the_readers_language(house: House, box: Mailbox):
    inbox, unit = post_of(house).inbox, Principal(id="person-1", role="unit", org=house.units[1])
    await inbox.add_channel(unit, "mail", "office@hospital.example.cn", "")
    await inbox.set_manners(unit, Manners(to="", lang="en"))
    asked, _ = await new_need(house)
    assert await sent(house) == 0
    house.clock.advance(timedelta(days=1))
    assert await sent(house) == 1
    text = box.messages[0].get_content()
    assert re.search(r"A new need fits your offer “义诊志愿者队伍” with \d\d of 100: 春季义诊", text)
    assert f"https://renling.example.cn/needs/{asked}" in text


async def test_a_channel_that_takes_no_suggestions_gets_none(house: House, box: Mailbox):
    inbox, unit = post_of(house).inbox, Principal(id="person-1", role="unit", org=house.units[1])
    channel = await inbox.add_channel(unit, "mail", "office@hospital.example.cn", "")
    await inbox.set_paces(unit, channel.id, {"suggestion": "off"})
    await new_need(house)
    house.clock.advance(timedelta(days=2))
    assert await sent(house) == 0
    assert SAID.search(await page(house, 1))


async def test_the_book_of_notices_keeps_the_ids_of_both_items_and_no_titles(house: House):
    asked, _ = await new_need(house)
    kept = b"".join(file.read_bytes() for file in house.data.glob("notices.db*"))
    assert asked.encode() in kept
    for title in ("春季义诊", "义诊志愿者队伍"):
        assert title.encode() not in kept


async def test_what_one_is_told_is_in_the_trail_for_oneself_and_the_auditor_alone(house: House):
    await new_need(house)

    async def seen(who: str) -> set[str]:
        items = (await house[who].sees("/v1/events", limit=1000))["items"]
        return {item["data"]["to"] for item in items if item["type"] == SuggestionIssued.TYPE}

    assert await seen("auditor") == {house.units[1], house.units[2]}
    assert await seen("unit1") == {house.units[1]}
    shown = await house["nobody"].http.get("/audit/trail?type=suggestion", headers=cookie(house, "auditor", "audit"))
    assert shown.text.count("向第1医院推荐，匹配") == 1
    assert await seen("unit3") == await seen("east") == await seen("street") == set()


async def test_open_pages_never_hear_of_anybodys_suggestions(house: House):
    await new_need(house)
    for viewer in (Principal(id="x", role="unit", org=house.units[2]), Principal(id="y", role="public", org="")):
        assert await sight.visible(house.engine.streams, viewer, [f"suggestion-{house.units[1]}"]) == []


def test_every_group_of_notices_has_a_usual_pace():
    assert set(USUAL) == set(GROUPS)
