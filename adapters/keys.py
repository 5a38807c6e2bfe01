"""API keys in an SQLite file of their own, stored as hashes only; never in the event file."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from adapters.private_files import open_database
from adapters.system import SystemClock
from domain.access import ROLES
from services.ports import Clock, StoreUnavailable

KEY_ROLES = tuple(role for role in ROLES if role not in ("public", "system"))  # what a key can be made for
_LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_SHAPE = re.compile(r"rl_([0-9A-Za-z]{8})_[0-9A-Za-z]{43}")
_SCHEMA = """
CREATE TABLE IF NOT EXISTS keys (
    id TEXT PRIMARY KEY, hash BLOB NOT NULL, role TEXT NOT NULL, org TEXT NOT NULL, area TEXT,
    created_at TEXT NOT NULL, revoked_at TEXT
);
"""
_COLUMNS = "id, role, org, area, created_at, revoked_at"


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """Whose key it is. `id` is the visible part, by which it is listed and revoked."""

    id: str
    role: str
    org: str  # a unit id, a committee's area id, or a label
    area: str | None
    created_at: datetime  # UTC
    revoked_at: datetime | None = None  # UTC


class KeyStore:
    """Several processes share the file; what one of them makes or revokes counts for all on the very next request."""

    def __init__(self, path: Path, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self._lock = threading.Lock()
        with _translated():
            self._db = open_database(path, _SCHEMA)
        self._known: dict[bytes, KeyRecord] = {}  # by hash of the whole key; valid while `_seen` holds
        self._seen = -1

    def create(self, role: str, org: str, area: str | None = None) -> str:
        """The new key's text, shown this once. Raises ValueError for an unknown role or an empty organisation."""
        if role not in KEY_ROLES:
            raise ValueError(f"未知角色 / unknown role {role!r}; 可用 / one of: {', '.join(KEY_ROLES)}")
        if not org.strip():
            raise ValueError("缺少单位或居民区编号 / the organisation is missing")
        key_id, secret = _chance(8), _chance(43)
        text = f"rl_{key_id}_{secret}"
        row = (key_id, _hash(text), role, org, area, self._clock.now().isoformat())
        with self._lock, _translated():
            self._db.execute("INSERT INTO keys VALUES (?, ?, ?, ?, ?, ?, NULL)", row)
        return text

    def find(self, text: str) -> KeyRecord | None:
        """Whose key this is; None when it is unknown or revoked."""
        shape = _SHAPE.fullmatch(text)
        if shape is None:
            return None
        digest = _hash(text)
        with self._lock, _translated():
            self._forget_if_changed()
            return self._known.get(digest) or self._look_up(shape[1], digest)

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
            rows = self._db.execute(f"SELECT {_COLUMNS} FROM keys ORDER BY created_at, id").fetchall()
        return tuple(_record(row) for row in rows)

    def close(self) -> None:
        with self._lock:
            self._db.close()

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


def _record(row: tuple[str, str, str, str | None, str, str | None]) -> KeyRecord:
    key_id, role, org, area, created_at, revoked_at = row
    revoked = datetime.fromisoformat(revoked_at) if revoked_at else None
    return KeyRecord(key_id, role, org, area, datetime.fromisoformat(created_at), revoked)


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise StoreUnavailable(f"keys: {error}", full="disk is full" in str(error)) from error
