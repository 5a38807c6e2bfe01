"""A need that changes while it is claimed."""

from datetime import UTC, datetime, timedelta

from domain.calendar import Span
from services.needs import NeedChange
from tests.support.telling import bound, lines, refused, status, weekly
from tests.support.world import (
    COMMITTEE,
    START,
    World,
    people,
)

SATURDAYS = weekly("2026-03-07", "2026-03-21", (6, "09:00", "12:00"))
FIRST, SECOND, THIRD = "2026-03-07T01:00:00Z", "2026-03-14T01:00:00Z", "2026-03-21T01:00:00Z"


def morning(day: int) -> Span:
    return Span(datetime(2026, 3, day, 1, tzinfo=UTC), datetime(2026, 3, day, 4, tzinfo=UTC))


async def test_what_is_committed_cannot_be_amended_away(world: World):
    need = await world.need(COMMITTEE, 20, windows=(SATURDAYS,))
    await bound(world, world.units[0], 12, need, window=morning(14))
    ask = world.ask(COMMITTEE)
    await refused(world.needs.amend(ask, need.id, NeedChange(lines=people(11))), "need.below_committed")
    shorter = weekly("2026-03-07", "2026-03-21", (6, "09:00", "10:00"))
    for windows in ((), (shorter,), (morning(7), morning(21))):
        await refused(world.needs.amend(ask, need.id, NeedChange(windows=windows)), "need.below_committed")
    longer = weekly("2026-03-07", "2026-03-28", (6, "09:00", "13:00"))
    done = await world.needs.amend(ask, need.id, NeedChange(lines=people(12), windows=(longer,)))
    assert done.version == 3
    assert (await world.needs.amend(world.ask(COMMITTEE), need.id, NeedChange(lines=people(12)))).version == 3


async def test_more_room_moves_the_wait_list_up_in_its_order(world: World):
    need = await world.need(COMMITTEE, 20)
    await bound(world, world.units[0], 20, need)
    first = await world.claim(world.units[1], 8, need=need.id)
    second = await world.claim(world.units[2], 5, need=need.id)
    third = await world.claim(world.units[3], 2, need=need.id)
    await world.needs.amend(world.ask(COMMITTEE), need.id, NeedChange(lines=people(30)))
    states = [await status(world, claim.id) for claim in (first, second, third)]
    assert states == ["proposed", "waitlisted", "proposed"]


async def test_less_room_ends_proposals_that_are_left_with_nothing(world: World):
    need = await world.need(COMMITTEE, 20)
    await bound(world, world.units[0], 12, need)
    loser = await world.claim(world.units[1], 5, need=need.id)
    await world.needs.amend(world.ask(COMMITTEE), need.id, NeedChange(lines=people(12)))
    assert (await status(world, need.id), await status(world, loser.id)) == ("covered", "superseded")


async def test_a_line_that_is_gone_does_not_stand_in_anybody_elses_way(world: World):
    need = await world.need(COMMITTEE, lines=lines(("医生", 2, "人"), ("会议室", 1, "间"), ("投影仪", 1, "台")))
    stranded = await world.claim(world.units[0], need=need.id, lines=lines(("会议室", 1, "间")))
    other = await world.claim(world.units[1], need=need.id, lines=lines(("医生", 2, "人")))
    smaller = lines(("医生", 2, "人"), ("投影仪", 1, "台"))
    await world.needs.amend(world.ask(COMMITTEE), need.id, NeedChange(lines=smaller))
    await refused(world.claims.accept(world.ask(COMMITTEE), stranded.id), "claim.unknown_line")
    await world.claims.accept(world.ask(COMMITTEE), other.id)
    assert await status(world, stranded.id) == "proposed"
    last = await world.claim(world.units[2], need=need.id, lines=lines(("投影仪", 1, "台")))
    await world.claims.accept(world.ask(COMMITTEE), last.id)
    assert (await status(world, need.id), await status(world, stranded.id)) == ("covered", "superseded")


async def test_a_waiting_claim_whose_line_is_gone_does_not_hinder_a_release(world: World):
    need = await world.need(COMMITTEE, lines=lines(("医生", 2, "人"), ("会议室", 1, "间")))
    first = await world.claim(world.units[0], need=need.id, lines=lines(("医生", 2, "人"), ("会议室", 1, "间")))
    await world.claims.accept(world.ask(COMMITTEE), first.id)
    waiting = await world.claim(world.units[1], need=need.id, lines=lines(("会议室", 1, "间")))
    await world.claims.release(world.ask(world.units[0]), first.id)
    assert await status(world, waiting.id) == "proposed"


async def test_the_title_can_be_amended_after_the_answer_date(world: World):
    need = await world.need(COMMITTEE, 20, respond_by=START + timedelta(days=5))
    await bound(world, world.units[0], 5, need)
    world.later(days=6)
    assert (await world.needs.amend(world.ask(COMMITTEE), need.id, NeedChange(urgency=3))).version == 3


async def test_an_act_on_an_older_version_is_refused(world: World):
    need = await world.need(COMMITTEE)
    await world.needs.amend(world.ask(COMMITTEE), need.id, NeedChange(urgency=2))
    stale = await refused(world.needs.withdraw(world.ask(COMMITTEE, if_match=1), need.id), "item.stale")
    assert stale.kind == "stale"
    assert (await world.needs.withdraw(world.ask(COMMITTEE, if_match=2), need.id)).status == "withdrawn"
