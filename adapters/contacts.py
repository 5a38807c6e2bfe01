"""Contacts of people in an SQLite file of their own: AES-256-GCM, a key per subject, each wrapped by one master key."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from functools import partial
from os import urandom
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from adapters import private_files
from adapters.erasable import empty_the_journal, open_erasable, transaction
from adapters.private_files import read_secret

_NONCE, _KEY = 12, 32  # bytes
_SCHEMA = """
CREATE TABLE IF NOT EXISTS subjects (subject TEXT PRIMARY KEY, wrapped BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS contacts (
    subject TEXT NOT NULL, field TEXT NOT NULL, sealed BLOB NOT NULL, PRIMARY KEY (subject, field)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS proof (id INTEGER PRIMARY KEY CHECK (id = 1), wrapped BLOB NOT NULL);
"""

_translated = partial(private_files.translated, "contacts")


class SqliteContacts:
    """Implements `services.contacts.ContactStore`. Several processes and threads may use one file."""

    def __init__(self, path: Path, master: bytes) -> None:
        """Use `open_contacts`. Raises ValueError when `master` (32 bytes) is not the key this file was made with."""
        self._path, self._master, self._lock = path, AESGCM(master), threading.Lock()
        with _translated():
            self._db = open_erasable(path, _SCHEMA)
            with transaction(self._db):
                self._db.execute("INSERT INTO proof VALUES (1, ?) ON CONFLICT DO NOTHING", (self._wrap("proof", b"contacts"),))
            proof = self._db.execute("SELECT wrapped FROM proof").fetchone()[0]
        self._unwrap("proof", proof)

    def put(self, subject: str, fields: Mapping[str, str]) -> None:
        """Under a fresh key each time, so that what was there before is gone like an erased one."""
        key = urandom(_KEY)
        rows = [(subject, field, _seal(AESGCM(key), value, subject, field)) for field, value in fields.items() if value]
        with self._lock, _translated():
            with transaction(self._db):
                self._db.execute("DELETE FROM contacts WHERE subject = ?", (subject,))
                wrapped = self._wrap(subject, key)
                self._db.execute("INSERT OR REPLACE INTO subjects VALUES (?, ?)", (subject, wrapped))
                self._db.executemany("INSERT INTO contacts VALUES (?, ?, ?)", rows)
            empty_the_journal(self._db)

    def get(self, subject: str) -> Mapping[str, str] | None:
        with self._lock, _translated():
            row = self._db.execute("SELECT wrapped FROM subjects WHERE subject = ?", (subject,)).fetchone()
            rows = self._db.execute("SELECT field, sealed FROM contacts WHERE subject = ?", (subject,)).fetchall()
        if row is None:
            return None
        cipher = AESGCM(self._unwrap(subject, row[0]))
        return {field: self._open(cipher, sealed, subject, field) for field, sealed in rows}

    def erase(self, subject: str) -> bool:
        with self._lock, _translated():
            with transaction(self._db):
                done = self._db.execute("DELETE FROM subjects WHERE subject = ?", (subject,)).rowcount
                self._db.execute("DELETE FROM contacts WHERE subject = ?", (subject,))
            empty_the_journal(self._db)
        return done == 1

    def close(self) -> None:
        with self._lock:
            self._db.close()

    def _open(self, cipher: AESGCM, sealed: bytes, subject: str, field: str) -> str:
        try:
            return cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], _place(subject, field)).decode()
        except InvalidTag as error:
            raise ValueError(f"contact of {subject} was moved or changed") from error

    def _wrap(self, subject: str, key: bytes) -> bytes:
        nonce = urandom(_NONCE)
        return nonce + self._master.encrypt(nonce, key, f"contact:{subject}".encode())

    def _unwrap(self, subject: str, wrapped: bytes) -> bytes:
        try:
            return self._master.decrypt(wrapped[:_NONCE], wrapped[_NONCE:], f"contact:{subject}".encode())
        except InvalidTag as error:
            raise ValueError(f"联系人库与主密钥不符 / {self._path} was not made with this master key") from error


def open_contacts(path: Path, master_file: Path | None = None) -> SqliteContacts:
    """The contacts at `path`, made when absent; their master key is in `master_file`, by default `.kek` beside it.

    Raises ValueError when an existing file's master key is missing, wrong, or readable by others."""
    fresh = not path.exists()
    return SqliteContacts(path, read_secret(master_file or path.with_suffix(".kek"), length=32, make=fresh))


def _seal(cipher: AESGCM, value: str, subject: str, field: str) -> bytes:
    nonce = urandom(_NONCE)
    return nonce + cipher.encrypt(nonce, value.encode(), _place(subject, field))


def _place(subject: str, field: str) -> bytes:
    return f"{subject}/{field}".encode()
