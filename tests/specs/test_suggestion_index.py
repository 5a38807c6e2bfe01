"""Suggestions at once are those of holding everything against everything, after whatever has happened."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.calendar import Span
from domain.matching.candidates import HARD_RULES
from domain.matching.index import Index
from domain.matching.policy import EMERGENCY, NORMAL, Policy
from domain.matching.snapshot import GiverFacts, Left, NeedFacts, OfferFacts
from domain.matching.times import HALF_MIN
from tests.support.suggesting import AT, MONDAY, District, Plainly, areas

PEOPLE = (Left(kind="志愿者", unit="人", quantity=10),)
NEED = NeedFacts(id="need-a", owner="s0c0n0", area="s0c0n0", category="service", urgency=1, lines=PEOPLE)
OFFER = OfferFacts(id="offer-a", owner="unit-a", area="s0c0n0", reach="d", category="service", lines=PEOPLE)


def agree(town: District, index: Index, k: int = 5) -> None:
    """The index answers as the slow way does: all needs, all offers, the refused too."""
    plainly = Plainly(town)
    for need in town.needs:
        assert index.for_need(need, k) == plainly.suggestions(k, need=need), need
        assert index.refused_for_need(need, 4) == plainly.refusals(4, need=need), need
    for offer in town.offers:
        assert index.for_offer(offer, k) == plainly.suggestions(k, offer=offer), offer
        assert index.refused_for_offer(offer, 4) == plainly.refusals(4, offer=offer), offer


def opened(*offers: OfferFacts, need: NeedFacts = NEED, giver: GiverFacts | None = None) -> Index:
    """One need and some offers."""
    index = Index()
    index.put_areas(areas())
    index.put_need(need)
    for offer in offers:
        index.put_offer(offer)
    if giver:
        index.put_giver(giver)
    index.refresh(AT)
    return index


@pytest.mark.parametrize("policy", [NORMAL, EMERGENCY, Policy(steer_pct=40, horizon_days=14)], ids=["normal", "emergency", "steered"])
@pytest.mark.parametrize("seed", range(6))
def test_in_any_district_both_sides_are_told_what_holding_everything_against_everything_tells(seed: int, policy: Policy):
    town = District(seed, policy=policy)
    town.marks = {id: town.rng.randrange(400) for id in town.offers if town.rng.random() < 0.4}
    agree(town, town.index(), k=seed + 1)


@pytest.mark.parametrize("seed", range(4))
def test_after_a_thousand_changes_the_answers_are_those_of_a_new_start(seed: int):
    town = District(100 + seed)
    index = town.index()
    for n in range(1, 1001):
        town.step(index)
        if not n % 100:
            agree(town, index)


def test_what_happens_while_everything_is_made_anew_is_in_the_answers():
    town = District(7)
    index = town.index()
    town.at += HALF_MIN
    for n in index.refreshing(town.at, step=3):
        for _ in range(2):
            changed = f"offer-{n % 50}"
            town.offers[changed] = town.offer(changed)
            index.put_offer(town.offers[changed])
        gone = f"need-{n % 40}"
        town.needs.pop(gone, None)
        index.drop_need(gone)
        unit = town.units[n % 12]
        town.givers[unit] = town.giver(unit)
        index.put_giver(town.givers[unit])
    assert index.fresh(town.at)
    agree(town, index)


def test_whoever_stops_half_way_through_has_changed_no_answer_and_finished_nothing():
    town = District(9)
    index = town.index()
    before = {need: index.for_need(need, 5) for need in town.needs}
    town.areas = areas(streets=1)
    index.put_areas(town.areas)
    for n in index.refreshing(town.at, step=10):
        if n > 30:
            break
    assert not index.fresh(town.at)
    assert {need: index.for_need(need, 5) for need in town.needs} == before
    assert index.refresh(town.at)
    agree(town, index)


def test_the_first_few_of_a_longer_list_are_the_shorter_list():
    town = District(3)
    index = town.index()
    for need in town.needs:
        longer = index.for_need(need, 30)
        assert [index.for_need(need, k) for k in range(8)] == [longer[:k] for k in range(8)]
    for offer in town.offers:
        longer = index.for_offer(offer, 30)
        assert [index.for_offer(offer, k) for k in range(8)] == [longer[:k] for k in range(8)]


def test_the_lists_of_both_sides_never_contradict_each_other():
    town = District(4, needs=80, offers=80)
    town.marks = {id: town.rng.randrange(400) for id in town.offers if town.rng.random() < 0.4}
    index = town.index()
    by_need = {(s.candidate.need, s.candidate.offer): s for need in town.needs for s in index.for_need(need, 1000)}
    by_offer = {(s.candidate.need, s.candidate.offer): s for offer in town.offers for s in index.for_offer(offer, 1000)}
    assert len(by_need) > 100
    assert by_need == by_offer


def test_the_order_that_a_district_was_told_in_makes_no_difference():
    town = District(5)
    index = town.index()
    before = {need: index.for_need(need, 5) for need in sorted(town.needs)}
    town.needs = dict(reversed(town.needs.items()))
    town.offers = dict(reversed(town.offers.items()))
    other = town.index()
    assert {need: other.for_need(need, 5) for need in sorted(town.needs)} == before




@pytest.mark.parametrize(
    ("code", "need", "offer", "giver"),
    [
        ("CATEGORY", {}, {"category": "aid"}, {}),
        ("OWN_ITEM", {}, {"owner": "s0c0n0"}, {}),
        ("AREA_OUT_OF_REACH", {}, {"reach": "s1"}, {}),
        ("NO_COMMON_LINE", {}, {"lines": (Left(kind="物资", unit="份", quantity=9),)}, {}),
        ("NOT_ELIGIBLE", {"group": "老人"}, {"groups": ("儿童",)}, {}),
        ("SKILL_MISSING", {"skill": "护理"}, {"skills": ("法律",)}, {}),
        ("BELOW_MINIMUM", {}, {"minimum": 11}, {}),
        ("OFFER_FULL", {}, {"lines": (replace(PEOPLE[0], used=(("", 10),)),)}, {}),
        ("UNIT_AT_LIMIT", {}, {}, {"live": 3, "limit": 3}),
        ("ALREADY_PARTNER", {"partners": ("unit-a",)}, {}, {}),
        ("DECLINED_BEFORE", {"refused": ("offer-a",)}, {}, {}),
    ],
)  # fmt: skip
def test_each_rule_says_itself_why_an_offer_is_not_suggested(code: str, need: dict, offer: dict, giver: dict):
    index = opened(replace(OFFER, **offer), need=replace(NEED, **need), giver=GiverFacts(id="unit-a", **giver))
    assert index.for_need("need-a", 5) == index.for_offer("offer-a", 5) == []
    for told in (index.refused_for_need("need-a", 5), index.refused_for_offer("offer-a", 5)):
        assert told.counts == ((code, 1),)
        assert [miss.code for miss in told.nearest] == ([code] if code != "CATEGORY" else [])


def test_times_that_never_meet_and_a_pair_that_people_prohibited_are_told_too():
    town = District(2, needs=80, offers=160)
    town.prohibited = {(need, offer) for need in list(town.needs)[:20] for offer in town.offers}
    index = town.index()
    told = {code for need in town.needs for code, _ in index.refused_for_need(need, 0).counts}
    assert told == set(HARD_RULES)
    assert all(index.for_need(need, 5) == [] for need in list(town.needs)[:20])


def test_the_nearest_misses_are_those_that_failed_last_and_live_next_door():
    far = replace(OFFER, id="offer-far", area="s1c0n0", minimum=11)
    near = replace(OFFER, id="offer-near", minimum=11)
    unskilled = replace(OFFER, id="offer-other", reach="s1")
    index = opened(far, near, unskilled)
    assert [(m.id, m.code) for m in index.refused_for_need("need-a", 3).nearest] == [
        ("offer-near", "BELOW_MINIMUM"), ("offer-far", "BELOW_MINIMUM"), ("offer-other", "AREA_OUT_OF_REACH"),
    ]  # fmt: skip


def test_an_offer_that_others_would_miss_comes_after_one_that_is_nearly_as_good():
    index = opened(OFFER, replace(OFFER, id="offer-b", owner="unit-b", area="s0c0n1"))
    better, other = index.for_need("need-a", 2)
    assert [better.candidate.offer, other.candidate.offer] == ["offer-a", "offer-b"]
    index.set_marks({"offer-a": better.rank - other.rank + 1})
    first, second = index.for_need("need-a", 2)
    assert [first.candidate.offer, second.candidate.offer] == ["offer-b", "offer-a"]
    assert (second.rank, second.mark) == (other.rank - 1, better.rank - other.rank + 1)
    assert second.candidate.score == better.candidate.score
    index.set_marks({})
    assert index.for_need("need-a", 2) == [better, other]


def test_a_policy_that_does_not_steer_ignores_what_others_would_miss():
    index = opened(OFFER)
    index.set_marks({"offer-a": 500})
    assert index.for_need("need-a", 1)[0].mark == 500
    index.set_policy(replace(NORMAL, steer_pct=0))
    index.refresh(AT)
    assert index.for_need("need-a", 1)[0].mark == 0


def test_times_count_from_the_next_half_day_and_are_made_anew_only_when_it_moves():
    town = District(8)
    index = town.index()
    noon = AT + 3 * 60  # local noon
    assert not index.refresh(noon - 1)
    assert index.refresh(noon)
    town.at = noon
    agree(town, index)


def test_a_busier_or_more_reliable_giver_moves_all_its_offers_at_once():
    index = opened(OFFER, replace(OFFER, id="offer-b"))
    before = index.for_need("need-a", 2)
    index.put_giver(GiverFacts(id="unit-a", kept=50, done=50))
    assert all(now.rank > then.rank for now, then in zip(index.for_need("need-a", 2), before, strict=True))
    index.put_giver(GiverFacts(id="unit-a", live=12))
    assert index.for_need("need-a", 2) == []


def test_two_windows_that_begin_at_once_are_one_occurrence_as_in_the_ledger_and_cover_no_more_than_it():
    start = MONDAY + timedelta(days=2)
    twice = (Span(start, start + timedelta(hours=1)), Span(start, start + timedelta(hours=9)))
    both = (*PEOPLE, Left(kind="课程", unit="场", quantity=1))
    index = opened(OFFER, need=replace(NEED, windows=twice, lines=both))
    (found,) = index.for_need("need-a", 5)
    assert (len(found.candidate.takes[0].at), found.candidate.cover) == (1, 500)


def test_three_hours_of_one_morning_can_all_be_covered_by_who_is_free_that_morning():
    """What is looked at first must not promise less than there is."""
    start = MONDAY + timedelta(days=2)
    hours = tuple(Span(start + timedelta(hours=n), start + timedelta(hours=n + 1)) for n in range(3))
    morning = replace(OFFER, id="offer-whole", windows=hours)
    some = [replace(OFFER, id=f"offer-{n}", lines=(replace(PEOPLE[0], quantity=5),)) for n in range(9)]
    (best,) = opened(morning, *some, need=replace(NEED, windows=hours)).for_need("need-a", 1)
    assert (best.candidate.offer, best.candidate.cover) == ("offer-whole", 1000)


def test_what_is_unknown_or_gone_has_no_suggestions():
    index = opened(OFFER)
    assert (index.for_need("need-x", 5), index.refused_for_offer("offer-x", 5).counts) == ([], ())
    index.drop_need("need-a")
    index.drop_need("need-a")
    assert index.for_offer("offer-a", 5) == []
