"""The ledger's tables in SQLite, named as the eventsourcing library names them, and how they are read and filled."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

from adapters.admission import ABSENT, Batch, EventRow, Known, LedgerDamaged, Unknown
from domain.ledger import Frontier, digest
from services.ports import Head, Receipt

VERSION = 1

# The position column is called rowid because the library's own recorder selects, and reads, a column of that name.
TABLES = [
    """CREATE TABLE IF NOT EXISTS stored_events (
        rowid INTEGER PRIMARY KEY AUTOINCREMENT, originator_id TEXT NOT NULL, originator_version INTEGER NOT NULL,
        topic TEXT NOT NULL, state BLOB NOT NULL, leaf BLOB NOT NULL, at_us INTEGER NOT NULL,
        UNIQUE (originator_id, originator_version))""",
    """CREATE TABLE IF NOT EXISTS commands (
        key BLOB NOT NULL UNIQUE, command_id TEXT NOT NULL, fingerprint TEXT NOT NULL, answer BLOB NOT NULL,
        first INTEGER NOT NULL, last INTEGER PRIMARY KEY)""",
    """CREATE TABLE IF NOT EXISTS citations (
        target TEXT NOT NULL, position INTEGER NOT NULL, citing TEXT NOT NULL,
        PRIMARY KEY (target, position, citing)) WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS numbers (
        series TEXT NOT NULL, n INTEGER NOT NULL, PRIMARY KEY (series, n)) WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS ledger_head (
        one INTEGER PRIMARY KEY CHECK (one = 1), size INTEGER NOT NULL, at_us INTEGER NOT NULL, leaf BLOB NOT NULL,
        frontier BLOB NOT NULL, store_id TEXT NOT NULL, algorithm TEXT NOT NULL)""",
    "CREATE VIEW IF NOT EXISTS ledger AS SELECT rowid - 1 AS idx, rowid AS nid, leaf, at_us FROM stored_events",
    *(
        f"CREATE TRIGGER IF NOT EXISTS {table}_no_{act} BEFORE {act} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        for table in ("stored_events", "commands", "citations", "numbers")
        for act in ("UPDATE", "DELETE")
    ),
    """CREATE TRIGGER IF NOT EXISTS ledger_head_no_DELETE BEFORE DELETE ON ledger_head
        BEGIN SELECT RAISE(ABORT, 'the ledger has one head'); END""",
]

Database = sqlite3.Connection | sqlite3.Cursor

INSERT_EVENT = "INSERT INTO stored_events VALUES (?, ?, ?, ?, ?, ?, ?)"
SELECT_TIP = """SELECT originator_version, leaf FROM stored_events WHERE originator_id = ?
    ORDER BY originator_version DESC LIMIT 1"""
SELECT_COMMAND = """SELECT c.first, c.last, e.leaf, c.answer, c.fingerprint
    FROM commands AS c JOIN stored_events AS e ON e.rowid = c.last WHERE c.key = ?"""


def key_of(command_id: str) -> bytes:
    """What a command is found by. Ids come in no order, so each lands on another page: short keys make fewer pages."""
    return sha256(command_id.encode()).digest()[:16]


def connect(path: Path, *, writes: bool) -> sqlite3.Connection:
    """A connection in WAL mode. Only the one that writes may checkpoint: two could corrupt SQLite before 3.51.3."""
    # isolation_level None: transactions are begun by hand. Other threads: only COMMIT on a slow disk runs in one.
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=2.0, cached_statements=64)
    if writes:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        db.execute("PRAGMA fullfsync = ON")  # macOS: fsync alone stays in the drive's cache
        db.execute("PRAGMA wal_autocheckpoint = 2000")
        db.execute("PRAGMA cache_size = -32768")  # KiB: the indexes' pages that new keys land on
        must_be_durable(db)
    else:
        db.execute("PRAGMA wal_autocheckpoint = 0")
        db.execute("PRAGMA query_only = ON")
    return db


def must_be_durable(db: sqlite3.Connection) -> None:
    """Raises LedgerDamaged unless a commit waits for the disk."""
    (mode,), (synchronous,) = db.execute("PRAGMA journal_mode").fetchone(), db.execute("PRAGMA synchronous").fetchone()
    if mode != "wal" or synchronous < 2:
        raise LedgerDamaged(f"journal_mode is {mode} and synchronous {synchronous}; must be wal and FULL (2)")


def create(db: sqlite3.Connection, algorithm: str) -> None:
    """Make whatever of the tables is missing, with an empty, named ledger in them."""
    digest(algorithm)
    (found,) = db.execute("PRAGMA user_version").fetchone()
    if found > VERSION:
        raise LedgerDamaged(f"the ledger was written by a newer version (format {found}, known {VERSION})")
    db.execute("BEGIN IMMEDIATE")
    for statement in TABLES:
        db.execute(statement)
    db.execute(first_head(algorithm))
    db.execute(f"PRAGMA user_version = {VERSION}")
    db.execute("COMMIT")


def first_head(algorithm: str) -> str:
    """The statement that gives an empty ledger its name, once."""
    return f"INSERT OR IGNORE INTO ledger_head VALUES (1, 0, 0, x'', x'', '{uuid4()}', '{algorithm}')"


def load(db: Database) -> Known:
    """The head as it is stored. Raises LedgerDamaged when the rows do not reach exactly to it."""
    row = db.execute("SELECT size, at_us, leaf, frontier, algorithm FROM ledger_head").fetchone()
    size, at_us, leaf, frontier, algorithm = row
    last = db.execute("SELECT rowid, leaf FROM stored_events ORDER BY rowid DESC LIMIT 1").fetchone() or (0, b"")
    if last != (size, leaf):
        raise LedgerDamaged(f"the head seals {size} events, the last one stored is {last[0]}")
    return Known(Head(size, at_us, leaf), Frontier.from_bytes(size, frontier, algorithm))


def look_up(db: Database, wanted: Unknown, known: Known) -> None:
    """Fill in what `known` lacks."""
    for stream in wanted.streams:
        known.tips[stream] = db.execute(SELECT_TIP, (stream,)).fetchone() or ABSENT
    for command_id in wanted.commands:
        if row := db.execute(SELECT_COMMAND, (key_of(command_id),)).fetchone():
            known.commands[command_id] = Receipt(*row)
    for target in wanted.targets:
        (known.citations[target],) = db.execute("SELECT count(*) FROM citations WHERE target = ?", (target,)).fetchone()
    for number in wanted.numbers:
        if db.execute("SELECT 1 FROM numbers WHERE series = ? AND n = ?", number).fetchone():
            known.numbers.add(number)


def insert(db: Database, batch: Batch, known: Known) -> None:
    """Write a batch's rows and the head that seals them; the caller commits."""
    insert_events(db, batch.events, known)
    commands = ((key_of(row[0]), *row) for row in batch.commands)
    db.executemany("INSERT INTO commands VALUES (?, ?, ?, ?, ?, ?)", commands)
    if batch.citations:
        db.executemany("INSERT INTO citations VALUES (?, ?, ?)", batch.citations)
    if batch.numbers:
        db.executemany("INSERT INTO numbers VALUES (?, ?)", batch.numbers)


def insert_events(db: Database, rows: Iterable[EventRow], known: Known) -> None:
    """Write events and the head that seals them; the caller commits."""
    db.executemany(INSERT_EVENT, rows)
    head = known.head
    db.execute(
        "UPDATE ledger_head SET size = ?, at_us = ?, leaf = ?, frontier = ?",
        (head.position, head.at_us, head.leaf, known.frontier.to_bytes()),
    )
