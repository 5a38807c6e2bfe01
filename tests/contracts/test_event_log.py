"""What every event log promises: all of a command or nothing, in one order, once, and only on what still holds."""

from __future__ import annotations

import asyncio

import pytest

from services.ports import Append, Conflict, EventLog, Head, Receipt
from tests.support.logs import command, everything, post, posted, sealed


async def test_an_empty_ledger_has_nothing(log: EventLog) -> None:
    assert await log.head() == Head(0, 0, b"")
    assert list(await log.read_all()) == list(await log.read_stream("need-1")) == list(await log.citing("need-1")) == []
    assert (await log.command("c"), await log.last_number("XQ"), await log.position_at(5)) == (None, 0, 0)
    assert len(log.store_id) == 36


async def test_a_command_is_stored_with_all_its_events(log: EventLog) -> None:
    change = command(posted("claim-1", type="claim.accepted"), posted("need-1"), posted("need-1", 2), at_us=70)
    receipt = await log.append(change)
    stored = await everything(log)
    assert [(s.position, s.stream, s.version, s.type) for s in stored] == [
        (1, "claim-1", 1, "claim.accepted"),
        (2, "need-1", 1, "need.posted"),
        (3, "need-1", 2, "need.posted"),
    ]
    assert receipt == Receipt(1, 3, stored[2].leaf, change.answer, change.fingerprint)
    assert await log.head() == Head(3, 70, stored[2].leaf)
    assert list(await log.read_stream("need-1")) == stored[1:]
    assert list(await log.read_stream("need-1", 1)) == stored[2:]


async def test_the_state_comes_back_byte_for_byte(log: EventLog) -> None:
    state = "空格  \u0000 and 中文 𠮷".encode() + bytes(range(256))
    await log.append(command(posted("need-长者", type="需求", state=state), id="命令"))
    assert [(stored.type, stored.state) for stored in await log.read_stream("need-长者")] == [("需求", state)]
    assert await log.command("命令") is not None


async def test_the_whole_ledger_is_read_in_pages(log: EventLog) -> None:
    await post(log, *(f"need-{n}" for n in range(7)))
    assert [s.position for s in await log.read_all(2, 3)] == [3, 4, 5]
    assert [s.position for s in await log.read_all(6, 3)] == [7]
    assert list(await log.read_all(7)) == []


async def test_the_leaves_are_those_of_the_stored_bytes(log: EventLog) -> None:
    await asyncio.gather(*(log.append(command(posted(f"need-{n}"), posted(f"offer-{n}"))) for n in range(20)))
    await asyncio.gather(*(log.append(command(posted(f"need-{n}", 2))) for n in range(20)))
    assert sealed(await everything(log)).size == (await log.head()).position == 60


async def test_a_command_sent_twice_is_stored_once_and_answered_alike(log: EventLog) -> None:
    first = await log.append(command(posted("need-1"), id="c1"))
    again = await log.append(command(posted("need-1"), posted("need-2"), id="c1", at_us=0, reads=[("need-9", 4)]))
    assert not first.repeated
    assert again == await log.command("c1") == Receipt(1, 1, first.leaf, first.answer, first.fingerprint, True)
    assert (await log.head()).position == 1


async def test_a_command_sent_twice_at_once_is_stored_once(log: EventLog) -> None:
    receipts = await asyncio.gather(*(log.append(command(posted("need-1"), id="c1")) for _ in range(9)))
    assert sorted(receipt.repeated for receipt in receipts) == [False] + [True] * 8
    assert len({(receipt.first, receipt.last, receipt.leaf, receipt.answer) for receipt in receipts}) == 1
    assert (await log.head()).position == 1


async def test_whoever_decided_on_an_old_version_must_decide_again(log: EventLog) -> None:
    await post(log, "need-1")
    for version in (1, 3):
        await refused(log, "version", command(posted("offer-1"), posted("need-1", version)))
    await log.append(command(posted("need-1", 2)))


async def test_a_hole_within_a_command_is_a_mistake_not_a_conflict(log: EventLog) -> None:
    for events in ([posted("need-1"), posted("need-1", 3)], [posted("need-1", 0)], [], [posted("")]):
        with pytest.raises(ValueError):
            await log.append(command(*events))
    assert (await log.head()).position == 0


async def test_one_refused_command_does_not_hold_up_the_others(log: EventLog) -> None:
    await post(log, "need-1")
    changes = [command(posted(f"need-{n % 4}")) for n in range(40)]
    outcomes = await asyncio.gather(*(log.append(change) for change in changes), return_exceptions=True)
    stored = [outcome for outcome in outcomes if isinstance(outcome, Receipt)]
    assert [outcome.what for outcome in outcomes if isinstance(outcome, Conflict)] == ["version"] * 37
    assert sorted(receipt.first for receipt in stored) == [2, 3, 4]
    assert sealed(await everything(log)).size == 4


async def test_a_stream_that_was_only_read_must_not_have_changed(log: EventLog) -> None:
    await post(log, "unit-1")
    await log.append(command(posted("claim-1"), reads=[("unit-1", 1), ("unit-2", 0)]))
    await log.append(command(posted("unit-1", 2, "unit.suspended")))
    await refused(log, "read", command(posted("claim-2"), reads=[("unit-1", 1)]))
    await refused(log, "read", command(posted("claim-2"), reads=[("claim-1", 0)]))
    await refused(log, "read", command(posted("claim-2"), reads=[("unit-7", 1)]))


async def test_of_two_that_each_read_what_the_other_writes_one_is_refused(log: EventLog) -> None:
    await post(log, "need-1", "need-2")
    outcomes = await asyncio.gather(
        log.append(command(posted("need-1", 2), reads=[("need-2", 1)])),
        log.append(command(posted("need-2", 2), reads=[("need-1", 1)])),
        return_exceptions=True,
    )
    assert [outcome.what for outcome in outcomes if isinstance(outcome, Conflict)] == ["read"]


async def test_citations_are_found_and_counted(log: EventLog) -> None:
    for n, claim in enumerate(["claim-b", "claim-a"]):
        cites = [("need-1", claim), ("offer-1", claim)]
        await log.append(command(posted(claim), cites=cites, cited=[("need-1", n)]))
    assert list(await log.citing("need-1")) == list(await log.citing("offer-1")) == ["claim-b", "claim-a"]
    await refused(log, "cited", command(posted("claim-c"), cites=[("need-1", "claim-c")], cited=[("need-1", 1)]))
    assert list(await log.citing("need-1")) == ["claim-b", "claim-a"]


async def test_of_two_claims_that_saw_none_before_them_one_is_refused(log: EventLog) -> None:
    claims = [command(posted(f"claim-{n}"), cites=[("need-1", f"claim-{n}")], cited=[("need-1", 0)]) for n in range(2)]
    outcomes = await asyncio.gather(*(log.append(claim) for claim in claims), return_exceptions=True)
    assert [outcome.what for outcome in outcomes if isinstance(outcome, Conflict)] == ["cited"]
    assert len(await log.citing("need-1")) == 1


async def test_a_number_is_given_to_one_item_only(log: EventLog) -> None:
    await log.append(command(posted("need-1"), numbers=[("XQ-310101-2026", 123)]))
    await refused(log, "number", command(posted("need-2"), numbers=[("XQ-310101-2026", 123)]))
    await log.append(command(posted("need-2"), numbers=[("XQ-310101-2026", 9), ("ZY-310101-2026", 123)]))
    assert [await log.last_number(f"{kind}-310101-2026") for kind in ("XQ", "ZY", "RL")] == [123, 123, 0]


async def test_of_many_that_want_one_number_at_once_one_gets_it(log: EventLog) -> None:
    wanting = [command(posted(f"need-{n}"), numbers=[("XQ", 1)]) for n in range(5)]
    outcomes = await asyncio.gather(*(log.append(change) for change in wanting), return_exceptions=True)
    assert [outcome.what for outcome in outcomes if isinstance(outcome, Conflict)] == ["number"] * 4


async def test_time_does_not_go_backwards(log: EventLog) -> None:
    await log.append(command(posted("need-1"), at_us=500))
    await refused(log, "time", command(posted("need-2"), at_us=499))
    await log.append(command(posted("need-2"), at_us=500))


async def test_the_ledger_knows_where_it_stood_at_any_time(log: EventLog) -> None:
    for n, at_us in enumerate([10, 20, 20, 30]):
        await log.append(command(posted(f"need-{n}"), posted(f"offer-{n}"), at_us=at_us))
    assert [await log.position_at(at_us) for at_us in (9, 10, 19, 20, 29, 30, 31)] == [0, 2, 2, 6, 6, 8, 8]


async def test_a_refused_command_leaves_no_trace_and_may_be_sent_again(log: EventLog) -> None:
    await post(log, "need-1")
    change = command(
        posted("need-2"), posted("need-1"), id="c1", numbers=[("XQ", 1)], cites=[("need-1", "need-2")], at_us=2_000
    )
    await refused(log, "version", change)
    assert (await log.command("c1"), await log.last_number("XQ"), list(await log.citing("need-1"))) == (None, 0, [])
    assert await log.position_at(3_000) == 1
    corrected = command(posted("need-2"), posted("need-1", 2), id="c1", numbers=[("XQ", 1)], at_us=2_000)
    assert (await log.append(corrected)).last == 3


async def test_whoever_waits_is_woken_by_the_next_event(log: EventLog) -> None:
    assert await log.wait(0, 0.01) == 0
    waiting = asyncio.create_task(log.wait(0, 60))
    await asyncio.sleep(0.01)
    async with asyncio.timeout(5):
        await post(log, "need-1")
        assert await waiting == 1
        assert await log.wait(0, 60) == 1


async def test_a_reader_at_the_tail_misses_nothing_of_many_at_once(log: EventLog) -> None:
    async def writer(name: str) -> None:
        for n in range(25):
            await log.append(command(posted(f"need-{name}-{n}"), posted(f"offer-{name}-{n}")))

    async def reader() -> list[int]:
        seen: list[int] = []
        while len(seen) < 1_000:
            await log.wait(len(seen), 1)
            seen += [stored.position for stored in await log.read_all(len(seen), 100)]
        return seen

    seen, *_ = await asyncio.gather(reader(), *(writer(f"w{w}") for w in range(20)))
    assert seen == list(range(1, 1_001))


async def refused(log: EventLog, what: str, change: Append) -> None:
    """The conflict is of this kind, and nothing was stored."""
    before = await log.head()
    with pytest.raises(Conflict) as caught:
        await log.append(change)
    assert caught.value.what == what
    assert await log.head() == before
