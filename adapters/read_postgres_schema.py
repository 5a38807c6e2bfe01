"""Tables of one set of read models in PostgreSQL: a schema of its own, named by a number."""

from __future__ import annotations

import psycopg
from psycopg import sql

VERSION = "5"  # raise it when tables or rows change their meaning: sets of another version are made anew

TABLES = """
CREATE TABLE bookmark (one integer PRIMARY KEY CHECK (one = 1), position bigint NOT NULL, leaf bytea NOT NULL,
  store_id text NOT NULL, made text NOT NULL);
CREATE TABLE live (seq bigint PRIMARY KEY, id text COLLATE "C" NOT NULL UNIQUE, kind text NOT NULL,
  position bigint NOT NULL, status text NOT NULL, title text, words text NOT NULL, rewordings integer NOT NULL,
  doc text NOT NULL, facts text NOT NULL);
CREATE TABLE versions (seq bigint NOT NULL, position bigint NOT NULL, doc text NOT NULL, facts text NOT NULL,
  PRIMARY KEY (seq, position));
CREATE TABLE label_live (label text COLLATE "C" NOT NULL, seq bigint NOT NULL, position bigint NOT NULL,
  PRIMARY KEY (label, seq));
CREATE TABLE label_past (label text COLLATE "C" NOT NULL, seq bigint NOT NULL, position bigint NOT NULL,
  until bigint NOT NULL, PRIMARY KEY (label, seq, position));
CREATE TABLE words (seq bigint NOT NULL, rewordings integer NOT NULL, position bigint NOT NULL, until bigint,
  terms tsvector NOT NULL, PRIMARY KEY (seq, rewordings));
CREATE INDEX words_terms ON words USING gin (terms);
CREATE TABLE figure_now (area text COLLATE "C" NOT NULL, dimension text COLLATE "C" NOT NULL, block bigint NOT NULL,
  figures text NOT NULL, PRIMARY KEY (area, dimension));
CREATE TABLE figure_mark (area text COLLATE "C" NOT NULL, dimension text COLLATE "C" NOT NULL, block bigint NOT NULL,
  figures text NOT NULL, PRIMARY KEY (area, dimension, block));
CREATE TABLE figure_log (position bigint NOT NULL, n integer NOT NULL, areas text NOT NULL, dimensions text NOT NULL,
  deltas text NOT NULL, PRIMARY KEY (position, n));
"""

# What a comparison of two sets reads, each in the order of its key.
DUMPED = {
    "live": "SELECT seq, id, kind, position, status, title, words, rewordings, doc, facts FROM live ORDER BY seq",
    "versions": "SELECT seq, position, doc, facts FROM versions ORDER BY seq, position",
    "label_live": "SELECT label, seq, position FROM label_live ORDER BY label, seq",
    "label_past": "SELECT label, seq, position, until FROM label_past ORDER BY label, seq, position",
    "words": "SELECT seq, rewordings, position, until, terms::text FROM words ORDER BY seq, rewordings",
    "figure_now": "SELECT area, dimension, block, figures FROM figure_now ORDER BY area, dimension",
    "figure_mark": "SELECT area, dimension, block, figures FROM figure_mark ORDER BY area, dimension, block",
    "figure_log": "SELECT position, n, areas, dimensions, deltas FROM figure_log ORDER BY position, n",
}


def prepare(db: psycopg.Connection, base: str) -> str:
    """The schema in use, named in `base`.current; an empty one when there is none or it is of another version."""
    with db.transaction():
        db.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [base])
        db.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(base)))
        db.execute(sql.SQL(
            "CREATE TABLE IF NOT EXISTS {}.current (one integer PRIMARY KEY, name text NOT NULL, last integer NOT NULL)"
        ).format(sql.Identifier(base)))  # fmt: skip
        begun = sql.SQL("INSERT INTO {}.current VALUES (1, '', 0) ON CONFLICT DO NOTHING")
        db.execute(begun.format(sql.Identifier(base)))
        name = in_use(db, base)
        if not name or not _usable(db, name):
            name = fresh(db, base)
            point(db, base, name)
    return name


def in_use(db: psycopg.Connection, base: str) -> str:
    row = db.execute(sql.SQL("SELECT name FROM {}.current").format(sql.Identifier(base))).fetchone()
    return str(row[0]) if row else ""


def turn_to(db: psycopg.Connection, base: str) -> str:
    """The session sees the set in use; its name."""
    turned = "SELECT name, set_config('search_path', quote_ident(name), false) FROM {}.current"
    row = db.execute(sql.SQL(turned).format(sql.Identifier(base))).fetchone()
    assert row is not None
    return str(row[0])


def fresh(db: psycopg.Connection, base: str) -> str:
    """The name of a new, empty set."""
    with db.transaction():
        row = db.execute(
            sql.SQL("UPDATE {}.current SET last = last + 1 RETURNING last").format(sql.Identifier(base))
        ).fetchone()
        assert row is not None
        name = f"{base}_{row[0]}"
        db.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(name)))
        db.execute(sql.SQL("SET LOCAL search_path = {}").format(sql.Identifier(name)))
        db.execute(TABLES)
        db.execute("INSERT INTO bookmark VALUES (1, 0, '', '', %s)", [VERSION])
    return name


def point(db: psycopg.Connection, base: str, name: str) -> None:
    """Name the set in use."""
    db.execute(sql.SQL("UPDATE {}.current SET name = %s").format(sql.Identifier(base)), [name])


def count(db: psycopg.Connection, name: str) -> None:
    """Let the planner know how many rows there are, before the set is used."""
    for table in DUMPED:
        db.execute(sql.SQL("ANALYZE {}").format(sql.Identifier(name, table)))


def drop(db: psycopg.Connection, name: str) -> None:
    db.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(name)))


def _usable(db: psycopg.Connection, name: str) -> bool:
    there = db.execute("SELECT to_regclass(%s)", [f'"{name}".bookmark']).fetchone()
    if there is None or there[0] is None:
        return False
    row = db.execute(sql.SQL("SELECT made FROM {}.bookmark").format(sql.Identifier(name))).fetchone()
    return row == (VERSION,)
