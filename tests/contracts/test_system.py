"""What clocks and ids promise, from the machine and from a seed alike."""

import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from adapters.system import SeededClock, SeededIds, SystemClock, SystemIds

MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
ROOT = Path(__file__).parents[2]


@pytest.fixture(params=["system", "seeded"])
def ids(request):
    return SystemIds() if request.param == "system" else SeededIds("demo", lambda: MONDAY)


def test_an_id_is_its_prefix_and_26_small_letters_or_digits(ids):
    assert re.fullmatch(r"need-[0-9a-z]{26}", ids.new("need"))


def test_ids_sort_in_the_order_of_their_making(ids):
    made = [ids.new("need") for _ in range(5000)]
    assert made == sorted(set(made))


def test_ids_stay_unique_when_many_ask_at_once():
    ids = SystemIds()
    with ThreadPoolExecutor(8) as askers:
        made = list(askers.map(lambda _: ids.new("need"), range(8000)))
    assert len(set(made)) == 8000


def test_ids_of_several_processes_differ():
    code = "from adapters.system import SystemIds\nids = SystemIds()\nfor _ in range(2000): print(ids.new('need'))"
    starts = [
        subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(3)
    ]
    made = [line for start in starts for line in start.communicate()[0].split()]
    assert len(made) == len(set(made)) == 6000


def test_ids_grow_also_when_the_machines_clock_is_set_back(monkeypatch):
    ids = SystemIds()
    before = ids.new("need")
    monkeypatch.setattr("time.time_ns", lambda: 0)
    assert ids.new("need") > before


def test_tokens_are_url_safe_and_hold_256_bits(ids):
    tokens = {ids.token() for _ in range(100)}
    assert len(tokens) == 100
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{43}", token) for token in tokens)


def test_the_same_seed_plays_the_same_ids():
    one, two, other = (SeededIds(seed, lambda: MONDAY) for seed in ("a", "a", "b"))
    assert [one.new("need"), one.token()] == [two.new("need"), two.token()] != [other.new("need"), other.token()]


def test_seeded_ids_follow_the_seeded_clock():
    clock = SeededClock(MONDAY)
    ids = SeededIds("a", clock.now)
    before = ids.new("need")
    clock.advance(timedelta(milliseconds=5000))
    assert ids.new("need") > before


def test_the_machines_clock_speaks_utc():
    assert SystemClock().now().utcoffset() == timedelta(0)


def test_a_seeded_clock_stands_still_until_it_is_moved():
    clock = SeededClock(MONDAY.astimezone(timezone(timedelta(hours=8))))
    assert clock.now() == clock.now() == MONDAY
    clock.advance(timedelta(hours=1))
    clock.set(clock.now() + timedelta(days=1))
    assert clock.now() == MONDAY + timedelta(days=1, hours=1)
    assert clock.now().utcoffset() == timedelta(0)


def test_a_seeded_clock_never_goes_back():
    with pytest.raises(ValueError, match="is over"):
        SeededClock(MONDAY).set(MONDAY - timedelta(seconds=1))
