"""A process that projects a district's past and dies right before a commit, with all its rows written."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

from adapters.read_db import SqliteReadDb
from adapters.sqlite_store import SqliteStore
from services.projection import Projection
from services.rebuilding import fill
from tests.support.story import played

COMMITS = 4


async def main(folder: Path) -> None:
    log = await SqliteStore.open(folder / "events.db")
    world = (await played(folder, seed=4, steps=250, log=log)).world
    db = SqliteReadDb.open(folder / "read")
    seen = 0

    def look(sql: str) -> None:
        nonlocal seen
        seen += sql == "COMMIT"
        if seen == COMMITS:
            os.kill(os.getpid(), signal.SIGKILL)

    db._set.writer.set_trace_callback(look)
    projection = Projection(db, log, world.codec, world.vault)
    for position in range(20, (await log.head()).position, 20):
        await fill(projection, db, log, position)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
