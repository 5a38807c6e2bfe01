"""The questions of the ReadDb port, asked of one connection in a thread: the same for every database."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from types import ModuleType
from typing import Any, TypeVar

from services.read_ports import Bookmark, Doc, Entry, Found, Query, Vector

T = TypeVar("T")


class Questions(ABC):
    """What is asked is in a module of functions (connection, …); subclasses say on which connection."""

    def __init__(self, questions: ModuleType, threads: int) -> None:
        self._questions: Any = questions
        self._threads = ThreadPoolExecutor(threads, "read-db")

    async def bookmark(self) -> Bookmark:
        found: Bookmark = await self._ask(self._questions.bookmark)
        return found

    async def page(self, query: Query) -> Found:
        found: Found = await self._ask(self._questions.page, query)
        return found

    async def docs(self, ids: Iterable[str], at: int | None = None) -> Mapping[str, Doc]:
        found: Mapping[str, Doc] = await self._ask(self._questions.docs, tuple(ids), at)
        return found

    async def entries(self, ids: Iterable[str]) -> Mapping[str, Entry]:
        found: Mapping[str, Entry] = await self._ask(self._questions.entries, tuple(ids))
        return found

    async def carrying(self, ids: Iterable[str], labels: Sequence[str]) -> frozenset[str]:
        found: frozenset[str] = await self._ask(self._questions.carrying, tuple(ids), labels)
        return found

    async def carriers(self, labels: Sequence[str], at: int) -> Mapping[str, frozenset[int]]:
        found: Mapping[str, frozenset[int]] = await self._ask(self._questions.carriers, labels, at)
        return found

    async def tally(self, labels: Sequence[str]) -> Mapping[str, Mapping[str, int]]:
        found: Mapping[str, Mapping[str, int]] = await self._ask(self._questions.tally, labels)
        return found

    async def figures(
        self, areas: Sequence[str], dimensions: str, at: int | None = None
    ) -> tuple[Mapping[tuple[str, str], Vector], int]:
        cells: Mapping[tuple[str, str], Vector]
        cells, position = await self._ask(self._questions.figures, areas, dimensions, at)
        return cells, position

    async def _ask(self, ask: Callable[..., T], *arguments: Any) -> T:
        return await self._in_thread(self._read, ask, *arguments)

    def _in_thread(self, call: Callable[..., T], *arguments: Any) -> asyncio.Future[T]:
        return asyncio.get_running_loop().run_in_executor(self._threads, call, *arguments)

    @abstractmethod
    def _read(self, ask: Callable[..., T], *arguments: Any) -> T:
        """Ask within one moment of the tables. Raises StoreUnavailable."""
