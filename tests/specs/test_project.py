"""A project: delivered by the one side, confirmed by the other; money, disputes, feedback, evaluation, closing."""

import pytest

from domain.access import SYSTEM
from tests.support.telling import bound, delivered, lines, refused, status, used
from tests.support.world import COMMITTEE, DISTRICT_OFFICE, OTHER_COMMITTEE, STREET_OFFICE, World, people

MONEY = lines(("助学金", 800_000, "分"))


async def a_project(world: World, quantity: int = 20) -> tuple[str, str, str]:
    """(need, claim, project) of the first unit and the committee."""
    need = await world.need(COMMITTEE, quantity)
    return need.id, *await bound(world, world.units[0], quantity, need)


async def with_money(world: World) -> str:
    need = await world.need(COMMITTEE, lines=MONEY)
    return (await bound(world, world.units[0], 1, need, lines=MONEY))[1]


async def test_claimed_is_not_done_the_provider_reports_and_the_receiver_confirms(world: World):
    need, claim, project = await a_project(world)
    unit = world.units[0]
    await refused(world.projects.confirm(world.ask(COMMITTEE), project), "project.wrong_state")
    await world.projects.report(world.ask(unit), project, note="已完成两场")
    assert (await status(world, project), await status(world, claim), await status(world, need)) == (
        "reported", "accepted", "covered"
    )  # fmt: skip
    await world.projects.confirm(world.ask(COMMITTEE), project, beneficiaries=35)
    assert (await status(world, project), await status(world, claim), await status(world, need)) == (
        "confirmed", "fulfilled", "met"
    )  # fmt: skip
    assert (await world.state(project)).beneficiaries == 35


async def test_nobody_confirms_their_own_work(world: World):
    _, _, project = await a_project(world)
    unit = world.units[0]
    await refused(world.projects.report(world.ask(COMMITTEE), project), "project.not_yours")
    await world.projects.report(world.ask(unit), project)
    refusal = await refused(world.projects.confirm(world.ask(unit), project), "project.not_yours")
    assert (refusal.kind, "confirmation" in refusal.legal) == ("forbidden", False)
    await refused(world.projects.confirm(world.ask(OTHER_COMMITTEE), project), "item.not_found")


async def test_confirming_twice_with_the_same_key_is_done_once(world: World):
    _, _, project = await a_project(world)
    await world.projects.report(world.ask(world.units[0]), project)
    ask = world.ask(COMMITTEE, "once")
    assert await world.projects.confirm(ask, project) == await world.projects.confirm(ask, project)
    assert (await world.types(project)).count("project.delivery_confirmed") == 1


async def test_what_is_missing_at_confirmation_reopens_the_need_and_returns_the_capacity(world: World):
    unit = world.units[0]
    need, offer = await world.need(COMMITTEE, 20), await world.offer(unit, 20)
    _, project = await bound(world, unit, 20, need, offer=offer.id)
    waiting = await world.claim(world.units[1], 5, need=need.id)
    await world.projects.report(world.ask(unit), project)
    await world.projects.confirm(world.ask(COMMITTEE), project, lines=people(15))
    assert (await status(world, need.id), await used(world, need.id)) == ("open", (5, 0, 0, 15))
    assert await used(world, offer.id) == (5, 0, 0, 15)
    assert (await status(world, waiting.id), (await world.state(need.id)).reopened) == ("proposed", 1)


async def test_two_lines_that_meant_one_line_of_the_need_both_count(world: World):
    need = await world.need(COMMITTEE, lines=lines(("医护人员", 5, "人")))
    given = lines(("医生", 2, "人"), ("护士", 3, "人"))
    _, project = await bound(world, world.units[0], 1, need, lines=given)
    await delivered(world, world.units[0], project)
    assert (await status(world, need.id), await used(world, need.id, line=("医护人员", "人"))) == ("met", (0, 0, 0, 5))


async def test_nobody_reports_or_confirms_more_than_was_promised(world: World):
    _, _, project = await a_project(world)
    unit = world.units[0]
    await refused(world.projects.report(world.ask(unit), project, lines=people(21)), "project.over_promise")
    await refused(world.projects.report(world.ask(unit), project, lines=people(0)), "lines.invalid")
    await refused(
        world.projects.report(world.ask(unit), project, lines=lines(("司机", 1, "辆"))), "project.over_promise"
    )
    await world.projects.report(world.ask(unit), project)
    await refused(world.projects.confirm(world.ask(COMMITTEE), project, lines=people(21)), "project.over_promise")
    await refused(world.projects.confirm(world.ask(COMMITTEE), project, beneficiaries=-3), "beneficiaries.count")


async def test_pledged_received_and_spent_are_three_figures(world: World):
    project = await with_money(world)
    state = await world.state(project)
    assert (state.pledged_fen, state.received_fen, state.spent_fen) == (800_000, 0, 0)
    ask = world.ask
    await refused(world.projects.spend_funds(ask(COMMITTEE), project, amount_fen=1), "project.over_received")
    await world.projects.receive_funds(ask(COMMITTEE), project, amount_fen=500_000, voucher="ab" * 32)
    await refused(world.projects.receive_funds(ask(COMMITTEE), project, amount_fen=300_001), "project.over_pledged")
    await world.projects.spend_funds(ask(COMMITTEE), project, amount_fen=120_000)
    await refused(world.projects.spend_funds(ask(COMMITTEE), project, amount_fen=380_001), "project.over_received")
    await refused(world.projects.receive_funds(ask(COMMITTEE), project, amount_fen=0), "money.amount")
    state = await world.state(project)
    assert (state.pledged_fen, state.received_fen, state.spent_fen) == (800_000, 500_000, 120_000)
    assert state.status == "active"


async def test_money_that_was_booked_twice_with_the_same_key_is_booked_once(world: World):
    project = await with_money(world)
    ask = world.ask(COMMITTEE, "once")
    for _ in range(2):
        await world.projects.receive_funds(ask, project, amount_fen=500_000)
    assert (await world.state(project)).received_fen == 500_000


async def test_without_a_pledge_there_is_no_money(world: World):
    _, _, project = await a_project(world)
    await refused(world.projects.receive_funds(world.ask(COMMITTEE), project, amount_fen=1), "project.no_money")


async def test_a_dispute_is_settled_by_the_other_side_or_from_above(world: World):
    _, claim, project = await a_project(world)
    await world.projects.report(world.ask(world.units[0]), project)
    await refused(world.projects.dispute(world.ask(COMMITTEE), project, reason=" "), "reason.required")
    await world.projects.dispute(world.ask(COMMITTEE), project, reason="只来了一半人")
    await refused(world.projects.confirm(world.ask(COMMITTEE), project), "project.wrong_state")
    await refused(world.projects.settle(world.ask(COMMITTEE), project, outcome="failed"), "project.own_dispute")
    await world.projects.settle(world.ask(STREET_OFFICE), project, outcome="delivered", lines=people(10))
    assert (await status(world, project), await status(world, claim)) == ("settled", "fulfilled")
    assert (await world.state(project)).confirmed == people(10)


async def test_the_provider_concedes_but_never_settles_its_own_work_as_delivered(world: World):
    need, claim, project = await a_project(world)
    unit = world.units[0]
    await world.projects.report(world.ask(unit), project)
    await world.projects.dispute(world.ask(COMMITTEE), project, reason="无人到场")
    for outcome, given in (("delivered", None), (None, people(20))):
        await refused(world.projects.settle(world.ask(unit), project, outcome=outcome, lines=given), "project.own_work")
    await world.projects.settle(world.ask(unit), project, outcome="failed", reason="确未到场")
    assert (await status(world, project), await status(world, claim), await status(world, need)) == (
        "settled", "failed", "open"
    )  # fmt: skip
    assert (await used(world, need), (await world.state(need)).reopened) == ((20, 0, 0, 0), 1)


async def test_a_member_does_not_settle_what_its_own_side_disputes(world: World):
    lead, member = world.units[:2]
    need = await world.need(COMMITTEE, 20)
    claim = await world.claim(lead, 12, need=need.id, members=((member.org, 8),))
    await world.joint.join(world.ask(member), claim.id, org=member.org)
    await world.claims.accept(world.ask(COMMITTEE), claim.id)
    project = (await world.state(claim.id)).project
    await world.projects.dispute(world.ask(member), project, reason="场地没有开放")
    await refused(world.projects.settle(world.ask(lead), project, outcome="resumed"), "project.own_dispute")
    await world.joint.leave(world.ask(member), claim.id, org=member.org)
    await refused(world.projects.settle(world.ask(lead), project, outcome="resumed"), "project.own_dispute")
    assert (await world.projects.settle(world.ask(COMMITTEE), project, outcome="resumed")).status == "active"


async def test_a_dispute_after_confirmation_only_goes_on(world: World):
    _, _, project = await a_project(world)
    await delivered(world, world.units[0], project)
    await world.projects.dispute(world.ask(world.units[0]), project, reason="评价不实")
    await refused(
        world.projects.settle(world.ask(STREET_OFFICE), project, outcome="failed"), "project.already_confirmed"
    )
    assert (await world.projects.settle(world.ask(STREET_OFFICE), project)).status == "confirmed"


async def test_a_settlement_counts_only_what_can_be_counted(world: World):
    _, _, project = await a_project(world)
    await world.projects.dispute(world.ask(COMMITTEE), project, reason="人数不符")
    for bad in (people(15) + people(15), people(-5), people(0)):
        await refused(world.projects.settle(world.ask(DISTRICT_OFFICE), project, lines=bad), "lines.invalid")
    await refused(world.projects.settle(world.ask(DISTRICT_OFFICE), project, lines=people(21)), "project.over_promise")
    await refused(world.projects.settle(world.ask(DISTRICT_OFFICE), project, outcome="never"), "project.outcome")


async def test_after_a_failure_the_wait_list_moves_up_and_no_money_comes(world: World):
    need = await world.need(COMMITTEE, lines=MONEY)
    claim, project = await bound(world, world.units[0], 1, need, lines=MONEY)
    waiting = await world.claim(world.units[1], need=need.id, lines=MONEY)
    await world.projects.dispute(world.ask(COMMITTEE), project, reason="未到账")
    await world.projects.settle(world.ask(STREET_OFFICE), project, outcome="failed")
    assert (await status(world, claim), await status(world, waiting.id)) == ("failed", "proposed")
    await refused(world.projects.receive_funds(world.ask(COMMITTEE), project, amount_fen=1), "project.wrong_state")


async def test_nobody_releases_what_was_delivered_not_even_by_way_of_a_dispute(world: World):
    _, claim, project = await a_project(world)
    await world.projects.report(world.ask(world.units[0]), project)
    refusal = await refused(world.claims.release(world.ask(COMMITTEE), claim), "claim.already_delivered")
    assert refusal.legal == ("dispute",)
    await world.projects.dispute(world.ask(COMMITTEE), project, reason="不满意")
    await refused(world.claims.release(world.ask(COMMITTEE), claim), "claim.already_delivered")


async def test_a_project_that_was_only_disputed_can_still_be_released(world: World):
    need, claim, project = await a_project(world)
    await world.projects.dispute(world.ask(COMMITTEE), project, reason="联系不上")
    assert (await world.claims.release(world.ask(COMMITTEE), claim)).status == "released"
    assert (await status(world, project), await status(world, need)) == ("aborted", "open")


async def test_closing_needs_feedback_and_both_evaluations_or_a_reason(world: World):
    need, _, project = await a_project(world)
    unit = world.units[0]
    await delivered(world, unit, project)
    refusal = await refused(world.projects.close(world.ask(COMMITTEE), project), "project.unfinished")
    assert refusal.legal == ("feedback", "evaluations")
    await refused(world.projects.feed_back(world.ask(unit), project, note="好"), "project.not_yours")
    await refused(world.projects.feed_back(world.ask(COMMITTEE), project, note=" "), "note.required")
    await world.projects.feed_back(world.ask(COMMITTEE), project, note="已告知反映人")
    assert (await world.projects.feed_back(world.ask(COMMITTEE), project, note="再说一次")).version == 4
    await world.projects.evaluate(world.ask(COMMITTEE), project, score=5)
    await refused(world.projects.evaluate(world.ask(COMMITTEE), project, score=1), "project.evaluated")
    await refused(world.projects.evaluate(world.ask(unit), project, score=6), "evaluation.score")
    await world.projects.evaluate(world.ask(unit), project, score=4, note="配合很好")
    assert (await world.projects.close(world.ask(COMMITTEE), project)).status == "closed"
    assert (await world.projects.close(world.ask(COMMITTEE), project)).status == "closed"
    assert (await status(world, need), (await world.state(need)).fed_back) == ("closed", (project,))


async def test_a_project_is_closed_with_a_reason_for_what_is_missing(world: World):
    need, _, project = await a_project(world)
    await delivered(world, world.units[0], project)
    await world.projects.close(world.ask(STREET_OFFICE), project, reason="反映人已搬离")
    assert (await status(world, project), await status(world, need)) == ("closed", "closed")


async def test_residents_evaluate_once_each_through_a_link_that_ends(world: World):
    _, _, project = await a_project(world)
    ask = world.ask(COMMITTEE)
    await refused(world.projects.issue_links(ask, project, count=3), "project.wrong_state")
    await delivered(world, world.units[0], project)
    await refused(world.projects.issue_links(world.ask(world.units[0]), project, count=3), "project.not_yours")
    await refused(world.projects.issue_links(world.ask(OTHER_COMMITTEE), project, count=3), "item.not_found")
    await refused(world.projects.issue_links(ask, project, count=0), "links.count")
    tokens, until = await world.projects.issue_links(ask, project, count=3)
    assert (await world.projects.issue_links(ask, project, count=3))[0] == tokens
    await world.projects.evaluate_by_link(token=tokens[0], score=5, note="很满意")
    refusal = await refused(world.projects.evaluate_by_link(token=tokens[0], score=1), "link.used")
    assert refusal.kind == "gone"
    await refused(world.projects.evaluate_by_link(token="nobody's", score=5), "item.not_found")
    world.clock.set(until)
    await refused(world.projects.evaluate_by_link(token=tokens[1], score=5), "link.expired")
    assert (await world.state(project)).evaluations == (("resident", 5),)


async def test_no_more_residents_speak_than_the_rule_book_lets(world: World):
    await world.limiting(links=2)
    _, _, project = await a_project(world)
    await delivered(world, world.units[0], project)
    tokens = [
        t for _ in range(2) for t in (await world.projects.issue_links(world.ask(COMMITTEE), project, count=2))[0]
    ]
    for token in tokens[:2]:
        await world.projects.evaluate_by_link(token=token, score=5)
    await refused(world.projects.evaluate_by_link(token=tokens[2], score=5), "link.too_many")


async def test_milestones_are_planned_met_and_slip(world: World):
    _, _, project = await a_project(world)
    unit, day = world.units[0], world.clock.now().date()
    await world.projects.plan(world.ask(unit), project, what="首场义诊", due=day)
    await world.projects.plan(world.ask(COMMITTEE), project, what="第二场", due=None)
    await world.projects.mark(world.ask(unit), project, milestone=1, met=True)
    assert (await world.projects.mark(world.ask(unit), project, milestone=1, met=True)).version == 4
    await world.projects.mark(world.ask(unit), project, milestone=2, met=False, due=day, note="顺延")
    await refused(world.projects.mark(world.ask(unit), project, milestone=3, met=True), "project.no_milestone")
    assert [(m.id, m.status, m.due) for m in (await world.state(project)).milestones] == [
        (1, "met", day), (2, "slipped", day)
    ]  # fmt: skip


@pytest.mark.parametrize("act", ["report", "confirm", "evaluate", "feed_back", "close", "dispute"])
async def test_an_aborted_project_stands_still(world: World, act: str):
    _, claim, project = await a_project(world)
    await world.claims.release(world.ask(COMMITTEE), claim)
    who = world.units[0] if act in ("report", "evaluate") else COMMITTEE
    more = {"evaluate": {"score": 5}, "feed_back": {"note": "好"}, "dispute": {"reason": "不"}}.get(act, {})
    refusal = await refused(getattr(world.projects, act)(world.ask(who), project, **more), "project.wrong_state")
    assert refusal.legal == ()


async def test_the_clock_does_no_project_work(world: World):
    _, _, project = await a_project(world)
    await refused(world.projects.report(world.ask(SYSTEM), project), "project.not_yours")
