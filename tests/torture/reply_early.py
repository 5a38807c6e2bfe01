"""A district with a seeded fault: commands are answered before the commit. The kill harness must catch it."""

from __future__ import annotations

import asyncio
import itertools

from adapters.sqlite_store import SqliteStore
from api.__main__ import main
from services.ports import Append, Receipt

_stored = SqliteStore.append
_position = itertools.count(1_000)
_late: set[asyncio.Task[Receipt]] = set()


async def _answer_first(self: SqliteStore, change: Append) -> Receipt:
    async def later() -> Receipt:
        await asyncio.sleep(0.3)
        return await _stored(self, change)

    if change.events[0].type != "need.posted":
        return await _stored(self, change)
    task = asyncio.create_task(later())
    _late.add(task)
    task.add_done_callback(_late.discard)
    position = next(_position)
    return Receipt(position, position, b"", change.answer, change.fingerprint)


SqliteStore.append = _answer_first  # type: ignore[method-assign]
main()
