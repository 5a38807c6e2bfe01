"""An offer: published, held, committed, delivered; paused, retired, expired."""

from datetime import UTC, datetime, timedelta

from domain.access import SYSTEM
from domain.calendar import Span
from services.offers import OfferChange, OfferDraft
from tests.support.telling import lines, refused, status, used, weekly
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

MONDAYS = weekly("2026-03-02", "2026-03-16", (1, "14:00", "17:00"))
FIRST, SECOND = "2026-03-02T06:00:00Z", "2026-03-09T06:00:00Z"


def afternoon(day: int, hours: int = 3) -> Span:
    start = datetime(2026, 3, day, 6, tzinfo=UTC)
    return Span(start, start + timedelta(hours=hours))


async def test_a_published_offer_is_whole(world: World):
    offer = await world.offer(world.units[0], 50)
    assert (offer.status, offer.number) == ("published", "ZY-310101-2026-000001")
    assert await used(world, offer.id) == (50, 0, 0, 0)


async def test_the_same_post_again_gives_the_same_offer(world: World):
    draft, ask = OfferDraft(title="会议室", category="venue", lines=people(1)), world.ask(world.units[0], "once")
    assert await world.offers.post(ask, draft) == await world.offers.post(ask, draft)
    assert await world.log.last_number("ZY-310101-2026") == 1


async def test_a_draft_does_not_exist_for_others_until_it_is_published(world: World):
    draft = await world.offer(world.units[0], as_draft=True)
    await refused(world.claim(COMMITTEE, offer=draft.id), "item.not_found")
    await refused(world.offers.pause(world.ask(world.units[1]), draft.id), "item.not_found")
    assert (await world.offers.publish(world.ask(world.units[0]), draft.id)).status == "published"
    assert (await world.offers.publish(world.ask(world.units[0]), draft.id)).version == 2


async def test_held_when_claimed_committed_when_accepted_delivered_when_confirmed(world: World):
    unit = world.units[0]
    offer = await world.offer(unit, 50)
    claim = await world.claim(COMMITTEE, 30, offer=offer.id)
    assert await used(world, offer.id) == (20, 30, 0, 0)
    await world.claims.accept(world.ask(unit), claim.id)
    assert await used(world, offer.id) == (20, 0, 30, 0)
    project = (await world.state(claim.id)).project
    await world.projects.report(world.ask(unit), project)
    await world.projects.confirm(world.ask(COMMITTEE), project, lines=people(25))
    assert await used(world, offer.id) == (25, 0, 0, 25)
    assert (await world.state(project)).need is None


async def test_a_withdrawn_claim_and_a_released_one_give_back(world: World):
    unit = world.units[0]
    offer = await world.offer(unit, 50)
    first = await world.claim(COMMITTEE, 30, offer=offer.id)
    second = await world.claim(OTHER_COMMITTEE, 20, offer=offer.id)
    assert await status(world, offer.id) == "exhausted"
    await world.claims.withdraw(world.ask(COMMITTEE), first.id)
    await world.claims.accept(world.ask(unit), second.id)
    assert (await status(world, offer.id), await used(world, offer.id)) == ("published", (30, 0, 20, 0))
    await world.claims.release(world.ask(unit), second.id)
    assert await used(world, offer.id) == (50, 0, 0, 0)


async def test_a_booking_is_a_claim_with_a_window(world: World):
    offer = await world.offer(world.units[0], 1, windows=(MONDAYS,), lines=lines(("会议室", 1, "间")))
    await refused(world.claim(COMMITTEE, offer=offer.id, lines=lines(("会议室", 1, "间"))), "claim.window_needed")
    booked = await world.claim(COMMITTEE, offer=offer.id, lines=lines(("会议室", 1, "间")), window=afternoon(9, 2))
    assert await used(world, offer.id, SECOND, ("会议室", "间")) == (0, 1, 0, 0)
    assert await used(world, offer.id, FIRST, ("会议室", "间")) == (1, 0, 0, 0)
    room = lines(("会议室", 1, "间"))
    await refused(world.claim(OTHER_COMMITTEE, offer=offer.id, lines=room, window=afternoon(9, 1)), "claim.no_capacity")
    await refused(
        world.claim(OTHER_COMMITTEE, offer=offer.id, lines=room, window=afternoon(10)), "claim.outside_windows"
    )
    await refused(
        world.claim(OTHER_COMMITTEE, offer=offer.id, lines=room, window=afternoon(9, 4)), "claim.outside_windows"
    )
    await world.claims.counter(world.ask(world.units[0]), booked.id, window=afternoon(16, 2))
    assert await used(world, offer.id, SECOND, ("会议室", "间")) == (1, 0, 0, 0)


async def test_a_window_that_has_passed_is_not_claimed_and_a_claim_ends_with_its_window(world: World):
    offer = await world.offer(world.units[0], 5, windows=(MONDAYS,))
    claim = await world.claim(COMMITTEE, 5, offer=offer.id, window=afternoon(2))
    assert (await world.state(claim.id)).expires_at == afternoon(2).end
    world.later(days=1)
    await refused(world.claims.accept(world.ask(world.units[0]), claim.id), "claim.expired")
    await refused(world.claim(OTHER_COMMITTEE, 5, offer=offer.id, window=afternoon(2)), "window.over")


async def test_a_standing_offer_without_an_end_is_booked_week_by_week(world: World):
    standing = weekly("2026-03-02", None, (1, "14:00", "17:00"))
    offer = await world.offer(world.units[0], 5, windows=(standing,))
    term = weekly("2026-03-09", "2026-03-23", (1, "15:00", "16:00"))
    await world.claim(COMMITTEE, 5, offer=offer.id, window=term)
    assert [await used(world, offer.id, f"2026-03-{day}T06:00:00Z") for day in ("09", "16", "23", "30")] == [
        (0, 5, 0, 0), (0, 5, 0, 0), (0, 5, 0, 0), (5, 0, 0, 0)
    ]  # fmt: skip
    assert await status(world, offer.id) == "published"


async def test_what_is_held_cannot_be_amended_away(world: World):
    unit = world.units[0]
    offer = await world.offer(unit, 50, windows=(MONDAYS,))
    await world.claim(COMMITTEE, 30, offer=offer.id, window=afternoon(9))
    await refused(world.offers.amend(world.ask(unit), offer.id, OfferChange(lines=people(29))), "offer.below_held")
    endless = weekly("2026-03-03", None, (2, "14:00", "17:00"))
    shorter = weekly("2026-03-02", None, (1, "14:00", "16:00"))
    for windows in ((endless,), (shorter,), ()):
        await refused(world.offers.amend(world.ask(unit), offer.id, OfferChange(windows=windows)), "offer.below_held")
    longer = weekly("2026-03-02", None, (1, "14:00", "18:00"))
    done = await world.offers.amend(world.ask(unit), offer.id, OfferChange(lines=people(30), windows=(longer,)))
    assert await used(world, offer.id, SECOND) == (0, 30, 0, 0)
    again = await world.offers.amend(world.ask(unit), offer.id, OfferChange(lines=people(30)))
    assert again.version == done.version


async def test_a_paused_offer_takes_no_new_claims_but_keeps_those_it_has(world: World):
    unit = world.units[0]
    offer = await world.offer(unit, 50)
    claim = await world.claim(COMMITTEE, 30, offer=offer.id)
    await world.offers.pause(world.ask(unit), offer.id, reason="设备检修")
    assert (await world.offers.pause(world.ask(unit), offer.id)).version == 3
    await refused(world.claim(OTHER_COMMITTEE, 5, offer=offer.id), "offer.not_open")
    assert (await world.claims.accept(world.ask(unit), claim.id)).status == "accepted"
    await world.offers.resume(world.ask(unit), offer.id)
    assert (await world.offers.resume(world.ask(unit), offer.id)).version == 5
    assert (await world.claim(OTHER_COMMITTEE, 20, offer=offer.id)).status == "proposed"


async def test_a_retired_offer_ends_its_proposals_and_keeps_its_promises(world: World):
    unit = world.units[0]
    offer = await world.offer(unit, 50)
    bound = await world.claim(COMMITTEE, 30, offer=offer.id)
    await world.claims.accept(world.ask(unit), bound.id)
    proposal = await world.claim(OTHER_COMMITTEE, 5, offer=offer.id)
    await world.offers.retire(world.ask(unit), offer.id, reason="项目结束")
    assert (await status(world, proposal.id), await status(world, bound.id)) == ("superseded", "accepted")
    assert await used(world, offer.id) == (20, 0, 30, 0)
    assert (await world.offers.retire(world.ask(unit), offer.id)).status == "retired"
    refusal = await refused(world.offers.resume(world.ask(unit), offer.id), "offer.wrong_state")
    assert refusal.legal == ()
    await world.claims.release(world.ask(unit), bound.id)
    await world.claims.reinstate(world.ask(unit), bound.id)
    await refused(world.claims.reinstate(world.ask(COMMITTEE), bound.id), "offer.not_open")


async def test_an_offer_expires_after_its_last_day_and_its_proposals_end(world: World):
    offer = await world.offer(world.units[0], 5, windows=(MONDAYS,))
    claim = await world.claim(COMMITTEE, 5, offer=offer.id, window=afternoon(16))
    world.later(days=9)
    assert (await world.offers.expire(world.ask(SYSTEM), offer.id)).status == "published"
    world.later(days=6)
    assert (await world.offers.expire(world.ask(SYSTEM), offer.id)).status == "expired"
    assert await status(world, claim.id) == "superseded"
    assert await used(world, offer.id, "2026-03-16T06:00:00Z") == (5, 0, 0, 0)
    assert (await world.offers.expire(world.ask(SYSTEM), offer.id)).status == "expired"


async def test_an_offer_without_windows_never_expires(world: World):
    offer = await world.offer(world.units[0])
    world.later(days=4000)
    assert (await world.offers.expire(world.ask(SYSTEM), offer.id)).status == "published"
    assert world.clock.now() > START


async def test_an_offer_reaches_only_its_area(world: World):
    street = await world.offer(world.units[0], reach="street")
    assert (await world.state(street.id)).content.reach == STREET
    east = await world.offer(COMMITTEE, reach="neighbourhood")
    assert (await world.state(east.id)).content.reach == EAST
    await refused(world.claim(OTHER_COMMITTEE, 5, offer=east.id), "claim.out_of_reach")
    west = await world.offer(world.units[0], reach=WEST)
    assert (await world.claim(OTHER_COMMITTEE, 5, offer=west.id)).status == "proposed"
    await refused(world.claim(COMMITTEE, 5, offer=west.id), "claim.out_of_reach")
    await refused(world.offer(world.units[0], reach="nowhere"), "area.unknown")


async def test_a_committee_has_rooms_to_give_and_a_unit_claims_one(world: World):
    room = await world.offer(COMMITTEE, lines=lines(("活动室", 1, "间")), category="venue")
    claim = await world.claim(world.units[0], offer=room.id, lines=lines(("活动室", 1, "间")))
    assert (await world.claims.accept(world.ask(COMMITTEE), claim.id)).status == "accepted"


async def test_an_offers_last_place_is_not_given_twice_by_a_counter(world: World):
    unit = world.units[0]
    offer = await world.offer(unit, 50)
    first = await world.claim(COMMITTEE, 30, offer=offer.id)
    await world.claim(OTHER_COMMITTEE, 20, offer=offer.id)
    await refused(world.claims.counter(world.ask(unit), first.id, lines=people(31)), "claim.no_capacity")
    await world.claims.counter(world.ask(unit), first.id, lines=people(10))
    assert await used(world, offer.id) == (20, 30, 0, 0)


async def test_the_tier_above_may_pause_but_not_retire(world: World):
    offer = await world.offer(world.units[0])
    assert (await world.offers.pause(world.ask(STREET_OFFICE), offer.id)).status == "paused"
    await refused(world.offers.retire(world.ask(STREET_OFFICE), offer.id), "access.forbidden")
    await refused(world.offers.amend(world.ask(COMMITTEE), offer.id, OfferChange(lines=people(1))), "access.forbidden")
