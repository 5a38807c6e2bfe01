"""Tells units' systems what has happened: each address in the ledger's order, from its own place, until it has answered."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

from domain.access import Principal
from services import sight
from services.command import kind_of
from services.items import KINDS
from services.notice_ports import Notice
from services.notice_timing import again_after_s
from services.ports import Stored
from services.streams import Streams
from services.webhook_bodies import cloud_event, signed, wants
from services.webhook_ports import Endpoint, HookBook, Outward, Unreachable

BATCH = 200  # events looked at under one lease
LEASE = timedelta(minutes=2)  # longer than one call takes; renewed with each that arrives
DISABLED_AFTER = timedelta(days=5)  # of nothing but failures
AT_ONCE = 8  # addresses called at the same time
GONE = 410  # the receiver says that it wants no more
PAUSE_S = 1.0
TOLD = (*KINDS, "rules")  # kinds of streams; objections and suggestions are nobody else's business

logger = logging.getLogger(__name__)
Tell = Callable[[Notice], Awaitable[None]]


class HookSending:
    def __init__(self, streams: Streams, book: HookBook, http: Outward, tell: Tell, source: str) -> None:
        self._streams, self._book, self._http, self._tell, self._source = streams, book, http, tell, source
        self._log, self._codec, self._clock, self._ids = streams.log, streams.codec, streams.clock, streams.ids

    async def run(self) -> None:
        """Until cancelled. A slow address keeps only itself waiting."""
        working: set[asyncio.Task[None]] = set()
        try:
            while True:
                endpoint = await self.lease() if len(working) < AT_ONCE else None
                if endpoint is not None:
                    working.add(asyncio.create_task(self.work(endpoint)))
                elif working:
                    await asyncio.wait(working, timeout=PAUSE_S, return_when=asyncio.FIRST_COMPLETED)
                else:
                    await self._log.wait((await self._log.head()).position, PAUSE_S)
                for task in [task for task in working if task.done()]:
                    working.discard(task)
                    if error := task.exception():  # its lease runs out; the others go on
                        logger.error("a webhook stumbled", exc_info=error)
        finally:
            for task in working:
                task.cancel()

    async def step(self) -> bool:
        """One address, one batch; False when nothing is to be told now."""
        endpoint = await self.lease()
        if endpoint is not None:
            await self.work(endpoint)
        return endpoint is not None

    async def lease(self) -> Endpoint | None:
        now, head = self._clock.now(), (await self._log.head()).position
        return await self._book.lease(now, now + LEASE, self._ids.token(), head)

    async def work(self, endpoint: Endpoint) -> None:
        """A batch from its place on; ends with the lease, or at the first failure."""
        rows = await self._log.read_all(endpoint.cursor, BATCH)
        wanted = await self._wanted(endpoint, rows)
        for row in wanted:
            if not await self._delivered(endpoint, row):
                return
        if rows and (not wanted or wanted[-1].position < rows[-1].position):
            now = self._clock.now()
            await self._book.arrived(endpoint, rows[-1].position, now, now + LEASE, None)
        await self._book.release(endpoint)

    async def _wanted(self, endpoint: Endpoint, rows: Sequence[Stored]) -> list[Stored]:
        """Those of the right TYPE about items that the organisation may see now."""
        typed = [row for row in rows if kind_of(row.stream) in TOLD and wants(endpoint, row.type)]
        viewer = Principal(id=endpoint.id, role=endpoint.role, org=endpoint.org, area=endpoint.area)
        seen = set(await sight.visible(self._streams, viewer, {row.stream for row in typed}))
        return [row for row in typed if row.stream in seen]

    async def _delivered(self, endpoint: Endpoint, row: Stored) -> bool:
        """Whether it has arrived and we may go on. Called first, marked afterwards: what was called and not marked is
        called again with the same webhook-id."""
        recorded, now = self._codec.decode(row), self._clock.now()
        body = cloud_event(recorded, row.type, self._source)
        try:
            answer = await self._http.post(endpoint.url, signed(endpoint, recorded.meta.event_id, body, now), body)
        except Unreachable as trouble:
            await self._failed(endpoint, 0, str(trouble), 0)
            return False
        if 200 <= answer.status < 300:
            now = self._clock.now()
            return await self._book.arrived(endpoint, row.position, now, now + LEASE, answer.status)
        await self._failed(endpoint, answer.status, f"HTTP {answer.status}", answer.retry_after_s)
        return False

    async def _failed(self, endpoint: Endpoint, status: int, error: str, patience_s: int) -> None:
        now = self._clock.now()
        tired = endpoint.failing_since is not None and now - endpoint.failing_since >= DISABLED_AFTER
        seconds = max(patience_s, again_after_s(endpoint.attempts + 1, endpoint.id))
        over = tired or status == GONE
        held = await self._book.failed(endpoint, now, None if over else now + timedelta(seconds=seconds), status, error)
        logger.warning("webhook %s: %s", endpoint.id, error)
        if over and held:
            await self._tell(Notice(
                key=f"{endpoint.id}/disabled/{now.isoformat()}", to=endpoint.org, kind="webhook_disabled", about="",
                number=endpoint.id, at=now,
            ))  # fmt: skip
