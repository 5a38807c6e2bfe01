"""What accounts and the access log promise: shared by processes, secret at rest, chained."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.accounts import AccountsFile, SqliteAccounts
from adapters.accounts_log import SqliteAccessLog
from adapters.accounts_secrets import SealedTotp
from adapters.system import SeededClock
from api.settings import Settings
from api.wiring import open_accounts
from services.accounts_ports import Account
from tests.support.accounts import MONDAY, PASSWORD, accounts_in, code, person

ROOT = Path(__file__).parents[2]


@pytest.fixture
def clock():
    return SeededClock(MONDAY)


@pytest.fixture
def accounts(tmp_path, clock):
    with accounts_in(tmp_path, clock) as opened:
        yield opened


def elsewhere(folder: Path, code: str) -> str:
    """In another process on the same file."""
    script = (
        "from datetime import UTC, datetime\nfrom pathlib import Path\nfrom adapters.accounts import *\n"
        f"store = SqliteAccounts(AccountsFile(Path({str(folder)!r}) / 'accounts.db'))\nat = datetime(2026, 3, 2, tzinfo=UTC)\n"
    )
    run = subprocess.run([sys.executable, "-c", script + code], cwd=ROOT, capture_output=True, text=True, check=True)
    return run.stdout.strip()


async def test_what_another_process_does_counts_on_the_very_next_request(accounts, clock, tmp_path):
    account = await person(accounts, clock, "wang", ("unit", "unit-1"))
    first, second = accounts.sessions.open(account), accounts.sessions.open(account)
    assert accounts.sessions.principal(accounts.sessions.find(first.token)).org == "unit-1"
    elsewhere(tmp_path, f"store.change_session({first.session.id!r}, revoked_at=at)")
    assert accounts.sessions.find(first.token) is None
    elsewhere(tmp_path, "store.change_grant('grant-wang-0', revoked_at=at)")
    assert accounts.sessions.principal(accounts.sessions.find(second.token)) is None
    elsewhere(tmp_path, "store.change_account('person-wang', disabled_at=at)")
    assert accounts.sessions.find(second.token) is None


async def test_no_file_holds_a_password_a_session_or_a_second_factor_as_it_is(accounts, clock, tmp_path):
    account = await person(accounts, clock, totp=True)
    opened = accounts.sessions.open(account)
    codes = accounts.own.new_recovery(account)
    secret, _ = accounts.own.shown(account, account.totp)
    on_disk = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert account.id.encode() in on_disk
    for text in (PASSWORD, opened.token, secret, *codes):
        assert text.encode() not in on_disk
        assert text not in repr(opened) or text == opened.token
    assert b"$argon2id$v=19$m=19456,t=2,p=1$" in on_disk


async def test_only_the_owner_can_read_the_files(accounts, clock, tmp_path):
    await person(accounts, clock)
    for name in ("accounts.db", "accounts.db-wal", "accounts.kek"):
        assert tmp_path.joinpath(name).stat().st_mode & 0o077 == 0


async def test_a_second_factor_that_was_moved_to_another_account_opens_nothing(accounts, clock):
    account = await person(accounts, clock, totp=True)
    other = await person(accounts, clock, "li")
    with pytest.raises(ValueError, match="not sealed with this key"):
        SealedTotp(bytes(32)).shown(account.id, "wang", account.totp)
    accounts.store.change_account(other.id, totp=account.totp)
    with pytest.raises(ValueError, match="not sealed with this key"):
        accounts.entrance.accepts(accounts.store.account(other.id), code(accounts, account, clock))


async def test_a_login_is_taken_once_whatever_its_case(accounts, clock):
    account = await person(accounts, clock, "wang")
    again = Account(id="person-x", login="WANG", name="x", made_at=MONDAY, made_by="test")
    assert not accounts.store.add_account(again)
    assert accounts.store.by_login("Wang").id == account.id


async def test_an_identity_provider_finds_its_people_by_issuer_and_subject(accounts, clock):
    account = await person(accounts, clock, "wang", ("unit", "unit-1"))
    accounts.store.change_account(account.id, issuer="https://id.test", subject="42")
    assert accounts.entrance.by_subject("https://id.test", "42").session.account.id == account.id
    assert accounts.entrance.by_subject("https://id.test", "43") is None
    assert accounts.entrance.by_subject("https://other.test", "42") is None
    accounts.store.change_account(account.id, disabled_at=MONDAY)
    assert accounts.entrance.by_subject("https://id.test", "42") is None


async def test_the_master_key_is_never_made_anew_beside_accounts_that_need_the_old_one(accounts, clock, tmp_path):
    await person(accounts, clock)
    tmp_path.joinpath("accounts.kek").unlink()
    with pytest.raises(ValueError, match="missing key file"):
        open_accounts(Settings(data=tmp_path), clock)


async def test_at_most_two_passwords_are_worked_on_at_once(accounts, monkeypatch):
    from adapters import accounts_secrets

    at_once, most = 0, 0
    real = accounts_secrets._HASHER.hash

    class Watched:
        def hash(self, password: str) -> str:
            nonlocal at_once, most
            at_once += 1
            most = max(most, at_once)
            try:
                return real(password)
            finally:
                at_once -= 1

    monkeypatch.setattr(accounts_secrets, "_HASHER", Watched())
    await asyncio.gather(*(accounts.passwords.hash(PASSWORD) for _ in range(8)))
    assert most == 2


def test_all_that_is_written_together_is_stored_whole_or_not_at_all(accounts):
    def interrupted() -> None:
        with accounts.store.together():
            accounts.store.add_account(Account(id="person-x", login="x", name="x", made_at=MONDAY, made_by="test"))
            accounts.log.note("account.opened", "y", "person-x")
            raise RuntimeError("the power fails")

    with pytest.raises(RuntimeError, match="the power fails"):
        interrupted()
    assert accounts.store.account("person-x") is None
    assert accounts.log.head()[0] == 0


# ---- the access log


@pytest.fixture
def written(tmp_path, clock):
    file = AccountsFile(tmp_path / "accounts.db")
    SqliteAccounts(file)
    log = SqliteAccessLog(file, clock)
    for n in range(10):
        clock.advance(timedelta(seconds=1))
        log.note("contact.revealed" if n % 2 else "login.failed", f"person-{n}", "need-1", "电话")
    yield log, tmp_path / "accounts.db"
    file.close()


def tampered(path: Path, *lines: str) -> None:
    """Somebody with the file in hand, who knows how to take triggers away."""
    db = sqlite3.connect(path)
    for trigger in ("access_stays", "access_is_kept"):
        db.execute(f"DROP TRIGGER {trigger}")
    for line in lines:
        db.execute(line)
    db.commit()
    db.close()


def test_the_access_log_reads_newest_first_and_by_kind(written):
    log, _ = written
    assert [line.n for line in log.page(limit=3)] == [10, 9, 8]
    assert [line.n for line in log.page(before=8, kind="contact", limit=2)] == [6, 4]
    assert [line.n for line in log.page(kind="login.failed", limit=1)] == [9]
    assert log.page(kind="log") == ()
    assert log.page(limit=1)[0].at == MONDAY + timedelta(seconds=10)


def test_an_untouched_log_verifies(written):
    log, _ = written
    assert log.verify() is None
    assert log.verify(noted=log.head()) is None


@pytest.mark.parametrize("line", ["UPDATE access SET who = 'x' WHERE n = 4", "DELETE FROM access WHERE n = 4"])
def test_the_database_refuses_to_change_a_line(written, line):
    _, path = written
    with sqlite3.connect(path) as db, pytest.raises(sqlite3.IntegrityError, match="only grows"):
        db.execute(line)
    db.close()


@pytest.mark.parametrize(
    "line",
    [
        "UPDATE access SET who = 'somebody-else' WHERE n = 4", "UPDATE access SET at = '2020-01-01T00:00:00+00:00' WHERE n = 4",
        "UPDATE access SET kind = 'x.y' WHERE n = 4", "UPDATE access SET detail = '' WHERE n = 4",
        "UPDATE access SET about = who WHERE n = 4", "DELETE FROM access WHERE n = 4",
        "UPDATE access SET chain = (SELECT chain FROM access WHERE n = 5) WHERE n = 4",
    ],
)  # fmt: skip
def test_the_verifier_names_the_line_that_somebody_changed(written, line):
    log, path = written
    tampered(path, line)
    assert log.verify() == 4


def test_lines_cut_off_at_the_end_show_against_a_head_that_was_noted(written):
    log, path = written
    noted = log.head()
    tampered(path, "DELETE FROM access WHERE n > 7")
    assert log.verify() is None
    assert log.verify(noted) == 8


def test_two_processes_write_one_chain(written, tmp_path):
    log, path = written
    script = (
        "from pathlib import Path\nfrom adapters.accounts import *\nfrom adapters.accounts_log import *\n"
        "from adapters.system import SystemClock\n"
        f"log = SqliteAccessLog(AccountsFile(Path({str(path)!r})), SystemClock())\n"
        "for n in range(50): log.note('login.failed', 'p', 'q')\n"
    )
    runs = [subprocess.Popen([sys.executable, "-c", script], cwd=ROOT) for _ in range(2)]
    for n in range(20):
        log.note("login.failed", "here", str(n))
    assert [run.wait(60) for run in runs] == [0, 0]
    assert log.head()[0] == 130
    assert log.verify() is None
