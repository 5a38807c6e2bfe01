"""Notices leave the house: mail through a real SMTP server, robots over real HTTP; late rather than never or twice."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from adapters.notice_db import SqliteNoticeBook
from api.settings import Settings
from domain.access import Principal
from domain.events import Refused
from services.notice_outbox import LEASE, Outbox
from services.notice_ports import Channel, Manners
from tests.support.engine import House, need, opened_house, people
from tests.support.mailbox import Mailbox, mailbox
from tests.support.receiver import Receiver
from tests.support.told import EAST_OFFICE, caught_up, house_with, post_of, proposals, sent, told_house
from tests.support.world import EAST

ROBOT_OF_EAST = Channel(id="channel-1", to=EAST, kind="wecom", address="", paces={"answer": "now"})


@pytest_asyncio.fixture
async def house(tmp_path: Path, box: Mailbox, receiver: Receiver) -> AsyncIterator[House]:
    async with house_with(tmp_path, box, receiver) as made:
        yield made


async def test_a_proposal_reaches_the_committee_by_mail_with_title_and_link_and_without_notes(house: House, box: Mailbox):
    await post_of(house).inbox.add_channel(EAST_OFFICE, "mail", "office@east.example.cn", "")
    claim = (await proposals(house))[0]
    assert await sent(house) == 1
    message = box.messages[0]
    text = message.get_content()
    assert box.recipients == ["office@east.example.cn"]
    assert message["Subject"] == "认领：第0医院提出认领，请答复"
    assert f"https://renling.example.cn/claims/{claim}" in text
    assert "第 0 项" in text
    assert "https://renling.example.cn/notices/settings" in text
    assert "老王" not in str(message)
    assert message["Auto-Submitted"] == "auto-generated"
    assert re.fullmatch(r"<msg-[0-9a-f]{24}@district.example.cn>", message["Message-ID"])


async def test_a_reader_of_english_is_written_to_in_english(house: House, box: Mailbox):
    inbox = post_of(house).inbox
    await inbox.add_channel(EAST_OFFICE, "mail", "office@east.example.cn", "")
    await inbox.set_manners(EAST_OFFICE, Manners(to="", lang="en"))
    await proposals(house)
    await sent(house)
    assert box.messages[0]["Subject"] == "Renling: 第0医院 proposes a claim: your answer is awaited"


async def test_while_the_mail_server_is_down_nothing_is_lost_and_then_all_goes_in_one_message(tmp_path: Path):
    async with mailbox() as first:
        port = first.port
    settings = {"smtp_url": f"smtp://127.0.0.1:{port}", "mail_from": "r@example.cn"}
    async with told_house(tmp_path, **settings) as house:
        await post_of(house).inbox.add_channel(EAST_OFFICE, "mail", "office@east.example.cn", "")
        for _ in range(3):
            await proposals(house)
            await sent(house)
            house.clock.advance(timedelta(minutes=10))
        async with mailbox(port) as box:
            box.answers = ["451 greylisted, come back"]
            for _ in range(4):
                await sent(house)
                house.clock.advance(timedelta(hours=2))
            assert len(box.messages) == 2  # the one that had failed, and everything that came meanwhile
            assert "".join(m.get_content() for m in box.messages).count("请答复") == 3
            assert await post_of(house).book.deliveries(None, "queued", 5) == []


async def test_a_mailbox_that_does_not_exist_is_a_dead_letter_at_once_and_the_organisation_is_told(
    house: House, box: Mailbox
):
    await post_of(house).inbox.add_channel(EAST_OFFICE, "mail", "nobody@east.example.cn", "")
    await proposals(house)
    assert await sent(house) == 1
    dead = await post_of(house).inbox.deliveries(EAST_OFFICE, "dead")
    assert [(d.kind, d.attempts, d.error) for d in dead] == [("mail", 1, "recipient refused: 550")]
    told = await post_of(house).inbox.page(EAST_OFFICE, group="system")
    assert [n.kind for n in told.notices] == ["undelivered"]


async def test_summaries_go_by_the_hour_and_quiet_hours_are_kept(house: House, receiver: Receiver):
    inbox = post_of(house).inbox
    channel = await inbox.add_channel(EAST_OFFICE, "wecom", f"{receiver.url}/r", "")
    await inbox.set_paces(EAST_OFFICE, channel.id, {"answer": "hour"})
    house.clock.advance(timedelta(minutes=5))  # 09:05 in Shanghai
    for _ in range(3):
        await proposals(house)
        house.clock.advance(timedelta(minutes=10))
        assert await sent(house) == 0
    house.clock.advance(timedelta(minutes=25))  # 10:00
    assert await sent(house) == 1
    assert "3 条新消息" in receiver.received[0].json["markdown"]["content"]
    await inbox.set_manners(EAST_OFFICE, Manners(to="", quiet_from=10 * 60, quiet_until=12 * 60))
    await inbox.set_paces(EAST_OFFICE, channel.id, {"answer": "now"})
    await proposals(house)
    assert await sent(house) == 0
    house.clock.advance(timedelta(hours=2))
    assert await sent(house) == 1


async def test_what_is_new_nearby_comes_once_a_day_in_one_line(house: House, receiver: Receiver):
    unit = Principal(id="p", role="unit", org=house.units[1])
    await post_of(house).inbox.add_channel(unit, "wecom", f"{receiver.url}/r", "")
    for n in range(4):
        await house["east"].did("/v1/needs", need(title=f"附近的需求 {n}"))
    await caught_up(house)
    await post_of(house).outbox.tick()
    assert await sent(house) == 0
    house.clock.advance(timedelta(days=1))
    for _ in range(3):
        await post_of(house).outbox.tick()
        await sent(house)
    assert len(receiver.received) == 1
    assert "附近新增 4 项" in receiver.received[0].json["markdown"]["content"]
    house.clock.advance(timedelta(days=1))
    await post_of(house).outbox.tick()
    assert await sent(house) == 0


async def test_a_process_that_dies_between_sending_and_marking_sends_again_under_the_same_id(house: House, box: Mailbox):
    post = post_of(house)
    await post.inbox.add_channel(EAST_OFFICE, "mail", "office@east.example.cn", "")
    await proposals(house)

    class Dying(SqliteNoticeBook):
        async def sent(self, *args: object) -> bool:
            raise OSError("the machine went down")

    dying = Dying(house.data / "notices.db")
    outbox = Outbox(house.engine.streams, dying, post.follower, post.outbox._senders, post.outbox._teller)
    with pytest.raises(OSError, match="went down"):
        await outbox.step()
    dying.close()
    assert await sent(house) == 0
    house.clock.advance(LEASE)
    assert await sent(house) == 1
    assert len({message["Message-ID"] for message in box.messages}) == 1
    assert len(box.messages) == 2
    house.clock.advance(timedelta(days=1))
    assert await sent(house) == 0


async def test_several_processes_on_one_file_send_each_message_once(house: House, receiver: Receiver):
    post = post_of(house)
    for n in range(5):
        await post.inbox.add_channel(EAST_OFFICE, "wecom", f"{receiver.url}/r{n}", "")
    await proposals(house, 3)
    books = [SqliteNoticeBook(house.data / "notices.db") for _ in range(3)]
    outboxes = [
        Outbox(house.engine.streams, each, post.follower, post.outbox._senders, post.outbox._teller) for each in books
    ]
    async def emptied(outbox: Outbox) -> None:
        while await outbox.step():
            pass

    await asyncio.gather(*(emptied(outbox) for outbox in outboxes))
    assert sorted(got.path for got in receiver.received) == [f"/r{n}" for n in range(5)]
    for each in books:
        each.close()


async def test_history_is_kept_but_never_sent(tmp_path: Path, receiver: Receiver):
    async with opened_house(tmp_path, settings=Settings(data=tmp_path, requests_per_second=100_000)) as made:
        posted = await made["east"].did("/v1/needs", need())
        await made["unit1"].did("/v1/claims", {"need": posted["id"], "lines": people(2)})
        post = post_of(made)
        await post.book.keep_channel(replace(ROBOT_OF_EAST, address=f"{receiver.url}/r"))
        await post.follower.catch_up()
        assert post.inbox.unread(EAST_OFFICE) == 1
        made.clock.advance(timedelta(hours=1))
        assert not await post.outbox.step()


async def test_a_test_message_goes_at_once_and_nobody_can_be_flooded_with_them(house: House, box: Mailbox):
    inbox = post_of(house).inbox
    channel = await inbox.add_channel(EAST_OFFICE, "mail", "office@east.example.cn", "")
    for _ in range(3):
        assert await inbox.test(EAST_OFFICE, channel.id) == ""
    with pytest.raises(Refused) as refused:
        await inbox.test(EAST_OFFICE, channel.id)
    assert refused.value.code == "channel.too_often"
    assert [message["Subject"] for message in box.messages] == ["认领：测试消息"] * 3
    house.clock.advance(timedelta(minutes=1))
    box.answers = ["550 not today"]
    assert "550" in await inbox.test(EAST_OFFICE, channel.id)
