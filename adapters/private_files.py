"""Files that their owner alone may read: small SQLite databases and secrets, apart from the ledger."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from services.ports import StoreUnavailable


def open_database(path: Path, schema: str) -> sqlite3.Connection:
    """An SQLite file of mode 0600 that several processes share; every commit is on disk. Usable from any thread."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # Before SQLite would make it with the umask's mode. A file that is there is not touched: to close it would drop the
    # locks of this process's other connections to it, and another process would then take their journal away.
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    db = sqlite3.connect(path, timeout=10, isolation_level=None, check_same_thread=False)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    db.executescript(schema)
    return db


@contextmanager
def translated(file: str) -> Iterator[None]:
    """What SQLite says of a file becomes StoreUnavailable, with the file's name."""
    try:
        yield
    except sqlite3.Error as error:
        raise StoreUnavailable(f"{file}: {error}", full="disk is full" in str(error)) from error


def read_secret(path: Path, *, length: int, make: bool) -> bytes:
    """A secret of `length` bytes kept as hex. `make`: an absent file is made, once even when several processes start.

    Raises ValueError when it is absent, of another length, or readable by others."""
    if make and not path.exists():
        _make_secret(path, length)
    if not path.exists():
        raise ValueError(f"缺少密钥文件 / missing key file {path}. 请从备份恢复 / restore it from its backup.")
    if path.stat().st_mode & 0o077:
        raise ValueError(f"密钥文件可被他人读取 / others can read {path}. 请执行 / run: chmod 600 {path}")
    secret = bytes.fromhex(path.read_text())
    if len(secret) != length:
        raise ValueError(f"密钥文件损坏 / {path} does not hold {length} bytes")
    return secret


def _make_secret(path: Path, length: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with open(os.open(draft, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w") as file:
        file.write(os.urandom(length).hex())
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)  # fails when another process was first: then its secret counts
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    folder = os.open(path.parent, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)
