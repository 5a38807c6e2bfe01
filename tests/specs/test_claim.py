"""The handshake, as committees and units would tell it."""

from __future__ import annotations

import pytest

from domain.events import Refused
from tests.support.world import AUDITOR, COMMITTEE, DISTRICT_OFFICE, OTHER_COMMITTEE, World, people


async def test_a_unit_claims_a_need_and_the_committee_accepts(world: World):
    need = await world.need(COMMITTEE)
    claim = await world.claim(world.units[0], 20, need=need.id)
    done = await world.claims.accept(world.ask(COMMITTEE), claim.id)
    assert done.status == "accepted"
    assert (await world.state(need.id)).status == "covered"
    assert await world.types(need.id) == ["need.posted", "need.committed"]
    assert await world.types(claim.id) == ["claim.proposed", "claim.accepted"]


async def test_who_proposed_does_not_answer(world: World):
    need = await world.need(COMMITTEE)
    claim = await world.claim(world.units[0], need=need.id)
    with pytest.raises(Refused) as refused:
        await world.claims.accept(world.ask(world.units[0]), claim.id)
    assert refused.value.kind == "forbidden"
    assert refused.value.legal == ("withdrawal", "members")


async def test_a_committee_claims_an_offer_and_its_capacity_is_held_at_once(world: World):
    offer = await world.offer(world.units[0], 50)
    claim = await world.claim(COMMITTEE, 30, offer=offer.id)
    used = (await world.state(offer.id)).capacity.used["志愿者", "人", ""]
    assert (used.held, used.committed) == (30, 0)
    await world.claims.accept(world.ask(world.units[0]), claim.id)
    used = (await world.state(offer.id)).capacity.used["志愿者", "人", ""]
    assert (used.held, used.committed) == (0, 30)


async def test_more_than_an_offer_has_is_refused_with_what_is_left(world: World):
    offer = await world.offer(world.units[0], 50)
    await world.claim(COMMITTEE, 48, offer=offer.id)
    with pytest.raises(Refused, match="只剩 2 人") as refused:
        await world.claim(OTHER_COMMITTEE, 3, offer=offer.id)
    assert refused.value.code == "claim.no_capacity"


async def test_a_declined_claim_gives_the_capacity_back(world: World):
    offer = await world.offer(world.units[0], 50)
    claim = await world.claim(COMMITTEE, 50, offer=offer.id)
    await world.claims.refuse(world.ask(world.units[0]), claim.id, reason="时间不合适")
    assert (await world.state(offer.id)).status == "published"
    await world.claim(OTHER_COMMITTEE, 50, offer=offer.id)


async def test_two_counters_and_then_yes(world: World):
    offer = await world.offer(world.units[0], 50)
    claim = await world.claim(COMMITTEE, 40, offer=offer.id)
    await world.claims.counter(world.ask(world.units[0]), claim.id, lines=people(20))
    await world.claims.counter(world.ask(COMMITTEE), claim.id, lines=people(30))
    done = await world.claims.accept(world.ask(world.units[0]), claim.id)
    assert done.status == "accepted"
    used = (await world.state(offer.id)).capacity.used["志愿者", "人", ""]
    assert (used.held, used.committed) == (0, 30)


async def test_a_yes_with_other_lines_is_a_counter(world: World):
    offer = await world.offer(world.units[0], 50)
    claim = await world.claim(COMMITTEE, 40, offer=offer.id)
    done = await world.claims.accept(world.ask(world.units[0]), claim.id, lines=people(10))
    assert done.status == "proposed"
    assert (await world.state(claim.id)).awaiting == (COMMITTEE.org,)


async def test_one_live_claim_for_a_pair(world: World):
    need = await world.need(COMMITTEE)
    first = await world.claim(world.units[0], 5, need=need.id)
    with pytest.raises(Refused) as refused:
        await world.claim(world.units[0], 5, need=need.id)
    assert refused.value.code == "claim.duplicate"
    await world.claims.withdraw(world.ask(world.units[0]), first.id)
    assert (await world.claim(world.units[0], 5, need=need.id)).id != first.id


async def test_the_claim_that_takes_the_last_place_supersedes_the_ones_left_with_nothing(world: World):
    need = await world.need(COMMITTEE)
    loser = await world.claim(world.units[0], 20, need=need.id)
    winner = await world.claim(world.units[1], 20, need=need.id)
    await world.claims.accept(world.ask(COMMITTEE), winner.id)
    assert (await world.state(loser.id)).status == "superseded"


async def test_a_claim_of_a_covered_need_waits_and_is_promoted_when_the_first_is_released(world: World):
    need = await world.need(COMMITTEE)
    first = await world.claim(world.units[0], 20, need=need.id)
    await world.claims.accept(world.ask(COMMITTEE), first.id)
    waiting = await world.claim(world.units[1], 20, need=need.id)
    assert waiting.status == "waitlisted"
    await world.claims.release(world.ask(world.units[0]), first.id, reason="人手不足")
    assert (await world.state(waiting.id)).status == "proposed"
    assert await world.types(need.id) == ["need.posted", "need.committed", "need.uncommitted", "need.reopened"]


async def test_three_units_cover_a_need_together_one_leaves_and_the_next_in_line_is_promoted(world: World):
    lead, second, third, fourth = world.units
    need = await world.need(COMMITTEE)
    joint = await world.claim(lead, 8, need=need.id, members=((second.org, 7), (third.org, 5)))
    assert (await world.claims.accept(world.ask(COMMITTEE), joint.id)).status == "proposed"
    await world.joint.join(world.ask(second), joint.id, org=second.org)
    assert (await world.joint.join(world.ask(third), joint.id, org=third.org)).status == "accepted"
    assert (await world.state(need.id)).status == "covered"
    waiting = await world.claim(fourth, 5, need=need.id)
    assert waiting.status == "waitlisted"
    await world.joint.leave(world.ask(third), joint.id, org=third.org, reason="另有任务")
    assert (await world.state(need.id)).cover_pct == 75
    assert (await world.state(waiting.id)).status == "proposed"


async def test_a_release_both_sides_call_a_mistake_is_undone(world: World):
    need = await world.need(COMMITTEE)
    claim = await world.claim(world.units[0], 20, need=need.id)
    await world.claims.accept(world.ask(COMMITTEE), claim.id)
    await world.claims.release(world.ask(COMMITTEE), claim.id)
    assert (await world.claims.reinstate(world.ask(COMMITTEE), claim.id)).status == "released"
    assert (await world.claims.reinstate(world.ask(world.units[0]), claim.id)).status == "accepted"
    assert (await world.state(need.id)).status == "covered"


async def test_a_coordinator_brings_both_together_and_both_must_say_yes(world: World):
    need, offer = await world.need(COMMITTEE), await world.offer(world.units[0])
    claim = await world.claim(DISTRICT_OFFICE, 20, need=need.id, offer=offer.id)
    assert (await world.claims.accept(world.ask(world.units[0]), claim.id)).status == "proposed"
    assert (await world.claims.accept(world.ask(COMMITTEE), claim.id)).status == "accepted"


async def test_an_unanswered_claim_expires_in_the_command_and_by_the_clock(world: World):
    offer = await world.offer(world.units[0])
    claim = await world.claim(COMMITTEE, 50, offer=offer.id)
    world.later(days=11)
    with pytest.raises(Refused) as refused:
        await world.claims.accept(world.ask(world.units[0]), claim.id)
    assert refused.value.code == "claim.expired"
    assert (await world.claims.expire(world.ask(_system()), claim.id)).status == "expired"
    assert (await world.state(offer.id)).capacity.used == {}


async def test_the_same_command_again_gives_the_same_answer_and_writes_nothing(world: World):
    need = await world.need(COMMITTEE)
    claim = await world.claim(world.units[0], need=need.id)
    ask = world.ask(COMMITTEE, "once")
    first = await world.claims.accept(ask, claim.id)
    assert await world.claims.accept(ask, claim.id) == first
    assert (await world.log.head()).position == first.position


async def test_an_auditor_never_writes(world: World):
    need = await world.need(COMMITTEE)
    with pytest.raises(Refused) as refused:
        await world.claim(AUDITOR, need=need.id)
    assert refused.value.kind == "forbidden"


def _system():
    from domain.access import SYSTEM

    return SYSTEM
