"""A house whose notices are taken and sent by hand: for tests of what leaves it."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from api.settings import Settings
from domain.access import Principal
from services.post import Post
from tests.support.engine import House, need, opened_house, people
from tests.support.mailbox import Mailbox
from tests.support.receiver import Received, Receiver
from tests.support.world import EAST

EAST_OFFICE = Principal(id="person-east", role="committee", org=EAST)
TAKEN = b'{"errcode":0,"errmsg":"ok"}'


@asynccontextmanager
async def told_house(folder: Path, **more: object) -> AsyncIterator[House]:
    """Everything up to its opening is history."""
    usual = {"requests_per_second": 100_000, "hook_networks": "127.0.0.1", "public_url": "https://renling.example.cn"}
    async with opened_house(folder, settings=Settings(data=folder, **{**usual, **more})) as made:  # type: ignore[arg-type]
        await post_of(made).follower.catch_up()
        yield made


@asynccontextmanager
async def house_with(folder: Path, box: Mailbox, receiver: Receiver) -> AsyncIterator[House]:
    """That mail server and those robots are the ones it may use."""
    mail = {"smtp_url": f"smtp://127.0.0.1:{box.port}", "mail_from": "renling@district.example.cn"}
    async with told_house(folder, hook_hosts=f"127.0.0.1:{receiver.port}", **mail) as made:
        yield made


def post_of(house: House) -> Post:
    found: Post = house.app.state.post
    return found


async def proposals(house: House, count: int = 1) -> list[str]:
    """So many needs of the committee, each claimed by a unit; their notices are taken."""
    found = []
    for n in range(count):
        posted = await house["east"].did("/v1/needs", need(title=f"第 {n} 项 [点我](http://evil.example) 需求"))
        body = {"need": posted["id"], "lines": people(2), "note": "找老王即可"}
        found.append((await house[f"unit{n % 4}"].did("/v1/claims", body))["id"])
    await caught_up(house)
    return found


async def caught_up(house: House) -> None:
    await house.engine.projector.wait_for((await house.log.head()).position, 10)
    await post_of(house).follower.catch_up()


async def sent(house: House) -> int:
    """Messages that may go now; returns how many were tried."""
    count = 0
    while await post_of(house).outbox.step():
        count += 1
    return count


def is_genuine(received: Received, secret: str) -> bool:
    """As the receiver's own library would look: Standard Webhooks, told again here."""
    key = base64.b64decode(secret[len("whsec_") :])
    signed = ".".join((received.headers["webhook-id"], received.headers["webhook-timestamp"])).encode() + b"." + received.body
    mine = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    versions = [one.split(",", 1) for one in received.headers["webhook-signature"].split(" ")]
    return any(version == "v1" and hmac.compare_digest(theirs, mine) for version, theirs in versions)
