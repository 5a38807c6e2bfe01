"""Robots of group chats are spoken to in their own formats, signed, seldom enough, and only where the district allows."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import pytest_asyncio

from adapters.notify_robots import WECOM_BYTES, Robots
from domain.events import Refused
from services.notice_outbox import A_MINUTE
from services.notice_ports import Letter
from tests.support.engine import House
from tests.support.mailbox import Mailbox
from tests.support.receiver import Receiver
from tests.support.told import EAST_OFFICE, TAKEN, house_with, post_of, proposals, sent


@pytest_asyncio.fixture
async def house(tmp_path: Path, box: Mailbox, receiver: Receiver) -> AsyncIterator[House]:
    async with house_with(tmp_path, box, receiver) as made:
        yield made


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
