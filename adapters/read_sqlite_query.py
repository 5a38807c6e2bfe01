"""Questions to a set of read models. Each answer is one step of SQLite, so no lock is fought over per row."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson

from adapters.read_cells import BLOCK, add_since
from adapters.read_sqlite_write import seq_of, words_id
from services.read_ports import Bookmark, Doc, Entry, Found, Query, Vector

MANY = 1500  # rows of a label: from here on a list is rather read through another one
END = 1 << 42  # beyond every seq

Sql = tuple[str, list[Any]]


def bookmark(db: sqlite3.Connection) -> Bookmark:
    return Bookmark(*db.execute("SELECT position, leaf, store_id FROM bookmark").fetchone())


def page(db: sqlite3.Connection, query: Query) -> Found:
    """Newest first: one label (or the search index) leads, the other groups are checked row by row. `place` is what the
    lead is in order of by itself, so that reading ends with the page."""
    position = query.at if query.at is not None else bookmark(db).position
    before = min(query.before or END, END if query.at is None else query.at + 1)
    lead, rest = _lead(db, query, before)
    checks = [_carries(group, "d.seq", query.at) for group in rest]
    doc, join = _doc(query.at, "facts" if query.facts else "doc")
    where = " AND ".join(["1", *(sql for sql, _ in checks)])
    sql = f"""SELECT '[' || group_concat('[' || seq || ',' || doc || ']') || ']' FROM (
      SELECT d.seq AS seq, {doc[0]} AS doc FROM ({lead[0]}) d {join} WHERE {where} ORDER BY d.place DESC LIMIT ?)"""
    arguments = [*doc[1], *lead[1], *(a for _, args in checks for a in args), query.limit + 1]
    rows = orjson.loads(db.execute(sql, arguments).fetchone()[0] or "[]")
    return Found(tuple((seq, doc) for seq, doc in rows[: query.limit]), len(rows) > query.limit, position)


def docs(db: sqlite3.Connection, ids: Iterable[str], at: int | None) -> Mapping[str, Doc]:
    doc, _ = _doc(at, "doc")
    sql = f"""SELECT '[' || group_concat(doc) || ']' FROM (SELECT {doc[0]} AS doc FROM live l JOIN live d USING (seq)
      WHERE l.id IN (SELECT value FROM json_each(?))) WHERE doc IS NOT NULL"""
    found = orjson.loads(db.execute(sql, [*doc[1], _json(ids)]).fetchone()[0] or "[]")
    return {doc["id"]: doc for doc in found}


def entries(db: sqlite3.Connection, ids: Iterable[str]) -> Mapping[str, Entry]:
    sql = "SELECT id, seq, words, rewordings, title, facts FROM live WHERE id IN (SELECT value FROM json_each(?))"
    return {row[0]: Entry(row[1], row[2], row[3], row[4], orjson.loads(row[5])) for row in db.execute(sql, [_json(ids)])}


def carrying(db: sqlite3.Connection, ids: Iterable[str], labels: Sequence[str]) -> frozenset[str]:
    check, arguments = _carries(labels, "l.seq", None)
    sql = f"SELECT id FROM live l WHERE id IN (SELECT value FROM json_each(?)) AND {check}"
    return frozenset(id for (id,) in db.execute(sql, [_json(ids), *arguments]))


def carriers(db: sqlite3.Connection, labels: Sequence[str], at: int) -> Mapping[str, frozenset[int]]:
    of_labels = "label IN (SELECT value FROM json_each(?)) AND position <= ?"
    sql = f"""SELECT label, '[' || group_concat(seq) || ']' FROM (
      SELECT label, seq FROM label_live WHERE {of_labels}
      UNION ALL SELECT label, seq FROM label_past WHERE {of_labels} AND until > ?) GROUP BY label"""
    found = {label: frozenset(orjson.loads(seqs)) for label, seqs in db.execute(sql, [_json(labels), at, _json(labels), at, at])}
    return {label: found.get(label, frozenset()) for label in labels}


def tally(db: sqlite3.Connection, labels: Sequence[str]) -> Mapping[str, Mapping[str, int]]:
    sql = """SELECT x.label, l.status, count(*) FROM label_live x JOIN live l USING (seq)
      WHERE x.label IN (SELECT value FROM json_each(?)) GROUP BY 1, 2 ORDER BY 1, 2"""
    found: dict[str, dict[str, int]] = {label: {} for label in labels}
    for label, status, n in db.execute(sql, [_json(labels)]):
        found[label][status] = n
    return found


def figures(
    db: sqlite3.Connection, areas: Sequence[str], dimensions: str, at: int | None
) -> tuple[Mapping[tuple[str, str], Vector], int]:
    """As of a position: the sums at the end of the block before, and the changes since."""
    of_dimension, chosen = ("", []) if dimensions == "*" else ("AND n.dimension = ?", [dimensions])
    block = END if at is None else at >> BLOCK
    then = "n.figures" if at is None else f"""CASE WHEN n.block < {block} THEN n.figures ELSE (SELECT m.figures
      FROM figure_mark m WHERE m.area = n.area AND m.dimension = n.dimension AND m.block < {block}
      ORDER BY m.block DESC LIMIT 1) END"""
    sql = f"""SELECT '[' || group_concat(json_array(area, dimension, json(f))) || ']' FROM (
      SELECT n.area AS area, n.dimension AS dimension, {then} AS f FROM figure_now n
      WHERE n.area IN (SELECT value FROM json_each(?)) {of_dimension}) WHERE f IS NOT NULL"""
    rows = orjson.loads(db.execute(sql, [_json(areas), *chosen]).fetchone()[0] or "[]")
    cells: dict[tuple[str, str], Vector] = {(area, dimension): f for area, dimension, f in rows}
    if at is None:
        return cells, bookmark(db).position
    sql = """SELECT '[' || group_concat('[' || areas || ',' || dimensions || ',' || deltas || ']') || ']'
      FROM figure_log WHERE position BETWEEN ? AND ?"""
    log = orjson.loads(db.execute(sql, [block << BLOCK, at]).fetchone()[0] or "[]")
    return add_since(cells, set(areas), dimensions, log), at


def _lead(db: sqlite3.Connection, query: Query, before: int) -> tuple[Sql, list[tuple[str, ...]]]:
    """The rows to go through, newest first, and the groups still to check."""
    if query.phrases:
        return _matching(query, before), list(query.groups)
    costs = [_cost(db, group, query.at) for group in query.groups]
    singles = [i for i, group in enumerate(query.groups) if len(group) == 1]
    best = min(range(len(costs)), key=lambda i: (costs[i], len(query.groups[i])))
    if costs[best] >= MANY and singles:
        best = singles[0]  # in order already, where several labels would have to be sorted
    rest = [group for i, group in enumerate(query.groups) if i != best]
    return _carriers(query.groups[best], query.at, before), rest


def _cost(db: sqlite3.Connection, group: Sequence[str], at: int | None) -> int:
    """About how many rows carry one of the labels, counted up to MANY."""
    found = 0
    for table in ("label_live",) if at is None else ("label_live", "label_past"):
        some = f"SELECT 1 FROM {table} WHERE label IN (SELECT value FROM json_each(?)) LIMIT {MANY}"
        found += db.execute(f"SELECT count(*) FROM ({some})", [_json(group)]).fetchone()[0]
    return found


def _carriers(labels: Sequence[str], at: int | None, before: int) -> Sql:
    """Rows that carry one of the labels, newest first. A single label is in order already."""
    one = len(labels) == 1
    of_labels = "label = ?" if one else "label IN (SELECT value FROM json_each(?))"
    carried = labels[0] if one else _json(labels)
    live = f"SELECT seq, seq AS place FROM label_live WHERE {of_labels} AND seq < ?"
    if at is None:
        return f"{live} {'' if one else 'GROUP BY seq'} ORDER BY seq DESC", [carried, before]
    past = f"SELECT seq, seq AS place FROM label_past WHERE {of_labels} AND seq < ? AND position <= ? AND until > ?"
    union = "UNION ALL" if one else "UNION"
    sql = f"{live} AND position <= ? {union} {past} ORDER BY seq DESC"
    return sql, [carried, before, at, carried, before, at, at]


def _matching(query: Query, before: int) -> Sql:
    match = " AND ".join(f'"{tokens}"{" *" if prefix else ""}' for tokens, prefix in query.phrases)
    then = "w.until IS NULL" if query.at is None else "w.position <= ? AND (w.until IS NULL OR w.until > ?)"
    sql = f"""SELECT {seq_of("t.rowid")} AS seq, t.rowid AS place FROM terms t CROSS JOIN words w ON w.id = t.rowid
      WHERE terms MATCH ? AND t.rowid < ? AND {then} ORDER BY t.rowid DESC"""
    return sql, [match, words_id(before, 0), *([] if query.at is None else [query.at, query.at])]


def _carries(labels: Sequence[str], seq: str, at: int | None) -> Sql:
    marks = ", ".join("?" * len(labels))
    live = f"EXISTS (SELECT 1 FROM label_live x WHERE x.label IN ({marks}) AND x.seq = {seq}"
    if at is None:
        return f"{live})", list(labels)
    past = f"""EXISTS (SELECT 1 FROM label_past x WHERE x.label IN ({marks}) AND x.seq = {seq}
      AND x.position <= ? AND x.until > ?)"""
    return f"({live} AND x.position <= ?) OR {past})", [*labels, at, *labels, at, at]


def _doc(at: int | None, column: str) -> tuple[Sql, str]:
    """The document (or facts) of row d.seq, and the join it needs."""
    if at is None:
        return (f"l.{column}", []), "JOIN live l ON l.seq = d.seq"
    newest = f"SELECT v.{column} FROM versions v WHERE v.seq = d.seq AND v.position <= ? ORDER BY v.position DESC LIMIT 1"
    return (f"({newest})", [at]), ""


def _json(values: Iterable[str]) -> str:
    return orjson.dumps(list(values)).decode()
