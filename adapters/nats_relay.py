"""The relay: copies the ledger into the stream, in order, and keeps looking whether the copy is still whole.

It has no cursor of its own: the stream's last sequence is one. Several relays may run; whoever comes second is refused
by the expected sequence and looks again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Literal

from adapters import nats_stream as stream
from adapters.nats_link import Broker, BrokerTrouble, Link, Rejected, Unfit, Unreachable, open_link
from adapters.nats_publish import BATCH_MOST, append
from services.ports import EventLog, Stored, StoreUnavailable

PAUSE_FIRST_S, PAUSE_MOST_S = 0.05, 2.0
PATIENCE_MOST_S = 300.0  # between two restarts of a server that takes nothing

State = Literal["running", "catching_up", "alarm"]
logger = logging.getLogger(__name__)


class Alarm(Exception):
    """The copy contradicts the ledger, or cannot be made: a person has to decide."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(f"{zh} / {en}")


class Relay:
    """Copies one ledger. `state`, `alarm` (text, or None) and `position` (last in the stream) are there to be shown."""

    def __init__(
        self,
        log: EventLog,
        nats: Broker,
        district: str,
        *,
        check_s: float = 10.0,  # between two looks at an idle stream
        stuck_s: float = 15.0,  # without progress at a server that is there: ours is restarted
        timeout_s: float = 3.0,
    ) -> None:
        self._log, self._broker, self._district = log, nats, district
        self._check_s, self._stuck_s, self._timeout_s = check_s, stuck_s, timeout_s
        self._stuck_since: float | None = None
        self._patience_s = stuck_s
        self.state: State = "catching_up"
        self.alarm: str | None = None
        self.position = 0

    async def run(self) -> None:
        """Until cancelled. Broker and store trouble is waited out; only `alarm` needs somebody."""
        pause = PAUSE_FIRST_S
        while True:
            before = self.position
            try:
                async with open_link(self._broker, self._timeout_s) as link:
                    await self._serve(link)
            except (Alarm, Unfit) as e:
                self._raise_alarm(str(e))
                await asyncio.sleep(self._check_s)
            except (BrokerTrouble, StoreUnavailable) as e:
                logger.info("relay %s at %d: %r", self._district, self.position, e)
                await self._restart_if_stuck(e)
            pause = PAUSE_FIRST_S if self.position != before else min(pause * 2, PAUSE_MOST_S)
            await asyncio.sleep(pause)

    async def _serve(self, link: Link) -> None:
        """Copy for as long as the link holds."""
        loop = asyncio.get_running_loop()
        await self._sync(link)
        looked = loop.time()
        while not link.lost.is_set():
            if loop.time() - looked >= self._check_s:
                await self._sync(link)
                looked = loop.time()
            rows = await self._log.read_all(self.position, BATCH_MOST)
            if rows:
                await self._copy(link, rows)
            else:
                self._well("running")
                await self._wait(link, looked + self._check_s - loop.time())

    async def _copy(self, link: Link, rows: Sequence[Stored]) -> None:
        self._require_consecutive(rows)
        if len(rows) == BATCH_MOST:
            self.state = "catching_up"
        try:
            self.position = await append(link, self._district, rows)
            self._well(self.state)
        except Rejected as e:
            logger.info("relay %s at %d: %s; looking again", self._district, self.position, e)
            before = self.position
            await self._sync(link)
            if self.position == before:  # not another relay: give the server a moment
                raise

    async def _wait(self, link: Link, timeout_s: float) -> None:
        """Until the ledger grows, the link is lost, or it is time to look."""
        grown = asyncio.ensure_future(self._log.wait(self.position, max(timeout_s, 0)))
        lost = asyncio.ensure_future(link.lost.wait())
        try:
            await asyncio.wait((grown, lost), return_when=asyncio.FIRST_COMPLETED)
            if grown.done():
                grown.result()
        finally:
            for task in (grown, lost):
                task.cancel()

    async def _sync(self, link: Link) -> None:
        """Find out where the copy stands; make or remake it where that is ours to do."""
        copy = await stream.look(link, self._district) or await self._create(link)
        fault = copy.fault(self._log.store_id)
        leaf = b"" if fault or not copy.last else await stream.leaf_at(link, self._district, copy.last)
        if leaf is None:
            fault = "消息流缺少最后一条", "the stream's last message is missing"
        if fault is not None:
            copy = await self._remake(link, fault)
        elif copy.last:
            await self._require_prefix(copy.last, leaf)
        if copy.last < self.position:
            logger.warning("stream of %s went back %d -> %d: refilling", self._district, self.position, copy.last)
        behind = (await self._log.head()).position > copy.last
        moved = copy.last != self.position
        self.position, self.alarm, self.state = copy.last, None, "catching_up" if behind else "running"
        if moved or not behind:
            self._well(self.state)

    async def _create(self, link: Link) -> stream.Copy:
        return await stream.create(link, self._district, self._log.store_id, self._broker.replicas)

    async def _remake(self, link: Link, fault: tuple[str, str]) -> stream.Copy:
        if not self._broker.owned:
            raise Alarm(f"{fault[0]}，请管理员删除它", f"{fault[1]}: an administrator must delete it")
        logger.warning("stream of %s is thrown away and filled again: %s", self._district, fault[1])
        await stream.delete(link, self._district)
        return await self._create(link)

    async def _require_prefix(self, last: int, leaf: bytes | None) -> None:
        """The copy must be a beginning of this ledger; which of the two is right is never ours to guess."""
        head = await self._log.head()
        if last > head.position:
            raise Alarm(
                f"消息流有 {last} 条，账本只有 {head.position} 条：账本可能是从旧备份恢复的",
                f"the stream has {last} events, the ledger {head.position}: was it restored from an old backup?",
            )
        row = (await self._log.read_all(last - 1, 1))[0]
        if row.leaf != leaf:
            raise Alarm(f"消息流第 {last} 条与账本不同", f"event {last} in the stream is not the ledger's")

    def _require_consecutive(self, rows: Sequence[Stored]) -> None:
        for n, row in enumerate(rows, self.position + 1):
            if row.position != n:
                raise Alarm(f"账本缺少第 {n} 条", f"the ledger has a hole at {n}")

    def _well(self, state: State) -> None:
        self.state, self._stuck_since, self._patience_s = state, None, self._stuck_s

    def _raise_alarm(self, text: str) -> None:
        if text != self.alarm:
            logger.error("relay %s: %s", self._district, text)
        self.state, self.alarm = "alarm", text

    async def _restart_if_stuck(self, trouble: Exception) -> None:
        """A server whose disk or quota was full answers questions and takes nothing until it is restarted."""
        if self.state != "alarm":
            self.state = "catching_up"
        if isinstance(trouble, Unreachable | StoreUnavailable):
            return  # it is just starting, or the fault is not the broker's
        now = asyncio.get_running_loop().time()
        if self._stuck_since is None:
            self._stuck_since = now
        elif now - self._stuck_since >= self._patience_s:
            self._stuck_since = None
            self._patience_s = min(self._patience_s * 2, PATIENCE_MOST_S)
            await self._broker.restart()


async def forget_copy(nats: Broker, district: str) -> None:
    """The administrator's answer to an alarm: throw the copy away; a running relay fills it again from the ledger.
    Read models that were further than the ledger must be rebuilt too."""
    async with open_link(nats) as link:
        await stream.delete(link, district)
