"""Databases that several connections of several processes share: no process pulls the ground from under another."""

import sqlite3
import subprocess
import sys
from pathlib import Path

from adapters.private_files import open_database

SCHEMA = "CREATE TABLE IF NOT EXISTS t (n INTEGER PRIMARY KEY)"


def rows_seen_elsewhere(path: Path) -> int:
    """By a process that opens the file, reads it and closes it again."""
    ask = f"db = sqlite3.connect({str(path)!r}); print(db.execute('SELECT count(*) FROM t').fetchone()[0]); db.close()"
    code = f"import sqlite3; {ask}"
    return int(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)


def test_what_one_connection_has_stored_is_kept_when_a_second_is_opened_and_another_process_comes_and_goes(tmp_path):
    path = tmp_path / "shared.db"
    first = open_database(path, SCHEMA)
    first.execute("INSERT INTO t VALUES (1)")
    second = open_database(path, SCHEMA)
    assert rows_seen_elsewhere(path) == 1
    assert path.with_name("shared.db-wal").exists(), "the journal was taken away from those who use it"
    first.execute("INSERT INTO t VALUES (2)")
    second.execute("INSERT INTO t VALUES (3)")
    assert rows_seen_elsewhere(path) == 3
    first.close()
    second.close()
    with sqlite3.connect(path) as again:
        assert again.execute("SELECT count(*) FROM t").fetchone() == (3,)


def test_the_file_is_its_owners_alone_from_its_first_moment(tmp_path):
    open_database(tmp_path / "own.db", SCHEMA).close()
    assert (tmp_path / "own.db").stat().st_mode & 0o777 == 0o600
