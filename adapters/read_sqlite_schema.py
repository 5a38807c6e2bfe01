"""Tables of one set of read models in SQLite, and its connections."""

from __future__ import annotations

import sqlite3
from pathlib import Path

VERSION = "5"  # raise it when tables or rows change their meaning: sets of another version are made anew

TABLES = (
    """CREATE TABLE bookmark (one INTEGER PRIMARY KEY CHECK (one = 1), position INTEGER NOT NULL, leaf BLOB NOT NULL,
       store_id TEXT NOT NULL, made TEXT NOT NULL)""",
    """CREATE TABLE live (seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL,
       position INTEGER NOT NULL, status TEXT NOT NULL, title TEXT, words TEXT NOT NULL, rewordings INTEGER NOT NULL,
       doc TEXT NOT NULL, facts TEXT NOT NULL)""",
    "CREATE TABLE versions (seq INTEGER NOT NULL, position INTEGER NOT NULL, doc TEXT NOT NULL, facts TEXT NOT NULL)",
    "CREATE UNIQUE INDEX version_at ON versions (seq, position)",
    """CREATE TABLE label_live (label TEXT NOT NULL, seq INTEGER NOT NULL, position INTEGER NOT NULL,
       PRIMARY KEY (label, seq)) WITHOUT ROWID""",
    """CREATE TABLE label_past (label TEXT NOT NULL, seq INTEGER NOT NULL, position INTEGER NOT NULL,
       until INTEGER NOT NULL, PRIMARY KEY (label, seq, position)) WITHOUT ROWID""",
    "CREATE TABLE words (id INTEGER PRIMARY KEY, position INTEGER NOT NULL, until INTEGER)",
    "CREATE VIRTUAL TABLE terms USING fts5 (tokens, content = '', tokenize = \"ascii tokenchars '-_'\")",
    """CREATE TABLE figure_now (area TEXT NOT NULL, dimension TEXT NOT NULL, block INTEGER NOT NULL,
       figures TEXT NOT NULL, PRIMARY KEY (area, dimension)) WITHOUT ROWID""",
    """CREATE TABLE figure_mark (area TEXT NOT NULL, dimension TEXT NOT NULL, block INTEGER NOT NULL,
       figures TEXT NOT NULL, PRIMARY KEY (area, dimension, block)) WITHOUT ROWID""",
    """CREATE TABLE figure_log (position INTEGER NOT NULL, n INTEGER NOT NULL, areas TEXT NOT NULL,
       dimensions TEXT NOT NULL, deltas TEXT NOT NULL, PRIMARY KEY (position, n)) WITHOUT ROWID""",
    f"INSERT INTO bookmark VALUES (1, 0, x'', '', '{VERSION}')",
)

# What a comparison of two sets reads, each in the order of its key; the search index by its terms.
DUMPED = {
    "live": "SELECT seq, id, kind, position, status, title, words, rewordings, doc, facts FROM live ORDER BY seq",
    "versions": "SELECT seq, position, doc, facts FROM versions ORDER BY seq, position",
    "label_live": "SELECT label, seq, position FROM label_live ORDER BY label, seq",
    "label_past": "SELECT label, seq, position, until FROM label_past ORDER BY label, seq, position",
    "words": "SELECT id, position, until FROM words ORDER BY id",
    "terms": "SELECT term, doc, cnt FROM temp.vocabulary ORDER BY term",
    "figure_now": "SELECT area, dimension, block, figures FROM figure_now ORDER BY area, dimension",
    "figure_mark": "SELECT area, dimension, block, figures FROM figure_mark ORDER BY area, dimension, block",
    "figure_log": "SELECT position, n, areas, dimensions, deltas FROM figure_log ORDER BY position, n",
}


def create(path: Path) -> None:
    """An empty set in a new file."""
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("BEGIN")
    for statement in TABLES:
        db.execute(statement)
    db.execute("COMMIT")
    db.close()


def usable(path: Path) -> bool:
    """There is a set of this version in the file."""
    if not path.is_file():
        return False
    db = sqlite3.connect(path)
    try:
        return db.execute("SELECT made FROM bookmark").fetchall() == [(VERSION,)]
    except sqlite3.DatabaseError:
        return False
    finally:
        db.close()


def connect(path: Path, *, writes: bool) -> sqlite3.Connection:
    """A lost tail is read again because the bookmark is lost with it: no commit waits for the disk."""
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=256)
    db.execute("PRAGMA synchronous = NORMAL")
    db.execute("PRAGMA busy_timeout = 5000")
    db.execute("PRAGMA wal_autocheckpoint = 0")  # done apart, in a thread: it waits for the disk
    db.execute(f"PRAGMA cache_size = {-16_000 if writes else -4_000}")
    if not writes:
        db.execute("PRAGMA query_only = ON")
    return db
