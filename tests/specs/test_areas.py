"""The tree of areas: opened, renamed, moved, closed."""

from datetime import date

from domain.access import Principal
from services.register import AreaDraft
from tests.support.telling import refused, status
from tests.support.world import (
    COMMITTEE,
    DISTRICT,
    DISTRICT_OFFICE,
    EAST,
    OTHER_COMMITTEE,
    STREET,
    STREET_OFFICE,
    WEST,
    World,
)

SECOND = "310101002"


def street(area: str = SECOND, **more) -> AreaDraft:
    usual = {"area": area, "name": "豫园街道", "kind": "street", "parent": DISTRICT}
    return AreaDraft(**(usual | more))


async def test_an_area_is_opened_below_an_open_one(world: World):
    done = await world.register.open_area(world.ask(DISTRICT_OFFICE), street(households=3_000))
    state = await world.state(f"area-{done.id}")
    assert (state.parent, state.households, state.since, state.status) == (DISTRICT, 3_000, date(2026, 3, 2), "open")
    again = await world.register.open_area(world.ask(DISTRICT_OFFICE), street())
    assert again.version == 1
    await refused(world.register.open_area(world.ask(DISTRICT_OFFICE), street(name="别的街道")), "area.exists")


async def test_what_an_area_needs(world: World):
    ask = world.ask(DISTRICT_OFFICE)
    await refused(world.register.open_area(ask, street(kind="village")), "area.unknown_kind")
    await refused(world.register.open_area(ask, street(parent=None)), "area.no_parent")
    await refused(world.register.open_area(ask, street(name="")), "name.length")
    await refused(world.register.open_area(world.ask(STREET_OFFICE), street()), "access.forbidden")
    await refused(world.register.open_area(world.ask(COMMITTEE), street(parent=EAST)), "access.forbidden")


async def test_a_renamed_area_keeps_everything_else(world: World):
    await world.register.rename_area(world.ask(STREET_OFFICE), EAST, name="东升居民区")
    again = await world.register.rename_area(world.ask(STREET_OFFICE), EAST, name="东升居民区")
    state = await world.state(f"area-{again.id}")
    assert (again.version, state.name, state.parent) == (2, "东升居民区", STREET)


async def test_an_area_moves_with_all_below_it_and_who_stands_above_changes(world: World):
    await world.register.open_area(world.ask(DISTRICT_OFFICE), street())
    other = Principal(id="key-2", role="street", org="office-2", area=SECOND)
    need = await world.need(COMMITTEE)
    await refused(world.needs.withdraw(world.ask(other), need.id), "access.forbidden")
    await refused(world.register.move_area(world.ask(STREET_OFFICE), EAST, parent=SECOND), "access.forbidden")
    await world.register.move_area(world.ask(DISTRICT_OFFICE), EAST, parent=SECOND)
    assert (await world.register.move_area(world.ask(DISTRICT_OFFICE), EAST, parent=SECOND)).version == 2
    await refused(world.needs.withdraw(world.ask(STREET_OFFICE), need.id), "access.forbidden")
    assert (await world.needs.withdraw(world.ask(other), need.id)).status == "withdrawn"


async def test_no_area_ends_up_below_itself(world: World):
    for area, parent in ((STREET, EAST), (DISTRICT, EAST), (STREET, STREET)):
        await refused(world.register.move_area(world.ask(DISTRICT_OFFICE), area, parent=parent), "area.cannot_move")


async def test_nothing_new_is_bound_to_a_closed_area(world: World):
    offer = await world.offer(world.units[0])
    claim = await world.claim(OTHER_COMMITTEE, 5, offer=offer.id)
    await refused(world.register.close_area(world.ask(DISTRICT_OFFICE), WEST, successor=WEST), "area.own_successor")
    await refused(world.register.close_area(world.ask(DISTRICT_OFFICE), WEST, successor="nowhere"), "area.unknown")
    await world.register.close_area(world.ask(STREET_OFFICE), WEST, successor=EAST)
    assert (await world.register.close_area(world.ask(STREET_OFFICE), WEST)).version == 2
    assert await status(world, f"area-{WEST}") == "closed"
    await refused(world.need(OTHER_COMMITTEE, area=WEST), "area.closed")
    await refused(world.claim(OTHER_COMMITTEE, 5, offer=offer.id), "area.closed")
    await refused(world.claims.accept(world.ask(world.units[0]), claim.id), "area.closed")
    below = street("310101001002001", kind="neighbourhood", parent=WEST)
    await refused(world.register.open_area(world.ask(DISTRICT_OFFICE), below), "area.closed")
    assert (await world.claims.withdraw(world.ask(OTHER_COMMITTEE), claim.id)).status == "withdrawn"


async def test_opening_twice_with_the_same_key_is_done_once(world: World):
    ask = world.ask(DISTRICT_OFFICE, "once")
    assert await world.register.open_area(ask, street()) == await world.register.open_area(ask, street())
