"""Where needs and offers lie to be found at once: by category, and the area reached or every area above."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import chain
from typing import TypeVar

from domain.matching.bounds import NeedEntry, OfferEntry
from domain.matching.scene import OfferRow

Entry = TypeVar("Entry")
Shelf = dict[tuple[str, str], dict[str, Entry]]  # (category, area) -> id -> entry


class Shelves:
    """What is looked for lies under its category and area; what has nothing to give any more lies aside."""

    def __init__(self) -> None:
        self.needs: dict[str, NeedEntry] = {}
        self.offers: dict[str, OfferEntry] = {}
        self._reaching: Shelf[OfferEntry] = {}
        self._below: Shelf[NeedEntry] = {}
        self._needs_like: dict[str, dict[str, NeedEntry]] = {}
        self._offers_like: dict[str, dict[str, OfferEntry]] = {}
        self._owned: dict[str, dict[str, None]] = {}

    def within(self, category: str, path: tuple[str, ...]) -> Iterable[OfferEntry]:
        """Offers with something to give that reach one of the areas."""
        return chain.from_iterable(self._reaching.get((category, area), {}).values() for area in path)

    def under(self, category: str, area: str) -> Iterable[NeedEntry]:
        """Needs in this area and below."""
        return self._below.get((category, area), {}).values()

    def offers_like(self, category: str) -> Mapping[str, OfferEntry]:
        return self._offers_like.get(category, {})

    def needs_like(self, category: str) -> Mapping[str, NeedEntry]:
        return self._needs_like.get(category, {})

    def offers_of(self, owner: str) -> list[str]:
        return list(self._owned.get(owner, ()))

    def add_need(self, entry: NeedEntry) -> None:
        row = entry[-1]
        id, category = row.facts.id, row.facts.category
        self.needs[id] = self._needs_like.setdefault(category, {})[id] = entry
        for area in row.path:
            self._below.setdefault((category, area), {})[id] = entry

    def drop_need(self, id: str) -> None:
        entry = self.needs.pop(id, None)
        if entry is not None:
            row = entry[-1]
            _take(self._needs_like, row.facts.category, id)
            for area in row.path:
                _take(self._below, (row.facts.category, area), id)

    def add_offer(self, entry: OfferEntry) -> None:
        row = entry[-1]
        id, category = row.facts.id, row.facts.category
        self.offers[id] = self._offers_like.setdefault(category, {})[id] = entry
        self._owned.setdefault(row.facts.owner, {})[id] = None
        if _gives(row):
            self._reaching.setdefault((category, row.facts.reach), {})[id] = entry

    def drop_offer(self, id: str) -> None:
        entry = self.offers.pop(id, None)
        if entry is not None:
            row = entry[-1]
            _take(self._offers_like, row.facts.category, id)
            _take(self._owned, row.facts.owner, id)
            if _gives(row):
                _take(self._reaching, (row.facts.category, row.facts.reach), id)


Key = TypeVar("Key")
Held = TypeVar("Held")


def _gives(row: OfferRow) -> bool:
    return row.room > 0 and any(free > 0 for free in row.most.values())


def _take(shelf: dict[Key, dict[str, Held]], key: Key, id: str) -> None:
    """Takes an entry away, and the shelf that is empty then."""
    del shelf[key][id]
    if not shelf[key]:
        del shelf[key]
