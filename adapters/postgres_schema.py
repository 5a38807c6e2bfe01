"""The ledger's tables, functions and statements in PostgreSQL, in a schema of its own for each district."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, LiteralString
from uuid import uuid4

from psycopg import AsyncConnection
from psycopg.sql import Identifier

from adapters.admission import Batch, Known, LedgerDamaged, Unknown
from adapters.postgres_arrays import blobs, ints, texts
from domain.ledger import Frontier, digest
from services.ports import Head

VERSION = 1
# What a commit needs to wait for the disk; remote_apply waits for standbys too.
SAFE = {"fsync": ("on",), "full_page_writes": ("on",), "synchronous_commit": ("on", "remote_apply")}

# The head's row is the lock that makes commit order position order: whoever stores updates it first.
TABLES = """
CREATE SCHEMA IF NOT EXISTS {s};
CREATE TABLE IF NOT EXISTS {s}.stored_events (
    originator_id text COLLATE "C" NOT NULL, originator_version bigint NOT NULL, topic text NOT NULL,
    state bytea NOT NULL, notification_id bigint NOT NULL, leaf bytea NOT NULL, at_us bigint NOT NULL,
    PRIMARY KEY (originator_id, originator_version));
CREATE UNIQUE INDEX IF NOT EXISTS stored_events_notification_id_idx ON {s}.stored_events (notification_id);
CREATE TABLE IF NOT EXISTS {s}.commands (
    command_id text COLLATE "C" PRIMARY KEY, fingerprint text NOT NULL, answer bytea NOT NULL,
    first bigint NOT NULL, last bigint NOT NULL);
CREATE TABLE IF NOT EXISTS {s}.citations (
    target text COLLATE "C", position bigint, citing text COLLATE "C", PRIMARY KEY (target, position, citing));
CREATE TABLE IF NOT EXISTS {s}.numbers (series text COLLATE "C", n bigint, PRIMARY KEY (series, n));
CREATE TABLE IF NOT EXISTS {s}.ledger_head (
    one integer PRIMARY KEY CHECK (one = 1), size bigint NOT NULL, at_us bigint NOT NULL, leaf bytea NOT NULL,
    frontier bytea NOT NULL, store_id text NOT NULL, algorithm text NOT NULL, format integer NOT NULL
) WITH (fillfactor = 20);
CREATE OR REPLACE VIEW {s}.ledger AS
    SELECT notification_id - 1 AS idx, notification_id AS nid, leaf, at_us FROM {s}.stored_events;

CREATE OR REPLACE FUNCTION {s}.refuse() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$;

CREATE OR REPLACE FUNCTION {s}.store(
    before bigint, new_frontier bytea,
    streams text[], versions bigint[], types text[], states bytea[], leaves bytea[], times bigint[],
    ids text[], fingerprints text[], answers bytea[], firsts bigint[], lasts bigint[],
    targets text[], places bigint[], citing_streams text[], all_series text[], ns bigint[]
) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE many integer := cardinality(streams);
BEGIN
    UPDATE {s}.ledger_head SET size = before + many, at_us = times[many], leaf = leaves[many], frontier = new_frontier
        WHERE size = before;
    IF NOT FOUND THEN RETURN false; END IF;
    INSERT INTO {s}.stored_events (
        originator_id, originator_version, topic, state, notification_id, leaf, at_us)
        SELECT e.stream, e.version, e.type, e.state, before + e.place, e.leaf, e.at_us
        FROM unnest(streams, versions, types, states, leaves, times)
        WITH ORDINALITY AS e (stream, version, type, state, leaf, at_us, place);
    IF cardinality(ids) > 0 THEN
        INSERT INTO {s}.commands SELECT * FROM unnest(ids, fingerprints, answers, firsts, lasts);
    END IF;
    IF cardinality(targets) > 0 THEN
        INSERT INTO {s}.citations SELECT * FROM unnest(targets, places, citing_streams);
    END IF;
    IF cardinality(all_series) > 0 THEN
        INSERT INTO {s}.numbers SELECT * FROM unnest(all_series, ns);
    END IF;
    RETURN true;
END $$;

CREATE OR REPLACE FUNCTION {s}.position_at(us bigint) RETURNS bigint STABLE LANGUAGE plpgsql AS $$
DECLARE low bigint := 0; high bigint; middle bigint;
BEGIN
    SELECT size INTO high FROM {s}.ledger_head;
    WHILE low < high LOOP
        middle := (low + high + 1) / 2;
        IF (SELECT e.at_us FROM {s}.stored_events e WHERE e.notification_id = middle) <= us
            THEN low := middle; ELSE high := middle - 1; END IF;
    END LOOP;
    RETURN low;
END $$;
"""

TRIGGER = """
CREATE OR REPLACE TRIGGER {table}_is_append_only BEFORE {acts} ON {s}.{table}
    FOR EACH STATEMENT EXECUTE FUNCTION {s}.refuse();
"""
APPEND_ONLY = {
    **dict.fromkeys(("stored_events", "commands", "citations", "numbers"), "UPDATE OR DELETE OR TRUNCATE"),
    "ledger_head": "DELETE OR TRUNCATE",
}

FIRST_HEAD = "INSERT INTO {s}.ledger_head VALUES (1, 0, 0, '', '', %s, %s, %s)"
HEAD = "SELECT size, at_us, leaf, frontier, algorithm FROM {s}.ledger_head"
STORE = "SELECT {s}.store(%b" + ", %b" * 17 + ")"
TIPS = """SELECT s, t.originator_version, t.leaf FROM unnest(%b) AS s CROSS JOIN LATERAL (
    SELECT e.originator_version, e.leaf FROM {s}.stored_events AS e WHERE e.originator_id = s
    ORDER BY e.originator_version DESC LIMIT 1) AS t"""
COMMAND = """SELECT c.command_id, c.first, c.last, e.leaf, c.answer, c.fingerprint
    FROM {s}.commands AS c JOIN {s}.stored_events AS e ON e.notification_id = c.last WHERE c.command_id = """
ONE_COMMAND, COMMANDS = COMMAND + "%s", COMMAND + "ANY(%b)"
CITATIONS = "SELECT target, count(*) FROM {s}.citations WHERE target = ANY(%b) GROUP BY target"
NUMBERS = """SELECT n.series, n.n FROM {s}.numbers AS n
    JOIN unnest(%b, %b) AS w (series, n) ON n.series = w.series AND n.n = w.n"""


class Statements:
    """All statements for one district's schema."""

    def __init__(self, schema: str) -> None:
        self.schema = schema
        self.name = Identifier(schema).as_string()

    def __call__(self, statement: str) -> bytes:
        return statement.replace("{s}", self.name).encode()


def channel(schema: str) -> str:
    """Where the word goes round that the ledger has grown; the word is its new size."""
    return f"{schema}_ledger"[:63]


async def create(db: AsyncConnection[Any], sql: Statements, algorithm: str) -> str:
    """Make the district's tables when they are missing, whoever comes first; returns the ledger's name."""
    digest(algorithm)
    async with db.transaction():
        await db.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"renling {sql.schema}"])
        (there,) = await _row(db, "SELECT to_regclass(%s)", f"{sql.name}.ledger_head")
        if there is None:
            await db.execute(sql(all_tables()), prepare=False)
            await db.execute(sql(FIRST_HEAD), [str(uuid4()), algorithm, VERSION])
        store_id, format = await _row(db, sql("SELECT store_id, format FROM {s}.ledger_head"))
    if format > VERSION:
        raise LedgerDamaged(f"the ledger was written by a newer version (format {format}, known {VERSION})")
    return str(store_id)


def all_tables() -> str:
    """The statements that make an empty district."""
    triggers = (TRIGGER.replace("{table}", table).replace("{acts}", acts) for table, acts in APPEND_ONLY.items())
    return TABLES + "".join(triggers)


async def must_be_durable(db: AsyncConnection[Any]) -> None:
    """Raises LedgerDamaged unless a commit waits for the disk; names every setting that must change."""
    wrong = []
    for name, good in SAFE.items():
        (value,) = await _row(db, "SELECT current_setting(%s)", name)
        if value not in good:
            wrong.append(f"{name} = {value}")
    if wrong:
        raise LedgerDamaged(f"PostgreSQL would lose commits, set these to on: {', '.join(wrong)}")


async def must_be_whole(db: AsyncConnection[Any], sql: Statements) -> Head:
    """The head. Raises LedgerDamaged when the rows do not reach exactly to it."""
    # In one statement, since others may be storing: two would see two moments.
    last = "SELECT notification_id, leaf FROM {s}.stored_events ORDER BY notification_id DESC LIMIT 1"
    both = f"SELECT h.size, h.at_us, h.leaf, l.* FROM {{s}}.ledger_head AS h LEFT JOIN ({last}) AS l ON true"
    size, at_us, leaf, position, last_leaf = await _row(db, sql(both))
    if (position or 0, last_leaf or b"") != (size, leaf):
        raise LedgerDamaged(f"the head seals {size} events, the last one stored is {position or 0}")
    return Head(size, at_us, leaf)


async def _row(db: AsyncConnection[Any], statement: bytes | LiteralString, *arguments: object) -> tuple[Any, ...]:
    row: tuple[Any, ...] | None = await (await db.execute(statement, arguments)).fetchone()
    if row is None:
        raise LedgerDamaged("the ledger has no head")
    return row


def known_from(row: tuple[int, int, bytes, bytes, str]) -> Known:
    """What a row of HEAD says."""
    size, at_us, leaf, frontier, algorithm = row
    return Known(Head(size, at_us, leaf), Frontier.from_bytes(size, frontier, algorithm))


def questions(wanted: Unknown) -> list[tuple[str, list[bytes]]]:
    """The statements that answer what must be known, in the order in which their answers are read."""
    asked: list[tuple[str, list[bytes]]] = []
    if wanted.streams:
        asked.append((TIPS, [texts(list(wanted.streams))]))
    if wanted.commands:
        asked.append((COMMANDS, [texts(list(wanted.commands))]))
    if wanted.targets:
        asked.append((CITATIONS, [texts(list(wanted.targets))]))
    if wanted.numbers:
        series, ns = zip(*wanted.numbers, strict=True)
        asked.append((NUMBERS, [texts(series), ints(ns)]))
    return asked


def store_arguments(batch: Batch, before: int, known: Known) -> list[object]:
    """A batch as STORE takes it: where it begins, the new frontier, and every table's columns."""
    _, streams, versions, types, states, leaves, times = _columns(batch.events, 7)
    ids, fingerprints, answers, firsts, lasts = _columns(batch.commands, 5)
    targets, places, citing = _columns(batch.citations, 3)
    series, ns = _columns(batch.numbers, 2)
    return [
        *(before, known.frontier.to_bytes()),
        *(texts(streams), ints(versions), texts(types), blobs(states), blobs(leaves), ints(times)),
        *(texts(ids), texts(fingerprints), blobs(answers), ints(firsts), ints(lasts)),
        *(texts(targets), ints(places), texts(citing)),
        *(texts(series), ints(ns)),
    ]


def _columns(rows: Sequence[tuple[Any, ...]], width: int) -> Sequence[tuple[Any, ...]]:
    return list(zip(*rows, strict=True)) if rows else [()] * width
