"""Accounts, grants and sessions in an SQLite file of their own, for the owner of the data folder alone.

Several processes share the file, as they do that of the keys. Processes on several machines need a volume that passes on
SQLite's locks and shared memory between them; network file systems (NFS, SMB) do not, and `doctor` must refuse them.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from adapters import private_files
from adapters.private_files import open_database
from services.accounts_ports import Account, Grant, Invitation, Session, Tries
from services.ports import StoreUnavailable

_SCHEMA = """
CREATE TABLE IF NOT EXISTS accounts (
    id TEXT PRIMARY KEY, login TEXT NOT NULL UNIQUE COLLATE NOCASE, name TEXT NOT NULL, made_at TEXT NOT NULL,
    made_by TEXT NOT NULL, password TEXT, password_at TEXT, totp BLOB, totp_step INTEGER NOT NULL, disabled_at TEXT,
    demonstration INTEGER NOT NULL, issuer TEXT, subject TEXT, UNIQUE (issuer, subject)
);
CREATE TABLE IF NOT EXISTS grants (
    id TEXT PRIMARY KEY, account TEXT NOT NULL REFERENCES accounts (id), role TEXT NOT NULL, org TEXT NOT NULL,
    area TEXT, since TEXT NOT NULL, until TEXT, asked_by TEXT NOT NULL, granted_by TEXT, granted_at TEXT, revoked_at TEXT
);
CREATE INDEX IF NOT EXISTS grants_of ON grants (account);
CREATE TABLE IF NOT EXISTS sessions (
    id TEXT PRIMARY KEY, account TEXT NOT NULL REFERENCES accounts (id), identity TEXT, stage TEXT NOT NULL,
    opened_at TEXT NOT NULL, seen_at TEXT NOT NULL, revoked_at TEXT
);
CREATE INDEX IF NOT EXISTS sessions_of ON sessions (account);
CREATE TABLE IF NOT EXISTS tries (
    name TEXT NOT NULL, network TEXT NOT NULL, failures INTEGER NOT NULL, last_at TEXT, locked_until TEXT,
    PRIMARY KEY (name, network)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS invitations (
    id TEXT PRIMARY KEY, account TEXT, role TEXT, made_by TEXT NOT NULL, made_at TEXT NOT NULL, until TEXT NOT NULL,
    used_at TEXT
);
CREATE TABLE IF NOT EXISTS recovery (account TEXT NOT NULL, code TEXT NOT NULL, PRIMARY KEY (account, code)) WITHOUT ROWID;
"""
_TIMES = frozenset({
    "made_at", "password_at", "disabled_at", "since", "until", "granted_at", "revoked_at", "opened_at", "seen_at", "used_at",
    "last_at", "locked_until",
})  # fmt: skip
MOST_KNOWN = 10_000  # sessions held in memory
KEPT = timedelta(days=7)  # of sessions long over and failures long forgotten
Row = TypeVar("Row", Account, Grant, Invitation, Tries)

translated = partial(private_files.translated, "accounts")


class AccountsFile:
    """The one connection of a process to the file, and whose turn it is on it."""

    def __init__(self, path: Path, schema: str = _SCHEMA) -> None:
        self.lock = threading.RLock()
        with translated():
            self.db = open_database(path, schema)
        self.db.row_factory = sqlite3.Row
        self._depth = 0

    @contextmanager
    def together(self) -> Iterator[None]:
        """One transaction, also over several calls."""
        with self.lock, translated():
            if self._depth == 0:
                self.db.execute("BEGIN IMMEDIATE")
            self._depth += 1
            try:
                yield
            except BaseException:
                self._depth -= 1
                if self._depth == 0 and self.db.in_transaction:
                    self.db.execute("ROLLBACK")
                raise
            self._depth -= 1
            if self._depth == 0:
                self.db.execute("COMMIT")

    def close(self) -> None:
        with self.lock:
            self.db.close()


class SqliteAccounts:
    """Implements `services.accounts_ports.AccountStore`."""

    def __init__(self, file: AccountsFile) -> None:
        self._file, self._db = file, file.db
        self._known: dict[str, Session] = {}  # by id; valid while `_seen` holds and nothing was written here
        self._seen = -1

    @contextmanager
    def together(self) -> Iterator[None]:
        with self._file.together():
            self._known.clear()
            try:
                yield
            finally:
                self._known.clear()

    # ---- accounts

    def add_account(self, account: Account) -> bool:
        try:
            self._insert("accounts", account)
        except StoreUnavailable as error:
            if isinstance(error.__cause__, sqlite3.IntegrityError):
                return False
            raise
        return True

    def change_account(self, id: str, **changes: Any) -> None:
        self._update("accounts", Account, id, changes)

    def use_step(self, id: str, step: int) -> bool:
        with self.together():
            asked = "UPDATE accounts SET totp_step = ? WHERE id = ? AND totp_step < ?"
            return self._db.execute(asked, (step, id, step)).rowcount == 1

    def account(self, id: str) -> Account | None:
        return self._one(Account, "SELECT * FROM accounts WHERE id = ?", id)

    def by_login(self, login: str) -> Account | None:
        return self._one(Account, "SELECT * FROM accounts WHERE login = ?", login)

    def by_subject(self, issuer: str, subject: str) -> Account | None:
        return self._one(Account, "SELECT * FROM accounts WHERE issuer = ? AND subject = ?", issuer, subject)

    def accounts(self) -> Sequence[Account]:
        return self._all(Account, "SELECT * FROM accounts ORDER BY made_at, id")

    # ---- grants

    def add_grant(self, grant: Grant) -> None:
        self._insert("grants", grant)

    def change_grant(self, id: str, **changes: Any) -> None:
        self._update("grants", Grant, id, changes)

    def grant(self, id: str) -> Grant | None:
        return self._one(Grant, "SELECT * FROM grants WHERE id = ?", id)

    def grants(self, account: str | None = None) -> Sequence[Grant]:
        order = "ORDER BY since, id"
        if account is None:
            return self._all(Grant, f"SELECT * FROM grants {order}")
        return self._all(Grant, f"SELECT * FROM grants WHERE account = ? {order}", account)

    # ---- sessions

    def open_session(self, session: Session) -> None:
        opened, seen = session.opened_at.isoformat(), session.seen_at.isoformat()
        row = (session.id, session.account.id, session.identity, session.stage, opened, seen)
        with self.together():
            self._db.execute("INSERT INTO sessions VALUES (?, ?, ?, ?, ?, ?, NULL)", row)
            old = (session.opened_at - KEPT).isoformat()
            self._db.execute("DELETE FROM sessions WHERE opened_at < ?", (old,))
            self._db.execute("DELETE FROM tries WHERE last_at < ?", (old,))

    def session(self, id: str) -> Session | None:
        with self._file.lock, translated():
            version = self._db.execute("PRAGMA data_version").fetchone()[0]  # changes when another connection wrote
            if version != self._seen:
                self._seen = version
                self._known.clear()
            return self._known.get(id) or self._look_up(id)

    def sessions(self, account: str) -> Sequence[Session]:
        with self._file.lock, translated():
            asked = "SELECT id FROM sessions WHERE account = ? AND revoked_at IS NULL ORDER BY opened_at, id"
            ids = [row["id"] for row in self._db.execute(asked, (account,))]
            return tuple(found for id in ids if (found := self.session(id)))

    def change_session(self, id: str, **changes: Any) -> None:
        """A session just seen is not looked up again for it."""
        held = self._known.get(id)
        self._update("sessions", Session, id, changes)
        if held is not None and set(changes) == {"seen_at"}:
            self._known[id] = replace(held, **changes)

    def revoke_sessions(self, account: str, at: datetime, but: str | None = None) -> int:
        with self.together():
            asked = "UPDATE sessions SET revoked_at = ? WHERE account = ? AND revoked_at IS NULL AND id IS NOT ?"
            return self._db.execute(asked, (at.isoformat(), account, but)).rowcount

    # ---- tries, invitations, recovery codes

    def tries(self, name: str, network: str) -> Tries:
        asked = "SELECT failures, last_at, locked_until FROM tries WHERE name = ? AND network = ?"
        return self._one(Tries, asked, name, network) or Tries()

    def keep_tries(self, name: str, network: str, tries: Tries) -> None:
        row = (name, network, tries.failures, _text(tries.last_at), _text(tries.locked_until))
        with self.together():
            self._db.execute("INSERT OR REPLACE INTO tries VALUES (?, ?, ?, ?, ?)", row)

    def forget_tries(self, name: str) -> None:
        with self.together():
            self._db.execute("DELETE FROM tries WHERE name = ?", (name,))

    def add_invitation(self, invitation: Invitation) -> None:
        self._insert("invitations", invitation)

    def invitation(self, id: str) -> Invitation | None:
        return self._one(Invitation, "SELECT * FROM invitations WHERE id = ?", id)

    def use_invitation(self, id: str, at: datetime) -> bool:
        with self.together():
            asked = "UPDATE invitations SET used_at = ? WHERE id = ? AND used_at IS NULL AND until > ?"
            return self._db.execute(asked, (at.isoformat(), id, at.isoformat())).rowcount == 1

    def void_invitations(self, account: str | None, role: str | None, at: datetime) -> None:
        with self.together():
            asked = "UPDATE invitations SET used_at = ? WHERE account IS ? AND role IS ? AND used_at IS NULL"
            self._db.execute(asked, (at.isoformat(), account, role))

    def keep_recovery(self, account: str, codes: Sequence[str]) -> None:
        with self.together():
            self._db.execute("DELETE FROM recovery WHERE account = ?", (account,))
            self._db.executemany("INSERT INTO recovery VALUES (?, ?)", [(account, code) for code in codes])

    def use_recovery(self, account: str, code: str) -> bool:
        with self.together():
            asked = "DELETE FROM recovery WHERE account = ? AND code = ?"
            return self._db.execute(asked, (account, code)).rowcount == 1

    def recovery_left(self, account: str) -> int:
        with self._file.lock, translated():
            found = self._db.execute("SELECT count(*) FROM recovery WHERE account = ?", (account,)).fetchone()
            return int(found[0])

    def close(self) -> None:
        self._file.close()

    # ---- rows

    def _look_up(self, id: str) -> Session | None:
        row = self._db.execute("SELECT * FROM sessions WHERE id = ?", (id,)).fetchone()
        account = self.account(row["account"]) if row else None
        if row is None or account is None:
            return None  # not remembered: a guesser must not fill the memory
        if len(self._known) >= MOST_KNOWN:
            self._known.clear()
        values = {**_values(row), "account": account, "grants": tuple(self.grants(account.id))}
        return self._known.setdefault(id, Session(**values))

    def _insert(self, table: str, row: Account | Grant | Invitation) -> None:
        values = {field.name: _text(getattr(row, field.name)) for field in fields(row)}
        names, gaps = ", ".join(values), ", ".join("?" * len(values))
        with self.together():
            self._db.execute(f"INSERT INTO {table} ({names}) VALUES ({gaps})", tuple(values.values()))

    def _update(self, table: str, kind: type[Any], id: str, changes: dict[str, Any]) -> None:
        assert set(changes) <= {field.name for field in fields(kind)} - {"id"}
        names = ", ".join(f"{name} = ?" for name in changes)
        with self.together():
            self._db.execute(f"UPDATE {table} SET {names} WHERE id = ?", (*map(_text, changes.values()), id))

    def _one(self, kind: type[Row], asked: str, *values: str) -> Row | None:
        with self._file.lock, translated():
            row = self._db.execute(asked, values).fetchone()
            return kind(**_values(row)) if row else None

    def _all(self, kind: type[Row], asked: str, *values: str) -> tuple[Row, ...]:
        with self._file.lock, translated():
            return tuple(kind(**_values(row)) for row in self._db.execute(asked, values))


def _values(row: sqlite3.Row) -> dict[str, Any]:
    found = {name: _read(name, row[name]) for name in row.keys()}  # noqa: SIM118  a Row iterates over its values
    return found | ({"demonstration": bool(found["demonstration"])} if "demonstration" in found else {})


def _read(name: str, value: Any) -> Any:
    return datetime.fromisoformat(value) if name in _TIMES and value is not None else value


def _text(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
