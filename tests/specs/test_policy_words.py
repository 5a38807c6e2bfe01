"""Every number of a matching policy stands on the page and in the form, within the limits that the rules have."""

from __future__ import annotations

from dataclasses import fields

import pytest

from api.pages.policy.said import Number, changed, groups, understood, value, written
from domain.events import Refused
from domain.matching.policy import EMERGENCY, NORMAL, Policy, check
from tests.support.world import BOOK

NUMBERS = [number for group in groups(NORMAL, BOOK, zh=True) for number in group.numbers]
ALONE = [number for number in NUMBERS if not number.name.startswith(("weights-", "committee_bonus-"))]
POINTS, DAYS = Number("x", "", "分", 0, 1000), Number("x", "", "天", 1, 366)


def fits(policy: Policy) -> bool:
    try:
        return bool(check(policy))
    except Refused:
        return False


def test_no_number_of_the_policy_is_left_out():
    assert {number.name.partition("-")[0] for number in NUMBERS} == {field.name for field in fields(Policy)}


@pytest.mark.parametrize("number", ALONE, ids=lambda number: number.name)
def test_what_the_form_takes_is_what_the_rules_take(number: Number):
    tried = (number.least - 1, number.least, number.most, number.most + 1)
    assert [fits(changed(NORMAL, {number.name: n})) for n in tried] == [False, True, True, False]


@pytest.mark.parametrize("policy", [NORMAL, EMERGENCY])
def test_what_is_shown_is_understood_as_it_was_meant(policy: Policy):
    typed = {number.name: written(value(policy, number.name), number.unit) for number in NUMBERS}
    read = {number.name: understood(typed[number.name], number) for number in NUMBERS}
    assert changed(NORMAL, {name: n for name, n in read.items() if n is not None}) == policy


@pytest.mark.parametrize(
    ("typed", "number", "meant"),
    [
        ("12.5", POINTS, 125), (" 100 ", POINTS, 1000), ("０", POINTS, 0), ("100.1", POINTS, None), ("12.55", POINTS, None),
        ("-1", POINTS, None), ("", POINTS, None), ("1e3", POINTS, None), ("366", DAYS, 366), ("2.5", DAYS, None),
        ("0", DAYS, None),
    ],
)  # fmt: skip
def test_what_people_type_is_a_number_or_is_refused(typed: str, number: Number, meant: int | None):
    assert understood(typed, number) == meant
