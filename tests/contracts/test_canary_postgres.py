"""No word that somebody typed lies in PostgreSQL: every row of every table is read as text."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import psycopg
from psycopg import sql

from adapters.postgres_store import PostgresStore
from tests.specs.test_canary import CANARY, OpenCodec, everything_typed, marks_in
from tests.support.world import COMMITTEE, World


def dumped(url: str, schema: str) -> bytes:
    """Every row of the schema, as text."""
    with psycopg.connect(url) as db:
        tables = db.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = %s", [schema]
        ).fetchall()
        found = b""
        for (table,) in tables:
            rows = sql.SQL("COPY (SELECT * FROM {}) TO STDOUT").format(sql.Identifier(schema, table))
            with db.cursor().copy(rows) as copied:
                found += b"".join(bytes(block) for block in copied)
    return found


def opened(dump: bytes) -> bytes:
    """With what PostgreSQL writes as hexadecimal read back."""
    return dump + b"".join(_bytes_of(part) for part in dump.split(b"\\\\x")[1:])


def _bytes_of(part: bytes) -> bytes:
    size = next((n for n, byte in enumerate(part) if byte not in b"0123456789abcdef"), len(part))
    return bytes.fromhex(part[: size - size % 2].decode())


async def test_no_word_typed_in_any_act_lies_in_the_database(postgres_url: str, tmp_path: Path):
    schema = f"renling_{uuid4().hex[:12]}"
    store = await PostgresStore.open(postgres_url, schema, allow_unsafe=True)
    world = await World(tmp_path, store).begin()
    await everything_typed(world)
    dump = opened(dumped(postgres_url, schema))
    await store.close()
    world.vault.close()
    assert b"need.posted" in dump
    assert b"ciphertext" in dump
    assert marks_in(dump) == []


async def test_a_word_in_the_database_is_found_when_sealing_is_off(postgres_url: str, tmp_path: Path, monkeypatch):
    monkeypatch.setattr("tests.support.world.JsonCodec", OpenCodec)
    schema = f"renling_{uuid4().hex[:12]}"
    store = await PostgresStore.open(postgres_url, schema, allow_unsafe=True)
    world = await World(tmp_path, store).begin()
    await world.need(COMMITTEE, title=CANARY)
    dump = opened(dumped(postgres_url, schema))
    await store.close()
    world.vault.close()
    assert marks_in(dump)
