"""What API keys promise: made, found and revoked at once in every process, and never stored as they are."""

import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from adapters.keys import KEY_ROLES, KeyStore
from adapters.system import SeededClock

MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
ROOT = Path(__file__).parents[2]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "keys.db"


@pytest.fixture
def clock():
    return SeededClock(MONDAY)


@pytest.fixture
def keys(path, clock):
    keys = KeyStore(path, clock)
    yield keys
    keys.close()


def in_another_process(path: Path, code: str) -> str:
    script = f"from pathlib import Path\nfrom adapters.keys import KeyStore\nkeys = KeyStore(Path({str(path)!r}))\n"
    run = subprocess.run([sys.executable, "-c", script + code], cwd=ROOT, capture_output=True, text=True, check=True)
    return run.stdout.strip()


def test_a_key_says_whose_it_is(keys):
    found = keys.find(keys.create("committee", "310101-nh-17"))
    assert (found.role, found.org, found.area, found.created_at) == ("committee", "310101-nh-17", None, MONDAY)


def test_a_coordinators_key_knows_its_area(keys):
    assert keys.find(keys.create("street", "南京东路街道", "310101-st-01")).area == "310101-st-01"


@pytest.mark.parametrize("role", ["unit_system", "unit", "committee", "street", "district", "auditor"])
def test_every_role_of_the_house_can_have_a_key(keys, role):
    assert keys.find(keys.create(role, "x")).role == role


@pytest.mark.parametrize("role", ["system", "admin", ""])
def test_no_other_role_can(keys, role):
    with pytest.raises(ValueError, match="unknown role"):
        keys.create(role, "x")


def test_an_organisation_must_be_named(keys):
    with pytest.raises(ValueError, match="organisation is missing"):
        keys.create("unit", "  ")


def test_a_key_has_256_bits_and_no_two_are_the_same(keys):
    texts = {keys.create("unit", "u-1") for _ in range(50)}
    assert len(texts) == 50
    assert all(re.fullmatch(r"rl_[0-9A-Za-z]{8}_[0-9A-Za-z]{43}", text) for text in texts)


def test_a_key_that_was_never_made_opens_nothing(keys):
    text = keys.create("unit", "u-1")
    wrong = text[:-1] + ("a" if text[-1] != "a" else "b")
    for guess in (wrong, text[:-1], text + "a", "", "rl_", "Bearer " + text, text + "\n", "rl_" + "é" * 52):
        assert keys.find(guess) is None
    assert keys.find(text) is not None


def test_a_revoked_key_opens_nothing(keys):
    text = keys.create("unit", "u-1")
    other = keys.create("unit", "u-1")
    assert keys.revoke(keys.find(text).id)
    assert keys.find(text) is None
    assert keys.find(other) is not None


def test_revoking_twice_or_an_unknown_key_says_so(keys):
    found = keys.find(keys.create("unit", "u-1"))
    assert [keys.revoke(found.id), keys.revoke(found.id), keys.revoke("nobody00")] == [True, False, False]


def test_a_key_made_by_another_process_counts_on_the_next_request(keys, path):
    assert keys.list() == ()
    text = in_another_process(path, "print(keys.create('auditor', '审计'))")
    assert keys.find(text).org == "审计"


def test_a_key_revoked_by_another_process_opens_nothing_on_the_next_request(keys, path):
    text = keys.create("unit", "u-1")
    found = keys.find(text)
    assert keys.find(text) == found
    in_another_process(path, f"assert keys.revoke({found.id!r})")
    assert keys.find(text) is None


def test_the_list_keeps_revoked_keys_and_shows_no_secret(keys, clock):
    first = keys.create("unit", "u-1")
    clock.advance(timedelta(days=1))
    second = keys.create("unit", "u-2")
    keys.revoke(keys.find(first).id)
    records = keys.list()
    assert [record.org for record in records] == ["u-1", "u-2"]
    assert [record.revoked_at for record in records] == [MONDAY + timedelta(days=1), None]
    assert first not in repr(records)
    assert second not in repr(records)


def test_no_file_holds_a_key_as_it_is(keys, path):
    text = keys.create("unit", "u-1")
    keys.find(text)
    on_disk = b"".join(file.read_bytes() for file in path.parent.iterdir())
    assert text.split("_")[1].encode() in on_disk
    assert text.split("_")[2].encode() not in on_disk


@pytest.mark.parametrize("name", ["keys.db", "keys.db-wal"])
def test_only_the_owner_can_read_the_files(keys, path, name):
    keys.create("unit", "u-1")
    assert path.with_name(name).stat().st_mode & 0o077 == 0


def test_keys_outlive_a_restart(keys, path):
    text = keys.create("unit", "u-1")
    keys.close()
    again = KeyStore(path)
    assert again.find(text).org == "u-1"
    again.close()


def test_the_roles_of_keys_are_those_that_decisions_know():
    assert set(KEY_ROLES) == {
        "unit_system", "unit", "unit_manager", "committee", "street", "district", "auditor", "system_admin", "security_admin",
    }  # fmt: skip
