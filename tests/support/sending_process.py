"""A process that sends what waits in a book until nothing is left: `FOLDER HOST:PORT`, for several on one file."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from adapters.notice_db import SqliteNoticeBook
from adapters.notify_robots import Robots
from adapters.outward_http import OutwardHttp, networks_of
from adapters.system import SystemClock, SystemIds
from services.notice_follower import Follower
from services.notice_outbox import Outbox
from services.notice_ports import Letter, Notice
from tests.support.world import World

QUIET = 20  # looks without anything to send, then it ends


class Short:
    """Says only how many."""

    async def letter(self, to: str, lang: str, notices: Sequence[Notice]) -> Letter:
        return Letter(subject=str(len(notices)), lines=(), foot=("", ""))


async def main(folder: Path, host: str) -> None:
    own = folder / f"own-{SystemIds().new('p')}"
    own.mkdir()
    streams = World(own).streams
    streams.clock, streams.ids = SystemClock(), SystemIds()
    book = SqliteNoticeBook(folder / "notices.db")
    robots = Robots(OutwardHttp(networks_of("127.0.0.1")), host, streams.clock)
    outbox, quiet = Outbox(streams, book, Follower(streams, book), {"wecom": robots}, Short()), 0
    while quiet < QUIET:
        quiet = 0 if await outbox.step() else quiet + 1
        await asyncio.sleep(0.01)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
