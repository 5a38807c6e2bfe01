"""The matching policy of a district, through the use cases: drafted, compared, adopted by another person; emergencies."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from domain.access import Principal
from domain.events import Plain
from domain.matching.digest import digest
from domain.matching.policy import NORMAL, Weights
from domain.policy_draft import STREAM as DRAFTS
from domain.rules import STREAM as BOOK_STREAM
from domain.rules import policy_in_force
from services import register
from services.market_replay import replayed, replayed_at
from services.policy_comparison import OnlyIn, Turn, moments, month_ends
from tests.support.telling import refused
from tests.support.world import (
    AUDITOR,
    BOOK,
    COMMITTEE,
    DISTRICT,
    DISTRICT_OFFICE,
    EAST,
    OTHER_COMMITTEE,
    STREET_OFFICE,
    WEST,
    World,
)

COLLEAGUE = Principal(id="key-colleague", role="district", org="district-office", area=DISTRICT)
PEOPLE_FIRST = replace(
    NORMAL, weights=replace(NORMAL.weights, urgency=0, vulnerable=170), urgent_pct=(100, 100, 100, 100), vulnerable_pct=1000
)  # fmt: skip
DRAFT = digest(PEOPLE_FIRST)


async def drafted(world: World, policy=PEOPLE_FIRST, who=DISTRICT_OFFICE, variant="matching"):
    return await world.policies.draft(world.ask(who), policy, variant=variant, note="先顾困难群体")


async def two_needs_and_one_offer(world: World) -> tuple[str, str, str, str]:
    """An urgent need, one for people in need, what both ask for, and its unit."""
    urgent = await world.need(OTHER_COMMITTEE, area=WEST, urgency=3)
    hard = await world.need(COMMITTEE, vulnerable=True)
    offer = await world.offer(world.units[0], 20)
    return urgent.id, hard.id, offer.id, world.units[0].org


async def test_a_draft_is_compared_and_adopted_by_another_coordinator(world: World):
    before = (await world.state(BOOK_STREAM)).digest
    need = await world.need(COMMITTEE)
    await drafted(world)
    adopt = world.policies.adopt
    await refused(adopt(world.ask(COLLEAGUE), draft=DRAFT), "policy.not_compared")
    await world.policies.compare(world.ask(DISTRICT_OFFICE))
    await refused(adopt(world.ask(DISTRICT_OFFICE), draft=DRAFT), "access.own_work")
    await refused(adopt(world.ask(COLLEAGUE), draft=digest(NORMAL)), "policy.draft_changed")
    await adopt(world.ask(COLLEAGUE), draft=DRAFT)
    state = await world.state(BOOK_STREAM)
    assert state.book == replace(BOOK, matching=PEOPLE_FIRST)
    assert state.digest == register.digest(state.book) != before
    assert (await world.state(DRAFTS)).draft is None
    later = await world.need(COMMITTEE)
    cited = [world.codec.decode((await world.log.read_stream(each.id))[0]).meta.rules for each in (need, later)]
    assert cited == [before[:16], state.digest[:16]]


async def test_adopted_once_there_is_nothing_left_to_adopt(world: World):
    await drafted(world)
    await world.policies.compare(world.ask(COLLEAGUE))
    once = world.ask(COLLEAGUE)
    done = await world.policies.adopt(once, draft=DRAFT)
    assert await world.policies.adopt(once, draft=DRAFT) == done
    await refused(world.policies.adopt(world.ask(COLLEAGUE), draft=DRAFT), "policy.no_draft")
    await refused(drafted(world), "policy.unchanged")


async def test_who_rewrites_a_draft_is_its_author(world: World):
    await drafted(world)
    await drafted(world, replace(PEOPLE_FIRST, waves=2), COLLEAGUE)
    await world.policies.compare(world.ask(COLLEAGUE))
    named = digest(replace(PEOPLE_FIRST, waves=2))
    await refused(world.policies.adopt(world.ask(COLLEAGUE), draft=named), "access.own_work")
    await world.policies.adopt(world.ask(DISTRICT_OFFICE), draft=named)


async def test_only_the_district_drafts_compares_adopts_and_declares(world: World):
    await drafted(world)
    until = world.clock.now() + timedelta(days=1)
    for who in (COMMITTEE, STREET_OFFICE, AUDITOR, world.units[0]):
        await refused(drafted(world, replace(NORMAL, waves=1), who), "access.forbidden")
        await refused(world.policies.compare(world.ask(who)), "access.forbidden")
        await refused(world.policies.adopt(world.ask(who), draft=DRAFT), "access.forbidden")
        await refused(world.policies.drop(world.ask(who)), "access.forbidden")
        await refused(world.policies.declare_emergency(world.ask(who), until=until, reason="汛情"), "access.forbidden")
        await refused(world.policies.lift_emergency(world.ask(who), reason="汛情"), "access.forbidden")


async def test_the_comparison_says_for_whom_it_changes(world: World):
    urgent, hard, offer, unit = await two_needs_and_one_offer(world)
    await drafted(world)
    await world.policies.compare(world.ask(DISTRICT_OFFICE))
    found = world.policies.comparison(await world.policies.standing())
    assert found is not None
    position = found.cuts[0].position
    assert (found.gained, found.lost) == (((position, hard),), ((position, urgent),))
    assert found.committees == (Turn(EAST, 0, 1), Turn(WEST, 1, 0))
    assert found.units == (Turn(unit, 1, 1),)
    assert set(found.pairs) == {OnlyIn(position, urgent, offer, unit, False), OnlyIn(position, hard, offer, unit, True)}
    (cut,) = (await world.state(DRAFTS)).draft.compared.cuts
    assert (cut.needs, cut.gained, cut.lost, cut.pairs) == (2, 1, 1, 2)
    assert (cut.adopted.served, cut.draft.served, cut.before.nothing, cut.draft.after.nothing) == (1, 1, 2, 1)


async def test_compared_again_it_writes_nothing_unless_something_has_changed(world: World):
    await two_needs_and_one_offer(world)
    await drafted(world)
    world.later(days=40)
    first = await world.policies.compare(world.ask(DISTRICT_OFFICE))
    assert (await world.policies.compare(world.ask(COLLEAGUE))).version == first.version
    assert [cut.needs for cut in (await world.state(DRAFTS)).draft.compared.cuts] == [2]
    await world.need(COMMITTEE)
    world.later(days=31)
    assert (await world.policies.compare(world.ask(COLLEAGUE))).version == first.version + 1
    assert [cut.needs for cut in (await world.state(DRAFTS)).draft.compared.cuts] == [2, 3]


def test_the_last_quarter_ends_with_the_last_full_month_in_shanghai():
    ends = month_ends(datetime(2026, 3, 31, 16, 0, tzinfo=UTC))  # 1 April there
    assert [end.date().isoformat() for end in ends] == ["2026-01-31", "2026-02-28", "2026-03-31"]
    assert [end.date().month for end in month_ends(datetime(2026, 3, 31, 15, 59, tzinfo=UTC))] == [12, 1, 2]


async def test_each_month_that_something_had_happened_by_is_one_moment(world: World):
    first = (await world.log.head()).position
    young = await moments(world.log, world.clock.now())
    assert [position for position, _ in young] == [first]
    world.later(days=31)
    await world.need(COMMITTEE)
    assert [position for position, _ in await moments(world.log, world.clock.now())] == [first]
    world.later(days=31)
    both = await moments(world.log, world.clock.now())
    assert [position for position, _ in both] == [first, first + 1]


async def test_the_past_is_the_same_in_one_pass_and_in_several(world: World):
    heads = [(await world.log.head()).position]
    for n in range(3):
        await two_needs_and_one_offer(world)
        heads.append((await world.log.head()).position - n)
    cuts = [(position, 29_540_000 + position) for position in heads]
    apart = [await replayed(world.log, world.codec, position, at) for position, at in cuts]
    assert await replayed_at(world.log, world.codec, cuts) == apart
    assert [len(snapshot.needs) for snapshot in apart] == [0, 2, 4, 5]


async def test_an_emergency_has_a_reason_and_an_end_and_lapses(world: World):
    policies, now = world.policies, world.clock.now()

    def declared(days: int, reason: str):
        return policies.declare_emergency(world.ask(DISTRICT_OFFICE), until=now + timedelta(days=days), reason=reason)

    await refused(declared(3, " "), "policy.reason")
    await refused(declared(31, "汛情"), "policy.emergency_until")
    await declared(3, "汛情")
    standing = await policies.standing()
    assert (standing.mode, standing.policy) == ("emergency", BOOK.emergency)
    assert standing.emergency is not None
    assert not isinstance(standing.emergency.reason, Plain)
    world.later(days=3)
    assert (await policies.standing()).mode == "normal"
    assert policy_in_force(await world.state(BOOK_STREAM), now)[1] == "emergency"


async def test_a_lifted_emergency_is_over_and_lifting_it_twice_writes_nothing(world: World):
    until = world.clock.now() + timedelta(days=3)
    await world.policies.declare_emergency(world.ask(DISTRICT_OFFICE), until=until, reason="汛情")
    done = await world.policies.lift_emergency(world.ask(COLLEAGUE), reason="解除响应")
    assert (await world.policies.lift_emergency(world.ask(COLLEAGUE), reason="解除响应")).version == done.version
    assert (await world.policies.standing()).mode == "normal"


async def test_a_draft_given_up_leaves_the_rules_as_they_are(world: World):
    await drafted(world)
    await world.policies.drop(world.ask(COLLEAGUE))
    await refused(world.policies.compare(world.ask(COLLEAGUE)), "policy.no_draft")
    await refused(world.policies.drop(world.ask(COLLEAGUE)), "policy.no_draft")
    assert (await world.state(BOOK_STREAM)).book == BOOK


@pytest.mark.parametrize("wrong", [replace(NORMAL, weights=Weights(near=199)), replace(NORMAL, urgency=(0, 1))])
async def test_a_draft_that_cannot_be_meant_is_refused_and_nothing_is_written(world: World, wrong):
    refusal = await refused(drafted(world, wrong), "policy.invalid")
    assert refusal.field in ("weights", "urgency")
    assert await world.types(DRAFTS) == []
