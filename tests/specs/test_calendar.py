"""When things happen: occurrences of windows, in China's one time zone."""

from datetime import UTC, date, datetime, timedelta

import pytest

from domain.calendar import (
    MOST_OCCURRENCES,
    Slot,
    Span,
    Weekly,
    check,
    expand,
    keeps,
    key_of,
    last_end,
    occurrence_with,
)
from domain.events import Refused
from tests.support.telling import weekly

MONDAYS = weekly("2026-03-02", "2026-03-30", (1, "09:00", "12:00"))
NINE = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)  # 09:00 on Monday in Shanghai


def span(hours: int, minutes: int = 0, length: int = 60) -> Span:
    """Minutes after nine on the first Monday."""
    start = NINE + timedelta(hours=hours, minutes=minutes)
    return Span(start, start + timedelta(minutes=length))


def test_a_weekly_slot_happens_on_each_of_its_days_in_local_time():
    assert [key_of(o) for o in expand(MONDAYS)] == [
        "2026-03-02T01:00:00Z", "2026-03-09T01:00:00Z", "2026-03-16T01:00:00Z", "2026-03-23T01:00:00Z",
        "2026-03-30T01:00:00Z",
    ]  # fmt: skip


def test_a_skipped_day_has_no_occurrence():
    holiday = weekly("2026-03-02", "2026-03-16", (1, "09:00", "12:00"), skipped=("2026-03-09",))
    assert [key_of(o)[:10] for o in expand(holiday)] == ["2026-03-02", "2026-03-16"]


def test_early_morning_in_shanghai_is_the_day_before_in_utc():
    dawn = weekly("2026-03-02", "2026-03-02", (1, "06:00", "07:00"))
    assert key_of(expand(dawn)[0]) == "2026-03-01T22:00:00Z"


def test_two_slots_on_a_day_are_two_occurrences():
    twice = weekly("2026-03-02", "2026-03-08", (1, "09:00", "10:00"), (1, "14:00", "15:00"), (7, "09:00", "10:00"))
    assert len(expand(twice)) == 3


def test_a_window_that_never_ends_gives_one_more_than_anybody_may_ask_for():
    assert len(expand(weekly("2026-03-02", None, (1, "09:00", "12:00")))) == MOST_OCCURRENCES + 1


@pytest.mark.parametrize("asked", [span(0, 0, 180), span(0, 30), span(2, 0, 60)])
def test_a_time_inside_an_occurrence_belongs_to_it(asked: Span):
    occurrence = occurrence_with((MONDAYS,), asked)
    assert occurrence is not None
    assert key_of(occurrence) == "2026-03-02T01:00:00Z"


@pytest.mark.parametrize("asked", [span(-1), span(0, -1, 60), span(2, 30), span(24), span(7 * 24 * 5)])
def test_a_time_that_sticks_out_belongs_to_none(asked: Span):
    assert occurrence_with((MONDAYS,), asked) is None


def test_the_last_end_is_the_end_of_the_last_day_and_none_for_what_never_ends():
    assert last_end((MONDAYS,)) == datetime(2026, 3, 30, 15, 59, tzinfo=UTC)
    assert last_end((MONDAYS, span(0))) == last_end((MONDAYS,))
    assert last_end((MONDAYS, weekly("2026-03-02", None, (1, "09:00", "12:00")))) is None
    assert last_end(()) is None


@pytest.mark.parametrize(
    "bad",
    [
        Span(NINE, NINE),
        Span(NINE, NINE - timedelta(hours=1)),
        Span(datetime(1, 1, 1, tzinfo=UTC), NINE),
        weekly("2026-03-02", "2026-03-01", (1, "09:00", "12:00")),
        weekly("0001-01-01", None, (1, "09:00", "12:00")),
        weekly("2026-03-02", "9999-12-31", (1, "09:00", "12:00")),
        weekly("2026-03-02", None, (0, "09:00", "12:00")),
        weekly("2026-03-02", None, (8, "09:00", "12:00")),
        weekly("2026-03-02", None, (1, "12:00", "09:00")),
        weekly("2026-03-02", None, (1, "9:00", "12:00")),
        weekly("2026-03-02", None, (1, "09:00", "24:00")),
        Weekly((), date(2026, 3, 2)),
    ],
)
def test_a_window_that_cannot_be_is_refused(bad):
    with pytest.raises(Refused) as refused:
        check((MONDAYS, bad))
    assert (refused.value.code, refused.value.kind, refused.value.field) == ("window.invalid", "invalid", "windows")


def test_checking_a_good_window_twice_says_nothing_twice():
    assert check((MONDAYS, span(0))) is check((MONDAYS, span(0))) is None


FIRST = "2026-03-02T01:00:00Z"
LONGER, SHORTER = (weekly("2026-03-02", None, (1, "09:00", end)) for end in ("13:00", "11:00"))
LATER = weekly("2026-03-02", None, (1, "09:30", "13:00"))


@pytest.mark.parametrize(
    ("before", "after", "key", "kept"),
    [
        ((MONDAYS,), (MONDAYS,), FIRST, True),
        ((MONDAYS,), (LONGER,), FIRST, True),
        ((MONDAYS,), (SHORTER,), FIRST, False),
        ((MONDAYS,), (LATER,), FIRST, False),
        ((MONDAYS,), (weekly("2026-03-09", None, (1, "09:00", "12:00")),), FIRST, False),
        ((MONDAYS,), (span(0, 0, 180),), FIRST, True),
        ((MONDAYS,), (), FIRST, False),
        ((), (), "", True),
        ((), (MONDAYS,), "", False),
    ],
)
def test_an_agreed_time_is_kept_when_it_starts_the_same_and_is_not_cut_short(before, after, key, kept):
    assert keeps(before, after, key) is kept


def test_an_agreed_time_is_kept_though_another_window_overlaps_it():
    other = Span(NINE - timedelta(hours=1), NINE + timedelta(hours=1))
    assert keeps((other, MONDAYS), (other, MONDAYS), FIRST)
    assert not keeps((other, MONDAYS), (other,), FIRST)


def test_slots_are_told_by_day_and_clock():
    assert MONDAYS.weekly == (Slot(1, "09:00", "12:00"),)
