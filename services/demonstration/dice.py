"""Chance that is no chance: every story has dice of its own, named after it, that always fall the same way."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class Dice:
    """The same names give the same throws on every machine; a new story changes no other's."""

    def __init__(self, *names: object) -> None:
        self._name = "/".join(str(name) for name in names)
        self._thrown = 0

    def below(self, bound: int) -> int:
        """0 … bound − 1."""
        self._thrown += 1
        digest = hashlib.sha256(f"{self._name}:{self._thrown}".encode()).digest()
        return int.from_bytes(digest[:8], "big") % bound

    def between(self, least: int, most: int) -> int:
        """least … most, both included."""
        return least + self.below(most - least + 1)

    def pick(self, among: Sequence[T]) -> T:
        return among[self.below(len(among))]

    def some(self, among: Sequence[T], count: int) -> tuple[T, ...]:
        """Up to `count` different ones."""
        left = list(among)
        return tuple(left.pop(self.below(len(left))) for _ in range(min(count, len(left))))

    def shuffled(self, among: Sequence[T]) -> tuple[T, ...]:
        return self.some(among, len(among))

    def happens(self, permille: int) -> bool:
        return self.below(1000) < permille

    def weighted(self, chances: Sequence[tuple[T, int]]) -> T:
        """One of them, each as likely as its weight says."""
        at = self.below(sum(weight for _, weight in chances))
        for each, weight in chances:
            at -= weight
            if at < 0:
                return each
        raise AssertionError
