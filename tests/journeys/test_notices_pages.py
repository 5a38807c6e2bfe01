"""The inbox over HTTP: who sees what, what is unread first, marked for the whole organisation, counted in the head."""

from __future__ import annotations

import gzip
from datetime import timedelta

import pytest

from services.notice_inbox import MOST
from services.notice_ports import Channel, Notice
from services.post import Post
from tests.support.engine import House, need, people
from tests.support.people import cookie
from tests.support.world import EAST, STREET


def post_of(house: House) -> Post:
    found: Post = house.app.state.post
    return found


async def page(house: House, role: str, org: str, path: str = "/notices", area: str | None = None) -> str:
    answer = await house["nobody"].http.get(path, headers=cookie(house, role, org, area))
    assert answer.status_code == 200, answer.text
    return answer.text


async def posted(house: House, role: str, org: str, path: str, **fields: str) -> int:
    answer = await house["nobody"].http.post(path, data=fields, headers=cookie(house, role, org))
    return answer.status_code


async def claimed(house: House, title: str = "周末义诊志愿者") -> str:
    """A claim on the committee's need, which its inbox has heard of."""
    await post_of(house).follower.catch_up()
    one = await house["east"].did("/v1/needs", need(title=title))
    claim: str = (await house["unit1"].did("/v1/claims", {"need": one["id"], "lines": people(2), "note": "说明"}))["id"]
    await house.engine.projector.wait_for((await house.log.head()).position, 10)
    await post_of(house).follower.catch_up()
    return claim


async def test_a_committee_finds_a_claim_on_its_need_and_nobody_else_does(house: House):
    claim = await claimed(house)
    inbox = await page(house, "committee", EAST)
    assert "第1医院提出认领，请答复" in inbox
    assert f'href="/claims/{claim}"' in inbox
    assert "未读 1 条" in inbox
    for role, org in (("committee", "310101001002"), ("unit", house.units[2]), ("unit", house.units[1])):
        assert "提出认领" not in await page(house, role, org)


@pytest.mark.parametrize("role", ["auditor", "system_admin", "security_admin"])
async def test_who_speaks_for_nobody_has_an_empty_inbox_and_nothing_to_set(house: House, role: str):
    await claimed(house)
    assert "提出认领" not in await page(house, role, EAST)
    answer = await house["nobody"].http.get("/notices/settings", headers=cookie(house, role, EAST))
    assert answer.status_code == 403


async def test_without_log_in_one_is_sent_to_log_in(house: House):
    for path in ("/notices", "/notices/settings", "/notices/deliveries", "/notices/webhooks"):
        answer = await house["nobody"].http.get(path)
        assert (answer.status_code, answer.headers["location"].split("?")[0]) == (303, "/login")


async def test_what_one_has_read_is_read_for_all_of_the_organisation(house: House):
    for n in range(3):
        await claimed(house, f"第 {n} 项")
    assert "未读 3 条" in await page(house, "committee", EAST)
    assert await posted(house, "committee", EAST, "/notices/read", seq="2") == 303
    assert "未读 2 条" in await page(house, "committee", EAST)
    assert await posted(house, "unit", house.units[0], "/notices/read", upto="99") == 303  # somebody else's click
    assert "未读 2 条" in await page(house, "committee", EAST)
    assert await posted(house, "committee", EAST, "/notices/read", upto="99") == 303
    assert "没有未读消息" in await page(house, "committee", EAST)


async def test_what_is_unread_comes_first_and_the_rest_can_be_paged_through(house: House):
    book, at = post_of(house).book, house.clock.now()
    await book.begin(0)
    many = [Notice(key=f"{n}", to=EAST, kind="evaluated", about="", number=f"编号{n:03d}", at=at) for n in range(2 * MOST)]
    await book.add(many, [])
    await book.mark([EAST], at, "x", 10**6)
    await book.mark([EAST], at, "x", 0)
    await book.add([Notice(key="new", to=EAST, kind="overdue", about="", number="最新", at=at)], [])
    await book.add([Notice(key="later", to=EAST, kind="confirmed", about="", number="读过", at=at)], [])
    await book.mark([EAST], at, "x", 10**6, [2 * MOST + 2])
    first = await page(house, "committee", EAST)
    assert first.index("最新") < first.index("读过") < first.index(f"编号{2 * MOST - 1:03d}")
    seen, path = set[str](), "/notices"
    while path:
        shown = await page(house, "committee", EAST, path)
        seen |= {f"{n:03d}" for n in range(2 * MOST) if f"编号{n:03d}" in shown}
        path = shown.partition('rel="next"')[0].rpartition('href="')[2].partition('"')[0] if 'rel="next"' in shown else ""
        path = path.replace("&amp;", "&")
    assert len(seen) == 2 * MOST


async def test_a_street_reads_what_waits_for_coordinators_there_and_another_street_does_not(house: House):
    book = post_of(house).book
    await book.begin(0)
    told = Notice(key="1", to=f"street@{STREET}", kind="endorsement_asked", about="need-1", number="XQ-1", at=house.clock.now())
    await book.add([told], [])
    assert "有需求待审核" in await page(house, "street", "street-office", area=STREET)
    assert "有需求待审核" not in await page(house, "street", "other-office", area="310101002")
    assert "有需求待审核" not in await page(house, "unit", STREET, area=STREET)


async def test_dead_letters_are_shown_to_the_administrator_and_can_be_tried_again(house: House):
    book, now = post_of(house).book, house.clock.now()
    channel = Channel(id="c", to=EAST, kind="mail", address="office@east.example.cn", paces={"answer": "now"})
    await book.keep_channel(channel)
    await claimed(house)
    delivery = await book.lease(now, now + timedelta(minutes=2), "a", {"mail": 9})
    assert delivery is not None
    await book.failed(delivery, now, None, "recipient refused: 550")
    shown = await page(house, "system_admin", "office", "/notices/deliveries?state=dead")
    assert "recipient refused: 550" in shown
    assert "office@east" not in shown
    assert "再试一次" in shown
    assert "recipient refused" not in await page(house, "unit", house.units[0], "/notices/deliveries")
    assert await posted(house, "unit", house.units[0], "/notices/deliveries/revival", id=delivery.id) == 303
    assert len(await book.deliveries(None, "dead", 9)) == 1
    assert await posted(house, "system_admin", "office", "/notices/deliveries/revival", id=delivery.id) == 303
    assert await book.deliveries(None, "dead", 9) == []


async def test_what_people_typed_besides_the_title_is_on_no_page_of_notices(house: House):
    await claimed(house, "有标题的需求")
    inbox = await page(house, "committee", EAST)
    assert "有标题的需求" in inbox
    assert "说明" not in inbox.partition("<main")[2]


async def test_a_page_of_notices_weighs_little(house: House):
    for n in range(8):
        await claimed(house, f"第 {n} 项")
    for path in ("/notices", "/notices/settings", "/notices/webhooks"):
        assert len(gzip.compress((await page(house, "committee", EAST, path)).encode())) <= 10_240
