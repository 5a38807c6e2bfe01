"""Copying last year's: the same weekday and hour, in the future."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from domain.calendar import Slot, Span, Weekly
from services.copies import again

AT = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)  # a Monday, 9 o'clock in Shanghai
TODAY = date(2026, 3, 2)
SLOTS = (Slot(6, "09:00", "11:00"),)
moments = st.datetimes(datetime(2019, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - given a zone


def span(day: str, hours: int = 2) -> Span:
    start = datetime.fromisoformat(f"{day}T09:00:00+08:00").astimezone(UTC)
    return Span(start, start + timedelta(hours=hours))


def test_last_years_event_comes_again_on_the_same_weekday_of_the_same_season():
    assert again([span("2025-04-05")], AT) == (span("2026-04-04"),)
    assert again([span("2023-04-01")], AT) == (span("2026-03-28"),)


def test_what_was_a_year_and_some_days_ago_is_not_put_off_for_another_year():
    assert again([span("2025-03-01")], AT) == (span("2026-03-07"),)


def test_what_was_a_few_weeks_ago_comes_again_in_the_next_week():
    assert again([span("2026-02-14")], AT) == (span("2026-03-07"),)


def test_a_series_moves_as_one():
    assert again([span("2026-02-21"), span("2026-02-28")], AT) == (span("2026-03-07"), span("2026-03-14"))


def test_what_is_still_to_come_stays():
    assert again([span("2026-05-01")], AT) == (span("2026-05-01"),)
    later = Weekly(SLOTS, date(2026, 4, 1), date(2026, 6, 1), (date(2026, 5, 2),))
    assert again([later], AT) == (later,)


def test_weekly_slots_that_still_run_begin_today():
    assert again([Weekly(SLOTS, date(2025, 1, 1))], AT) == (Weekly(SLOTS, TODAY),)


def test_weekly_slots_that_are_over_move_with_their_end_and_forget_the_days_that_were_skipped():
    over = Weekly(SLOTS, date(2025, 4, 1), date(2025, 6, 30), (date(2025, 5, 3),))
    assert again([over], AT) == (Weekly(SLOTS, date(2026, 3, 31), date(2026, 6, 29)),)


@given(st.lists(moments, min_size=1, max_size=4), moments)
def test_whatever_is_copied_keeps_its_weekday_its_hour_and_its_order_and_lies_ahead(starts: list[datetime], at: datetime):
    before = [Span(start, start + timedelta(hours=1)) for start in starts]
    after = [w for w in again(before, at) if isinstance(w, Span)]
    assert len(after) == len(before)
    assert len({new.start - old.start for old, new in zip(before, after, strict=True)}) == 1
    assert all((new.start - old.start) % timedelta(weeks=1) == timedelta(0) for old, new in zip(before, after, strict=True))
    assert min(new.start for new in after) > at
