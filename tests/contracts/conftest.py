"""The event log in each of its kinds."""

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest

from adapters.memory import MemoryStore
from services.ports import EventLog
from tests.support.logs import Place


def _place(kind: str, request: pytest.FixtureRequest, folder: Path) -> Place:
    url = request.getfixturevalue("postgres_url") if kind == "postgres" else ""
    return Place(kind, str(folder), url, f"renling_{uuid4().hex[:12]}")


@pytest.fixture(params=["memory", "sqlite", "postgres"])
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
