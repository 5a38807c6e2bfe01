"""A real HTTP server on a free loopback port that keeps what it is sent and answers as it is told."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

LOOPBACK = "127.0.0.1"


@dataclass
class Received:
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Receiver:
    """`statuses` are used up one by one, then 200; `answers` likewise for bodies."""

    port: int = 0
    received: list[Received] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    answer: bytes = b"{}"
    headers: str = ""

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.port}"

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            pairs = (line.split(":", 1) for line in head[1:] if ":" in line)
            headers = {name.lower(): value.strip() for name, value in pairs}
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            self.received.append(Received(head[0].split(" ")[1], headers, body))
            status = self.statuses.pop(0) if self.statuses else 200
            lines = f"HTTP/1.1 {status} X\r\nContent-Length: {len(self.answer)}\r\n{self.headers}Connection: close\r\n\r\n"
            writer.write(lines.encode() + self.answer)
            await writer.drain()
        finally:
            writer.close()


@asynccontextmanager
async def receiving(port: int = 0) -> AsyncIterator[Receiver]:
    """Listens until the end of the block; nobody answers there before and after."""
    receiver = Receiver()
    server = await asyncio.start_server(receiver.take, LOOPBACK, port)
    receiver.port = server.sockets[0].getsockname()[1]
    async with server:
        yield receiver
