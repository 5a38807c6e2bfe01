"""A process that writes to a ledger until it is killed, or so many commands; says on stdout what was acknowledged.

python -m tests.support.writer KIND FOLDER URL SCHEMA NAME COUNT
"""

from __future__ import annotations

import asyncio
import sys

from services.ports import Conflict
from tests.support.logs import Place, command, posted

IN_FLIGHT = 8


async def write(place: Place, name: str, count: int) -> None:
    async with place.open() as log:

        async def one(lane: int) -> None:
            for n in range(lane, count, IN_FLIGHT):
                stream = f"need-{name}-{n}"
                try:
                    await log.append(command(posted(stream), posted(stream, 2), id=f"{name}-{n}"))
                except Conflict as conflict:
                    sys.exit(f"unexpected: {conflict}")
                print(f"{name}-{n}", flush=True)

        await asyncio.gather(*(one(lane) for lane in range(IN_FLIGHT)))


if __name__ == "__main__":
    kind, folder, url, schema, name, count = sys.argv[1:]
    asyncio.run(write(Place(kind, folder, url, schema), name, int(count)))
