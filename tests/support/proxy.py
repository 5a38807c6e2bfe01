"""A line to a PostgreSQL server that can be cut just before an answer comes back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

SOCKET = ".s.PGSQL.5432"


class Line:
    """Passes everything on until `lose_the_answer_to` has been said and that question goes by."""

    def __init__(self) -> None:
        self.cuts = 0
        self._question, self._nth = b"", 0

    def lose_the_answer_to(self, question: bytes, nth: int) -> None:
        """The nth time that these bytes go by the server gets them and acts on them; whoever asked never hears."""
        self._question, self._nth = question, nth

    async def serve(self, server: Path, near: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        far, out = await asyncio.open_unix_connection(server / SOCKET)
        lost = asyncio.Event()

        async def ask() -> None:
            while data := await near.read(1 << 16):
                if self._question in data and self._nth > 0:
                    self._nth -= 1
                    if self._nth == 0:
                        lost.set()
                out.write(data)

        async def answer() -> None:
            while data := await far.read(1 << 16):
                if lost.is_set():
                    self.cuts += 1
                    return
                back.write(data)

        tasks = [asyncio.create_task(ask()), asyncio.create_task(answer())]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()
        out.close()
        back.close()


@asynccontextmanager
async def line_to(server: Path, folder: Path) -> AsyncIterator[Line]:
    """A socket in `folder` that leads to the one in `server`."""
    line = Line()

    async def serve(near: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        with suppress(asyncio.CancelledError):
            await line.serve(server, near, back)

    running = await asyncio.start_unix_server(serve, folder / SOCKET)
    try:
        yield line
    finally:
        running.close()
