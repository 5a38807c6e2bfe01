"""Notices are kept once, whatever dies in between and however many follow the ledger; messages are held by one at a time."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from adapters.notice_db import SqliteNoticeBook
from adapters.sqlite_store import SqliteStore
from services.notice_follower import Follower
from services.notice_ports import Channel, Deadline, Manners, Near, Notice, Waiting
from services.notice_timing import again_after_s, send_at
from tests.support.receiver import receiving
from tests.support.world import COMMITTEE as PRINCIPAL
from tests.support.world import World

AT = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)  # 09:00 in Shanghai
LIMITS = {"mail": 60, "wecom": 20}
MINUTE = timedelta(minutes=1)
ROBOT = Channel(id="channel-1", to="org", kind="wecom", address="https://robot/1", paces={"answer": "now"})


@pytest_asyncio.fixture
async def book(tmp_path: Path) -> AsyncIterator[SqliteNoticeBook]:
    made = SqliteNoticeBook(tmp_path / "notices.db")
    await made.begin(0)
    yield made
    made.close()


def notice(n: int, to: str = "org", **more: object) -> Notice:
    return replace(Notice(key=f"{n}/{to}", to=to, kind="answer_asked", about=f"claim-{n}", at=AT, position=n), **more)


def waits(n: int, due: datetime = AT, channel: str = "channel-1", to: str = "org") -> Waiting:
    return Waiting(channel=channel, key=f"{n}/{to}", due=due)


async def taken(folder: Path, name: str) -> tuple[list[tuple[object, ...]], int]:
    """Everything that a follower has taken to the end in this file, and how far."""
    log = await SqliteStore.open(folder / "events.db")
    world, book = World(folder, log), SqliteNoticeBook(folder / name)
    position = await Follower(world.streams, book, 50).catch_up()
    with book.reading() as db:
        rows = db.execute("SELECT key, reader, kind, about, number, by_org, position FROM notices ORDER BY seq").fetchall()
    book.close()
    await log.close()
    return rows, position


@pytest.mark.parametrize("manner", ["careful", "careless"])
async def test_a_follower_killed_before_a_commit_loses_and_doubles_nothing(tmp_path: Path, manner: str):
    dying = [sys.executable, "-m", "tests.support.dying_notices", str(tmp_path), manner]
    assert (await (await asyncio.create_subprocess_exec(*dying)).wait()) == -signal.SIGKILL
    found, position = await taken(tmp_path, "notices.db")
    whole, end = await taken(tmp_path, "whole.db")
    assert position == end > 150
    assert len(whole) > 20
    if manner == "careful":
        assert found == whole
    else:  # the seeded fault is seen
        assert len(found) < len(whole)


async def test_several_followers_of_one_ledger_take_each_fact_once(tmp_path: Path):
    world = await World(tmp_path).begin()
    for n in range(6):
        need = await world.need(PRINCIPAL)
        await world.claim(world.units[n % 4], need=need.id)
    books = [SqliteNoticeBook(tmp_path / "notices.db") for _ in range(3)]
    await asyncio.gather(*(Follower(world.streams, each, 3).catch_up() for each in books))
    assert books[0].unread([PRINCIPAL.org]) == 6
    assert await books[0].position() == (await world.log.head()).position
    for each in books:
        each.close()


async def test_only_one_of_those_who_read_the_same_batch_keeps_it(book: SqliteNoticeBook):
    kept = [await book.take(0, 5, [notice(1)]), await book.take(0, 5, [notice(1)]), await book.take(5, 7, [notice(6)])]
    assert kept == [True, False, True]
    assert [n.position for n in await book.inbox(["org"])] == [6, 1]


async def test_what_is_read_is_read_for_the_reader_alone_and_only_up_to_what_was_seen(book: SqliteNoticeBook):
    await book.take(0, 9, [notice(1), notice(2), notice(3), notice(1, "other")])
    seen = (await book.inbox(["org"]))[1].seq
    assert await book.mark(["org"], AT, "somebody", seen) == 2
    assert (book.unread(["org"]), book.unread(["other"]), book.unread(["org", "other"])) == (1, 1, 2)
    assert await book.mark(["org"], AT, "somebody", 10**6, [1]) == 0
    assert await book.mark(["other"], AT, "x", 10**6) == 1
    assert [n.read_at for n in await book.inbox(["other"])] == [AT]


async def test_a_deadline_is_told_when_it_nears_and_when_it_is_over_and_forgotten_when_it_is_met(book: SqliteNoticeBook):
    due = Deadline(
        item="project-1", to="org", at=AT + 9 * MINUTE, soon_at=AT + MINUTE, goes_over=True, number="1", lender=None
    )
    await book.take(0, 1, [], deadlines={"project-1": [due]})
    assert await book.due(AT, 10) == []
    assert await book.due(AT + MINUTE, 10) == [due]
    await book.tell([(due, 1)], [], [])
    assert await book.due(AT + MINUTE, 10) == []
    assert [d.told for d in await book.due(AT + 9 * MINUTE, 10)] == [1]
    await book.take(1, 2, [], deadlines={"project-1": [due]})  # something else has happened to it
    assert [d.told for d in await book.due(AT + 9 * MINUTE, 10)] == [1]
    await book.take(2, 3, [], deadlines={"project-1": []})
    assert await book.due(AT + 99 * MINUTE, 10) == []


async def test_all_that_is_due_for_a_channel_goes_in_one_message(book: SqliteNoticeBook):
    await book.keep_channel(ROBOT)
    later = waits(3, AT + 60 * MINUTE)
    await book.take(0, 9, [notice(1), notice(2), notice(3)], waiting=[waits(1), waits(2), later])
    first = await book.lease(AT, AT + 2 * MINUTE, "a", LIMITS)
    assert first is not None
    assert [n.position for n in first.notices] == [1, 2]
    assert await book.lease(AT, AT + 2 * MINUTE, "b", LIMITS) is None
    assert await book.sent(first, AT)
    assert await book.lease(AT + 59 * MINUTE, AT + 61 * MINUTE, "c", LIMITS) is None
    second = await book.lease(AT + 60 * MINUTE, AT + 62 * MINUTE, "d", LIMITS)
    assert second is not None
    assert [n.position for n in second.notices] == [3]


async def test_a_message_whose_holder_died_is_given_out_again_under_its_id_and_the_dead_cannot_mark_it(
    book: SqliteNoticeBook,
):
    await book.keep_channel(ROBOT)
    await book.take(0, 9, [notice(1)], waiting=[waits(1)])
    first = await book.lease(AT, AT + 2 * MINUTE, "a", LIMITS)
    again = await book.lease(AT + 2 * MINUTE, AT + 4 * MINUTE, "b", LIMITS)
    assert first is not None
    assert again is not None
    assert again.id == first.id
    assert again.notices == first.notices
    assert not await book.sent(first, AT)
    assert await book.sent(again, AT)


async def test_one_target_is_not_written_to_more_often_than_it_may_also_by_two_organisations(book: SqliteNoticeBook):
    await book.keep_channel(ROBOT)
    await book.keep_channel(replace(ROBOT, id="channel-2", to="other"))
    sent: list[int] = []
    for second in range(0, 130, 2):
        now = AT + timedelta(seconds=second)
        for to, channel in (("org", "channel-1"), ("other", "channel-2")):
            key = notice(second, to)
            await book.add([key], [waits(second, now, channel, to)])
            delivery = await book.lease(now, now + MINUTE, f"{to}{second}", LIMITS)
            if delivery is not None:
                await book.sent(delivery, now)
                sent.append(second)
    assert max(sum(start <= at < start + 60 for at in sent) for start in range(130)) == 20


async def test_a_failed_message_waits_and_what_comes_meanwhile_goes_after_it_together(book: SqliteNoticeBook):
    await book.keep_channel(ROBOT)
    await book.take(0, 1, [notice(1)], waiting=[waits(1)])
    first = await book.lease(AT, AT + 2 * MINUTE, "a", LIMITS)
    assert first is not None
    await book.failed(first, AT, AT + 5 * MINUTE, "HTTP 500")
    await book.take(1, 3, [notice(2), notice(3)], waiting=[waits(2), waits(3)])
    assert await book.lease(AT + MINUTE, AT + 3 * MINUTE, "b", LIMITS) is None
    again = await book.lease(AT + 5 * MINUTE, AT + 7 * MINUTE, "c", LIMITS)
    assert again is not None
    assert (again.id, again.attempts) == (first.id, 1)
    await book.failed(again, AT, None, "HTTP 403")
    rest = await book.lease(AT + 6 * MINUTE, AT + 8 * MINUTE, "d", LIMITS)
    assert rest is not None
    assert len(rest.notices) == 2
    dead = await book.deliveries(None, "dead", 10)
    assert [(d.id, d.error, d.notices) for d in dead] == [(first.id, "HTTP 403", 1)]
    assert await book.revive(first.id, AT)
    assert await book.deliveries(None, "dead", 10) == []


async def test_a_dropped_channel_takes_what_waits_for_it_along(book: SqliteNoticeBook):
    await book.keep_channel(ROBOT)
    await book.take(0, 1, [notice(1)], waiting=[waits(1)])
    assert not await book.drop_channel("channel-1", "somebody else")
    assert await book.drop_channel("channel-1", "org")
    assert await book.lease(AT, AT + MINUTE, "a", LIMITS) is None


async def test_two_processes_on_one_file_send_each_message_once(tmp_path: Path, book: SqliteNoticeBook):
    async with receiving() as receiver:
        receiver.answer = b'{"errcode":0}'
        for n in range(40):
            address = f"{receiver.url}/{n}"
            await book.keep_channel(replace(ROBOT, id=f"channel-{n}", address=address))
        await book.add([notice(1)], [waits(1, channel=f"channel-{n}") for n in range(40)])
        command = [sys.executable, "-m", "tests.support.sending_process", str(tmp_path), f"127.0.0.1:{receiver.port}"]
        senders = [await asyncio.create_subprocess_exec(*command) for _ in range(2)]
        assert [await sender.wait() for sender in senders] == [0, 0]
    assert sorted(got.path for got in receiver.received) == sorted(f"/{n}" for n in range(40))
    assert len(await book.deliveries(None, "sent", 99)) == 40


async def test_what_was_sent_long_ago_is_forgotten_and_its_notices_stay(book: SqliteNoticeBook):
    await book.keep_channel(ROBOT)
    await book.take(0, 1, [notice(1)], waiting=[waits(1)])
    delivery = await book.lease(AT, AT + MINUTE, "a", LIMITS)
    assert delivery is not None
    assert await book.tidy(AT + MINUTE) == 0  # it is still on its way
    await book.sent(delivery, AT)
    assert await book.tidy(AT) == 0
    assert await book.tidy(AT + MINUTE) == 1
    assert await book.deliveries(None, None, 9) == []
    assert len(await book.inbox(["org"])) == 1
    assert await book.lease(AT + 9 * MINUTE, AT + 10 * MINUTE, "b", LIMITS) is None


async def test_what_is_near_is_counted_from_where_the_last_summary_ended(book: SqliteNoticeBook):
    near = [Near(item=f"need-{n}", kind="need", areas=("street", "district"), position=n) for n in (1, 2, 3)]
    await book.take(0, 3, [], near=near)
    assert await book.near("need", ["street", "district"], 1, 1) == (2, ["need-3"], 3)
    assert await book.near("offer", ["street"], 0, 5) == (0, [], 0)


@pytest.mark.parametrize(
    ("pace", "quiet", "local"),
    [
        ("now", (None, None), "02 09:00"), ("hour", (None, None), "02 10:00"), ("day", (None, None), "03 08:30"),
        ("now", (8 * 60, 12 * 60), "02 12:00"), ("now", (22 * 60, 7 * 60), "02 09:00"),
        ("hour", (9 * 60 + 30, 11 * 60), "02 11:00"), ("day", (22 * 60, 9 * 60), "03 09:00"),
    ],
)  # fmt: skip
def test_a_message_goes_when_its_reader_wants_it(pace: str, quiet: tuple[int | None, int | None], local: str):
    manners = Manners(to="org", quiet_from=quiet[0], quiet_until=quiet[1])
    shanghai = send_at(AT, pace, manners) + timedelta(hours=8)
    assert f"{shanghai:%d %H:%M}" == local


def test_tries_are_spread_and_grow_to_six_hours():
    waits_s = [[again_after_s(n, f"msg-{m}") for m in range(50)] for n in range(1, 13)]
    assert all(45 <= s <= 75 for s in waits_s[0])
    assert all(16_200 <= s <= 27_000 for s in waits_s[-1])
    assert all(len(set(each)) > 10 for each in waits_s)
    assert again_after_s(3, "msg-1") == again_after_s(3, "msg-1")
