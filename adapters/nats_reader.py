"""Reading the stream in order, from a position on, whatever happens to the broker.

The consumer is a throw-away: anything odd, and it is dropped and opened again at the cursor. The cursor lives with what
is made from the events; a durable consumer's would be a second truth. nats-py's own pulls stall for seconds (orphaned
requests swallow messages), so the pull protocol is spoken here.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections import deque
from collections.abc import AsyncIterator, Sequence

from nats.aio.msg import Msg

from adapters.nats_link import Broker, BrokerTrouble, Link, Unfit, open_link
from adapters.nats_stream import stored_of, stream_name
from services.ports import Stored

PAUSE_FIRST_S, PAUSE_MOST_S = 0.05, 1.0
NS = 1_000_000_000

logger = logging.getLogger(__name__)


class NatsStream:
    """The EventStream of one district; every `batches` has a connection of its own."""

    def __init__(self, nats: Broker, district: str, *, heartbeat_s: float = 5.0, expires_s: float = 30.0) -> None:
        self._broker, self._district = nats, district
        self._heartbeat_s, self._expires_s = heartbeat_s, expires_s

    async def batches(self, after: int, limit: int = 500) -> AsyncIterator[Sequence[Stored]]:
        pause = PAUSE_FIRST_S
        while True:
            try:
                async with open_link(self._broker) as link:
                    pull = Pull(link, self._district, limit, self._heartbeat_s, self._expires_s)
                    await pull.open(after)
                    try:
                        while True:
                            rows = await pull.take(after)
                            after, pause = rows[-1].position, PAUSE_FIRST_S
                            yield rows
                    finally:
                        await pull.drop()
            except (BrokerTrouble, Unfit, Odd) as e:
                logger.info("reader of %s at %d: %r; opening again", self._district, after, e)
            await asyncio.sleep(pause)
            pause = min(pause * 2, PAUSE_MOST_S)


class Odd(Exception):
    """Something that does not happen to a healthy consumer."""


class Pull:
    """One ephemeral consumer, kept supplied with half to one and a half batches of requests."""

    def __init__(self, link: Link, district: str, limit: int, heartbeat_s: float, expires_s: float) -> None:
        self._link, self._stream, self._limit = link, stream_name(district), limit
        self._heartbeat_s = heartbeat_s
        self._request = {"batch": limit, "expires": int(expires_s * NS), "idle_heartbeat": int(heartbeat_s * NS)}
        self._inbox = link.client.new_inbox()
        self._name = ""
        self._arrived: deque[Msg] = deque()
        self._asked = 0  # messages asked for and not yet taken
        self._odd: str | None = None
        self._stirred = asyncio.Event()

    async def open(self, after: int) -> None:
        """A start beyond the stream's end is legal: it waits while a lost copy is being filled again."""
        self._link.when_lost(self._lose)
        await self._link.subscribe(self._inbox, self._on_message)
        config = {
            "deliver_policy": "by_start_sequence",
            "opt_start_seq": after + 1,
            "ack_policy": "none",
            "mem_storage": True,
            "num_replicas": 1,
            "inactive_threshold": 30 * NS,
        }
        made = await self._link.api(f"CONSUMER.CREATE.{self._stream}", {"stream_name": self._stream, "config": config})
        self._name = made["name"]

    async def take(self, after: int) -> list[Stored]:
        """What is there, at least one and at most a batch; waits only while there is nothing. Raises Odd."""
        await self._ask()
        while not self._arrived:
            if self._odd is not None:
                raise Odd(self._odd)
            self._stirred.clear()
            try:
                await asyncio.wait_for(self._stirred.wait(), 2.5 * self._heartbeat_s)
            except TimeoutError:
                raise Odd("no heartbeat") from None
            await self._ask()
        return self._in_order(after)

    async def drop(self) -> None:
        """Tell the server, if it listens; else it forgets the consumer by itself."""
        if not self._link.lost.is_set():
            try:
                await self._link.publish(f"$JS.API.CONSUMER.DELETE.{self._stream}.{self._name}", b"")
            except (BrokerTrouble, Unfit):
                logger.debug("consumer left to expire")

    async def _ask(self) -> None:
        if self._asked <= self._limit // 2:
            self._asked += self._limit
            body = json.dumps(self._request).encode()
            await self._link.publish(f"$JS.API.CONSUMER.MSG.NEXT.{self._stream}.{self._name}", body, self._inbox)

    def _in_order(self, after: int) -> list[Stored]:
        rows = []
        for _ in range(min(len(self._arrived), self._limit)):
            msg = self._arrived.popleft()
            self._asked -= 1
            try:
                row = stored_of(msg)
            except ValueError as e:
                self._odd = str(e)
                break
            after += 1
            if row.position != after:
                self._odd = f"{row.position} came instead of {after}"
                break
            rows.append(row)
        if not rows:
            raise Odd(self._odd)
        if self._odd is not None:
            self._arrived.clear()
        return rows

    async def _on_message(self, msg: Msg) -> None:
        status = (msg.headers or {}).get("Status")
        if status is None:
            self._arrived.append(msg)
        elif status in ("404", "408"):
            self._asked -= int((msg.headers or {}).get("Nats-Pending-Messages", "0"))
        elif status != "100":
            self._odd = f"{status} {(msg.headers or {}).get('Description', '')}"
        self._stirred.set()

    def _lose(self) -> None:
        self._odd = "link lost"
        self._stirred.set()
