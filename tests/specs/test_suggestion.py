"""What one organisation is told of: what fits well, never the same twice, and no more in a week than the rules allow."""

from __future__ import annotations

from dataclasses import replace

import pytest

from domain.suggestion import WEEK_MIN, SuggestionIssued, SuggestionState, evolve, issue, recent, stream

NOW = 29_540_220
FACT = SuggestionIssued(
    to="unit-1", item="need-a", about="offer-a", score=700, position=20, news=18, at=NOW, policy="p" * 64
)  # fmt: skip


def told(*facts: SuggestionIssued) -> SuggestionState | None:
    state = None
    for fact in facts:
        state = evolve(state, fact, stream(fact.to))
    return state


def of(n: int, at: int = NOW) -> SuggestionIssued:
    return replace(FACT, item=f"need-{n}", at=at)


def test_the_first_thing_that_fits_is_told():
    assert issue(None, FACT, per_week=3, least=600) == (FACT,)


def test_the_same_item_is_never_told_twice_for_the_same_own_one():
    assert issue(told(FACT), replace(FACT, at=NOW + 10 * WEEK_MIN, score=999), per_week=3, least=600) == ()


def test_the_same_item_may_be_told_for_another_own_one_and_another_item_for_the_same():
    other, again = replace(FACT, about="offer-b"), replace(FACT, item="need-b")
    assert issue(told(FACT), other, per_week=3, least=600) == (other,)
    assert issue(told(FACT), again, per_week=3, least=600) == (again,)


@pytest.mark.parametrize(("score", "least", "tells"), [(600, 600, True), (599, 600, False), (0, 0, True)])
def test_what_does_not_fit_well_enough_is_not_told(score: int, least: int, tells: bool):
    assert bool(issue(None, replace(FACT, score=score), per_week=3, least=least)) is tells


@pytest.mark.parametrize(("had", "per_week", "tells"), [(2, 3, True), (3, 3, False), (4, 3, False), (0, 0, False), (0, 1, True)])
def test_when_the_budget_of_a_week_is_used_up_nothing_is_told(had: int, per_week: int, tells: bool):
    assert bool(issue(told(*(of(n) for n in range(had))), FACT, per_week=per_week, least=600)) is tells


@pytest.mark.parametrize(("ago", "counts"), [(0, 1), (WEEK_MIN - 1, 1), (WEEK_MIN, 0), (2 * WEEK_MIN, 0)])
def test_a_week_is_seven_days_to_the_minute(ago: int, counts: int):
    state = told(of(1, NOW - ago))
    assert recent(state, NOW) == counts
    assert bool(issue(state, FACT, per_week=1, least=600)) is not bool(counts)


def test_each_organisation_has_a_stream_of_its_own_that_says_what_and_when():
    state = told(of(1, NOW - 60), of(2))
    assert state == SuggestionState(
        id="suggestion-unit-1", to="unit-1", issued={("need-1", "offer-a"): NOW - 60, ("need-2", "offer-a"): NOW}
    )
