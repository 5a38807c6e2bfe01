"""The register of units: their code, their areas, and whether they take part."""

import pytest

from domain.access import Principal
from domain.units import check_character, valid_code
from services.register import UnitDraft
from tests.support.telling import refused, status
from tests.support.world import COMMITTEE, EAST, STREET, STREET_OFFICE, WEST, World

GOOD = "91310101MA1FL9000" + check_character("91310101MA1FL9000")


@pytest.mark.parametrize("code", ["9144030071526726XG", "914403001922038216"])
def test_the_codes_of_well_known_firms_are_codes(code: str):
    assert valid_code(code)


def test_the_check_character_of_a_code_is_its_last():
    assert valid_code(GOOD)
    for at in range(18):
        changed = GOOD[:at] + ("1" if GOOD[at] != "1" else "2") + GOOD[at + 1 :]
        assert not valid_code(changed), at


@pytest.mark.parametrize(
    "bad", ["", GOOD[:17], GOOD + "0", GOOD.lower(), "I" + GOOD[1:], GOOD[:16] + "S" + GOOD[17], "９" + GOOD[1:]]
)
def test_what_is_no_code_is_refused(bad: str):
    assert not valid_code(bad)


async def test_a_code_registers_once(world: World):
    draft = UnitDraft(name="中山医院", code=GOOD, kind="医院", areas=(STREET, EAST, STREET))
    first = await world.register.register_unit(world.ask(STREET_OFFICE, "once"), draft)
    assert await world.register.register_unit(world.ask(STREET_OFFICE, "once"), draft) == first
    refusal = await refused(world.register.register_unit(world.ask(STREET_OFFICE), draft), "unit.exists")
    assert first.number in refusal.zh
    assert (await world.state(first.id)).areas == (STREET, EAST)


async def test_a_unit_needs_a_code_a_name_and_an_area_that_is_there(world: World):
    ask = world.ask(STREET_OFFICE)
    bad = UnitDraft(name="某院", code=GOOD[:17] + ("1" if GOOD[17] != "1" else "2"), kind="医院", areas=(STREET,))
    await refused(world.register.register_unit(ask, bad), "unit.bad_code")
    await refused(
        world.register.register_unit(ask, UnitDraft(name=" ", code=GOOD, kind="医院", areas=(STREET,))), "name.length"
    )
    nowhere = UnitDraft(name="某院", code=GOOD, kind="医院", areas=("nowhere",))
    await refused(world.register.register_unit(ask, nowhere), "area.unknown")
    await refused(
        world.register.register_unit(
            world.ask(COMMITTEE), UnitDraft(name="某院", code=GOOD, kind="医院", areas=(STREET,))
        ),
        "access.forbidden",
    )


async def test_a_unit_belongs_to_several_areas_and_posts_in_each(world: World):
    unit = await world.unit(77)
    await world.register.admit_unit(world.ask(STREET_OFFICE), unit.org, area=EAST)
    assert (await world.register.admit_unit(world.ask(STREET_OFFICE), unit.org, area=EAST)).version == 2
    assert (await world.need(unit, area=EAST)).status == "open"
    await world.register.dismiss_unit(world.ask(STREET_OFFICE), unit.org, area=STREET)
    assert (await world.register.dismiss_unit(world.ask(STREET_OFFICE), unit.org, area=STREET)).version == 3
    await refused(world.register.dismiss_unit(world.ask(STREET_OFFICE), unit.org, area=EAST), "unit.last_area")
    await refused(world.need(unit, area=WEST), "access.forbidden")


async def test_a_suspended_unit_neither_posts_nor_claims_until_it_is_resumed(world: World):
    unit = world.units[0]
    need = await world.need(COMMITTEE)
    await world.register.suspend_unit(world.ask(STREET_OFFICE), unit.org)
    assert (await world.register.suspend_unit(world.ask(STREET_OFFICE), unit.org)).version == 2
    assert await status(world, unit.org) == "suspended"
    await refused(world.offer(unit), "unit.suspended")
    await refused(world.claim(unit, 5, need=need.id), "unit.suspended")
    await world.register.resume_unit(world.ask(STREET_OFFICE), unit.org)
    assert (await world.register.resume_unit(world.ask(STREET_OFFICE), unit.org)).version == 3
    assert (await world.offer(unit)).status == "published"


async def test_who_is_not_in_the_register_acts_for_nobody(world: World):
    for role, org, code in (("unit", "acme", "unit.unknown"), ("unit", "unit-none", "unit.unknown"),
                            ("committee", "nowhere", "area.unknown")):  # fmt: skip
        await refused(world.offer(Principal(id="key-x", role=role, org=org)), code)


async def test_a_unit_says_how_many_engagements_it_wants_at_once_and_the_same_again_writes_nothing(world: World):
    unit = world.units[0]
    assert (await world.state(unit.org)).limit is None
    first = await world.register.limit_unit(world.ask(unit), unit.org, engagements=3)
    assert ((await world.state(unit.org)).limit, first.status) == (3, "registered")
    again = await world.register.limit_unit(world.ask(STREET_OFFICE), unit.org, engagements=3)
    assert again.version == first.version
    await world.register.limit_unit(world.ask(STREET_OFFICE), unit.org, engagements=0)
    assert (await world.state(unit.org)).limit is None
    assert (await world.register.limit_unit(world.ask(unit), unit.org, engagements=0)).version == first.version + 1


@pytest.mark.parametrize("engagements", [-1, 1000])
async def test_a_limit_is_one_to_999_engagements(world: World, engagements: int):
    unit = world.units[0]
    refusal = await refused(world.register.limit_unit(world.ask(unit), unit.org, engagements=engagements), "unit.limit")
    assert refusal.field == "engagements"


async def test_nobody_else_says_it_for_the_unit(world: World):
    unit, other = world.units[:2]
    for who in (other, COMMITTEE):
        await refused(world.register.limit_unit(world.ask(who), unit.org, engagements=3), "access.forbidden")
    await refused(world.register.limit_unit(world.ask(unit), "unit-ffffffffffff", engagements=3), "item.not_found")


async def test_a_limit_is_a_wish_what_the_unit_claims_itself_it_may(world: World):
    unit = world.units[0]
    await world.register.limit_unit(world.ask(unit), unit.org, engagements=1)
    for _ in range(2):
        assert (await world.claim(unit, 5, need=(await world.need(COMMITTEE)).id)).status == "proposed"
