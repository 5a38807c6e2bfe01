"""Hard cases of the handshake: counters and tiers, wait lists, releases that come back, and who may be bound."""

from datetime import UTC, datetime, timedelta

from domain.access import SYSTEM, Principal
from domain.calendar import Span
from tests.support.telling import bound, delivered, refused, status, used
from tests.support.world import COMMITTEE, DISTRICT_OFFICE, OTHER_COMMITTEE, START, STREET_OFFICE, World, people


async def test_a_tiers_proposal_waits_for_both_and_either_may_counter(world: World):
    unit = world.units[0]
    need, offer = await world.need(COMMITTEE, 20), await world.offer(unit, 50)
    claim = await world.claim(DISTRICT_OFFICE, 20, need=need.id, offer=offer.id)
    state = await world.state(claim.id)
    assert (state.proposed_by.role, state.awaiting) == ("tier", (unit.org, COMMITTEE.org))
    await world.claims.accept(world.ask(COMMITTEE), claim.id)
    await world.claims.counter(world.ask(unit), claim.id, lines=people(10))
    assert (await world.state(claim.id)).awaiting == (COMMITTEE.org,)
    assert (await world.claims.accept(world.ask(COMMITTEE), claim.id)).status == "accepted"
    assert (await used(world, need.id), await used(world, offer.id)) == ((10, 0, 10, 0), (40, 0, 10, 0))


async def test_a_tier_names_both_sides_and_only_it_or_they_withdraw(world: World):
    need, offer = await world.need(COMMITTEE, 20), await world.offer(world.units[0], 50)
    for half in ({"need": need.id}, {"offer": offer.id}):
        await refused(world.claim(DISTRICT_OFFICE, 5, **half), "claim.not_a_side")
    claim = await world.claim(DISTRICT_OFFICE, 20, need=need.id, offer=offer.id)
    await refused(world.claims.withdraw(world.ask(STREET_OFFICE), claim.id), "claim.not_yours")
    await refused(world.claims.withdraw(world.ask(COMMITTEE), claim.id), "claim.not_yours")
    assert (await world.claims.withdraw(world.ask(DISTRICT_OFFICE), claim.id)).status == "withdrawn"
    assert await used(world, offer.id) == (50, 0, 0, 0)


async def test_a_tier_proposes_only_below_itself(world: World):
    elsewhere = Principal(id="key-other", role="street", org="other-office", area="310101002")
    need, offer = await world.need(COMMITTEE, 20), await world.offer(world.units[0], 50)
    await refused(world.claim(elsewhere, 5, need=need.id, offer=offer.id), "access.forbidden")


async def test_nobody_claims_their_own_item_or_names_a_strangers(world: World):
    unit, stranger = world.units[:2]
    need, offer = await world.need(COMMITTEE, 20), await world.offer(unit, 50)
    await refused(world.claim(COMMITTEE, 5, need=need.id), "claim.own_item")
    await refused(world.claim(unit, 5, offer=offer.id), "claim.own_item")
    await refused(world.claim(unit, 5), "claim.needs_item")
    await refused(world.claim(stranger, 5, need=need.id, offer=offer.id), "claim.not_a_side")


async def test_a_counter_changes_something_and_fits(world: World):
    need = await world.need(COMMITTEE, 20)
    claim = await world.claim(world.units[0], 20, need=need.id)
    await refused(world.claims.counter(world.ask(COMMITTEE), claim.id), "claim.nothing_countered")
    await refused(world.claims.counter(world.ask(COMMITTEE), claim.id, lines=people(21)), "claim.no_capacity")
    await refused(world.claims.counter(world.ask(world.units[0]), claim.id, lines=people(5)), "claim.not_yours")
    over = Span(START - timedelta(hours=2), START - timedelta(hours=1))
    await refused(world.claims.counter(world.ask(COMMITTEE), claim.id, window=over), "window.over")


async def test_a_claim_of_more_than_the_need_asks_is_refused_with_what_it_asks(world: World):
    need = await world.need(COMMITTEE, 20)
    refusal = await refused(world.claim(world.units[0], 21, need=need.id), "claim.exceeds_need")
    assert "20" in refusal.zh
    assert refusal.field == "lines"


async def test_a_proposal_that_no_longer_fits_is_told_what_is_left_and_countered(world: World):
    need = await world.need(COMMITTEE, 20)
    slow = await world.claim(world.units[0], 10, need=need.id)
    await bound(world, world.units[1], 15, need)
    refusal = await refused(world.claims.accept(world.ask(COMMITTEE), slow.id), "claim.no_capacity")
    assert "只剩 5 人" in refusal.zh
    await world.claims.counter(world.ask(COMMITTEE), slow.id, lines=people(5))
    assert (await world.claims.accept(world.ask(world.units[0]), slow.id)).status == "accepted"


async def test_the_wait_list_moves_up_in_the_order_of_asking(world: World):
    need = await world.need(COMMITTEE, 20)
    first, _ = await bound(world, world.units[0], 20, need)
    too_large = await world.claim(world.units[1], 20, need=need.id)
    small = await world.claim(world.units[2], 5, need=need.id)
    smaller = await world.claim(world.units[3], 5, need=need.id)
    await world.claims.release(world.ask(COMMITTEE), first)
    assert [await status(world, c.id) for c in (too_large, small, smaller)] == ["proposed", "waitlisted", "waitlisted"]
    await world.claims.refuse(world.ask(COMMITTEE), too_large.id)
    assert [await status(world, c.id) for c in (small, smaller)] == ["proposed", "proposed"]


async def test_who_was_promoted_keeps_its_places_until_it_is_answered(world: World):
    need = await world.need(COMMITTEE, 20)
    first, _ = await bound(world, world.units[0], 20, need)
    promoted = await world.claim(world.units[1], 20, need=need.id)
    waiting = await world.claim(world.units[2], 5, need=need.id)
    await world.claims.release(world.ask(COMMITTEE), first)
    await world.claims.reinstate(world.ask(COMMITTEE), first)  # one word alone gives nobody room
    newcomer = await world.claim(world.units[3], 5, need=need.id)
    assert [await status(world, c.id) for c in (promoted, waiting, newcomer)] == ["proposed", "waitlisted", "waitlisted"]
    await world.claims.counter(world.ask(COMMITTEE), promoted.id, lines=people(15))
    assert [await status(world, c.id) for c in (promoted, waiting, newcomer)] == ["proposed", "proposed", "waitlisted"]


async def test_a_waiting_claim_holds_nothing_until_it_is_promoted(world: World):
    unit = world.units[1]
    need, offer = await world.need(COMMITTEE, 20), await world.offer(unit, 20)
    first, _ = await bound(world, world.units[0], 20, need)
    waiting = await world.claim(unit, 20, need=need.id, offer=offer.id)
    assert (waiting.status, await used(world, offer.id)) == ("waitlisted", (20, 0, 0, 0))
    taken = await world.claim(OTHER_COMMITTEE, 15, offer=offer.id)
    await world.claims.release(world.ask(COMMITTEE), first)
    assert await status(world, waiting.id) == "waitlisted"
    await world.claims.refuse(world.ask(unit), taken.id)
    assert (await status(world, waiting.id), await used(world, offer.id)) == ("proposed", (0, 20, 0, 0))


async def test_a_waiting_claim_whose_window_has_passed_is_not_promoted(world: World):
    saturday, sunday = (
        Span(datetime(2026, 3, day, 1, tzinfo=UTC), datetime(2026, 3, day, 4, tzinfo=UTC)) for day in (7, 8)
    )
    need = await world.need(COMMITTEE, 5, windows=(saturday, sunday))
    first, _ = await bound(world, world.units[0], 5, need)
    gone = await world.claim(world.units[1], 5, need=need.id, window=saturday)
    still = await world.claim(world.units[2], 5, need=need.id, window=sunday)
    world.clock.set(saturday.end + timedelta(hours=1))
    await world.claims.release(world.ask(COMMITTEE), first)
    assert [await status(world, c.id) for c in (gone, still)] == ["waitlisted", "proposed"]


async def test_a_release_cannot_be_undone_once_the_room_is_gone(world: World):
    need = await world.need(COMMITTEE, 20)
    claim, _ = await bound(world, world.units[0], 20, need)
    await world.claims.release(world.ask(COMMITTEE), claim)
    await bound(world, world.units[1], 5, need)
    await world.claims.reinstate(world.ask(world.units[0]), claim)
    refusal = await refused(world.claims.reinstate(world.ask(COMMITTEE), claim), "claim.no_capacity")
    assert "只剩 15 人" in refusal.zh


async def test_a_release_cannot_be_undone_beside_a_new_claim_of_the_same_pair(world: World):
    unit = world.units[0]
    need = await world.need(COMMITTEE, 20)
    claim, _ = await bound(world, unit, 5, need)
    await world.claims.release(world.ask(COMMITTEE), claim)
    await world.claims.reinstate(world.ask(unit), claim)
    again = await world.claim(unit, 5, need=need.id)
    await refused(world.claims.reinstate(world.ask(COMMITTEE), claim), "claim.duplicate")
    await world.claims.withdraw(world.ask(unit), again.id)
    assert (await world.claims.reinstate(world.ask(COMMITTEE), claim)).status == "accepted"
    await refused(world.claim(unit, 5, need=need.id), "claim.duplicate")


async def test_a_reinstated_claim_has_a_new_project_and_ends_who_was_promoted_meanwhile(world: World):
    need = await world.need(COMMITTEE, 20)
    claim, project = await bound(world, world.units[0], 20, need)
    waiting = await world.claim(world.units[1], 20, need=need.id)
    await world.claims.release(world.ask(COMMITTEE), claim)
    assert await status(world, waiting.id) == "proposed"
    for who in (COMMITTEE, world.units[0]):
        await world.claims.reinstate(world.ask(who), claim)
    assert (await world.state(claim)).project != project
    assert (await status(world, project), await status(world, waiting.id)) == ("aborted", "superseded")


async def test_one_side_alone_does_not_undo_a_release(world: World):
    need = await world.need(COMMITTEE, 20)
    claim, _ = await bound(world, world.units[0], 20, need)
    await world.claims.release(world.ask(COMMITTEE), claim)
    await world.claims.reinstate(world.ask(COMMITTEE), claim)
    await refused(world.claims.reinstate(world.ask(COMMITTEE), claim), "claim.not_yours")
    await refused(world.claims.reinstate(world.ask(world.units[1]), claim), "item.not_found")


async def test_after_the_end_the_same_pair_may_begin_again(world: World):
    unit = world.units[0]
    need = await world.need(COMMITTEE, 20)
    _, project = await bound(world, unit, 5, need)
    await refused(world.claim(unit, 5, need=need.id), "claim.duplicate")
    await delivered(world, unit, project)
    assert (await world.claim(unit, 5, need=need.id)).status == "proposed"


async def test_a_proposal_ends_with_the_need_s_answer_date_if_that_is_sooner(world: World):
    need = await world.need(COMMITTEE, 20, respond_by=START + timedelta(days=3))
    claim = await world.claim(world.units[0], 5, need=need.id, respond_by=START + timedelta(days=5))
    assert (await world.state(claim.id)).expires_at == START + timedelta(days=3)
    world.later(days=3)
    for act in (world.claims.accept, world.claims.refuse):
        await refused(act(world.ask(COMMITTEE), claim.id), "claim.expired")
    assert (await world.claims.expire(world.ask(SYSTEM), claim.id)).status == "expired"
    assert (await world.claims.expire(world.ask(SYSTEM), claim.id)).version == 2


async def test_nobody_is_bound_to_a_unit_that_was_suspended_meanwhile(world: World):
    unit = world.units[0]
    need = await world.need(COMMITTEE, 20)
    claim = await world.claim(unit, 20, need=need.id)
    await world.register.suspend_unit(world.ask(STREET_OFFICE), unit.org)
    await refused(world.claims.accept(world.ask(COMMITTEE), claim.id), "unit.suspended")
    await refused(world.claim(unit, 5, need=need.id), "unit.suspended")
    await world.register.resume_unit(world.ask(STREET_OFFICE), unit.org)
    assert (await world.claims.accept(world.ask(COMMITTEE), claim.id)).status == "accepted"


async def test_a_suspended_unit_finishes_what_it_has_promised(world: World):
    unit = world.units[0]
    need = await world.need(COMMITTEE, 20)
    _, project = await bound(world, unit, 20, need)
    await world.register.suspend_unit(world.ask(STREET_OFFICE), unit.org)
    await delivered(world, unit, project)
    assert await status(world, need.id) == "met"


async def test_too_many_live_claims_are_refused(world: World):
    await world.limiting(live_claims=0)
    need = await world.need(COMMITTEE, 20)
    await refused(world.claim(world.units[0], 5, need=need.id), "claim.too_many")


async def test_an_act_on_an_older_version_of_a_claim_is_refused(world: World):
    need = await world.need(COMMITTEE, 20)
    claim = await world.claim(world.units[0], 20, need=need.id)
    await world.claims.counter(world.ask(COMMITTEE), claim.id, lines=people(10))
    stale = await refused(world.claims.accept(world.ask(world.units[0], if_match=1), claim.id), "item.stale")
    assert stale.kind == "stale"
    assert (await world.claims.accept(world.ask(world.units[0], if_match=2), claim.id)).status == "accepted"
