"""A run of events on its way into the rows: what is known of a row, and the changes as they come together."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services.figures import NO_SHARE, Share, difference, facts
from services.items import Item
from services.read_ports import Changes, Doc, Version


class Poison(Exception):
    """An event that cannot be projected; everything before it can."""

    def __init__(self, position: int, cause: Exception) -> None:
        super().__init__(f"event {position}: {type(cause).__name__}: {cause}")
        self.position, self.cause = position, cause


@dataclass(slots=True)
class Known:
    """A row in memory: the item, and what is in the tables about it."""

    item: Item
    seq: int
    labels: frozenset[str]
    texts: tuple[str | None, ...]
    words: str
    rewordings: int
    share: Share
    line: str | None = None  # kind of the unit that gives or asks
    heard: datetime | None = None  # of a need: when somebody first asked for it


@dataclass(frozen=True, slots=True)
class Turn:
    """What a run of events makes of the rows, and the event that stopped it, if any."""

    changes: Changes
    ids: frozenset[str]
    areas: frozenset[str]
    poison: Poison | None = None


class Pending:
    """Changes of a batch as they come together."""

    def __init__(self, first: int, store_id: str) -> None:
        self.changes = Changes(first=first, last=first - 1, leaf=b"", store_id=store_id)
        self.ids: set[str] = set()
        self.areas: set[str] = set()
        self._on: dict[tuple[str, int], int] = {}

    def upto(self, position: int, leaf: bytes) -> None:
        self.changes.last, self.changes.leaf = position, leaf

    def row(self, before: Known | None, known: Known, doc: Doc, position: int) -> None:
        id, kind = known.item.state.id, known.item.kind
        told = facts(known.item, known.share, known.line, position, known.heard)
        version = Version(known.seq, id, kind, position, doc, known.words, known.rewordings, known.texts[0], told)
        self.changes.versions.append(version)
        if before is None or before.rewordings != known.rewordings:
            self.changes.words.append((known.seq, known.rewordings, position, known.words))
        self._relabel(known.seq, before.labels if before else frozenset(), known.labels, position)
        old = before.share if before else NO_SHARE
        self.changes.figures += difference(position, old, known.share)
        self.ids.add(id)
        self.areas.update(old.areas, known.share.areas)

    def turn(self, poison: Poison | None) -> Turn:
        self.changes.on = [(label, seq, position) for (label, seq), position in self._on.items()]
        return Turn(self.changes, frozenset(self.ids), frozenset(self.areas), poison)

    def _relabel(self, seq: int, old: frozenset[str], new: frozenset[str], position: int) -> None:
        for label in old - new:
            began = self._on.pop((label, seq), None)
            if began is None:
                self.changes.off.append((label, seq, position))
            else:
                self.changes.spans.append((label, seq, began, position))
        for label in new - old:
            self._on[label, seq] = position
