"""Requests for erasure in an SQLite file of their own, and which erasures each set of read models has been made after."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from adapters import private_files
from adapters.private_files import open_database
from domain.erasure import Erasure

_SCHEMA = """
CREATE TABLE IF NOT EXISTS erasures (
    n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, status TEXT NOT NULL, facts TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS cleared (part TEXT PRIMARY KEY, erasures INTEGER NOT NULL);
"""

_translated = partial(private_files.translated, "erasures")


class SqliteErasures:
    """Implements `services.erasure.ErasureStore`, and `Marks` for the read models of one part of the house."""

    def __init__(self, path: Path, part: str) -> None:
        self._part, self._lock = part, threading.Lock()
        with _translated():
            self._db = open_database(path, _SCHEMA)

    def put(self, erasure: Erasure, *, was: str | None) -> bool:
        facts = json.dumps(_facts(erasure), ensure_ascii=False)
        with self._lock, _translated():
            if was is None:
                row = (erasure.id, erasure.status, facts)
                self._db.execute("INSERT INTO erasures (id, status, facts) VALUES (?, ?, ?)", row)
                return True
            done = self._db.execute(
                "UPDATE erasures SET status = ?, facts = ? WHERE id = ? AND status = ?",
                (erasure.status, facts, erasure.id, was),
            )
            return done.rowcount == 1

    def get(self, id: str) -> Erasure | None:
        with self._lock, _translated():
            row = self._db.execute("SELECT facts FROM erasures WHERE id = ?", (id,)).fetchone()
        return _erasure(row[0]) if row else None

    def all(self) -> Sequence[Erasure]:
        with self._lock, _translated():
            rows = self._db.execute("SELECT facts FROM erasures ORDER BY n DESC").fetchall()
        return [_erasure(facts) for (facts,) in rows]

    def cleared(self) -> int | None:
        with self._lock, _translated():
            row = self._db.execute("SELECT erasures FROM cleared WHERE part = ?", (self._part,)).fetchone()
        return int(row[0]) if row else None

    def note(self, erasures: int) -> bool:
        with self._lock, _translated():
            self._db.execute("INSERT OR REPLACE INTO cleared VALUES (?, ?)", (self._part, erasures))
            behind = self._db.execute("SELECT count(*) FROM cleared WHERE erasures < ?", (erasures,)).fetchone()[0]
        return bool(behind == 0)

    def close(self) -> None:
        with self._lock:
            self._db.close()


def _facts(erasure: Erasure) -> dict[str, Any]:
    values = {each.name: getattr(erasure, each.name) for each in fields(erasure)}
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in values.items()}


def _erasure(facts: str) -> Erasure:
    read = json.loads(facts)
    times = {name: datetime.fromisoformat(read[name]) for name in read if name.endswith("_at") and read[name]}
    return Erasure(**{**read, **times, "path": tuple(read["path"])})
