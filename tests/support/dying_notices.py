"""A process that takes notices from a district's past and dies right before a commit. As "careless" it moves its place
in the ledger before it has stored what it read, which no test may let pass."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any

from adapters.notice_db import SqliteNoticeBook
from adapters.sqlite_store import SqliteStore
from services.notice_follower import Follower
from tests.support.story import played

COMMITS = 9
BATCH = 8


class Careless(SqliteNoticeBook):
    """The fault: two transactions, the place first."""

    def _take(self, after: int, upto: int, *what: Any) -> bool:
        with self.writing() as db:
            db.execute("UPDATE cursor SET position = ?", (upto,))
        with self.writing() as db:
            self._insert(db, what[0], what[3])
        return True


async def main(folder: Path, manner: str) -> None:
    log = await SqliteStore.open(folder / "events.db")
    world = (await played(folder, seed=5, steps=400, log=log)).world
    book = (Careless if manner == "careless" else SqliteNoticeBook)(folder / "notices.db")
    seen = 0

    def look(sql: str) -> None:
        nonlocal seen
        seen += sql == "COMMIT"
        if seen == COMMITS:
            os.kill(os.getpid(), signal.SIGKILL)

    with book.reading() as db:
        db.set_trace_callback(look)
    await Follower(world.streams, book, BATCH).catch_up()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
