"""What the matcher knows of needs that are open and offers that are published."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from domain.access import SYSTEM
from domain.calendar import ZONE, Span, key_of
from domain.claim import ClaimState, Proposer
from domain.matching.snapshot import AreaFacts, NeedFacts, OfferFacts
from domain.rules import Group
from services.market_facts import need_facts
from services.needs import NeedChange
from tests.support.market import known
from tests.support.telling import bound, delivered
from tests.support.world import (
    BOOK,
    COMMITTEE,
    DISTRICT,
    EAST,
    OTHER_COMMITTEE,
    START,
    STREET,
    STREET_OFFICE,
    WEST,
    World,
    people,
)

SATURDAY, SUNDAY = (Span(START + timedelta(days=d), START + timedelta(days=d, hours=3)) for d in (5, 6))


async def the_need(world: World) -> NeedFacts:
    (need,) = (await known(world)).needs
    return need


async def the_offer(world: World) -> OfferFacts:
    (offer,) = (await known(world)).offers
    return offer


def taken(facts: NeedFacts | OfferFacts) -> dict[str, int]:
    """Of the only line, by occurrence."""
    (line,) = facts.lines
    return dict(line.used)


# ---- needs


async def test_an_open_need_is_told_with_all_that_the_rules_ask_of_it(world: World):
    await world.register.adopt(world.ask(SYSTEM), replace(BOOK, groups=(Group(id="elders", zh="老人", en="Elders"),)))
    await world.need(COMMITTEE, 20, urgency=3, windows=(SATURDAY,), skill="手语", vulnerable=True, group="elders")
    need = await the_need(world)
    assert (need.owner, need.area, need.category, need.urgency, need.windows) == (EAST, EAST, "service", 3, (SATURDAY,))
    assert (need.skill, need.vulnerable, need.group, need.partners, need.refused) == ("手语", True, "elders", (), ())
    assert (need.lines[0].kind, need.lines[0].unit, need.lines[0].quantity, taken(need)) == ("志愿者", "人", 20, {})


async def test_what_a_live_proposal_asks_for_is_taken_and_comes_back_when_it_is_declined(world: World):
    need = await world.need(COMMITTEE, 20)
    claim = await world.claim(world.units[0], 8, need=need.id)
    assert taken(await the_need(world)) == {"": 8}
    await world.claims.counter(world.ask(COMMITTEE), claim.id, lines=people(5))
    assert taken(await the_need(world)) == {"": 5}
    await world.claims.refuse(world.ask(world.units[0]), claim.id)
    assert taken(await the_need(world)) == {}


async def test_of_a_joint_proposal_every_members_part_is_taken(world: World):
    lead, second, third = world.units[:3]
    need = await world.need(COMMITTEE, 20)
    claim = await world.claim(lead, 8, need=need.id, members=((second.org, 5), (third.org, 4)))
    facts = await the_need(world)
    assert (taken(facts), facts.partners) == ({"": 17}, tuple(sorted((lead.org, second.org, third.org))))
    await world.joint.refuse(world.ask(third), claim.id, org=third.org)
    facts = await the_need(world)
    assert (taken(facts), facts.partners) == ({"": 13}, tuple(sorted((lead.org, second.org))))


async def test_what_is_committed_and_delivered_is_taken_by_occurrence(world: World):
    unit, other = world.units[:2]
    need = await world.need(COMMITTEE, 10, windows=(SATURDAY, SUNDAY))
    _, project = await bound(world, unit, 6, need, window=SATURDAY)
    assert taken(await the_need(world)) == {key_of(SATURDAY): 6}
    await delivered(world, unit, project)
    await world.claim(other, 3, need=need.id)
    assert taken(await the_need(world)) == {key_of(SATURDAY): 9, key_of(SUNDAY): 3}


async def test_the_wait_list_takes_nothing_but_is_a_partner(world: World):
    first, second = world.units[:2]
    need = await world.need(COMMITTEE, 20)
    asked = await world.claim(first, 12, need=need.id)
    await bound(world, second, 12, need)
    await world.claims.withdraw(world.ask(first), asked.id)
    late = await world.claim(first, 12, need=need.id)
    assert (await world.state(late.id)).status == "waitlisted"
    facts = await the_need(world)
    assert (taken(facts), facts.partners) == ({"": 12}, tuple(sorted((first.org, second.org))))


async def test_a_proposal_that_an_amendment_has_left_without_its_line_takes_nothing(world: World):
    need = await world.need(COMMITTEE, 20, windows=(SATURDAY,))
    await world.claim(world.units[0], 8, need=need.id, window=SATURDAY)
    await world.needs.amend(world.ask(COMMITTEE), need.id, NeedChange(windows=(SUNDAY,)))
    facts = await the_need(world)
    assert (facts.windows, taken(facts), facts.partners) == ((SUNDAY,), {}, (world.units[0].org,))


async def test_covered_met_withdrawn_and_unposted_needs_are_not_matched_and_come_back_when_they_open_again(world: World):
    unit = world.units[0]
    covered, draft = await world.need(COMMITTEE, 20), await world.need(COMMITTEE, 5, as_draft=True)
    claim, _ = await bound(world, unit, 20, covered)
    assert (await known(world)).needs == ()
    await world.claims.release(world.ask(unit), claim)
    assert (await the_need(world)).id == covered.id
    await world.needs.withdraw(world.ask(COMMITTEE), covered.id)
    await world.needs.publish(world.ask(COMMITTEE), draft.id)
    assert (await the_need(world)).id == draft.id
    await world.needs.reopen(world.ask(COMMITTEE), covered.id)
    assert {need.id for need in (await known(world)).needs} == {covered.id, draft.id}


async def test_a_need_that_waits_for_its_endorsement_is_not_matched_but_its_days_count(world: World):
    await world.endorsing()
    need = await world.need(COMMITTEE, 20)
    assert (await known(world)).needs == ()
    world.later(days=3)
    await world.needs.endorse(world.ask(STREET_OFFICE), need.id)
    assert (await the_need(world)).since == START.astimezone(ZoneInfo(ZONE)).date().toordinal()


async def test_the_day_a_need_went_up_is_local_and_stays_when_it_is_reopened(world: World):
    world.clock.set(datetime(2026, 3, 3, 15, 59, tzinfo=UTC))  # a minute to midnight in Shanghai
    need = await world.need(COMMITTEE, 20, as_draft=True)
    world.later(minutes=2)
    await world.needs.publish(world.ask(COMMITTEE), need.id)
    await world.needs.withdraw(world.ask(COMMITTEE), need.id)
    world.later(days=9)
    await world.needs.reopen(world.ask(COMMITTEE), need.id)
    assert (await the_need(world)).since == datetime(2026, 3, 4, tzinfo=ZoneInfo(ZONE)).date().toordinal()


async def test_what_was_tried_is_remembered_by_the_offer_or_else_by_the_giver(world: World):
    first, second, third = world.units[:3]
    need, offer = await world.need(COMMITTEE, 20), await world.offer(first, 50)
    named = await world.claim(first, 5, need=need.id, offer=offer.id)
    alone = await world.claim(second, 5, need=need.id)
    await world.claims.refuse(world.ask(COMMITTEE), named.id)
    await world.claims.withdraw(world.ask(second), alone.id)
    kept, _ = await bound(world, third, 5, need)
    assert (await the_need(world)).refused == tuple(sorted((offer.id, second.org)))
    await world.claims.release(world.ask(COMMITTEE), kept)
    facts = await the_need(world)
    assert (facts.refused, facts.partners) == (tuple(sorted((offer.id, second.org, third.org))), ())


async def test_a_proposal_nobody_answered_counts_as_tried_only_when_the_matcher_had_made_it(world: World):
    need = await world.need(COMMITTEE, 20)
    claim = await world.claim(world.units[0], 5, need=need.id)
    world.later(days=60)
    await world.claims.expire(world.ask(SYSTEM), claim.id)
    assert (await the_need(world)).refused == ()
    expired: ClaimState = await world.state(claim.id)
    proposed = replace(expired, proposed_by=Proposer(org="matcher", role="matcher"))
    facts = need_facts(await world.state(need.id), [proposed], 0)
    assert facts is not None
    assert facts.refused == (world.units[0].org,)


async def test_who_supersedes_nobody_has_refused_nobody(world: World):
    need = await world.need(COMMITTEE, 20)
    await world.claim(world.units[0], 20, need=need.id)
    claim, _ = await bound(world, world.units[1], 20, need)
    await world.claims.release(world.ask(world.units[1]), claim)
    assert (await the_need(world)).refused == (world.units[1].org,)


# ---- offers


async def test_of_an_offer_held_committed_and_delivered_are_taken_and_an_exhausted_one_stays(world: World):
    unit = world.units[0]
    offer = await world.offer(unit, 30, skills=("急救",), minimum=2)
    facts = await the_offer(world)
    assert (facts.owner, facts.area, facts.reach, facts.skills, facts.minimum) == (unit.org, STREET, DISTRICT, ("急救",), 2)
    need = await world.need(COMMITTEE, 20)
    _, project = await bound(world, unit, 20, need, offer=offer.id)
    await delivered(world, unit, project)
    assert taken(await the_offer(world)) == {"": 20}
    await world.claim(OTHER_COMMITTEE, 10, offer=offer.id)
    assert (await world.state(offer.id)).status == "exhausted"
    assert taken(await the_offer(world)) == {"": 30}


async def test_only_published_offers_of_those_who_take_part_are_matched(world: World):
    unit = world.units[0]
    await world.offer(unit, as_draft=True)
    paused = await world.offer(unit, 30)
    await world.offers.pause(world.ask(unit), paused.id)
    assert ((await known(world)).offers, (await known(world)).givers) == ((), ())
    await world.offers.resume(world.ask(unit), paused.id)
    assert (await the_offer(world)).id == paused.id
    await world.register.suspend_unit(world.ask(STREET_OFFICE), unit.org)
    assert ((await known(world)).offers, (await known(world)).givers) == ((), ())
    await world.register.resume_unit(world.ask(STREET_OFFICE), unit.org)
    assert (await the_offer(world)).id == paused.id


async def test_a_closed_neighbourhoods_needs_are_not_matched_and_it_stays_in_the_tree(world: World):
    await world.need(COMMITTEE, 20)
    await world.close_area(EAST, successor=WEST)
    snapshot = await known(world)
    assert (snapshot.needs, snapshot.areas[2]) == ((), AreaFacts(id=EAST, kind="neighbourhood", parent=STREET))
