"""Several units claim one need together: invited, joined, declined, left; one of them leads."""

from datetime import UTC, datetime, timedelta

from domain.access import Principal
from domain.calendar import Span
from services.command import Done
from tests.support.telling import refused, status, used
from tests.support.world import COMMITTEE, WEST, World, people


async def three_together(world: World) -> tuple[Done, Done, list[Principal]]:
    """(need, claim, [lead, second, third]): 8 + 7 + 5 of 20."""
    lead, second, third = world.units[:3]
    need = await world.need(COMMITTEE, 20)
    claim = await world.claim(lead, 8, need=need.id, members=((second.org, 7), (third.org, 5)))
    return need, claim, [lead, second, third]


async def all_bound(world: World) -> tuple[Done, str, str, list[Principal]]:
    """(need, claim, project, units), everybody having said yes."""
    need, claim, units = await three_together(world)
    await world.claims.accept(world.ask(COMMITTEE), claim.id)
    for unit in units[1:]:
        await world.joint.join(world.ask(unit), claim.id, org=unit.org)
    return need, claim.id, (await world.state(claim.id)).project, units


async def test_each_member_and_the_committee_must_say_yes(world: World):
    need, claim, (_, second, third) = await three_together(world)
    assert (await world.state(claim.id)).awaiting == (COMMITTEE.org, second.org, third.org)
    await world.joint.join(world.ask(third), claim.id, org=third.org)
    await world.claims.accept(world.ask(COMMITTEE), claim.id)
    assert await used(world, need.id) == (20, 0, 0, 0)
    done = await world.joint.join(world.ask(second), claim.id, org=second.org)
    assert (done.status, await used(world, need.id)) == ("accepted", (0, 0, 20, 0))
    project = await world.state((await world.state(claim.id)).project)
    assert (project.lines, len(project.members)) == (people(20), 3)


async def test_joining_twice_with_the_same_key_is_done_once(world: World):
    _, claim, (_, second, _) = await three_together(world)
    ask = world.ask(second, "once")
    assert await world.joint.join(ask, claim.id, org=second.org) == await world.joint.join(
        ask, claim.id, org=second.org
    )
    assert (await world.types(claim.id)).count("claim.member_joined") == 1


async def test_a_member_answers_for_itself_alone(world: World):
    _, claim, (lead, second, third) = await three_together(world)
    await refused(world.joint.join(world.ask(lead), claim.id, org=second.org), "claim.not_yours")
    await refused(world.joint.refuse(world.ask(third), claim.id, org=second.org), "claim.not_yours")
    refusal = await refused(world.claims.accept(world.ask(second), claim.id), "claim.not_yours")
    assert refusal.legal == ("membership",)


async def test_a_member_who_has_joined_does_not_withdraw_for_all(world: World):
    _, claim, (lead, second, _) = await three_together(world)
    await world.joint.join(world.ask(second), claim.id, org=second.org)
    await refused(world.claims.withdraw(world.ask(second), claim.id), "claim.not_yours")
    assert (await world.claims.withdraw(world.ask(lead), claim.id)).status == "withdrawn"


async def test_when_a_member_declines_the_others_go_on(world: World):
    need, claim, (_, second, third) = await three_together(world)
    await world.claims.accept(world.ask(COMMITTEE), claim.id)
    await world.joint.refuse(world.ask(third), claim.id, org=third.org, reason="人手不足")
    await world.joint.join(world.ask(second), claim.id, org=second.org)
    assert (await status(world, claim.id), await used(world, need.id)) == ("accepted", (5, 0, 15, 0))


async def test_the_committee_declines_the_whole(world: World):
    need, claim, (_, second, _) = await three_together(world)
    await world.claims.refuse(world.ask(COMMITTEE), claim.id, reason="已另行安排")
    await refused(world.joint.join(world.ask(second), claim.id, org=second.org), "claim.wrong_state")
    assert await used(world, need.id) == (20, 0, 0, 0)


async def test_who_is_invited_later_asks_the_committee_again(world: World):
    lead, second = world.units[:2]
    need = await world.need(COMMITTEE, 20)
    claim = await world.claim(lead, 8, need=need.id, members=((second.org, 2),))
    await world.claims.accept(world.ask(COMMITTEE), claim.id)
    late = world.units[2]
    await world.joint.invite(world.ask(lead), claim.id, org=late.org, lines=people(10))
    assert set((await world.state(claim.id)).awaiting) == {second.org, late.org, COMMITTEE.org}
    for unit in (second, late):
        assert (await world.joint.join(world.ask(unit), claim.id, org=unit.org)).status == "proposed"
    assert (await world.claims.accept(world.ask(COMMITTEE), claim.id)).status == "accepted"


async def test_a_single_claim_becomes_a_joint_one_by_inviting(world: World):
    lead, second = world.units[:2]
    need = await world.need(COMMITTEE, 20)
    claim = await world.claim(lead, 12, need=need.id)
    await world.joint.invite(world.ask(lead), claim.id, org=second.org, lines=people(8))
    members = (await world.state(claim.id)).terms.members
    assert [(m.org, m.status, m.lead) for m in members] == [(lead.org, "joined", True), (second.org, "invited", False)]


async def test_whom_one_cannot_invite(world: World):
    lead, second = world.units[:2]
    need = await world.need(COMMITTEE, 20)
    claim = await world.claim(lead, 12, need=need.id)
    ask = world.ask(lead)
    await refused(world.joint.invite(ask, claim.id, org=lead.org, lines=people(1)), "claim.bad_members")
    await refused(world.joint.invite(ask, claim.id, org=COMMITTEE.org, lines=people(1)), "claim.bad_members")
    await refused(world.joint.invite(ask, claim.id, org="unit-nobody", lines=people(1)), "unit.unknown")
    await refused(world.joint.invite(ask, claim.id, org="nobody", lines=people(1)), "area.unknown")
    await refused(world.joint.invite(ask, claim.id, org=second.org, lines=people(9)), "claim.exceeds_need")
    await refused(
        world.joint.invite(world.ask(COMMITTEE), claim.id, org=second.org, lines=people(1)), "claim.not_yours"
    )
    for org, code in (("nobody", "area.unknown"), (COMMITTEE.org, "claim.bad_members")):
        await refused(world.claim(second, 5, need=need.id, members=((org, 5),)), code)


async def test_a_joint_claim_has_no_more_members_than_the_rule_book_lets(world: World):
    await world.limiting(members=2)
    lead, second, third = world.units[:3]
    need = await world.need(COMMITTEE, 20)
    await refused(
        world.claim(lead, 8, need=need.id, members=((second.org, 7), (third.org, 5))), "claim.too_many_members"
    )
    claim = await world.claim(lead, 8, need=need.id, members=((second.org, 7),))
    await refused(
        world.joint.invite(world.ask(lead), claim.id, org=third.org, lines=people(5)), "claim.too_many_members"
    )


async def test_a_counter_asks_every_member_again(world: World):
    lead, second = world.units[:2]
    start = datetime(2026, 3, 14, 1, tzinfo=UTC)
    windows = (
        Span(start, start + timedelta(hours=8)),
        Span(start + timedelta(days=1), start + timedelta(days=1, hours=8)),
    )
    need = await world.need(COMMITTEE, 20, windows=windows)
    claim = await world.claim(lead, 12, need=need.id, members=((second.org, 8),), window=windows[0])
    await world.joint.join(world.ask(second), claim.id, org=second.org)
    await refused(world.claims.counter(world.ask(COMMITTEE), claim.id, lines=people(5)), "claim.joint_lines")
    await world.claims.counter(world.ask(COMMITTEE), claim.id, window=windows[1])
    assert (await world.claims.accept(world.ask(lead), claim.id)).status == "proposed"
    assert (await world.joint.join(world.ask(second), claim.id, org=second.org)).status == "accepted"
    assert await used(world, need.id, "2026-03-15T01:00:00Z") == (0, 0, 20, 0)


async def test_after_a_counter_the_lead_may_still_decline_for_all(world: World):
    lead, second = world.units[:2]
    start = datetime(2026, 3, 14, 1, tzinfo=UTC)
    windows = (
        Span(start, start + timedelta(hours=8)),
        Span(start + timedelta(days=1), start + timedelta(days=1, hours=8)),
    )
    need = await world.need(COMMITTEE, 20, windows=windows)
    claim = await world.claim(lead, 12, need=need.id, members=((second.org, 8),), window=windows[0])
    await world.claims.counter(world.ask(COMMITTEE), claim.id, window=windows[1])
    assert (await world.claims.refuse(world.ask(lead), claim.id, reason="当天无人")).status == "declined"


async def test_a_new_lead_answers_in_the_old_ones_place(world: World):
    lead, second = world.units[:2]
    start = datetime(2026, 3, 14, 1, tzinfo=UTC)
    windows = (
        Span(start, start + timedelta(hours=8)),
        Span(start + timedelta(days=1), start + timedelta(days=1, hours=8)),
    )
    need = await world.need(COMMITTEE, 20, windows=windows)
    claim = await world.claim(lead, 12, need=need.id, members=((second.org, 8),), window=windows[0])
    await world.claims.counter(world.ask(COMMITTEE), claim.id, window=windows[1])
    await refused(world.joint.change_lead(world.ask(lead), claim.id, org=second.org), "claim.not_lead")
    await world.joint.join(world.ask(second), claim.id, org=second.org)
    await world.joint.change_lead(world.ask(lead), claim.id, org=second.org)
    await refused(world.claims.accept(world.ask(lead), claim.id), "claim.not_yours")
    await refused(world.claims.withdraw(world.ask(lead), claim.id), "claim.not_yours")
    assert (await world.claims.accept(world.ask(second), claim.id)).status == "accepted"


async def test_handing_the_lead_to_who_has_it_changes_nothing(world: World):
    _, claim, project, (lead, second, _) = await all_bound(world)
    assert (await world.joint.change_lead(world.ask(lead), claim, org=second.org)).status == "accepted"
    version = (await world.joint.change_lead(world.ask(second), claim, org=second.org)).version
    assert version == len(await world.types(claim))
    await world.projects.report(world.ask(second), project)
    await refused(world.claims.release(world.ask(lead), claim), "claim.not_yours")


async def test_a_claim_that_uses_the_leads_offer_keeps_its_lead(world: World):
    lead, second = world.units[:2]
    need, offer = await world.need(COMMITTEE, 20), await world.offer(lead, 12)
    claim = await world.claim(lead, 12, need=need.id, offer=offer.id, members=((second.org, 8),))
    assert await used(world, offer.id) == (0, 12, 0, 0)
    await world.joint.join(world.ask(second), claim.id, org=second.org)
    await refused(world.joint.change_lead(world.ask(lead), claim.id, org=second.org), "claim.not_lead")
    await world.claims.accept(world.ask(COMMITTEE), claim.id)
    project = (await world.state(claim.id)).project
    await world.projects.report(world.ask(lead), project)
    await world.projects.confirm(world.ask(COMMITTEE), project, lines=people(15))
    assert (await used(world, offer.id), await used(world, need.id)) == ((0, 0, 0, 12), (5, 0, 0, 15))


async def test_the_lead_hands_over_before_it_leaves(world: World):
    need, claim, _, (lead, second, _) = await all_bound(world)
    refusal = await refused(world.joint.leave(world.ask(lead), claim, org=lead.org), "claim.lead_leaves")
    assert refusal.legal == ("lead", "release")
    await world.joint.change_lead(world.ask(lead), claim, org=second.org)
    await world.joint.leave(world.ask(lead), claim, org=lead.org)
    assert (await status(world, claim), await used(world, need.id)) == ("accepted", (8, 0, 12, 0))


async def test_who_has_left_neither_owes_nor_speaks(world: World):
    _, claim, project, (lead, _, third) = await all_bound(world)
    await world.joint.leave(world.ask(third), claim, org=third.org, reason="另有任务")
    await refused(world.projects.report(world.ask(third), project), "item.not_found")
    await refused(world.projects.report(world.ask(lead), project, lines=people(16)), "project.over_promise")
    await world.projects.report(world.ask(lead), project)
    assert (await world.state(project)).reported == people(15)
    await refused(world.joint.leave(world.ask(third), claim, org=third.org), "claim.wrong_state")


async def test_nobody_leaves_after_the_delivery(world: World):
    _, claim, project, (lead, second, _) = await all_bound(world)
    await world.projects.report(world.ask(lead), project)
    await refused(world.joint.leave(world.ask(second), claim, org=second.org), "claim.already_delivered")


async def test_a_member_who_leaves_too_late_does_not_bind_the_others(world: World):
    need, claim, (_, second, third) = await three_together(world)
    await world.claims.accept(world.ask(COMMITTEE), claim.id)
    await world.joint.join(world.ask(second), claim.id, org=second.org)
    world.later(days=10)
    await world.joint.leave(world.ask(third), claim.id, org=third.org)
    assert (await status(world, claim.id), await used(world, need.id)) == ("proposed", (20, 0, 0, 0))


async def test_a_waiting_joint_claim_that_shrinks_moves_up(world: World):
    _, third, fourth = world.units[1:]
    need = await world.need(COMMITTEE, 20)
    first = await world.claim(world.units[0], 12, need=need.id)
    await world.claims.accept(world.ask(COMMITTEE), first.id)
    waiting = await world.claim(third, 8, need=need.id, members=((fourth.org, 3),))
    assert waiting.status == "waitlisted"
    await refused(world.joint.join(world.ask(fourth), waiting.id, org=fourth.org), "claim.wrong_state")
    await world.joint.leave(world.ask(fourth), waiting.id, org=fourth.org)
    assert await status(world, waiting.id) == "proposed"


async def test_a_new_lead_has_no_second_claim_on_the_same_need(world: World):
    lead, second = world.units[:2]
    need = await world.need(COMMITTEE, 30)
    claim = await world.claim(lead, 12, need=need.id, members=((second.org, 8),))
    await world.joint.join(world.ask(second), claim.id, org=second.org)
    own = await world.claim(second, 5, need=need.id)
    await refused(world.joint.change_lead(world.ask(lead), claim.id, org=second.org), "claim.duplicate")
    await world.claims.withdraw(world.ask(second), own.id)
    await world.joint.change_lead(world.ask(lead), claim.id, org=second.org)
    await refused(world.claim(second, 5, need=need.id), "claim.duplicate")
    assert (await world.claim(lead, 5, need=need.id)).status == "proposed"


async def test_a_committee_or_a_tier_proposes_no_joint_claim(world: World):
    offer = await world.offer(world.units[0])
    await refused(world.claim(COMMITTEE, 5, offer=offer.id, members=((WEST, 5),)), "claim.bad_members")
    claim = await world.claim(COMMITTEE, 5, offer=offer.id)
    await refused(
        world.joint.invite(world.ask(world.units[0]), claim.id, org=world.units[1].org, lines=people(1)),
        "claim.not_joint",
    )
