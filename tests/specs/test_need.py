"""A need: posted, covered part by part, met, closed; and all the ways off and back."""

from datetime import UTC, datetime, timedelta

from domain.access import SYSTEM
from domain.calendar import Span
from services.needs import NeedChange, NeedDraft
from tests.support.telling import bound, closed, delivered, lines, refused, status, used, weekly
from tests.support.world import (
    COMMITTEE,
    EAST,
    OTHER_COMMITTEE,
    START,
    STREET,
    STREET_OFFICE,
    WEST,
    World,
    people,
)

SATURDAYS = weekly("2026-03-07", "2026-03-21", (6, "09:00", "12:00"))
FIRST, SECOND, THIRD = "2026-03-07T01:00:00Z", "2026-03-14T01:00:00Z", "2026-03-21T01:00:00Z"


def morning(day: int) -> Span:
    return Span(datetime(2026, 3, day, 1, tzinfo=UTC), datetime(2026, 3, day, 4, tzinfo=UTC))


async def test_a_posted_need_is_open_at_once(world: World):
    need = await world.need(COMMITTEE)
    assert (need.status, need.number) == ("open", "XQ-310101-2026-000001")
    assert await world.types(need.id) == ["need.posted"]


async def test_the_same_post_again_gives_the_same_need(world: World):
    draft = NeedDraft(title="周末义诊志愿者", category="service", area=EAST, lines=people(20))
    ask = world.ask(COMMITTEE, "once")
    assert await world.needs.post(ask, draft) == await world.needs.post(ask, draft)
    assert await world.log.last_number("XQ-310101-2026") == 1


async def test_a_draft_does_not_exist_for_others_until_it_is_published(world: World):
    draft = await world.need(COMMITTEE, as_draft=True)
    assert draft.status == "draft"
    await refused(world.claim(world.units[0], need=draft.id), "item.not_found")
    await refused(world.needs.publish(world.ask(OTHER_COMMITTEE), draft.id), "item.not_found")
    assert (await world.needs.publish(world.ask(COMMITTEE), draft.id)).status == "open"
    again = await world.needs.publish(world.ask(COMMITTEE), draft.id)
    assert again.version == 2
    assert (await world.claim(world.units[0], need=draft.id)).status == "proposed"


async def test_where_endorsement_is_asked_for_the_street_opens_the_need(world: World):
    await world.endorsing()
    need = await world.need(COMMITTEE)
    assert need.status == "posted"
    await refused(world.claim(world.units[0], need=need.id), "need.not_open")
    await refused(world.needs.endorse(world.ask(COMMITTEE), need.id), "access.forbidden")
    assert (await world.needs.endorse(world.ask(STREET_OFFICE), need.id)).status == "open"


async def test_a_rejected_need_is_gone_from_sight(world: World):
    await world.endorsing()
    need = await world.need(COMMITTEE)
    await world.needs.reject(world.ask(STREET_OFFICE), need.id, reason="请先与物业沟通")
    assert await status(world, need.id) == "rejected"
    await refused(world.claim(world.units[0], need=need.id), "item.not_found")
    await refused(world.needs.reopen(world.ask(COMMITTEE), need.id), "need.wrong_state")


async def test_nobody_posts_for_an_area_that_is_not_theirs(world: World):
    await refused(world.need(COMMITTEE, area=WEST), "access.forbidden")
    await refused(world.need(world.units[0], area="310101"), "access.forbidden")
    await refused(world.need(COMMITTEE, area="nowhere"), "area.unknown")
    assert (await world.need(world.units[0], area=STREET)).status == "open"
    assert (await world.need(STREET_OFFICE, area=WEST)).status == "open"


async def test_what_is_posted_must_hold_together(world: World):
    await refused(world.need(COMMITTEE, category="magic"), "category.unknown")
    await refused(world.need(COMMITTEE, urgency=4), "need.urgency")
    await refused(world.need(COMMITTEE, beneficiaries=-1), "beneficiaries.count")
    await refused(world.need(COMMITTEE, respond_by=START), "need.respond_by")
    endless = weekly("2026-03-07", None, (6, "09:00", "12:00"))
    await refused(world.need(COMMITTEE, windows=(endless,)), "window.too_long")
    long = weekly("2026-03-07", "2029-03-07", (6, "09:00", "12:00"))
    await refused(world.need(COMMITTEE, windows=(long,)), "window.too_long")


async def test_a_need_is_covered_part_by_part(world: World):
    need = await world.need(COMMITTEE, 20)
    await bound(world, world.units[0], 12, need)
    assert (await status(world, need.id), await used(world, need.id)) == ("open", (8, 0, 12, 0))
    await bound(world, world.units[1], 8, need)
    assert (await status(world, need.id), (await world.state(need.id)).cover_pct) == ("covered", 100)


async def test_every_line_must_be_covered_and_met(world: World):
    two = lines(("医生", 2, "人"), ("会议室", 1, "间"))
    need = await world.need(COMMITTEE, lines=two)
    claim = await world.claim(world.units[0], need=need.id, lines=two[:1])
    await world.claims.accept(world.ask(COMMITTEE), claim.id)
    assert (await status(world, need.id), (await world.state(need.id)).cover_pct) == ("open", 50)


async def test_a_claim_without_a_window_covers_every_occurrence(world: World):
    need = await world.need(COMMITTEE, 10, windows=(SATURDAYS,))
    await bound(world, world.units[0], 10, need)
    assert [await used(world, need.id, o) for o in (FIRST, SECOND, THIRD)] == [(0, 0, 10, 0)] * 3
    assert await status(world, need.id) == "covered"


async def test_a_claim_of_one_saturday_leaves_the_others_open(world: World):
    need = await world.need(COMMITTEE, 10, windows=(SATURDAYS,))
    await bound(world, world.units[0], 10, need, window=morning(14))
    assert [await used(world, need.id, o) for o in (FIRST, SECOND)] == [(10, 0, 0, 0), (0, 0, 10, 0)]
    assert (await status(world, need.id), (await world.state(need.id)).cover_pct) == ("open", 33)
    await refused(world.claim(world.units[1], 10, need=need.id, window=morning(15)), "claim.outside_windows")
    assert (await world.claim(world.units[1], 10, need=need.id, window=morning(14))).status == "waitlisted"


async def test_met_when_delivered_closed_with_its_last_project(world: World):
    need = await world.need(COMMITTEE, 20)
    _, first = await bound(world, world.units[0], 12, need)
    _, second = await bound(world, world.units[1], 8, need)
    await delivered(world, world.units[0], first)
    await closed(world, first)
    assert await status(world, need.id) == "covered"
    await delivered(world, world.units[1], second)
    assert (await status(world, need.id), await used(world, need.id)) == ("met", (0, 0, 0, 20))
    await closed(world, second)
    assert await status(world, need.id) == "closed"


async def test_a_disputed_project_keeps_the_need_from_closing(world: World):
    need = await world.need(COMMITTEE, 20)
    _, first = await bound(world, world.units[0], 12, need)
    _, second = await bound(world, world.units[1], 8, need)
    await delivered(world, world.units[0], first)
    await delivered(world, world.units[1], second)
    await world.projects.dispute(world.ask(COMMITTEE), first, reason="人数不符")
    await closed(world, second)
    assert await status(world, need.id) == "met"
    await world.projects.settle(world.ask(STREET_OFFICE), first, outcome="resumed", reason="已核对")
    await closed(world, first)
    assert await status(world, need.id) == "closed"


async def test_those_still_waiting_are_told_when_the_need_closes(world: World):
    need = await world.need(COMMITTEE, 20)
    _, project = await bound(world, world.units[0], 20, need)
    waiting = await world.claim(world.units[1], 20, need=need.id)
    await delivered(world, world.units[0], project)
    await closed(world, project)
    assert (await world.state(waiting.id)).status == "superseded"


async def test_a_need_nobody_answered_lapses_and_its_proposals_end(world: World):
    need = await world.need(COMMITTEE, respond_by=START + timedelta(days=5))
    claim = await world.claim(world.units[0], need=need.id)
    assert (await world.needs.lapse(world.ask(SYSTEM), need.id)).status == "open"
    world.later(days=5)
    assert (await world.needs.lapse(world.ask(SYSTEM), need.id)).status == "lapsed"
    assert await status(world, claim.id) == "superseded"
    assert (await world.needs.lapse(world.ask(SYSTEM), need.id)).version == 2


async def test_a_lapsed_need_comes_back_to_stay(world: World):
    need = await world.need(COMMITTEE, respond_by=START + timedelta(days=5))
    world.later(days=6)
    await world.needs.lapse(world.ask(SYSTEM), need.id)
    await world.needs.reopen(world.ask(COMMITTEE), need.id, reason="仍有需要")
    assert (await world.needs.lapse(world.ask(SYSTEM), need.id)).status == "open"
    assert (await world.claim(world.units[0], need=need.id)).status == "proposed"


async def test_a_need_that_was_answered_does_not_lapse_when_its_cover_comes_back(world: World):
    need = await world.need(COMMITTEE, 20, respond_by=START + timedelta(days=5))
    claim, _ = await bound(world, world.units[0], 12, need)
    world.later(days=6)
    await world.claims.release(world.ask(COMMITTEE), claim)
    assert (await world.needs.lapse(world.ask(SYSTEM), need.id)).status == "open"


async def test_a_need_with_commitments_is_neither_withdrawn_nor_merged(world: World):
    need, twin = await world.need(COMMITTEE, 20), await world.need(COMMITTEE, 20)
    await bound(world, world.units[0], 5, need)
    refusal = await refused(world.needs.withdraw(world.ask(COMMITTEE), need.id), "need.committed")
    assert refusal.legal == ("release",)
    await refused(world.needs.merge(world.ask(COMMITTEE), need.id, into=twin.id), "need.cannot_merge")


async def test_a_withdrawn_need_ends_its_proposals_and_can_come_back(world: World):
    need = await world.need(COMMITTEE)
    claim = await world.claim(world.units[0], need=need.id)
    await world.needs.withdraw(world.ask(COMMITTEE), need.id, reason="已自行解决")
    assert (await status(world, need.id), await status(world, claim.id)) == ("withdrawn", "superseded")
    refusal = await refused(world.needs.withdraw(world.ask(COMMITTEE), need.id), "need.wrong_state")
    assert refusal.legal == ("reopening",)
    assert (await world.needs.reopen(world.ask(COMMITTEE), need.id)).status == "open"
    assert (await world.claim(world.units[0], need=need.id)).status == "proposed"


async def test_a_need_comes_back_as_what_it_was(world: World):
    draft = await world.need(COMMITTEE, as_draft=True)
    await world.needs.withdraw(world.ask(COMMITTEE), draft.id)
    assert (await world.needs.reopen(world.ask(COMMITTEE), draft.id)).status == "draft"
    await world.endorsing()
    waiting = await world.need(COMMITTEE)
    await world.needs.withdraw(world.ask(COMMITTEE), waiting.id)
    assert (await world.needs.reopen(world.ask(COMMITTEE), waiting.id)).status == "posted"


async def test_a_closed_need_that_comes_back_asks_for_more(world: World):
    need = await world.need(COMMITTEE, 20)
    _, project = await bound(world, world.units[0], 20, need)
    await delivered(world, world.units[0], project)
    await closed(world, project)
    assert (await world.needs.reopen(world.ask(COMMITTEE), need.id)).status == "met"
    more = await world.needs.amend(world.ask(COMMITTEE), need.id, NeedChange(lines=people(25)))
    assert (more.status, await used(world, need.id)) == ("open", (5, 0, 0, 20))


async def test_a_double_is_linked_to_the_need_that_it_repeats(world: World):
    need, double = await world.need(COMMITTEE), await world.need(COMMITTEE)
    claim = await world.claim(world.units[0], need=double.id)
    await refused(world.needs.merge(world.ask(COMMITTEE), double.id, into=double.id), "need.cannot_merge")
    await refused(world.needs.merge(world.ask(COMMITTEE), double.id, into="need-none"), "need.unknown")
    await world.needs.merge(world.ask(STREET_OFFICE), double.id, into=need.id)
    assert ((await world.state(double.id)).merged_into, await status(world, claim.id)) == (need.id, "superseded")
    assert (await world.needs.merge(world.ask(COMMITTEE), double.id, into=need.id)).version == 2
    await refused(world.needs.merge(world.ask(COMMITTEE), need.id, into=double.id), "need.cannot_merge")


async def test_a_need_in_an_area_that_was_closed_is_refused(world: World):
    await world.close_area(WEST, successor=EAST)
    refusal = await refused(world.need(OTHER_COMMITTEE, area=WEST), "area.closed")
    assert EAST in refusal.zh
