"""Writing a batch of changes into a set of read models in PostgreSQL: one transaction, one trip for each table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import orjson
import psycopg

from adapters.read_cells import Key, summed
from services.read_ports import Changes, Fenced, FigureChange, Version

MOST_POSITIONS = 16_383  # of a tsvector; words beyond are found, but not as phrases

_LIVE = """ON CONFLICT (seq) DO UPDATE SET position = excluded.position, status = excluded.status,
 title = excluded.title, words = excluded.words, rewordings = excluded.rewordings, doc = excluded.doc,
 facts = excluded.facts"""
_CELL = "ON CONFLICT (area, dimension) DO UPDATE SET block = excluded.block, figures = excluded.figures"
_BIG, _TEXT = "bigint", "text"


def apply(db: psycopg.Connection, changes: Changes) -> None:
    """All or nothing. Fenced when the bookmark is not at first - 1."""
    with db.transaction():
        moved = db.execute(
            "UPDATE bookmark SET position = %s, leaf = %s, store_id = %s WHERE position = %s",
            [changes.last, changes.leaf, changes.store_id, changes.first - 1],
        )
        if moved.rowcount != 1:
            raise Fenced(f"the bookmark is not at {changes.first - 1}")
        _rows(db, changes.versions)
        _labels(db, changes)
        _words(db, changes)
        _figures(db, changes.figures)


def vector(tokens: str) -> str:
    """The tokens of a row with their places, as a tsvector is written."""
    return " ".join(f"'{token}':{min(n, MOST_POSITIONS)}" for n, token in enumerate(tokens.split(), 1))


def _rows(db: psycopg.Connection, versions: Iterable[Version]) -> None:
    docs = [(v, orjson.dumps(v.doc).decode(), orjson.dumps(v.facts).decode()) for v in versions]
    _insert(db, "versions", (_BIG, _BIG, _TEXT, _TEXT), [(v.seq, v.position, doc, f) for v, doc, f in docs])
    last = {v.seq: (v, doc, f) for v, doc, f in docs}
    types = (_BIG, _TEXT, _TEXT, _BIG, _TEXT, _TEXT, _TEXT, "integer", _TEXT, _TEXT)
    _insert(db, "live", types, [
        (v.seq, v.id, v.kind, v.position, v.doc["status"], v.title, v.words, v.rewordings, doc, f)
        for v, doc, f in last.values()
    ], _LIVE)  # fmt: skip


def _labels(db: psycopg.Connection, changes: Changes) -> None:
    if changes.off:
        db.execute(
            """WITH gone AS (SELECT * FROM unnest(%s::text[], %s::bigint[], %s::bigint[]) AS g (label, seq, until)),
               was AS (DELETE FROM label_live l USING gone g WHERE l.label = g.label AND l.seq = g.seq
                       RETURNING l.label, l.seq, l.position, g.until)
               INSERT INTO label_past SELECT label, seq, position, until FROM was""",
            _columns(changes.off),
        )
    _insert(db, "label_past", (_TEXT, _BIG, _BIG, _BIG), changes.spans)
    _insert(db, "label_live", (_TEXT, _BIG, _BIG), changes.on)


def _words(db: psycopg.Connection, changes: Changes) -> None:
    again = [(seq, n - 1, position) for seq, n, position, _ in changes.words if n]
    rows = [(seq, n, position, None, vector(tokens)) for seq, n, position, tokens in changes.words]
    _insert(db, "words", (_BIG, "integer", _BIG, _BIG, "tsvector"), rows)
    if again:
        db.execute(
            """UPDATE words w SET until = g.until
               FROM unnest(%s::bigint[], %s::integer[], %s::bigint[]) AS g (seq, rewordings, until)
               WHERE w.seq = g.seq AND w.rewordings = g.rewordings""",
            _columns(again),
        )


def _figures(db: psycopg.Connection, changes: Iterable[FigureChange]) -> None:
    def load(keys: Iterable[Key]) -> dict[Key, tuple[int, str]]:
        wanted = list(keys)
        found = db.execute(
            """SELECT area, dimension, block, figures FROM figure_now
               JOIN unnest(%s::text[], %s::text[]) AS k (area, dimension) USING (area, dimension)""",
            [[area for area, _ in wanted], [dimension for _, dimension in wanted]],
        )
        return {(area, dimension): (block, figures) for area, dimension, block, figures in found}

    sums = summed(changes, load)
    _insert(db, "figure_log", (_BIG, "integer", _TEXT, _TEXT, _TEXT), sums.log)
    _insert(db, "figure_mark", (_TEXT, _TEXT, _BIG, _TEXT), sums.marks)
    _insert(db, "figure_now", (_TEXT, _TEXT, _BIG, _TEXT), sums.rows(), _CELL)


def _insert(
    db: psycopg.Connection, table: str, types: Sequence[str], rows: Sequence[tuple[Any, ...]], conflict: str = ""
) -> None:
    if rows:
        arrays = ", ".join(f"%s::{'text' if t == 'tsvector' else t}[]" for t in types)
        values = ", ".join(f"c{n}::{t}" for n, t in enumerate(types))
        names = ", ".join(f"c{n}" for n in range(len(types)))
        statement = f"INSERT INTO {table} SELECT {values} FROM unnest({arrays}) AS r ({names}) {conflict}"
        db.execute(statement.encode(), _columns(rows))


def _columns(rows: Sequence[tuple[Any, ...]]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]
