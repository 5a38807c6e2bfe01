"""Notices leave the house: mail through a real SMTP server, robots over real HTTP; late rather than never or twice."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import pytest_asyncio

from adapters.notice_db import SqliteNoticeBook
from adapters.notify_robots import WECOM_BYTES, Robots
from api.settings import Settings
from domain.access import Principal
from domain.events import Refused
from services.notice_outbox import A_MINUTE, LEASE, Outbox
from services.notice_ports import Channel, Letter, Manners
from services.post import Post
from tests.support.engine import House, need, opened_house, people
from tests.support.mailbox import Mailbox, mailbox
from tests.support.receiver import Receiver, receiving
from tests.support.world import EAST

EAST_OFFICE = Principal(id="person-east", role="committee", org=EAST)
ROBOT_OF_EAST = Channel(id="channel-1", to=EAST, kind="wecom", address="", paces={"answer": "now"})
TAKEN = b'{"errcode":0,"errmsg":"ok"}'


@asynccontextmanager
async def told_house(folder: Path, **more: object) -> AsyncIterator[House]:
    usual = {"requests_per_second": 100_000, "hook_networks": "127.0.0.1", "public_url": "https://renling.example.cn"}
    async with opened_house(folder, settings=Settings(data=folder, **{**usual, **more})) as made:  # type: ignore[arg-type]
        await made.app.state.post.follower.catch_up()
        yield made


@pytest_asyncio.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as listening:
        listening.answer = TAKEN
        yield listening


@pytest_asyncio.fixture
async def box() -> AsyncIterator[Mailbox]:
    async with mailbox() as listening:
        yield listening


@pytest_asyncio.fixture
async def house(tmp_path: Path, box: Mailbox, receiver: Receiver) -> AsyncIterator[House]:
    mail = {"smtp_url": f"smtp://127.0.0.1:{box.port}", "mail_from": "renling@district.example.cn"}
    async with told_house(tmp_path, hook_hosts=f"127.0.0.1:{receiver.port}", **mail) as made:
        yield made


def post_of(house: House) -> Post:
    found: Post = house.app.state.post
    return found


async def proposals(house: House, count: int = 1) -> list[str]:
    """So many needs of the committee, each claimed by a unit; their notices are taken."""
    found = []
    for n in range(count):
        posted = await house["east"].did("/v1/needs", need(title=f"第 {n} 项 [点我](http://evil.example) 需求"))
        claim = await house[f"unit{n % 4}"].did(
            "/v1/claims", {"need": posted["id"], "lines": people(2), "note": "找老王即可"}
        )
        found.append(claim["id"])
    await caught_up(house)
    return found


async def caught_up(house: House) -> None:
    await house.engine.projector.wait_for((await house.log.head()).position, 10)
    await post_of(house).follower.catch_up()


async def sent(house: House) -> int:
    count = 0
    while await post_of(house).outbox.step():
        count += 1
    return count


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


@pytest.mark.parametrize("kind", ["wecom", "dingtalk", "feishu"])
async def test_each_robot_is_spoken_to_in_its_own_format_and_titles_become_no_links(
    house: House, receiver: Receiver, kind: str
):
    secret = "" if kind == "wecom" else "SECret-of-the-group"
    url = f"{receiver.url}/robot/send?key=69-3a"
    await post_of(house).inbox.add_channel(EAST_OFFICE, kind, url, secret)
    claim = (await proposals(house))[0]
    assert await sent(house) == 1
    got = receiver.received[0]
    body, at_s = got.json, int(house.clock.now().timestamp())
    assert got.headers["content-type"].startswith("application/json")
    if kind == "wecom":
        assert set(body) == {"msgtype", "markdown"}
        text = body["markdown"]["content"]
    elif kind == "dingtalk":
        query = parse_qs(urlsplit(got.path).query)
        wanted = hmac.new(secret.encode(), f"{at_s * 1000}\n{secret}".encode(), hashlib.sha256).digest()
        assert query["timestamp"] == [str(at_s * 1000)]
        assert query["sign"] == [base64.b64encode(wanted).decode()]
        assert (query["key"], body["msgtype"]) == (["69-3a"], "markdown")
        assert body["markdown"]["title"] == "认领：第0医院提出认领，请答复"
        text = body["markdown"]["text"]
    else:
        wanted = hmac.new(f"{at_s}\n{secret}".encode(), b"", hashlib.sha256).digest()
        assert (body["timestamp"], body["sign"]) == (str(at_s), base64.b64encode(wanted).decode())
        rows = body["content"]["post"]["zh_cn"]["content"]
        assert rows[0][0]["href"] == f"https://renling.example.cn/claims/{claim}"
        return
    assert f"(https://renling.example.cn/claims/{claim})" in text
    assert "(http://evil.example)" not in text
    assert "［点我］" in text


async def test_a_full_group_message_is_cut_to_what_the_robot_takes_and_says_how_much_is_missing(
    house: House, receiver: Receiver
):
    channel = await post_of(house).inbox.add_channel(EAST_OFFICE, "wecom", f"{receiver.url}/r", "")
    lines = tuple((f"很长的一句话 {n} " + "长" * 80, f"https://renling.example.cn/claims/{n}") for n in range(30))
    letter = Letter(subject="认领：30 条新消息", lines=lines, foot=("设置", "https://renling.example.cn/s"), more="另有 {n} 条")
    await post_of(house).outbox.send(channel, letter, "msg-1")
    text = receiver.received[0].json["markdown"]["content"]
    assert len(text.encode()) <= WECOM_BYTES
    shown = text.count("> [")
    assert f"另有 {30 - shown} 条" in text
    assert 5 < shown < 30


async def test_a_robot_that_is_spoken_to_too_often_is_left_alone_and_gets_the_rest_in_one_message(
    house: House, receiver: Receiver
):
    await post_of(house).inbox.add_channel(EAST_OFFICE, "wecom", f"{receiver.url}/r", "")
    for _ in range(A_MINUTE["wecom"] + 6):
        await proposals(house)
        await sent(house)
        house.clock.advance(timedelta(seconds=1))
    assert len(receiver.received) == 20
    house.clock.advance(timedelta(minutes=1))
    assert await sent(house) == 1
    assert receiver.received[-1].json["markdown"]["content"].count("> [") == 6


async def test_a_robots_own_refusal_is_tried_again_later_and_its_key_is_in_no_record(house: House, receiver: Receiver):
    await post_of(house).inbox.add_channel(EAST_OFFICE, "wecom", f"{receiver.url}/send?key=verysecretkey", "")
    receiver.answer = b'{"errcode":45009,"errmsg":"freq out of limit verysecretkey"}'
    await proposals(house)
    assert await sent(house) == 1
    queued = (await post_of(house).inbox.deliveries(EAST_OFFICE, "queued"))[0]
    assert "verysecretkey" not in queued.error
    assert queued.next_at is not None
    assert queued.next_at >= house.clock.now() + timedelta(seconds=60)
    receiver.answer = TAKEN
    house.clock.advance(timedelta(minutes=2))
    assert await sent(house) == 1
    assert [d.state for d in await post_of(house).inbox.deliveries(EAST_OFFICE, None)] == ["sent"]


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


UNFIT = (
    ("wecom", "https://evil.example.cn/cgi-bin/webhook/send?key=1", "channel.host_not_allowed"),
    ("wecom", "https://qyapi.weixin.qq.com@evil.example.cn/", "channel.address"),
    ("dingtalk", "file:///etc/passwd", "channel.address"), ("feishu", "", "channel.address"),
    ("mail", "a@b.cn\nBcc: all@b.cn", "channel.address"), ("mail", "no address", "channel.address"),
    ("pigeon", "https://qyapi.weixin.qq.com/", "channel.unknown"),
)  # fmt: skip


async def test_only_addresses_that_the_district_allows_can_be_written_to(house: House):
    for kind, address, code in UNFIT:
        with pytest.raises(Refused) as refused:
            await post_of(house).inbox.add_channel(EAST_OFFICE, kind, address, "")
        assert refused.value.code == code, address


async def test_a_host_that_was_taken_off_the_list_is_not_written_to_any_more(house: House, receiver: Receiver):
    post = post_of(house)
    await post.inbox.add_channel(EAST_OFFICE, "wecom", f"{receiver.url}/r", "")
    await proposals(house)
    robots = post.outbox._senders["wecom"]
    assert isinstance(robots, Robots)
    robots._hosts = frozenset({"qyapi.weixin.qq.com"})
    assert await sent(house) == 1
    assert receiver.received == []
    assert [d.error for d in await post.inbox.deliveries(EAST_OFFICE, "dead")] == ["channel.host_not_allowed"]


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
