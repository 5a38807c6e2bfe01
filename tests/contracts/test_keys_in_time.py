"""Keys in time: they expire, are rotated with a week of overlap, carry scopes, and say when they were used last."""

import sqlite3
from datetime import UTC, datetime, timedelta

import pytest

from adapters.keys import KeyStore, _hash
from adapters.system import SeededClock

MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def clock():
    return SeededClock(MONDAY)


@pytest.fixture
def keys(tmp_path, clock):
    keys = KeyStore(tmp_path / "keys.db", clock)
    yield keys
    keys.close()


def the_only(keys):
    (record,) = keys.list()
    return record


def test_a_key_opens_nothing_from_the_moment_it_expires(keys, clock):
    text = keys.create("unit", "u-1", lives=10 * DAY)
    clock.advance(10 * DAY - timedelta(microseconds=1))
    assert keys.find(text) is not None
    clock.advance(timedelta(microseconds=1))
    assert keys.find(text) is None


@pytest.mark.parametrize("lives", [timedelta(), -DAY, timedelta(days=367)])
def test_a_key_lives_a_year_at_most(keys, lives):
    with pytest.raises(ValueError, match="366"):
        keys.create("unit", "u-1", lives=lives)


def test_a_key_carries_its_scopes_in_their_order(keys):
    found = keys.find(keys.create("unit_system", "u-1", scopes=("claims:write", "read")))
    assert found.scopes == ("read", "claims:write")
    assert keys.find(keys.create("unit_system", "u-1")).scopes is None
    assert keys.find(keys.create("unit_system", "u-1", scopes=())).scopes == ()


def test_an_unknown_scope_is_refused_with_those_there_are(keys):
    with pytest.raises(ValueError, match=r"claims:fly.*claims:decide"):
        keys.create("unit_system", "u-1", scopes=("claims:fly",))


def test_after_a_rotation_both_keys_work_for_a_week(keys, clock):
    old = keys.create("unit_system", "u-1", scopes=("read",), label="预约系统")
    new = keys.rotate(keys.find(old).id)
    assert keys.find(new).scopes == ("read",)
    assert keys.find(new).label == "预约系统"
    clock.advance(7 * DAY - timedelta(seconds=1))
    assert keys.find(old) is not None
    clock.advance(timedelta(seconds=1))
    assert keys.find(old) is None
    assert keys.find(new) is not None


def test_a_rotation_never_lengthens_the_old_keys_life(keys, clock):
    old = keys.create("unit_system", "u-1", lives=2 * DAY)
    keys.rotate(keys.find(old).id)
    clock.advance(2 * DAY)
    assert keys.find(old) is None


def test_a_dead_or_unknown_key_cannot_be_rotated(keys):
    text = keys.create("unit", "u-1")
    key_id = keys.find(text).id
    keys.revoke(key_id)
    assert keys.rotate(key_id) is None
    assert keys.rotate("nobody00") is None
    assert keys.list() == (the_only(keys),)


def test_the_list_says_when_a_key_was_used_last(keys, clock):
    text = keys.create("unit", "u-1")
    assert the_only(keys).used_at is None
    clock.advance(3 * DAY)
    keys.find(text)
    assert the_only(keys).used_at == MONDAY + 3 * DAY


def test_uses_are_on_disk_a_minute_later_at_most(keys, clock, tmp_path):
    text = keys.create("unit", "u-1")
    keys.find(text)
    clock.advance(timedelta(minutes=1))
    keys.find(text)
    with sqlite3.connect(tmp_path / "keys.db") as other:
        assert other.execute("SELECT used_at FROM keys").fetchone()[0].startswith("2026-03-02T09:01")


def test_a_refused_key_is_not_used(keys, clock):
    text = keys.create("unit", "u-1", lives=DAY)
    clock.advance(2 * DAY)
    keys.find(text)
    assert the_only(keys).used_at is None


def test_a_file_of_an_older_version_goes_on(tmp_path, clock):
    text, path = "rl_" + "a" * 8 + "_" + "b" * 43, tmp_path / "keys.db"
    old = sqlite3.connect(path)
    old.execute(
        "CREATE TABLE keys (id TEXT PRIMARY KEY, hash BLOB NOT NULL, role TEXT NOT NULL, org TEXT NOT NULL, area TEXT,"
        " created_at TEXT NOT NULL, revoked_at TEXT)"
    )
    old.execute("INSERT INTO keys VALUES ('aaaaaaaa', ?, 'unit', 'u-1', NULL, ?, NULL)", (_hash(text), MONDAY.isoformat()))
    old.commit()
    old.close()
    keys = KeyStore(path, clock)
    assert keys.find(text).org == "u-1"
    assert keys.find(text).scopes is None
    keys.close()
