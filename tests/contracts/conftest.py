"""The event log and the read models in each of their kinds."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from uuid import uuid4

import pytest

from adapters.memory import MemoryStore
from adapters.read_db import SqliteReadDb
from adapters.read_postgres import PostgresReadDb
from services.ports import EventLog
from services.read_ports import ReadDb
from tests.support.logs import Place
from tests.support.reading import move
from tests.support.story import OTHER_STREET, Story, played
from tests.support.world import EAST


def _place(kind: str, request: pytest.FixtureRequest, folder: Path) -> Place:
    url = request.getfixturevalue("postgres_url") if kind == "postgres" else ""
    return Place(kind, str(folder), url, f"renling_{uuid4().hex[:12]}")


@pytest.fixture(params=["memory", "sqlite", "sqlite on a slow disk", "postgres"])
async def log(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[EventLog]:
    """An empty event log."""
    if request.param == "memory":
        yield MemoryStore()
        return
    async with _place(request.param, request, tmp_path).open() as log:
        yield log


@pytest.fixture(params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """Where an event log lasts; nothing is there yet."""
    return _place(request.param, request, tmp_path)


@pytest.fixture(params=["sqlite", "postgres"])
async def open_db(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Callable[[], ReadDb]]:
    """Opens the same read models, each time as another process would."""
    base, opened = f"read_{uuid4().hex[:12]}", list[ReadDb]()
    url = request.getfixturevalue("postgres_url") if request.param == "postgres" else ""

    def open() -> ReadDb:
        opened.append(PostgresReadDb.open(url, base) if url else SqliteReadDb.open(tmp_path / "read"))
        return opened[-1]

    yield open
    for db in opened:
        await db.close()


@pytest.fixture
def db(open_db: Callable[[], ReadDb]) -> ReadDb:
    """Empty read models."""
    return open_db()


@pytest.fixture
async def story(tmp_path: Path) -> AsyncIterator[Story]:
    """A district with a past, in which a neighbourhood moved to another street, before it and after rounds of matching."""
    made = await (await played(tmp_path, seed=3, steps=350)).match()
    await move(made.world, EAST, OTHER_STREET)
    await made.go_on(250)
    yield made
    made.world.vault.close()
