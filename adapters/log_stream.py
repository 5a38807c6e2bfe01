"""The event stream read straight from the store: for rebuilding read models, and where there is no broker."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence

from services.ports import EventLog, Stored, StoreUnavailable

WAIT_S = 30.0
PAUSE_S = 0.2

logger = logging.getLogger(__name__)


class LogStream:
    """The EventStream of a ledger without a copy in between."""

    def __init__(self, log: EventLog) -> None:
        self._log = log

    async def batches(self, after: int, limit: int = 500) -> AsyncIterator[Sequence[Stored]]:
        while True:
            try:
                rows = await self._log.read_all(after, limit)
                if not rows:
                    await self._log.wait(after, WAIT_S)
            except StoreUnavailable as e:
                logger.info("the store cannot be read at %d: %s", after, e)
                await asyncio.sleep(PAUSE_S)
                continue
            if rows:
                after = rows[-1].position
                yield rows
