"""The access log: lines in SQLite that triggers keep from being changed, each chained to the one before by its hash.

The triggers stop accidents, the chain shows what somebody with the file in hand has altered. Lines cut off at the end show
only against a head that was noted elsewhere.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime

from adapters.accounts import AccountsFile, translated
from services.accounts_ports import Access
from services.ports import Clock

SCHEMA = """
CREATE TABLE IF NOT EXISTS access (
    n INTEGER PRIMARY KEY, at TEXT NOT NULL, kind TEXT NOT NULL, who TEXT NOT NULL, about TEXT NOT NULL,
    detail TEXT NOT NULL, chain TEXT NOT NULL
);
CREATE TRIGGER IF NOT EXISTS access_stays BEFORE UPDATE ON access BEGIN SELECT RAISE(ABORT, 'the access log only grows'); END;
CREATE TRIGGER IF NOT EXISTS access_is_kept BEFORE DELETE ON access BEGIN SELECT RAISE(ABORT, 'the access log only grows'); END;
"""
MOST_DETAIL = 200  # characters
_START = "0" * 64
_COLUMNS = "n, at, kind, who, about, detail, chain"


class SqliteAccessLog:
    """Implements `services.accounts_ports.AccessTrail`, in the file of the accounts: an act and its line are one."""

    def __init__(self, file: AccountsFile, clock: Clock) -> None:
        self._file, self._db, self._clock = file, file.db, clock
        with translated():
            self._db.executescript(SCHEMA)

    def note(self, kind: str, who: str, about: str, detail: str = "") -> None:
        with self._file.together():
            n, chain = self._last()
            line = (n + 1, self._clock.now().isoformat(), kind, who, about, detail[:MOST_DETAIL])
            self._db.execute("INSERT INTO access VALUES (?, ?, ?, ?, ?, ?, ?)", (*line, _chained(chain, line)))

    def page(self, *, before: int | None = None, kind: str = "", limit: int = 50) -> Sequence[Access]:
        with self._file.lock, translated():
            rows = self._db.execute(
                f"SELECT {_COLUMNS} FROM access WHERE n < ? AND (? = '' OR kind = ? OR substr(kind, 1, length(?) + 1) = ? || '.')"
                " ORDER BY n DESC LIMIT ?",
                (before if before is not None else 2**62, kind, kind, kind, kind, limit),
            ).fetchall()
        return tuple(_access(tuple(row)) for row in rows)

    def head(self) -> tuple[int, str]:
        with self._file.lock, translated():
            return self._last()

    def verify(self, noted: tuple[int, str] | None = None) -> int | None:
        chain, n = _START, 0
        with self._file.lock, translated():
            for row in self._db.execute(f"SELECT {_COLUMNS} FROM access ORDER BY n"):
                line, n = tuple(row)[:-1], n + 1
                chain = _chained(chain, line)
                if line[0] != n or row["chain"] != chain or (noted is not None and noted[0] == n and noted[1] != chain):
                    return n
        return n + 1 if noted is not None and noted[0] > n else None

    def _last(self) -> tuple[int, str]:
        row = self._db.execute("SELECT n, chain FROM access ORDER BY n DESC LIMIT 1").fetchone()
        return (row["n"], row["chain"]) if row else (0, _START)


def _chained(before: str, line: tuple[object, ...]) -> str:
    told = json.dumps([before, *line], ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()


def _access(row: tuple[object, ...]) -> Access:
    n, at, kind, who, about, detail, chain = row
    assert isinstance(n, int)
    return Access(
        n=n, at=datetime.fromisoformat(str(at)), kind=str(kind), who=str(who), about=str(about), detail=str(detail),
        chain=str(chain),
    )  # fmt: skip
