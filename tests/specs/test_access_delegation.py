"""A coordinator acts for a party of its own area, on record; nobody judges their own work or speaks for both sides."""

from dataclasses import replace
from typing import Any

import pytest

from domain.access import Principal
from domain.events import Refused
from services import sight
from services.claims import ClaimDraft
from services.command import Ask
from services.needs import NeedChange, NeedDraft
from services.offers import OfferDraft
from tests.support.world import (
    AUDITOR,
    COMMITTEE,
    DISTRICT,
    DISTRICT_OFFICE,
    EAST,
    OTHER_COMMITTEE,
    STREET_OFFICE,
    WEST,
    World,
    people,
)

NEED = NeedDraft(title="周末义诊志愿者", category="service", area=EAST, lines=people(20))
COLLEAGUE = replace(STREET_OFFICE, id="key-street-2")


def on_behalf(world: World, who: Principal, org: str, basis: str | None = "phone") -> Ask:
    return replace(world.ask(who), on_behalf_of=org, basis=basis)


async def refused(awaited: Any) -> str:
    with pytest.raises(Refused) as raised:
        await awaited
    return raised.value.code


async def told(world: World, stream: str) -> list[tuple[str, str, str | None, str | None]]:
    rows = [world.codec.decode(row) for row in await world.log.read_stream(stream)]
    return [(row.event.TYPE, row.meta.actor, row.meta.on_behalf_of, row.meta.basis) for row in rows]


async def test_a_need_posted_for_a_committee_is_the_committees_and_says_who_wrote_it(world: World):
    need = (await world.needs.post(on_behalf(world, STREET_OFFICE, EAST), NEED)).id
    assert (await world.state(need)).content.owner == EAST
    await world.needs.amend(on_behalf(world, STREET_OFFICE, EAST, "visit"), need, NeedChange(urgency=3))
    assert await told(world, need) == [
        ("need.posted", "key-street", EAST, "phone"), ("need.amended", "key-street", EAST, "visit"),
    ]  # fmt: skip
    await world.needs.amend(world.ask(COMMITTEE), need, NeedChange(urgency=2))
    assert (await told(world, need))[-1] == ("need.amended", "key-east", None, None)


async def test_without_a_basis_or_without_saying_for_whom_it_is_refused(world: World):
    need = (await world.need(COMMITTEE)).id
    change = NeedChange(urgency=3)
    assert await refused(world.needs.amend(on_behalf(world, STREET_OFFICE, EAST, None), need, change)) == "access.no_basis"
    assert await refused(world.needs.amend(on_behalf(world, STREET_OFFICE, EAST, "13800000000"), need, change)) == "access.no_basis"
    assert await refused(world.needs.amend(world.ask(STREET_OFFICE), need, change)) == "access.forbidden"
    assert await refused(world.needs.amend(on_behalf(world, STREET_OFFICE, WEST), need, change)) == "access.not_for_them"


@pytest.mark.parametrize("who", [OTHER_COMMITTEE, AUDITOR, replace(STREET_OFFICE, area="310101002"), replace(STREET_OFFICE, area=None)])
async def test_nobody_else_acts_for_a_committee(world: World, who: Principal):
    assert await refused(world.needs.post(on_behalf(world, who, EAST), NEED)) == "access.not_for_them"
    need = (await world.need(COMMITTEE)).id
    assert await refused(world.needs.withdraw(on_behalf(world, who, EAST), need)) == "access.not_for_them"


async def test_a_unit_is_spoken_for_where_it_is_stationed(world: World):
    unit = world.units[0].org
    offer = await world.offers.post(on_behalf(world, STREET_OFFICE, unit), OfferDraft(title="场地", category="venue", lines=people(5)))
    assert (await world.state(offer.id)).content.owner == unit
    far = replace(STREET_OFFICE, area=EAST)  # the unit belongs to the whole street, not to this neighbourhood
    assert await refused(world.offers.retire(on_behalf(world, far, unit), offer.id)) == "access.not_for_them"
    await world.offers.retire(on_behalf(world, DISTRICT_OFFICE, unit), offer.id)


async def test_one_coordinator_may_speak_for_one_side_and_another_for_the_other(world: World):
    unit = world.units[0].org
    need = (await world.need(COMMITTEE)).id
    draft = ClaimDraft(need=need, lines=people(20))
    claim = (await world.claims.propose(on_behalf(world, STREET_OFFICE, unit), draft)).id
    assert (await world.state(claim)).terms.provider == unit
    assert await refused(world.claims.accept(on_behalf(world, STREET_OFFICE, EAST), claim)) == "access.own_work"
    assert await refused(world.claims.counter(on_behalf(world, STREET_OFFICE, EAST), claim, lines=people(3))) == "access.own_work"
    await world.claims.accept(on_behalf(world, COLLEAGUE, EAST), claim)
    project = (await world.state(claim)).project
    await world.projects.report(on_behalf(world, STREET_OFFICE, unit), project)
    assert await refused(world.projects.confirm(on_behalf(world, STREET_OFFICE, EAST), project)) == "access.own_work"
    await world.projects.confirm(on_behalf(world, COLLEAGUE, EAST), project)
    assert (await world.state(project)).status == "confirmed"


async def test_whoever_brought_both_together_may_speak_for_one_of_them_only(world: World):
    unit = world.units[0].org
    need, offer = (await world.need(COMMITTEE)).id, (await world.offer(world.units[0])).id
    claim = (await world.claim(STREET_OFFICE, need=need, offer=offer)).id
    await world.claims.accept(on_behalf(world, STREET_OFFICE, EAST), claim)
    assert await refused(world.claims.accept(on_behalf(world, STREET_OFFICE, unit), claim)) == "access.own_work"
    await world.claims.accept(world.ask(world.units[0]), claim)


async def test_a_person_with_two_identities_does_not_confirm_what_they_reported(world: World):
    need = (await world.need(COMMITTEE)).id
    claim = (await world.claim(world.units[0], need=need)).id
    await world.claims.accept(world.ask(COMMITTEE), claim)
    project = (await world.state(claim)).project
    await world.projects.report(world.ask(world.units[0]), project)
    both = replace(COMMITTEE, id=world.units[0].id)
    assert await refused(world.projects.confirm(world.ask(both), project)) == "access.own_work"
    await world.projects.confirm(world.ask(COMMITTEE), project)


async def test_a_need_is_endorsed_by_another_person_than_wrote_it(world: World):
    await world.endorsing()
    need = (await world.needs.post(on_behalf(world, STREET_OFFICE, EAST), NEED)).id
    assert await refused(world.needs.endorse(world.ask(STREET_OFFICE), need)) == "access.own_work"
    assert await refused(world.needs.reject(world.ask(STREET_OFFICE), need)) == "access.own_work"
    await world.needs.endorse(world.ask(COLLEAGUE), need)
    own = (await world.need(STREET_OFFICE)).id
    assert await refused(world.needs.endorse(world.ask(COLLEAGUE), own)) == "access.own_work"  # of the same office
    await world.needs.endorse(world.ask(DISTRICT_OFFICE), own)


async def test_asked_twice_it_is_done_once_for_the_one_represented(world: World):
    need = (await world.need(COMMITTEE)).id
    ask = on_behalf(world, STREET_OFFICE, EAST)
    first = await world.needs.withdraw(ask, need)
    assert await world.needs.withdraw(ask, need) == first
    assert len(await told(world, need)) == 2


async def test_what_may_be_done_for_whom_can_be_asked(world: World):
    need = await world.state((await world.need(COMMITTEE)).id)
    streams, at = world.streams, world.clock.now()
    assert await sight.represented(streams, STREET_OFFICE, need) == (EAST,)
    assert await sight.represented(streams, COMMITTEE, need) == ()
    assert await sight.represented(streams, replace(STREET_OFFICE, area="310101002"), need) == ()
    assert await sight.acts(streams, STREET_OFFICE, need, at, on_behalf_of=EAST) == ("amendment", "withdrawal", "merge")
    assert "amendment" not in await sight.acts(streams, STREET_OFFICE, need, at)
    unit = world.units[0].org
    assert "claim" in await sight.acts(streams, DISTRICT_OFFICE, need, at, on_behalf_of=unit)
    assert await sight.acts(streams, replace(DISTRICT_OFFICE, area=WEST), need, at, on_behalf_of=unit) == ()
    assert DISTRICT in await streams.stands(unit)
    assert await streams.stands("street-office") == ()
