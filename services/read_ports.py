"""The port of the read database: rows with labels that know from which position to which they hold."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol

Doc = dict[str, Any]
Vector = dict[str, int]  # figure -> value


@dataclass(frozen=True, slots=True)
class Bookmark:
    """Where a set of read models stands: all events up to `position` are in it; `leaf` is that event's leaf."""

    position: int
    leaf: bytes
    store_id: str  # of the ledger it was made from, "" when new


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a row. `seq` is the position at which the item began: its number for life, the order of lists."""

    seq: int
    id: str
    kind: str
    position: int  # from here on, until the next version
    doc: Doc
    words: str  # search tokens
    rewordings: int  # how often the words have changed before
    title: str | None  # its own, or of the need or offer that it is about
    facts: Doc = field(default_factory=dict)  # what it adds to figures, and what those can be filtered by


@dataclass(frozen=True, slots=True)
class FigureChange:
    """From `position` on, these figures of these areas differ by `deltas`, in each of the dimensions
    ("" = all, "c:CATEGORY", "m:YYYY-MM"; "t" and "t:CATEGORY": how often something took how long)."""

    position: int
    areas: tuple[str, ...]
    dimensions: tuple[str, ...]
    deltas: Vector


@dataclass(slots=True)
class Changes:
    """All that the events first..last change. Within one label and row: first `off`, then `spans`, then `on`."""

    first: int
    last: int
    leaf: bytes
    store_id: str
    versions: list[Version] = field(default_factory=list)  # in order; a row's last one is live
    off: list[tuple[str, int, int]] = field(default_factory=list)  # label, seq, to: it was on before this batch
    spans: list[tuple[str, int, int, int]] = field(default_factory=list)  # label, seq, from, to: within the batch
    on: list[tuple[str, int, int]] = field(default_factory=list)  # label, seq, from
    words: list[tuple[int, int, int, str]] = field(default_factory=list)  # seq, rewordings, from, tokens
    figures: list[FigureChange] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Entry:
    """What the projector must remember of a row besides its state."""

    seq: int
    words: str
    rewordings: int
    title: str | None
    facts: Doc = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Query:
    """Rows that carry one label of every group, and all the phrases; newest first. `at`: as of that position."""

    groups: tuple[tuple[str, ...], ...]
    phrases: tuple[tuple[str, bool], ...] = ()  # (tokens in a row, True: the last one may go on)
    at: int | None = None
    before: int | None = None  # rows with a smaller seq only
    limit: int = 50
    facts: bool = False  # the facts of the rows instead of their documents


@dataclass(frozen=True, slots=True)
class Found:
    rows: tuple[tuple[int, Doc], ...]  # seq, doc
    more: bool
    position: int  # what the answer is true for


class Fenced(Exception):
    """Another projector has moved the cursor: read it again."""


class Behind(Exception):
    """The read models have not reached the position asked for (HTTP 503, Retry-After)."""

    def __init__(self, wanted: int, position: int) -> None:
        super().__init__(f"{position} of {wanted}")
        self.wanted, self.position = wanted, position


class ReadDb(Protocol):
    """One set of tables for one ledger. Reads see one moment; writers are fenced by the cursor."""

    async def bookmark(self) -> Bookmark: ...

    async def apply(self, changes: Changes) -> None:
        """All of it and the cursor in one transaction. Fenced when the cursor is not first - 1."""

    async def entries(self, ids: Iterable[str]) -> Mapping[str, Entry]:
        """Of the rows that exist."""

    async def page(self, query: Query) -> Found: ...

    async def docs(self, ids: Iterable[str], at: int | None = None) -> Mapping[str, Doc]:
        """Rows by id, of any kind; those that did not exist then are left out."""

    async def carrying(self, ids: Iterable[str], labels: Sequence[str]) -> frozenset[str]:
        """Those of the ids whose live row carries one of the labels."""

    async def carriers(self, labels: Sequence[str], at: int) -> Mapping[str, frozenset[int]]:
        """Label -> the `seq` of every row that carried it as of a position."""

    async def tally(self, labels: Sequence[str]) -> Mapping[str, Mapping[str, int]]:
        """Label -> status -> how many live rows."""

    async def figures(self, areas: Sequence[str], dimensions: str, at: int | None = None) -> tuple[
        Mapping[tuple[str, str], Vector], int
    ]:  # fmt: skip
        """(area, dimension) -> figures, of one dimension ("" = the total) or of every one ("*"), and the position they are
        true for."""

    def beside(self) -> AbstractAsyncContextManager[ReadDb]:
        """An empty set next to this one; dropped at the end unless it was adopted."""

    async def adopt(self, other: ReadDb) -> None:
        """Put the other set in place of this one, at once and for good."""

    def dump(self) -> AbstractAsyncContextManager[Dump]:
        """All rows as of one moment, while writing goes on."""

    async def close(self) -> None: ...


class Dump(Protocol):
    position: int

    def rows(self, table: str) -> AsyncIterator[Sequence[tuple[Any, ...]]]:
        """All rows of one table in the order of its key, in blocks."""

    tables: tuple[str, ...]


class Progress(Protocol):
    """How far the read models are."""

    async def wait_for(self, position: int, timeout_s: float) -> int:
        """The position reached, as soon as it is >= `position`, else after timeout_s."""
