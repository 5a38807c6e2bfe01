"""The ledger of an item: free + held + committed + delivered = quantity, for each line and occurrence."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.calendar import Span
from domain.capacity import Amount, Capacity, Line, Used, all_occurrences, check_lines, move, place, shortage
from domain.events import Refused
from tests.support.telling import lines, weekly

PEOPLE = lines(("志愿者", 20, "人"))
MONDAYS = weekly("2026-03-02", "2026-03-16", (1, "09:00", "12:00"))
NINE = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


def amount(quantity: int, occurrence: str = "", kind: str = "志愿者") -> Amount:
    return Amount(kind, "人", quantity, occurrence)


def code(act) -> str:
    with pytest.raises(Refused) as refused:
        act()
    return refused.value.code


def test_amounts_move_from_free_to_held_to_committed_to_delivered_and_back():
    all_of_it = Capacity(PEOPLE)
    held = move(all_of_it, (amount(5),), into="held")
    committed = move(held, (amount(5),), out_of="held", into="committed")
    delivered = move(committed, (amount(3),), out_of="committed", into="delivered")
    assert held.used["志愿者", "人", ""] == Used(held=5)
    assert delivered.used["志愿者", "人", ""] == Used(committed=2, delivered=3)
    assert delivered.free("志愿者", "人") == 15
    assert move(held, (amount(5),), out_of="held") == all_of_it


def test_each_occurrence_has_the_whole_quantity():
    first, second = all_occurrences((MONDAYS,))[:2]
    taken = move(Capacity(PEOPLE), (amount(20, first),), into="committed")
    assert (taken.free("志愿者", "人", first), taken.free("志愿者", "人", second)) == (0, 20)
    assert shortage(taken, (amount(1, first),)) == amount(0, first)
    assert shortage(taken, (amount(20, second),)) is None


def test_what_comes_back_in_the_same_step_counts_also_when_two_lines_share_it():
    taken = move(Capacity(PEOPLE), (amount(8), amount(7)), into="held")
    assert shortage(taken, (amount(20),), returning=(amount(8), amount(7))) is None
    assert shortage(taken, (amount(21),), returning=(amount(8), amount(7))) == amount(20)


def test_two_claimed_lines_that_mean_one_line_are_added_up():
    named = place(lines(("医生", 12, "人"), ("护士", 9, "人")), None, Capacity(PEOPLE), (), every=True)
    assert shortage(Capacity(PEOPLE), named) == amount(20)


@given(st.lists(st.tuples(st.sampled_from(["held", "committed", "delivered"]), st.integers(1, 30)), max_size=30))
def test_nothing_is_made_or_lost_by_any_order_of_moves(moves):
    capacity, into_sums = Capacity(PEOPLE), {"held": 0, "committed": 0, "delivered": 0}
    for into, quantity in moves:
        if shortage(capacity, (amount(quantity),)) is None:
            capacity = move(capacity, (amount(quantity),), into=into)
            into_sums[into] += quantity
    used = capacity.used.get(("志愿者", "人", ""), Used())
    assert {name: getattr(used, name) for name in into_sums} == into_sums
    assert capacity.free("志愿者", "人") + used.total == 20
    assert capacity.free("志愿者", "人") >= 0


def test_a_line_is_found_by_kind_and_unit_else_by_its_unit_alone():
    own = Capacity(lines(("医生", 3, "人"), ("护士", 4, "人"), ("会议室", 1, "间")))
    assert place(lines(("护士", 2, "人")), None, own, (), every=False) == (amount(2, kind="护士"),)
    assert place(lines(("教室", 1, "间")), None, own, (), every=False) == (Amount("会议室", "间", 1),)
    assert code(lambda: place(lines(("司机", 1, "人")), None, own, (), every=False)) == "claim.unknown_line"
    assert code(lambda: place(lines(("护士", 1, "小时")), None, own, (), every=False)) == "claim.unknown_line"


def test_a_need_without_a_named_window_is_claimed_for_all_its_occurrences_an_offer_names_one():
    assert len(place(PEOPLE, None, Capacity(PEOPLE), (MONDAYS,), every=True)) == 3
    assert code(lambda: place(PEOPLE, None, Capacity(PEOPLE), (MONDAYS,), every=False)) == "claim.window_needed"
    only = Span(NINE, NINE + timedelta(hours=3))
    assert len(place(PEOPLE, None, Capacity(PEOPLE), (only,), every=False)) == 1


def test_a_claims_window_lies_inside_the_items():
    inside = Span(NINE, NINE + timedelta(hours=1))
    outside = Span(NINE, NINE + timedelta(hours=4))
    assert place(PEOPLE, inside, Capacity(PEOPLE), (MONDAYS,), every=False) == (amount(20, "2026-03-02T01:00:00Z"),)
    assert code(lambda: place(PEOPLE, outside, Capacity(PEOPLE), (MONDAYS,), every=False)) == "claim.outside_windows"
    for_ever = weekly("2026-03-02", None, (1, "09:00", "12:00"))
    assert code(lambda: place(PEOPLE, for_ever, Capacity(PEOPLE), (for_ever,), every=False)) == "window.too_long"


def test_overlapping_windows_count_an_occurrence_once():
    twice = place(PEOPLE, None, Capacity(PEOPLE), (MONDAYS, MONDAYS), every=True)
    assert len(twice) == len(all_occurrences((MONDAYS, MONDAYS))) == 3
    assert shortage(Capacity(PEOPLE), twice) is None


@pytest.mark.parametrize(
    "bad",
    [
        (),
        lines(("志愿者", 1, "人"), ("志愿者", 2, "人")),
        lines(("志愿者", 0, "人")),
        lines(("志愿者", -1, "人")),
        lines(("志愿者", 10**12 + 1, "人")),
        lines(("", 1, "人")),
        lines(("志愿者", 1, "人" * 41)),
        lines(("志愿\n者", 1, "人")),
        lines(("志愿者\ud800", 1, "人")),
    ],
)
def test_lines_that_cannot_be_counted_are_refused(bad):
    assert code(lambda: check_lines(bad)) == "lines.invalid"


def test_moving_nothing_twice_changes_nothing():
    assert move(move(Capacity(PEOPLE), (), into="held"), (), into="held") == Capacity(PEOPLE)
    assert Line("志愿者", 20, "人") in PEOPLE
