"""Read models made anew from the ledger, and two sets of them compared row by row."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

from domain.areas import AreaMoved
from services.ports import EventLog
from services.projection import Projection
from services.read_ports import Changes, Dump, ReadDb

BATCH = 1000  # events; larger ones save little
MOST = 100  # differences worth listing


async def fill(projection: Projection, db: ReadDb, log: EventLog, upto: int) -> None:
    """All events from the bookmark to position `upto`. Raises Poison. One batch is written while the next is folded:
    what the fold looks up is older than a batch, but for areas that move, which wait."""
    position = (await db.bookmark()).position
    writing: asyncio.Future[None] | None = None
    while position < upto:
        batch = await log.read_all(position, min(BATCH, upto - position))
        if writing and batch[0].type == AreaMoved.TYPE:
            await writing
        turn = await projection.turn(batch)
        if writing:
            await writing
        writing = asyncio.ensure_future(_write(db, turn.changes))
        if turn.poison:
            await writing
            raise turn.poison
        position = turn.changes.last
    if writing:
        await writing


async def _write(db: ReadDb, changes: Changes) -> None:
    if changes.last >= changes.first:
        await db.apply(changes)


async def differences(one: Dump, other: Dump) -> list[str]:
    """Rows that are only in one of them, as text; both must stand at the same position."""
    found: list[str] = []
    if one.position != other.position:
        found.append(f"position: {one.position} and {other.position}")
    for table in one.tables:
        left, right = _each(one, table), _each(other, table)
        while len(found) < MOST:
            a, b = await anext(left, None), await anext(right, None)
            if a != b:
                found.append(f"{table}: {a} and {b}")
            if a is None or b is None:
                break
        await left.aclose()
        await right.aclose()
    return found


async def _each(dump: Dump, table: str) -> AsyncGenerator[tuple[Any, ...], None]:
    async for block in dump.rows(table):
        for row in block:
            yield row
