"""SQLite files from which a key that was deleted is gone: overwritten in its page, and no journal holds it."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from adapters.private_files import open_database
from services.ports import StoreUnavailable


def open_erasable(path: Path, schema: str) -> sqlite3.Connection:
    """As `open_database`; what is deleted is overwritten."""
    db = open_database(path, schema)
    db.execute("PRAGMA secure_delete = ON")
    return db


def empty_the_journal(db: sqlite3.Connection) -> None:
    """The journal still holds pages from before the deletion; another process's reader can keep it for a moment."""
    for _ in range(50):
        if db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0:
            return
        time.sleep(0.1)
    raise StoreUnavailable("the journal of keys is in use by another process; erase again")


@contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[None]:
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        if db.in_transaction:  # SQLite has rolled back by itself when the disk is full
            db.execute("ROLLBACK")
        raise
    db.execute("COMMIT")
