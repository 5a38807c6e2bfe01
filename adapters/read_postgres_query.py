"""Questions to a set of read models in PostgreSQL; the same rows in the same order as from SQLite."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
import psycopg

from adapters.read_cells import BLOCK, add_since
from services.read_ports import Bookmark, Doc, Entry, Found, Query, Vector

END = 1 << 62  # beyond every seq

Sql = tuple[str, list[Any]]


def bookmark(db: psycopg.Connection) -> Bookmark:
    row = db.execute("SELECT position, leaf, store_id FROM bookmark").fetchone()
    assert row is not None
    return Bookmark(row[0], bytes(row[1]), row[2])


def page(db: psycopg.Connection, query: Query) -> Found:
    """Newest first."""
    position = query.at if query.at is not None else bookmark(db).position
    before = min(query.before or END, END if query.at is None else query.at + 1)
    lead, rest = _lead(query, before)
    checks = [_carries(group, query.at) for group in rest]
    column = "facts" if query.facts else "doc"
    doc: Sql = (f"(SELECT l.{column} FROM live l WHERE l.seq = d.seq)", [])
    if query.at is not None:
        newest = f"SELECT v.{column} FROM versions v WHERE v.seq = d.seq AND v.position <= %s ORDER BY v.position DESC"
        doc = (f"({newest} LIMIT 1)", [query.at])
    where = " AND ".join(["true", *(sql for sql, _ in checks)])
    statement = f"SELECT d.seq, {doc[0]} FROM ({lead[0]}) d WHERE {where} ORDER BY d.seq DESC LIMIT %s"
    arguments = [*doc[1], *lead[1], *(a for _, args in checks for a in args), query.limit + 1]
    rows = [(seq, orjson.loads(text)) for seq, text in db.execute(statement.encode(), arguments)]
    return Found(tuple(rows[: query.limit]), len(rows) > query.limit, position)


def docs(db: psycopg.Connection, ids: Sequence[str], at: int | None) -> Mapping[str, Doc]:
    statement = "SELECT l.id, l.doc FROM live l WHERE l.id = ANY(%s)"
    arguments: list[Any] = [list(ids)]
    if at is not None:
        statement = """SELECT l.id, (SELECT v.doc FROM versions v WHERE v.seq = l.seq AND v.position <= %s
          ORDER BY v.position DESC LIMIT 1) FROM live l WHERE l.id = ANY(%s)"""
        arguments = [at, list(ids)]
    return {id: orjson.loads(doc) for id, doc in db.execute(statement.encode(), arguments) if doc is not None}


def entries(db: psycopg.Connection, ids: Sequence[str]) -> Mapping[str, Entry]:
    rows = db.execute("SELECT id, seq, words, rewordings, title, facts FROM live WHERE id = ANY(%s)", [list(ids)])
    return {row[0]: Entry(row[1], row[2], row[3], row[4], orjson.loads(row[5])) for row in rows}


def carrying(db: psycopg.Connection, ids: Sequence[str], labels: Sequence[str]) -> frozenset[str]:
    rows = db.execute(
        """SELECT l.id FROM live l WHERE l.id = ANY(%s)
           AND EXISTS (SELECT 1 FROM label_live x WHERE x.label = ANY(%s) AND x.seq = l.seq)""",
        [list(ids), list(labels)],
    )
    return frozenset(id for (id,) in rows)


def carriers(db: psycopg.Connection, labels: Sequence[str], at: int) -> Mapping[str, frozenset[int]]:
    rows = db.execute(
        """SELECT label, array_agg(seq) FROM (
             SELECT label, seq FROM label_live WHERE label = ANY(%s) AND position <= %s
             UNION ALL SELECT label, seq FROM label_past WHERE label = ANY(%s) AND position <= %s AND until > %s) AS c
           GROUP BY label""",
        [list(labels), at, list(labels), at, at],
    )
    found = {label: frozenset(seqs) for label, seqs in rows}
    return {label: found.get(label, frozenset()) for label in labels}


def tally(db: psycopg.Connection, labels: Sequence[str]) -> Mapping[str, Mapping[str, int]]:
    found: dict[str, dict[str, int]] = {label: {} for label in labels}
    rows = db.execute(
        """SELECT x.label, l.status, count(*) FROM label_live x JOIN live l USING (seq)
           WHERE x.label = ANY(%s) GROUP BY 1, 2 ORDER BY 1, 2""",
        [list(labels)],
    )
    for label, status, n in rows:
        found[label][status] = n
    return found


def figures(
    db: psycopg.Connection, areas: Sequence[str], dimensions: str, at: int | None
) -> tuple[Mapping[tuple[str, str], Vector], int]:
    """As of a position: the sums at the end of the block before, and the changes since."""
    block = END if at is None else at >> BLOCK
    statement = f"""SELECT n.area, n.dimension, CASE WHEN n.block < %s THEN n.figures ELSE (SELECT m.figures
      FROM figure_mark m WHERE m.area = n.area AND m.dimension = n.dimension AND m.block < %s
      ORDER BY m.block DESC LIMIT 1) END FROM figure_now n WHERE n.area = ANY(%s)
      {"" if dimensions == "*" else "AND n.dimension = %s"}"""
    chosen = [] if dimensions == "*" else [dimensions]
    rows = db.execute(statement.encode(), [block, block, list(areas), *chosen])
    cells = {(area, dimension): orjson.loads(f) for area, dimension, f in rows if f is not None}
    if at is None:
        return cells, bookmark(db).position
    log = db.execute(
        "SELECT areas, dimensions, deltas FROM figure_log WHERE position BETWEEN %s AND %s", [block << BLOCK, at]
    )
    since = [(orjson.loads(a), orjson.loads(d), orjson.loads(deltas)) for a, d, deltas in log]
    return add_since(cells, set(areas), dimensions, since), at


def _lead(query: Query, before: int) -> tuple[Sql, list[tuple[str, ...]]]:
    """The rows to go through, and the groups still to check. The planner knows how many rows carry a label."""
    if query.phrases:
        return _matching(query, before), list(query.groups)
    return _carriers(query.groups[0], query.at, before), list(query.groups[1:])


def _carriers(labels: Sequence[str], at: int | None, before: int) -> Sql:
    """Rows that carry one of the labels; a single label is not sorted again, its index is in order."""
    one = len(labels) == 1
    of_labels, carried = ("label = %s", labels[0]) if one else ("label = ANY(%s)", list(labels))
    live = f"SELECT seq FROM label_live WHERE {of_labels} AND seq < %s"
    if at is None:
        return live + ("" if one else " GROUP BY seq"), [carried, before]
    past = f"SELECT seq FROM label_past WHERE {of_labels} AND seq < %s AND position <= %s AND until > %s"
    union = "UNION ALL" if one else "UNION"
    return f"{live} AND position <= %s {union} {past}", [carried, before, at, carried, before, at, at]


def _matching(query: Query, before: int) -> Sql:
    then = "until IS NULL" if query.at is None else "position <= %s AND (until IS NULL OR until > %s)"
    match = " & ".join(f"({_phrase(tokens, goes_on)})" for tokens, goes_on in query.phrases)
    sql = f"SELECT seq FROM words WHERE terms @@ %s::tsquery AND seq < %s AND {then}"
    return sql, [match, before, *([] if query.at is None else [query.at, query.at])]


def _phrase(tokens: str, goes_on: bool) -> str:
    return " <-> ".join(f"'{token}'" for token in tokens.split()) + (":*" if goes_on else "")


def _carries(labels: Sequence[str], at: int | None) -> Sql:
    live = "EXISTS (SELECT 1 FROM label_live x WHERE x.label = ANY(%s) AND x.seq = d.seq"
    if at is None:
        return f"{live})", [list(labels)]
    past = """EXISTS (SELECT 1 FROM label_past x WHERE x.label = ANY(%s) AND x.seq = d.seq
      AND x.position <= %s AND x.until > %s)"""
    return f"({live} AND x.position <= %s) OR {past})", [list(labels), at, list(labels), at, at]
