"""Keys for free text in an SQLite file of its own: AES-256-GCM, a key per item, each wrapped by one master key.

The file must not share a backup with the ledger for longer than an erased text may come back.
"""

from __future__ import annotations

import secrets
import sqlite3
import threading
import time
from binascii import a2b_base64, b2a_base64
from collections import OrderedDict, deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from os import urandom
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from adapters import private_files
from adapters.erasable import empty_the_journal, open_erasable, transaction
from adapters.private_files import read_secret
from domain.events import Sealed

LATE_S = 0.001  # at most so late is what another process erased gone from this one's memory
BATCH = 256  # keys made in one durable commit
_CACHED = 4096  # unwrapped keys held in memory
_NONCE, _KEY = 12, 32  # bytes
# One statement: with a row each, this thread and the event loop would hand the interpreter to and fro for every row.
_INSERT = f"INSERT INTO keys VALUES {', '.join(['(?, ?)'] * BATCH)}"
_SCHEMA = """
CREATE TABLE IF NOT EXISTS keys (ref TEXT PRIMARY KEY, wrapped BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS vault (
    id INTEGER PRIMARY KEY CHECK (id = 1), erasures INTEGER NOT NULL, proof BLOB NOT NULL
);
"""

_translated = partial(private_files.translated, "vault")


class SqliteVault:
    """Implements `services.ports.Vault`. Several processes and threads may use one file."""

    def __init__(self, path: Path, master: bytes) -> None:
        """Use `open_vault`. Raises ValueError when `master` (32 bytes) is not the key this vault was made with."""
        self._path = path
        self._master = AESGCM(master)
        self._lock, self._refilling = threading.Lock(), threading.Lock()
        self._db = _connect(path)
        self._maker = _connect(path)  # apart, so that nobody waits for the disk while keys are made
        self._ciphers: OrderedDict[str, AESGCM] = OrderedDict()
        self._pool: deque[tuple[str, bytes]] = deque()
        self._closed = False
        self._refiller = ThreadPoolExecutor(1, thread_name_prefix="vault")
        self._prove()
        self._looked, self._seen = time.monotonic(), self._data_version()
        self._erasures = self._count_erasures()
        self._refill()

    def new_key(self) -> str:
        """The ref of a fresh key that is already on disk. Waits for the disk only when a burst outran the refill."""
        if len(self._pool) == BATCH // 2:
            self._refiller.submit(self._refill)
        while True:
            try:
                ref, key = self._pool.popleft()
            except IndexError:
                self._refill()
            else:
                with self._lock:
                    self._remember(ref, AESGCM(key))
                return ref

    def seal(self, key: str, plain: str, place: str) -> Sealed:
        """Raises KeyError when the key was destroyed. A key just destroyed by another process may still seal:
        such a text is unreadable from its first moment."""
        cipher = self._ciphers.get(key) or self._load(key)
        if cipher is None:
            raise KeyError(key)
        nonce = urandom(_NONCE)
        sealed = nonce + cipher.encrypt(nonce, plain.encode(), place.encode())
        return Sealed(key, b2a_base64(sealed, newline=False).decode(), place)

    def open(self, text: Sealed) -> str | None:
        """The text, or None when its key was destroyed, by whichever process. ValueError: it was moved or changed."""
        self._forget_what_others_erased()
        cipher = self._ciphers.get(text.ref) or self._load(text.ref)
        if cipher is None:
            return None
        sealed = a2b_base64(text.ciphertext, strict_mode=True)
        try:
            return cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], text.place.encode()).decode()
        except InvalidTag as error:
            raise ValueError(f"sealed text of {text.place} was moved or changed") from error

    def erase(self, key: str) -> None:
        """Destroy the key before returning: its row is overwritten and no journal holds it. Again: nothing more."""
        with self._lock, _translated():
            with transaction(self._db):
                self._db.execute("DELETE FROM keys WHERE ref = ?", (key,))
                self._db.execute("UPDATE vault SET erasures = erasures + 1")
            self._ciphers.pop(key, None)
            empty_the_journal(self._db)

    def erasures(self) -> int:
        """How often a key was destroyed, by any process."""
        with self._lock, _translated():
            return self._count_erasures()

    def close(self) -> None:
        """Gives unused keys back and closes the file. Again: nothing more."""
        if self._closed:
            return
        self._closed = True
        self._refiller.shutdown()
        with self._lock, _translated():
            with transaction(self._db):
                self._db.executemany("DELETE FROM keys WHERE ref = ?", [(ref,) for ref, _ in self._pool])
            self._pool.clear()
            self._ciphers.clear()
            self._db.close()
            self._maker.close()

    # ---- keys in memory

    def _remember(self, ref: str, cipher: AESGCM) -> None:
        self._ciphers[ref] = cipher
        if len(self._ciphers) > _CACHED:
            with suppress(KeyError):  # another thread has just emptied it
                self._ciphers.popitem(last=False)

    def _load(self, ref: str) -> AESGCM | None:
        with self._lock, _translated():  # one lock for both: a key erased in between must not be remembered
            row = self._db.execute("SELECT wrapped FROM keys WHERE ref = ?", (ref,)).fetchone()
            if row is None:
                return None
            cipher = AESGCM(self._unwrap(ref, row[0]))
            self._remember(ref, cipher)
            return cipher

    def _forget_what_others_erased(self) -> None:
        now = time.monotonic()
        if now - self._looked < LATE_S:
            return
        with self._lock, _translated():
            self._looked = now
            version = self._data_version()
            if version == self._seen:
                return
            self._seen, before = version, self._erasures
            self._erasures = self._count_erasures()
            if self._erasures != before:
                self._ciphers.clear()

    def _data_version(self) -> int:
        """Changes when another connection has written."""
        return int(self._db.execute("PRAGMA data_version").fetchone()[0])

    def _count_erasures(self) -> int:
        return int(self._db.execute("SELECT erasures FROM vault").fetchone()[0])

    # ---- keys on disk

    def _refill(self) -> None:
        """Puts a batch of keys on disk, then into the pool. Its refs share a prefix, so they share pages too."""
        with self._refilling:
            if len(self._pool) <= BATCH // 2:  # else another thread was first
                self._make_keys()

    def _make_keys(self) -> None:
        prefix, chance = f"{time.time_ns() // 1_000_000:011x}{secrets.token_hex(4)}", urandom(BATCH * _KEY)
        fresh = [(f"{prefix}{n:02x}", chance[n * _KEY : (n + 1) * _KEY]) for n in range(BATCH)]
        row = [value for ref, key in fresh for value in (ref, self._wrap(ref, key))]
        with _translated(), transaction(self._maker):
            self._maker.execute(_INSERT, row)
        self._pool.extend(fresh)

    def _wrap(self, ref: str, key: bytes) -> bytes:
        nonce = urandom(_NONCE)
        return nonce + self._master.encrypt(nonce, key, ref.encode())

    def _unwrap(self, ref: str, wrapped: bytes) -> bytes:
        try:
            return self._master.decrypt(wrapped[:_NONCE], wrapped[_NONCE:], ref.encode())
        except InvalidTag as error:
            raise ValueError(f"密钥库与主密钥不符 / {self._path} was not made with this master key") from error

    def _prove(self) -> None:
        """The first start leaves a wrapped proof; later ones must be able to open it."""
        with _translated(), transaction(self._db):
            row = (1, 0, self._wrap("proof", b"renling"))
            self._db.execute("INSERT INTO vault VALUES (?, ?, ?) ON CONFLICT DO NOTHING", row)
        self._unwrap("proof", self._db.execute("SELECT proof FROM vault").fetchone()[0])


def open_vault(path: Path, master_file: Path | None = None) -> SqliteVault:
    """The vault at `path`, made when absent; its master key is in `master_file`, by default `vault.kek` beside it.

    Raises ValueError when an existing vault's master key is missing, wrong, or readable by others."""
    fresh = not path.exists()
    return SqliteVault(path, read_secret(master_file or path.with_suffix(".kek"), length=32, make=fresh))


def _connect(path: Path) -> sqlite3.Connection:
    with _translated():
        return open_erasable(path, _SCHEMA)


class NoKeys:
    """No key at all: for those who read facts whose words stay sealed."""

    def new_key(self) -> str:
        raise KeyError("no keys here")

    def seal(self, key: str, plain: str, place: str) -> Sealed:
        raise KeyError(key)

    def open(self, text: Sealed) -> str | None:
        return None

    def erase(self, key: str) -> None:
        raise KeyError(key)

    def erasures(self) -> int:
        return 0
