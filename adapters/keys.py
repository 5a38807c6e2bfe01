"""API keys in an SQLite file of their own, stored as hashes only; never in the event file."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import sqlite3
import threading
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from adapters import private_files
from adapters.private_files import open_database
from adapters.system import SystemClock
from domain.access import ROLES
from domain.scopes import known_scopes
from services.ports import Clock

KEY_ROLES = tuple(role for role in ROLES if role not in ("public", "system"))  # what a key can be made for
_LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_SHAPE = re.compile(r"rl_([0-9A-Za-z]{8})_[0-9A-Za-z]{43}")
_SCHEMA = """
CREATE TABLE IF NOT EXISTS keys (
    id TEXT PRIMARY KEY, hash BLOB NOT NULL, role TEXT NOT NULL, org TEXT NOT NULL, area TEXT,
    created_at TEXT NOT NULL, revoked_at TEXT
);
"""
_LATER = {  # columns that files of older versions lack
    "scopes": "TEXT", "expires_at": "TEXT", "used_at": "TEXT", "label": "TEXT NOT NULL DEFAULT ''", "made_by": "TEXT",
}  # fmt: skip
_COLUMNS = "id, role, org, area, created_at, revoked_at, scopes, expires_at, used_at, label, made_by"
LONGEST = timedelta(days=366)  # a key lives
OVERLAP = timedelta(days=7)  # in which the key before still works after a rotation
USE_NOTED = timedelta(minutes=1)  # uses are written down at most so often: it costs a commit

_translated = partial(private_files.translated, "keys")


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """Whose key it is. `id` is the visible part, by which it is listed and revoked; `scopes` None: all."""

    id: str
    role: str
    org: str  # a unit id, a committee's area id, or a label
    area: str | None
    created_at: datetime  # UTC
    revoked_at: datetime | None = None  # UTC
    scopes: tuple[str, ...] | None = None
    expires_at: datetime | None = None  # UTC; not found from then on
    used_at: datetime | None = None  # UTC; to the minute
    label: str = ""  # what it is for
    made_by: str | None = None  # an account

    def lives(self, at: datetime) -> bool:
        return self.revoked_at is None and (self.expires_at is None or at < self.expires_at)


class KeyStore:
    """Several processes share the file; what one of them makes or revokes counts for all on the very next request."""

    def __init__(self, path: Path, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self._lock = threading.Lock()
        with _translated():
            self._db = open_database(path, _SCHEMA)
            _complete(self._db)
        self._known: dict[bytes, KeyRecord] = {}  # by hash of the whole key; valid while `_seen` holds
        self._seen = -1
        self._used: dict[str, datetime] = {}  # not written down yet
        self._noted = self._clock.now()

    def create(
        self, role: str, org: str, area: str | None = None, *, scopes: Iterable[str] | None = None,
        lives: timedelta = LONGEST, label: str = "", made_by: str | None = None,
    ) -> str:  # fmt: skip
        """The new key's text, shown this once. Raises ValueError for an unknown role or scope, an empty organisation, or
        a life that is none or longer than a year."""
        if role not in KEY_ROLES:
            raise ValueError(f"未知角色 / unknown role {role!r}; 可用 / one of: {', '.join(KEY_ROLES)}")
        if not org.strip():
            raise ValueError("缺少单位或居民区编号 / the organisation is missing")
        if not timedelta() < lives <= LONGEST:
            raise ValueError("密钥有效期为 1–366 天 / a key lives 1 to 366 days")
        granted = None if scopes is None else ",".join(known_scopes(scopes))
        key_id, secret, now = _chance(8), _chance(43), self._clock.now()
        text = f"rl_{key_id}_{secret}"
        row = (key_id, _hash(text), role, org, area, now.isoformat(), granted, (now + lives).isoformat(), label, made_by)
        with self._lock, _translated():
            self._db.execute(
                "INSERT INTO keys (id, hash, role, org, area, created_at, scopes, expires_at, label, made_by)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row,
            )  # fmt: skip
        return text

    def rotate(self, key_id: str, made_by: str | None = None) -> str | None:
        """A new key with the same rights for a year; the old one goes on for a week at most. None: no such live key."""
        found = next((key for key in self.list() if key.id == key_id and key.lives(self._clock.now())), None)
        if found is None:
            return None
        text = self.create(
            found.role, found.org, found.area, scopes=found.scopes, label=found.label, made_by=made_by or found.made_by
        )
        ends = self._clock.now() + OVERLAP
        if found.expires_at is None or ends < found.expires_at:
            with self._lock, _translated():
                self._db.execute("UPDATE keys SET expires_at = ? WHERE id = ?", (ends.isoformat(), key_id))
                self._known.clear()
        return text

    def find(self, text: str) -> KeyRecord | None:
        """Whose key this is; None when it is unknown, revoked or has expired."""
        shape = _SHAPE.fullmatch(text)
        if shape is None:
            return None
        digest = _hash(text)
        with self._lock, _translated():
            self._forget_if_changed()
            found = self._known.get(digest) or self._look_up(shape[1], digest)
            now = self._clock.now()
            if found is None or not found.lives(now):
                return None
            self._note_use(found.id, now)
            return found

    def revoke(self, key_id: str) -> bool:
        """Whether a key was revoked by this call."""
        with self._lock, _translated():
            done = self._db.execute(
                "UPDATE keys SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL",
                (self._clock.now().isoformat(), key_id),
            )
            self._known.clear()
            return done.rowcount == 1

    def list(self) -> tuple[KeyRecord, ...]:
        """All keys ever made, oldest first, the revoked ones too."""
        with self._lock, _translated():
            self._write_uses(self._clock.now())
            rows = self._db.execute(f"SELECT {_COLUMNS} FROM keys ORDER BY created_at, id").fetchall()
        return tuple(_record(row) for row in rows)

    def close(self) -> None:
        with self._lock, suppress(sqlite3.Error):
            self._write_uses(self._clock.now())
            self._db.close()

    def _note_use(self, key_id: str, now: datetime) -> None:
        self._used[key_id] = now
        if now - self._noted >= USE_NOTED:
            self._write_uses(now)

    def _write_uses(self, now: datetime) -> None:
        if self._used:
            self._db.execute("BEGIN")
            self._db.executemany(
                "UPDATE keys SET used_at = max(coalesce(used_at, ''), ?) WHERE id = ?",
                [(at.isoformat(timespec="minutes"), key_id) for key_id, at in self._used.items()],
            )  # fmt: skip
            self._db.execute("COMMIT")
        self._used, self._noted = {}, now

    def _forget_if_changed(self) -> None:
        version = self._db.execute("PRAGMA data_version").fetchone()[0]  # changes when another connection wrote
        if version != self._seen:
            self._seen = version
            self._known.clear()

    def _look_up(self, key_id: str, digest: bytes) -> KeyRecord | None:
        """Unknown keys are not remembered: a guesser must not fill the memory."""
        row = self._db.execute(
            f"SELECT {_COLUMNS}, hash FROM keys WHERE id = ? AND revoked_at IS NULL", (key_id,)
        ).fetchone()
        if row is None or not hmac.compare_digest(row[-1], digest):
            return None
        return self._known.setdefault(digest, _record(row[:-1]))


def _chance(length: int) -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(length))


def _hash(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def _complete(db: sqlite3.Connection) -> None:
    there = {row[1] for row in db.execute("PRAGMA table_info(keys)")}
    for name, kind in _LATER.items():
        if name not in there:
            db.execute(f"ALTER TABLE keys ADD COLUMN {name} {kind}")


def _record(row: Sequence[Any]) -> KeyRecord:
    key_id, role, org, area, created_at, revoked_at, scopes, expires_at, used_at, label, made_by = row
    return KeyRecord(
        key_id, role, org, area, datetime.fromisoformat(created_at), _moment(revoked_at),
        None if scopes is None else tuple(scopes.split(",")) if scopes else (), _moment(expires_at), _moment(used_at),
        label, made_by,
    )  # fmt: skip


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
