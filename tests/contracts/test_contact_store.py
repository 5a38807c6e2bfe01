"""What the store of contacts promises: sealed under a key per subject, moved nowhere, gone for good when erased."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from adapters.contacts import open_contacts

LI = {"name": "李秀英", "phone": "13800138000", "wechat": "lixiuying88"}


def bytes_in(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.iterdir())


@pytest.fixture
def path(tmp_path):
    return tmp_path / "contacts.db"


@pytest.fixture
def store(path):
    store = open_contacts(path)
    yield store
    store.close()


def test_a_contact_is_read_as_it_was_put(store):
    store.put("need-1/a", LI)
    assert store.get("need-1/a") == LI
    assert store.get("need-1/b") is None


def test_a_new_contact_takes_the_place_of_the_old_one(store):
    store.put("/a", LI)
    store.put("/a", {"name": "王强"})
    assert store.get("/a") == {"name": "王强"}


def test_no_file_holds_what_was_typed(store, path):
    store.put("/a", LI)
    found = [value for value in LI.values() if value.encode() in bytes_in(path.parent)]
    assert found == []


def test_an_erased_contact_is_gone_from_every_file_and_others_stay(store, path):
    store.put("/a", LI)
    store.put("/b", LI)
    wrapped = store._db.execute("SELECT wrapped FROM subjects WHERE subject = '/a'").fetchone()[0]
    assert wrapped in bytes_in(path.parent)
    assert store.erase("/a") is True
    assert wrapped not in bytes_in(path.parent)
    assert (store.get("/a"), store.get("/b")) == (None, LI)


def test_the_key_of_a_contact_that_was_replaced_is_gone_too(store, path):
    store.put("/a", LI)
    wrapped = store._db.execute("SELECT wrapped FROM subjects").fetchone()[0]
    store.put("/a", {"name": "王强"})
    assert wrapped not in bytes_in(path.parent)


def test_erasing_twice_is_erasing_once(store):
    store.put("/a", LI)
    assert [store.erase("/a"), store.erase("/a")] == [True, False]


@pytest.mark.parametrize("moved", ["UPDATE contacts SET field = 'mail' WHERE field = 'wechat'",
                                   "UPDATE contacts SET sealed = (SELECT sealed FROM contacts WHERE field = 'name')",
                                   "UPDATE contacts SET sealed = CAST(x'00' || substr(sealed, 2) AS BLOB)"])  # fmt: skip
def test_a_value_that_was_moved_or_changed_is_noticed(store, path, moved):
    store.put("/a", LI)
    other = sqlite3.connect(path)
    with other:
        other.execute(moved)
    other.close()
    with pytest.raises(ValueError, match="moved or changed"):
        store.get("/a")


def test_one_subjects_key_opens_nobody_elses_contact(store, path):
    store.put("/a", LI)
    store.put("/b", LI)
    other = sqlite3.connect(path)
    with other:
        other.execute("UPDATE subjects SET wrapped = (SELECT wrapped FROM subjects WHERE subject = '/a')")
    other.close()
    with pytest.raises(ValueError):
        store.get("/b")


def test_it_opens_again_with_its_own_master_key_alone(path):
    first = open_contacts(path)
    first.put("/a", LI)
    first.close()
    again = open_contacts(path)
    assert again.get("/a") == LI
    again.close()
    path.with_suffix(".kek").write_text("00" * 32)
    with pytest.raises(ValueError, match="master key"):
        open_contacts(path)
    path.with_suffix(".kek").unlink()
    with pytest.raises(ValueError, match="missing key file"):
        open_contacts(path)


def test_the_master_key_may_lie_elsewhere(path, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("keys") / "renling.kek"
    store = open_contacts(path, elsewhere)
    store.put("/a", LI)
    store.close()
    assert not path.with_suffix(".kek").exists()
    assert elsewhere.stat().st_mode & 0o777 == 0o600


def test_only_the_owner_can_read_the_files(store, path):
    store.put("/a", LI)
    assert {file.stat().st_mode & 0o777 for file in path.parent.iterdir()} == {0o600}


def test_what_one_process_puts_another_reads_and_erases(store, path):
    other = open_contacts(path)
    store.put("/a", LI)
    assert other.get("/a") == LI
    other.erase("/a")
    assert store.get("/a") is None
    other.close()
