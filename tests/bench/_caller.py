"""The load of a measurement: keep-alive connections that post one body after another, in a process of its own."""

from __future__ import annotations

import asyncio
import gc
import json
import secrets
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import cast

from api.console import fast_loop


@dataclass(frozen=True, kw_only=True)
class Load:
    """What is sent, and how long. `rate` 0: each connection posts again as soon as it is answered."""

    port: int
    path: str
    key: str
    body: str
    connections: int = 32
    seconds: float = 2.0
    rate: int = 0


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """`answered` requests in `took_s`; latencies in ms of all of them, sorted."""

    answered: int
    took_s: float
    p50_ms: float
    p99_ms: float
    most_ms: float

    @property
    def per_s(self) -> float:
        return self.answered / self.took_s


class Connection(asyncio.Protocol):
    """One keep-alive connection; what is not 2xx ends the whole load."""

    def __init__(self, load: Load, until: float, took: list[float], done: asyncio.Future[None]) -> None:
        self._load, self._until, self._took, self._done = load, until, took, done
        body = load.body.encode()
        self._head = (
            f"POST {load.path} HTTP/1.1\r\nHost: 127.0.0.1:{load.port}\r\nAuthorization: Bearer {load.key}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\nIdempotency-Key: {secrets.token_hex(8)}-"
        ).encode()
        self._tail = b"\r\n\r\n" + body
        self._n, self._received = 0, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._send()

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, found, rest = self._received.partition(b"\r\n\r\n")
        if not found or len(rest) < _length(head):
            return
        if not head.startswith((b"HTTP/1.1 200", b"HTTP/1.1 201")):
            self._end(RuntimeError(self._received.decode()))
            return
        self._received, now = b"", time.perf_counter()
        self._took.append(now - self._sent)
        if now < self._until:
            self._send()
        else:
            self._end(None)

    def connection_lost(self, error: Exception | None) -> None:
        self._end(error or ConnectionError("the server has hung up"))

    def _send(self) -> None:
        self._n += 1
        self._sent = time.perf_counter()
        self._transport.write(b"%b%d%b" % (self._head, self._n, self._tail))

    def _end(self, error: Exception | None) -> None:
        if not self._done.done():
            if error is None:
                self._done.set_result(None)
            else:
                self._done.set_exception(error)
            self._transport.close()


def _length(head: bytes) -> int:
    _, _, after = head.lower().partition(b"\r\ncontent-length:")
    return int(after.partition(b"\r\n")[0])


async def loaded(load: Load) -> Outcome:
    """Drives the load to its end."""
    loop, took, started = asyncio.get_running_loop(), list[float](), time.perf_counter()
    ends = [loop.create_future() for _ in range(load.connections)]
    for end in ends:
        connection = partial(Connection, load, started + load.seconds, took, end)
        await loop.create_connection(connection, "127.0.0.1", load.port)
    await asyncio.gather(*ends)
    return outcome(took, time.perf_counter() - started)


def outcome(took: Sequence[float], in_s: float) -> Outcome:
    ms = sorted(seconds * 1000 for seconds in took)
    return Outcome(
        answered=len(ms), took_s=in_s, p50_ms=ms[len(ms) // 2], p99_ms=ms[min(len(ms) * 99 // 100, len(ms) - 1)], most_ms=ms[-1]
    )


def main() -> None:
    """Loads come in as lines of JSON, outcomes go out the same way."""
    gc.disable()
    with asyncio.Runner(loop_factory=fast_loop()) as runner:
        for line in sys.stdin:
            print(json.dumps(asdict(runner.run(loaded(Load(**json.loads(line)))))), flush=True)


if __name__ == "__main__":
    main()
