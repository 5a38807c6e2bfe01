"""What matching will weigh: the skill and the residents of a need, the skills, residents and least claim of an offer."""

import pytest

from domain.capacity import Line
from domain.events import Refused
from services.needs import NeedChange
from services.offers import OfferChange
from services.rulebooks import PACKS, load_pack, parse
from tests.support.telling import lines, refused
from tests.support.world import COMMITTEE, World, people


async def test_a_need_asks_for_nothing_special_unless_it_says_so(world: World):
    content = (await world.state((await world.need(COMMITTEE)).id)).content
    assert (content.skill, content.vulnerable, content.group) == (None, False, None)


async def test_a_need_names_a_skill_residents_and_hardship_the_residents_as_people_call_them(world: World):
    need = await world.need(COMMITTEE, skill=" 手语 ", vulnerable=True, group="老人")
    content = (await world.state(need.id)).content
    assert (content.skill, content.vulnerable, content.group) == ("手语", True, "elders")


@pytest.mark.parametrize("skill", ["", " ", "急" * 41, "急\n救"])
async def test_a_skill_is_a_word_of_one_to_forty_characters(world: World, skill: str):
    assert (await refused(world.need(COMMITTEE, skill=skill), "skill.invalid")).field == "skill"
    assert (await refused(world.offer(world.units[0], skills=("手语", skill)), "skill.invalid")).field == "skills"


async def test_a_skill_stands_in_the_open_so_it_names_nobody(world: World):
    assert (await refused(world.need(COMMITTEE, skill="13800138000"), "text.personal")).field == "skill"
    assert (await refused(world.offer(world.units[0], skills=("13800138000",)), "text.personal")).field == "skills"


async def test_an_offer_has_ten_skills_at_most_and_the_same_word_counts_once(world: World):
    unit = world.units[0]
    offer = await world.offer(unit, skills=("急救", "手语", "急救 "))
    assert (await world.state(offer.id)).content.skills == ("急救", "手语")
    ten = tuple(f"技能{n}" for n in range(10))
    assert (await world.state((await world.offer(unit, skills=ten)).id)).content.skills == ten
    await refused(world.offer(unit, skills=(*ten, "手语")), "skill.invalid")


async def test_only_residents_of_the_rule_book_can_be_named(world: World):
    refusal = await refused(world.need(COMMITTEE, group="宇航员"), "group.unknown")
    assert (refusal.field, "老人" in refusal.zh, "elders" in refusal.en) == ("group", True, True)
    assert (await refused(world.offer(world.units[0], groups=("elders", "宇航员")), "group.unknown")).field == "groups"
    offer = await world.offer(world.units[0], groups=("残障人士", "elders", "disabled"))
    assert (await world.state(offer.id)).content.groups == ("disabled", "elders")


async def test_the_least_claim_is_not_more_than_the_biggest_line_has(world: World):
    unit, two = world.units[0], lines(("医生", 2, "人"), ("义诊", 60, "人次"))
    assert (await world.state((await world.offer(unit, lines=two, minimum=60)).id)).content.minimum == 60
    for minimum in (-1, 61):
        refusal = await refused(world.offer(unit, lines=two, minimum=minimum), "offer.minimum")
        assert ("0–60" in refusal.zh, "0 to 60" in refusal.en, refusal.field) == (True, True, "minimum")


async def test_an_offer_shrinks_below_its_least_claim_only_together_with_it(world: World):
    unit = world.units[0]
    offer = await world.offer(unit, 50, minimum=20)
    fewer = OfferChange(lines=people(10))
    await refused(world.offers.amend(world.ask(unit), offer.id, fewer), "offer.minimum")
    await world.offers.amend(world.ask(unit), offer.id, OfferChange(lines=people(10), minimum=0))
    content = (await world.state(offer.id)).content
    assert (content.lines, content.minimum) == ((Line("志愿者", 10, "人"),), 0)


async def test_the_least_claim_does_not_shut_the_door_to_who_asks_for_less(world: World):
    offer = await world.offer(world.units[0], 50, minimum=20)
    assert (await world.claim(COMMITTEE, 3, offer=offer.id)).status == "proposed"


async def test_what_a_need_asks_for_changes_and_can_be_taken_away(world: World):
    need = await world.need(COMMITTEE, skill="手语", group="elders", vulnerable=True)

    async def after(**change: object) -> tuple[str | None, bool, str | None]:
        await world.needs.amend(world.ask(COMMITTEE), need.id, NeedChange(**change))  # type: ignore[arg-type]
        content = (await world.state(need.id)).content
        return content.skill, content.vulnerable, content.group

    assert await after(title="改名") == ("手语", True, "elders")
    assert await after(skill="急救", group="残障人士", vulnerable=False) == ("急救", False, "disabled")
    assert await after(skill="", group="") == (None, False, None)
    await refused(world.needs.amend(world.ask(COMMITTEE), need.id, NeedChange(group="宇航员")), "group.unknown")


async def test_the_same_change_again_writes_nothing(world: World):
    need, unit = await world.need(COMMITTEE, skill="手语", group="elders"), world.units[0]
    same = NeedChange(skill="手语", group="老人", vulnerable=False)
    assert (await world.needs.amend(world.ask(COMMITTEE), need.id, same)).version == 1
    offer = await world.offer(unit, skills=("手语",), groups=("elders",), minimum=2)
    again = OfferChange(skills=("手语",), groups=("老人",), minimum=2)
    assert (await world.offers.amend(world.ask(unit), offer.id, again)).version == 1


async def test_what_an_offer_says_of_its_people_changes_and_can_be_taken_away(world: World):
    unit = world.units[0]
    offer = await world.offer(unit, skills=("手语",), groups=("elders",), minimum=2)
    await world.offers.amend(world.ask(unit), offer.id, OfferChange(skills=(), groups=(), minimum=0))
    content = (await world.state(offer.id)).content
    assert (content.skills, content.groups, content.minimum) == ((), (), 0)


@pytest.mark.parametrize(
    ("right", "wrong", "field", "said"),
    [
        ('id = "youth"', 'id = "elders"', "groups.id", "“elders”写了两次"),
        ('id = "hardship"', 'id = "Hardship"', "groups[6].id", "填写不正确"),
        ('groups = ["elders", "newwork"]', 'groups = ["elders", "new"]', "demonstration.things[1].groups", "没有居民群体“new”"),
        ('groups = ["elders"]\nvulnerable = true', 'groups = ["older"]', "templates[3].groups", "没有居民群体“older”"),
        ("vulnerable = 550", "vulnerable = 5500", "demonstration.things[17].vulnerable", "填写不正确"),
    ],
)
def test_a_pack_whose_residents_do_not_fit_together_is_refused(right: str, wrong: str, field: str, said: str):
    text = PACKS.joinpath("huangpu.toml").read_text("utf-8")
    assert right in text
    with pytest.raises(Refused) as refused:
        parse(text.replace(right, wrong, 1))
    assert (refused.value.code, refused.value.field, said in refused.value.zh) == ("pack.invalid", field, True)


def test_huangpu_names_six_groups_of_residents_in_both_languages():
    groups = load_pack("huangpu").book.groups
    assert [group.zh for group in groups] == ["老人", "儿童青少年", "残障人士", "失业人员", "新就业群体", "困境家庭"]
    assert all(group.en.isascii() for group in groups)
