"""Writing a batch of changes into a set of read models: one transaction, the bookmark moved by compare-and-set."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

import orjson

from adapters.read_sqlite_schema import BLOCK
from services.read_ports import Changes, Fenced, FigureChange, Vector, Version

_LIVE = """INSERT INTO live VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
 ON CONFLICT (seq) DO UPDATE SET position = excluded.position, status = excluded.status, title = excluded.title,
 words = excluded.words, rewordings = excluded.rewordings, doc = excluded.doc"""
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
    docs = [(v, orjson.dumps(v.doc).decode()) for v in versions]
    db.executemany("INSERT INTO versions VALUES (?, ?, ?)", [(v.seq, v.position, doc) for v, doc in docs])
    last = {v.seq: (v, doc) for v, doc in docs}
    db.executemany(_LIVE, [
        (v.seq, v.id, v.kind, v.position, v.doc["status"], v.title, v.words, v.rewordings, doc)
        for v, doc in last.values()
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
    """Sums of every area and dimension; before the first change in a block the sums of the last one are kept."""
    cells: dict[tuple[str, str], tuple[int, Vector]] = {}
    marks: list[tuple[str, str, int, str]] = []
    log: list[tuple[int, int, str, str, str]] = []
    for change in changes:
        n = log[-1][1] + 1 if log and log[-1][0] == change.position else 0
        log.append((change.position, n, _json(change.areas), _json(change.dimensions), _json(change.deltas)))
        for area in change.areas:
            for dimension in change.dimensions:
                _add(db, cells, marks, (area, dimension), change)
    db.executemany("INSERT INTO figure_log VALUES (?, ?, ?, ?, ?)", log)
    db.executemany("INSERT INTO figure_mark VALUES (?, ?, ?, ?)", marks)
    db.executemany(_CELL, [(*key, block, _json(_counted(figures))) for key, (block, figures) in cells.items()])


def _add(
    db: sqlite3.Connection, cells: dict[tuple[str, str], tuple[int, Vector]],
    marks: list[tuple[str, str, int, str]], key: tuple[str, str], change: FigureChange,
) -> None:  # fmt: skip
    block = change.position >> BLOCK
    if key not in cells:
        row = db.execute("SELECT block, figures FROM figure_now WHERE area = ? AND dimension = ?", key).fetchone()
        cells[key] = (row[0], orjson.loads(row[1])) if row else (block, {})
    changed, figures = cells[key]
    if changed < block:
        marks.append((*key, changed, _json(_counted(figures))))
    for name, delta in change.deltas.items():
        figures[name] = figures.get(name, 0) + delta
    cells[key] = (block, figures)


def _counted(figures: Vector) -> Vector:
    return {name: n for name, n in figures.items() if n}


def _json(value: object) -> str:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
