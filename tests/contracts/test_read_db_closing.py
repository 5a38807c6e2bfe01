"""A read database that is closed while a write goes on in its thread, because whoever waited for it has gone."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any

import pytest

from adapters import read_sqlite_write
from adapters.read_db import SqliteReadDb
from services.read_ports import Changes


async def test_closing_waits_for_a_write_whose_asker_has_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    told, go, order = threading.Event(), threading.Event(), list[str]()

    def slow(writer: Any, changes: Any) -> None:
        told.set()
        go.wait(10)
        writer.execute("SELECT count(*) FROM live").fetchone()
        order.append("written")

    monkeypatch.setattr(read_sqlite_write, "apply", slow)
    db = SqliteReadDb.open(tmp_path / "read")

    class Many:
        versions = range(1000)

    many: Changes = Many()  # type: ignore[assignment]  # enough of them to be written in a thread
    asking = asyncio.create_task(db.apply(many))
    await asyncio.to_thread(told.wait, 10)
    asking.cancel()
    await asyncio.wait([asking])
    closing = asyncio.create_task(db.close())
    await asyncio.sleep(0.05)
    assert not closing.done()
    go.set()
    await closing
    assert order == ["written"]
