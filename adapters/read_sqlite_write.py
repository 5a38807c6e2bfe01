"""Writing a batch of changes into a set of read models: one transaction, the bookmark moved by compare-and-set."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

import orjson

from adapters.read_cells import Key, summed
from services.read_ports import Changes, Fenced, FigureChange, Version

_LIVE = """INSERT INTO live VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
 ON CONFLICT (seq) DO UPDATE SET position = excluded.position, status = excluded.status, title = excluded.title,
 words = excluded.words, rewordings = excluded.rewordings, doc = excluded.doc, facts = excluded.facts"""
_CELL = """INSERT INTO figure_now VALUES (?, ?, ?, ?) ON CONFLICT (area, dimension)
 DO UPDATE SET block = excluded.block, figures = excluded.figures"""
_REWORDS = 20  # bits of a words id that count rewordings; the rest is the row's seq


def apply(db: sqlite3.Connection, changes: Changes) -> None:
    """All or nothing. Fenced when the bookmark is not at first - 1."""
    db.execute("BEGIN IMMEDIATE")
    try:
        moved = db.execute(
            "UPDATE bookmark SET position = ?, leaf = ?, store_id = ? WHERE position = ?",
            (changes.last, changes.leaf, changes.store_id, changes.first - 1),
        )
        if moved.rowcount != 1:
            raise Fenced(f"the bookmark is not at {changes.first - 1}")
        _rows(db, changes.versions)
        _labels(db, changes)
        _words(db, changes)
        _figures(db, changes.figures)
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


def words_id(seq: int, rewordings: int) -> int:
    """In the order of seq, so that the search index is read newest first."""
    return seq << _REWORDS | rewordings


def seq_of(column: str) -> str:
    return f"({column} >> {_REWORDS})"


def _rows(db: sqlite3.Connection, versions: Iterable[Version]) -> None:
    docs = [(v, orjson.dumps(v.doc).decode(), orjson.dumps(v.facts).decode()) for v in versions]
    db.executemany("INSERT INTO versions VALUES (?, ?, ?, ?)", [(v.seq, v.position, doc, f) for v, doc, f in docs])
    last = {v.seq: (v, doc, f) for v, doc, f in docs}
    db.executemany(_LIVE, [
        (v.seq, v.id, v.kind, v.position, v.doc["status"], v.title, v.words, v.rewordings, doc, f)
        for v, doc, f in last.values()
    ])  # fmt: skip


def _labels(db: sqlite3.Connection, changes: Changes) -> None:
    db.executemany(
        "INSERT INTO label_past SELECT label, seq, position, ? FROM label_live WHERE label = ? AND seq = ?",
        [(until, label, seq) for label, seq, until in changes.off],
    )
    gone = [(label, seq) for label, seq, _ in changes.off]
    db.executemany("DELETE FROM label_live WHERE label = ? AND seq = ?", gone)
    db.executemany("INSERT INTO label_past VALUES (?, ?, ?, ?)", changes.spans)
    db.executemany("INSERT INTO label_live VALUES (?, ?, ?)", changes.on)


def _words(db: sqlite3.Connection, changes: Changes) -> None:
    for seq, rewordings, position, tokens in changes.words:
        id = words_id(seq, rewordings)
        if rewordings:
            db.execute("UPDATE words SET until = ? WHERE id = ?", (position, id - 1))
        db.execute("INSERT INTO words VALUES (?, ?, NULL)", (id, position))
        db.execute("INSERT INTO terms (rowid, tokens) VALUES (?, ?)", (id, tokens))


def _figures(db: sqlite3.Connection, changes: Iterable[FigureChange]) -> None:
    def load(keys: Iterable[Key]) -> dict[Key, tuple[int, str]]:
        ask = "SELECT block, figures FROM figure_now WHERE area = ? AND dimension = ?"
        return {key: row for key in keys if (row := db.execute(ask, key).fetchone())}

    sums = summed(changes, load)
    db.executemany("INSERT INTO figure_log VALUES (?, ?, ?, ?, ?)", sums.log)
    db.executemany("INSERT INTO figure_mark VALUES (?, ?, ?, ?)", sums.marks)
    db.executemany(_CELL, sums.rows())
