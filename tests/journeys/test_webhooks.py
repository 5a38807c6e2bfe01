"""Units' systems are told: in order, signed, everything in the end, nothing that is not theirs to see."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from adapters.webhook_db import SqliteHookBook
from api.settings import Settings
from domain.access import Principal
from domain.capacity import Line
from domain.events import Refused
from services.command import Ask
from services.delegation import Delegations
from services.needs import NeedDraft
from services.webhook_sending import HookSending
from tests.support.engine import House, need, opened_house, people
from tests.support.receiver import Receiver, receiving
from tests.support.told import is_genuine, post_of
from tests.support.world import EAST, STREET


@pytest_asyncio.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    settings = Settings(data=tmp_path, requests_per_second=100_000, hook_networks="127.0.0.1")
    async with opened_house(tmp_path, settings=settings) as made:
        yield made


@pytest_asyncio.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as listening:
        yield listening


async def sent(house: House) -> None:
    while await post_of(house).hooks.step():
        pass


async def a_claim(house: House) -> str:
    """Claimed by unit1, told to nobody yet."""
    posted = await house["east"].did("/v1/needs", need())
    claim: str = (await house["unit1"].did("/v1/claims", {"need": posted["id"], "lines": people(5), "note": "秘密的说明"}))["id"]
    return claim


async def test_a_unit_registers_its_address_and_sees_the_secret_only_once(house: House, receiver: Receiver):
    body = {"url": f"{receiver.url}/in", "types": ["claim."]}
    first = await house["unit1"].post("/v1/webhooks", body, key="same")
    again = await house["unit1"].post("/v1/webhooks", body, key="same")
    assert (first.status_code, again.content) == (201, first.content)
    assert first.json()["secret"].startswith("whsec_")
    assert len(base64.b64decode(first.json()["secret"][6:])) == 32
    other = await house["unit1"].post("/v1/webhooks", {"url": receiver.url}, key="same")
    assert (other.status_code, other.json()["code"]) == (422, "command.misused")
    listed = await house["unit1"].get("/v1/webhooks")
    assert [each["id"] for each in listed.json()["items"]] == [first.json()["id"]]
    assert "whsec_" not in listed.text
    assert (await house["unit2"].get("/v1/webhooks")).json() == {"items": []}
    assert (await house["auditor"].get("/v1/webhooks")).status_code == 403


async def test_what_happens_arrives_signed_in_the_ledgers_order_and_without_free_text(house: House, receiver: Receiver):
    hook = await house["unit1"].did("/v1/webhooks", {"url": f"{receiver.url}/in"})
    claim = await a_claim(house)
    await house["east"].did(f"/v1/claims/{claim}/acceptance")
    await sent(house)
    assert all(is_genuine(each, hook["secret"]) for each in receiver.received)
    events = [each.json for each in receiver.received]
    positions = [int(event["sequence"]) for event in events]
    assert positions == sorted(set(positions))
    assert {"need.posted", "claim.proposed", "claim.accepted", "project.opened"} <= {event["type"] for event in events}
    for event, each in zip(events, receiver.received, strict=True):
        assert (event["specversion"], event["source"]) == ("1.0", "urn:renling:huangpu")
        assert each.headers["webhook-id"] == event["id"]
        assert each.headers["content-type"].startswith("application/cloudevents+json")
        assert "秘密" not in each.body.decode()
        assert "义诊" not in each.body.decode()
    assert len({event["id"] for event in events}) == len(events)
    assert (await house["unit1"].get("/v1/webhooks")).json()["items"][0]["last_http_status"] == 200


async def test_a_signature_over_another_body_is_not_genuine(house: House, receiver: Receiver):
    hook = await house["unit1"].did("/v1/webhooks", {"url": receiver.url})
    await a_claim(house)
    await sent(house)
    forged = receiver.received[0]
    assert is_genuine(forged, hook["secret"])
    forged.body = forged.body.replace(b"need", b"nead")
    assert not is_genuine(forged, hook["secret"])


async def test_nobody_is_told_of_claims_between_others(house: House, receiver: Receiver):
    await house["unit2"].did("/v1/webhooks", {"url": receiver.url, "types": ["claim.", "need.posted"]})
    await a_claim(house)
    await sent(house)
    assert [each.json["type"] for each in receiver.received] == ["need.posted"]
    await house["unit2"].did("/v1/claims", {"need": receiver.received[0].json["subject"], "lines": people(2)})
    await sent(house)
    assert [each.json["type"] for each in receiver.received] == ["need.posted", "claim.proposed"]


async def test_an_objection_is_nobodys_business_but_the_partys(house: House, receiver: Receiver):
    await house["unit2"].did("/v1/webhooks", {"url": receiver.url})
    streams = house.engine.streams
    street = Principal(id="s", role="street", org="street-office", area=STREET)
    ask = Ask(principal=street, key="1", fingerprint="1", on_behalf_of=EAST, basis="phone")
    draft = NeedDraft(title="代发", category="service", area=EAST, lines=(Line("志愿者", 2, "人"),))
    done = await house.engine.needs.post(ask, draft)
    east = Ask(principal=Principal(id="e", role="committee", org=EAST), key="2", fingerprint="2")
    await Delegations(streams).object(east, done.position, "not_asked")
    assert (await house.log.read_all(0, 1000))[-1].type == "objection.raised"
    await sent(house)
    assert [each.json["type"] for each in receiver.received] == ["need.posted"]


async def test_an_address_that_is_down_for_days_gets_everything_later_and_in_order(house: House):
    async with receiving() as first:
        port = first.port
    await house["unit1"].did("/v1/webhooks", {"url": f"http://127.0.0.1:{port}/", "types": ["claim.", "project."]})
    for _ in range(3):
        claim = await a_claim(house)
        await house["east"].did(f"/v1/claims/{claim}/acceptance")
        await sent(house)
        house.clock.advance(timedelta(hours=9))
    listed = (await house["unit1"].get("/v1/webhooks")).json()["items"][0]
    assert listed["failing_since"] is not None
    async with receiving(port) as receiver:
        receiver.statuses = [503, 200, 429]
        for _ in range(4):
            await sent(house)
            house.clock.advance(timedelta(hours=7))
        answered = [each.json for n, each in enumerate(receiver.received) if n not in (0, 2)]
    rows = await house.log.read_all(0, 1000)
    wanted = [row.position for row in rows if row.type.startswith(("claim.", "project."))]
    assert [int(event["sequence"]) for event in answered] == wanted
    assert receiver.received[0].headers["webhook-id"] == receiver.received[1].headers["webhook-id"]


async def test_what_was_sent_but_not_marked_is_sent_again_under_the_same_id(house: House, receiver: Receiver):
    await house["unit1"].did("/v1/webhooks", {"url": receiver.url, "types": ["claim.proposed"]})
    claims = [await a_claim(house), await a_claim(house)]
    post = post_of(house)

    class Dying(SqliteHookBook):
        async def arrived(self, *args: Any, **more: Any) -> bool:
            raise OSError("the machine went down")

    dying = Dying(house.data / "notices.db")
    sending = HookSending(house.engine.streams, dying, post.webhooks._http, post.follower.tell, "urn:renling:huangpu")
    with pytest.raises(OSError, match="went down"):
        await sending.step()
    dying.close()
    assert len(receiver.received) == 1
    assert not await post.hooks.step()  # the lease of the dead one still holds
    house.clock.advance(timedelta(minutes=3))
    await sent(house)
    ids = [each.headers["webhook-id"] for each in receiver.received]
    assert ids[0] == ids[1]
    assert [each.json["subject"] for each in receiver.received] == [claims[0], *claims]


async def test_two_processes_on_one_file_tell_each_event_once(house: House, receiver: Receiver):
    await house["unit1"].did("/v1/webhooks", {"url": receiver.url, "types": ["need.posted"]})
    await house["unit1"].did("/v1/webhooks", {"url": f"{receiver.url}/second", "types": ["need.posted"]})
    posted = [(await house["east"].did("/v1/needs", need()))["id"] for _ in range(12)]
    post, books = post_of(house), [SqliteHookBook(house.data / "notices.db") for _ in range(3)]
    senders = [
        HookSending(house.engine.streams, book, post.webhooks._http, post.follower.tell, "urn:x") for book in books
    ]

    async def until_nothing(sending: HookSending) -> None:
        quiet = 0
        while quiet < 5:
            quiet = 0 if await sending.step() else quiet + 1
            await asyncio.sleep(0.01)

    await asyncio.gather(*(until_nothing(sending) for sending in senders))
    for path in ("/", "/second"):
        assert [each.json["subject"] for each in receiver.received if each.path == path] == posted
    for book in books:
        book.close()


async def test_while_a_secret_is_rotated_both_sign_and_then_only_the_new_one(house: House, receiver: Receiver):
    hook = await house["unit1"].did("/v1/webhooks", {"url": receiver.url, "types": ["need.posted"]})
    rotated = await house["unit1"].did(f"/v1/webhooks/{hook['id']}/rotation")
    assert rotated["secret"] != hook["secret"]
    await house["east"].did("/v1/needs", need())
    await sent(house)
    assert all(is_genuine(receiver.received[0], secret) for secret in (hook["secret"], rotated["secret"]))
    house.clock.advance(timedelta(days=2))
    await house["east"].did("/v1/needs", need())
    await sent(house)
    assert not is_genuine(receiver.received[1], hook["secret"])
    assert is_genuine(receiver.received[1], rotated["secret"])


async def test_after_five_days_of_failures_it_is_off_and_the_unit_is_told_and_may_replay(house: House, receiver: Receiver):
    hook = await house["unit1"].did("/v1/webhooks", {"url": receiver.url, "types": ["need.posted"]})
    first = await house["east"].did("/v1/needs", need())
    receiver.statuses = [500] * 40
    for _ in range(24):
        await sent(house)
        house.clock.advance(timedelta(hours=8))
    listed = (await house["unit1"].get("/v1/webhooks")).json()["items"][0]
    assert listed["status"] == "disabled"
    calls = len(receiver.received)
    told = await post_of(house).book.inbox([house.units[1]], kinds=["webhook_disabled"])
    assert [notice.number for notice in told] == [hook["id"]]
    receiver.statuses.clear()
    await house["unit1"].did(f"/v1/webhooks/{hook['id']}/replay", {"after": first["position"] - 1})
    await sent(house)
    assert [each.json["subject"] for each in receiver.received[calls:]] == [first["id"]]


async def test_a_receiver_that_is_gone_is_not_called_again(house: House, receiver: Receiver):
    await house["unit1"].did("/v1/webhooks", {"url": receiver.url})
    receiver.statuses = [410]
    await house["east"].did("/v1/needs", need())
    await sent(house)
    house.clock.advance(timedelta(days=1))
    await sent(house)
    assert len(receiver.received) == 1


async def test_a_test_call_says_what_came_back_and_a_dropped_address_is_forgotten(house: House, receiver: Receiver):
    hook = await house["unit1"].did("/v1/webhooks", {"url": receiver.url})
    receiver.statuses = [418]
    told = await house["unit1"].did(f"/v1/webhooks/{hook['id']}/test")
    assert told == {"id": hook["id"], "delivered": False, "http_status": 418, "error": None}
    assert receiver.received[0].json["type"] == "renling.test"
    assert is_genuine(receiver.received[0], hook["secret"])
    assert (await house["unit2"].act("DELETE", f"/v1/webhooks/{hook['id']}", None)).status_code == 404
    gone = await house["unit1"].act("DELETE", f"/v1/webhooks/{hook['id']}", None, key="drop")
    assert gone.json()["status"] == "dropped"
    assert (await house["unit1"].act("DELETE", f"/v1/webhooks/{hook['id']}", None, key="drop")).content == gone.content
    await house["east"].did("/v1/needs", need())
    await sent(house)
    assert len(receiver.received) == 1


INSIDE = (
    "http://10.0.0.7/x", "https://192.168.1.1/", "https://[::1]/", "http://169.254.169.254/latest", "https://0.0.0.0/",
    "https://[::ffff:10.0.0.1]/", "https://[64:ff9b::7f00:2]/", "http://8.8.8.8/", "ftp://example.cn/",
    "https://a:b@example.cn/", "https://", "//example.cn", "https://example.cn:99999/", "https://100.64.0.1/",
)  # fmt: skip


async def test_addresses_inside_the_house_and_open_http_are_refused(house: House):
    for url in INSIDE:
        answer = await house["unit1"].post("/v1/webhooks", {"url": url})
        assert (answer.status_code, answer.json()["code"]) == (422, "webhook.url"), url


async def test_a_name_that_has_come_to_mean_a_private_address_is_not_called(tmp_path: Path, receiver: Receiver):
    settings = Settings(data=tmp_path, requests_per_second=100_000)
    async with opened_house(tmp_path, settings=settings) as house:
        http: Any = post_of(house).webhooks._http

        async def fooled(url: str) -> None:
            return None

        http.check = fooled  # as if the name had been public when it was registered
        await house["unit1"].did("/v1/webhooks", {"url": f"http://localhost:{receiver.port}/"})
        await house["east"].did("/v1/needs", need())
        await sent(house)
        assert receiver.received == []
        assert "no address that we speak to" in (await house["unit1"].get("/v1/webhooks")).json()["items"][0]["last_error"]


async def test_redirects_are_not_followed(house: House, receiver: Receiver):
    await house["unit1"].did("/v1/webhooks", {"url": f"{receiver.url}/a"})
    receiver.statuses, receiver.headers = [302], f"Location: {receiver.url}/b\r\n"
    await house["east"].did("/v1/needs", need())
    await sent(house)
    assert [each.path for each in receiver.received] == ["/a"]


async def test_only_types_that_there_are_can_be_asked_for(house: House, receiver: Receiver):
    answer = await house["unit1"].post("/v1/webhooks", {"url": receiver.url, "types": ["claim.dreamt"]})
    assert answer.json()["code"] == "webhook.unknown_type"
    assert json.loads(answer.content)["errors"][0]["field"] == "types"
    with pytest.raises(Refused):
        post_of(house).webhooks._check(["dreams."])
