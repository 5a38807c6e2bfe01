"""What the vault promises: sealed text opens for as long as its key lives, in every process, and never after."""

import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from adapters.vault import BATCH, SqliteVault, open_vault
from domain.events import Sealed
from services.ports import StoreUnavailable

TEXT = "阳光花苑：张阿姨需要三名志愿者 13800000000"
PLACE = "need-1/1/title"
ROOT = Path(__file__).parents[2]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "vault.db"


@pytest.fixture
def vault(path):
    vault = open_vault(path)
    yield vault
    vault.close()


def in_another_process(path: Path, code: str, ends_with: int = 0) -> str:
    """Runs `code` with the same vault open as `vault`; gives what it prints."""
    opened = f"from pathlib import Path\nfrom adapters.vault import open_vault\nvault = open_vault(Path({str(path)!r}))"
    run = subprocess.run([sys.executable, "-c", f"{opened}\n{code}"], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == ends_with, run.stderr
    return run.stdout.strip()


def everything_on_disk(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.iterdir())


def test_a_sealed_text_opens_again(vault):
    sealed = vault.seal(vault.new_key(), TEXT, PLACE)
    assert vault.open(sealed) == TEXT
    assert TEXT not in sealed.ciphertext


def test_an_empty_text_can_be_sealed(vault):
    assert vault.open(vault.seal(vault.new_key(), "", PLACE)) == ""


def test_the_same_text_never_looks_the_same_twice(vault):
    key = vault.new_key()
    assert len({vault.seal(key, TEXT, PLACE).ciphertext for _ in range(100)}) == 100


def test_every_key_is_fresh_also_when_many_ask_at_once(vault):
    with ThreadPoolExecutor(8) as askers:
        keys = list(askers.map(lambda _: vault.new_key(), range(BATCH * 4)))
    assert len(set(keys)) == BATCH * 4
    assert all(vault.open(vault.seal(key, key, PLACE)) == key for key in keys)


@pytest.mark.parametrize("place", ["need-2/1/title", "need-1/2/title", "need-1/1/note", ""])
def test_a_text_moved_to_another_place_is_noticed(vault, place):
    sealed = vault.seal(vault.new_key(), TEXT, PLACE)
    with pytest.raises(ValueError, match="moved or changed"):
        vault.open(replace(sealed, place=place))


def test_a_text_under_another_items_key_is_noticed(vault):
    sealed = vault.seal(vault.new_key(), TEXT, PLACE)
    with pytest.raises(ValueError, match="moved or changed"):
        vault.open(replace(sealed, ref=vault.new_key()))


@pytest.mark.parametrize("damage", [lambda c: "AAAA" + c[4:], lambda c: c[:8], lambda c: "", lambda c: c + "*"])
def test_a_changed_text_is_noticed(vault, damage):
    sealed = vault.seal(vault.new_key(), TEXT, PLACE)
    with pytest.raises(ValueError):
        vault.open(replace(sealed, ciphertext=damage(sealed.ciphertext)))


def test_an_erased_text_is_gone_and_others_stay(vault):
    erased, kept = (vault.seal(vault.new_key(), TEXT, PLACE) for _ in range(2))
    vault.erase(erased.ref)
    assert vault.open(erased) is None
    assert vault.open(kept) == TEXT


def test_nothing_can_be_sealed_under_an_erased_key(vault):
    key = vault.new_key()
    vault.erase(key)
    with pytest.raises(KeyError):
        vault.seal(key, TEXT, PLACE)


def test_erasing_twice_is_erasing_once(vault):
    sealed = vault.seal(vault.new_key(), TEXT, PLACE)
    vault.erase(sealed.ref)
    vault.erase(sealed.ref)
    assert vault.open(sealed) is None


def test_no_file_holds_an_erased_key_any_more(vault, path):
    key = vault.new_key()
    wrapped = vault._db.execute("SELECT wrapped FROM keys WHERE ref = ?", (key,)).fetchone()[0]
    assert wrapped in everything_on_disk(path.parent)
    vault.erase(key)
    assert wrapped not in everything_on_disk(path.parent)


def test_no_file_holds_a_key_unwrapped(path, monkeypatch):
    made = []
    wrap = SqliteVault._wrap
    monkeypatch.setattr(SqliteVault, "_wrap", lambda self, ref, key: made.append(key) or wrap(self, ref, key))
    vault = open_vault(path)
    on_disk = everything_on_disk(path.parent)
    vault.close()
    assert len(made) == BATCH + 1  # and the proof
    assert not any(key in on_disk for key in made)


def test_nobody_waits_for_the_disk_while_keys_are_made(vault, path):
    """Another process's long write keeps the refill waiting; the keys of the pool are given and used meanwhile."""
    other = open_vault(path)
    other._db.execute("BEGIN IMMEDIATE")
    keys = [vault.new_key() for _ in range(BATCH)]
    assert all(vault.open(vault.seal(key, TEXT, PLACE)) == TEXT for key in keys)
    other._db.execute("ROLLBACK")
    assert vault.new_key() not in keys
    other.close()


def test_texts_open_after_a_restart(vault, path):
    sealed = vault.seal(vault.new_key(), TEXT, PLACE)
    vault.close()
    again = open_vault(path)
    assert again.open(sealed) == TEXT
    again.close()


def test_a_key_given_out_is_on_disk_when_the_process_is_killed(path):
    code = "import os, signal; print(vault.new_key(), flush=True); os.kill(os.getpid(), signal.SIGKILL)"
    key = in_another_process(path, code, ends_with=-signal.SIGKILL)
    vault = open_vault(path)
    assert vault.open(vault.seal(key, TEXT, PLACE)) == TEXT
    vault.close()


def test_a_text_sealed_in_one_process_opens_in_another(vault, path):
    sealed = vault.seal(vault.new_key(), TEXT, PLACE)
    code = f"from domain.events import Sealed\nprint(vault.open({sealed!r}))"
    assert in_another_process(path, code) == TEXT


def test_a_key_erased_by_another_process_is_forgotten_here_at_once(vault, path):
    sealed = vault.seal(vault.new_key(), TEXT, PLACE)
    assert vault.open(sealed) == TEXT
    in_another_process(path, f"vault.erase({sealed.ref!r})")
    assert vault.open(sealed) is None


def test_a_reader_elsewhere_delays_an_erasure_but_does_not_undo_it(vault, path):
    sealed = vault.seal(vault.new_key(), TEXT, PLACE)
    reader = open_vault(path)
    reader._db.execute("BEGIN")
    reader._db.execute("SELECT count(*) FROM keys").fetchone()
    threading.Timer(0.3, lambda: reader._db.execute("COMMIT")).start()
    vault.erase(sealed.ref)
    assert reader.open(sealed) is None
    assert not path.with_name("vault.db-wal").read_bytes()
    reader.close()


def test_closing_gives_unused_keys_back(vault, path):
    used = vault.new_key()
    vault.close()
    again = open_vault(path)
    refs = {ref for (ref,) in again._db.execute("SELECT ref FROM keys")}
    assert used in refs
    assert len(refs) == BATCH + 1
    again.close()


@pytest.mark.parametrize("name", ["vault.db", "vault.db-wal", "vault.kek"])
def test_only_the_owner_can_read_the_files(vault, path, name):
    assert path.with_name(name).stat().st_mode & 0o077 == 0


def test_a_vault_without_its_master_key_is_refused_and_no_new_one_made(vault, path):
    vault.close()
    path.with_suffix(".kek").unlink()
    with pytest.raises(ValueError, match="missing key file"):
        open_vault(path)
    assert not path.with_suffix(".kek").exists()


def test_a_foreign_master_key_is_refused(vault, path):
    vault.close()
    path.with_suffix(".kek").write_text("00" * 32)
    with pytest.raises(ValueError, match="not made with this master key"):
        open_vault(path)


def test_a_master_key_that_others_can_read_is_refused(vault, path):
    vault.close()
    path.with_suffix(".kek").chmod(0o644)
    with pytest.raises(ValueError, match="chmod 600"):
        open_vault(path)


def test_the_master_key_may_lie_elsewhere(tmp_path):
    elsewhere = tmp_path / "secrets" / "master"
    vault = open_vault(tmp_path / "v" / "vault.db", elsewhere)
    vault.close()
    assert elsewhere.exists()
    assert not (tmp_path / "v" / "vault.kek").exists()


def test_processes_that_start_together_share_one_master_key(path):
    code = "print(repr(vault.seal(vault.new_key(), 'x', 'p')), flush=True)"
    with ThreadPoolExecutor(4) as starters:
        sealed = list(starters.map(lambda _: in_another_process(path, code), range(4)))
    vault = open_vault(path)
    assert [vault.open(eval(one, {"Sealed": Sealed})) for one in sealed] == ["x"] * 4
    vault.close()


def test_a_full_disk_is_said_to_be_full(vault):
    vault._maker.execute("PRAGMA max_page_count = 1")
    with pytest.raises(StoreUnavailable) as refusal:
        [vault.new_key() for _ in range(BATCH * 8)]
    assert refusal.value.full


def test_keys_can_be_had_again_when_the_disk_has_room_again(vault):
    roomy = vault._maker.execute("PRAGMA max_page_count").fetchone()[0]
    test_a_full_disk_is_said_to_be_full(vault)
    vault._maker.execute(f"PRAGMA max_page_count = {roomy}")
    assert vault.open(vault.seal(vault.new_key(), TEXT, PLACE)) == TEXT
