"""Read models in tests: a district with a past, what keeps them, and the questions asked of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

from adapters.log_stream import LogStream
from adapters.read_db import SqliteReadDb
from adapters.read_postgres import PostgresReadDb
from domain.access import SYSTEM, Principal
from domain.areas import AreaMoved
from services.asof import Bookmarked
from services.boards import Boards
from services.projector import Projector
from services.read_ports import Doc, ReadDb
from tests.support.world import AUDITOR, COMMITTEE, DISTRICT_OFFICE, STREET_OFFICE, World

VIEWERS = (AUDITOR, COMMITTEE, STREET_OFFICE, DISTRICT_OFFICE, Principal(id="k", role="unit", org="nobody"))


async def move(world: World, area: str, parent: str) -> None:
    async def act(work: Any) -> str:
        await work.state(f"area-{area}")
        work.write(f"area-{area}", AreaMoved(area=area, parent=parent, since=world.clock.now().date()))
        return f"area-{area}"

    await world.streams.command(world.ask(SYSTEM), act)


def projector(db: ReadDb, world: World) -> Projector:
    return Projector(db, LogStream(world.log), world.log, world.codec, world.vault)


def boards(db: ReadDb, world: World) -> Boards:
    return Boards(db, world.log, Bookmarked(db))


@asynccontextmanager
async def running(one: Projector) -> AsyncIterator[Projector]:
    task = asyncio.create_task(one.run())
    try:
        yield one
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not true():  # noqa: ASYNC110 - nothing tells a test
            await asyncio.sleep(0.01)


async def head(world: World) -> int:
    return (await world.log.head()).position


async def everything(board: Boards, kind: str, viewer: Principal, limit: int = 200, **more: Any) -> list[Doc]:
    """All pages of a list."""
    found: list[Doc] = []
    cursor = None
    while True:
        page = await board.list(kind, viewer, limit=limit, cursor=cursor, **more)
        found += page.items
        assert len(page.items) == limit or page.next is None
        if (cursor := page.next) is None:
            return found


def tamper(db: ReadDb, statement: str) -> None:
    """Change rows behind everybody's back."""
    if isinstance(db, SqliteReadDb):
        db._set.writer.execute(statement)
    elif isinstance(db, PostgresReadDb):
        with db._connected(writes=True) as connection:
            connection.execute(statement.encode())
