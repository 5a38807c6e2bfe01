"""What is open of needs and free of offers while a round hands it out: exact quantities in every occurrence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from domain.capacity import Line
from domain.matching.candidates import Candidate, Take
from domain.matching.policy import WHOLE
from domain.matching.scene import NeedRow, OfferRow

Bucket = tuple[str, str, str, str]  # item, kind, unit, occurrence


@dataclass(frozen=True, slots=True)
class Given:
    """A candidate as it was carried out: quantities in the order of its takes, and thousandths of the need."""

    candidate: Candidate
    quantities: tuple[int, ...]
    cover: int

    @property
    def lines(self) -> tuple[Line, ...]:
        takes = zip(self.candidate.takes, self.quantities, strict=True)
        return tuple(Line(take.kind, quantity, take.unit) for take, quantity in takes if quantity)


class Stock:
    """Begins with everything that is open and free in the rows."""

    def __init__(self, needs: Mapping[str, NeedRow], offers: Mapping[str, OfferRow]) -> None:
        self._needs, self._offers = needs, offers
        self._gone: dict[Bucket, int] = {}

    def open(self, need: str, kind: str, unit: str, key: str) -> int:
        return self._needs[need].open[kind, unit].get(key, 0) - self._gone.get((need, kind, unit, key), 0)

    def free(self, offer: str, kind: str, unit: str, key: str) -> int:
        return self._offers[offer].free((kind, unit), key) - self._gone.get((offer, kind, unit, key), 0)

    def could(self, candidate: Candidate) -> Given | None:
        """What the candidate would give now; None when nothing, or less than the offer comes for."""
        quantities = tuple(max(self._least(candidate, take), 0) for take in candidate.takes)
        if not any(quantities) or max(quantities) < self._offers[candidate.offer].facts.minimum:
            return None
        return Given(candidate, quantities, self._cover(candidate, quantities))

    def give(self, given: Given) -> None:
        self._move(given, 1)

    def take_back(self, given: Given) -> None:
        self._move(given, -1)

    def is_full(self, need: str) -> bool:
        """Nothing is open any more."""
        row = self._needs[need]
        return all(self._gone.get((need, *kind, key), 0) >= open for kind, left in row.open.items() for key, open in left.items())

    def _least(self, candidate: Candidate, take: Take) -> int:
        gone, kind = self._gone, (take.kind, take.unit)
        open, free = self._needs[candidate.need].open[kind], self._offers[candidate.offer].free
        least = take.quantity
        for mine, theirs in take.at:
            here = open.get(mine, 0) - gone.get((candidate.need, *kind, mine), 0)
            there = free(kind, theirs) - gone.get((candidate.offer, *kind, theirs), 0)
            least = min(least, here, there)
        return least

    def _cover(self, candidate: Candidate, quantities: Iterable[int]) -> int:
        wanted = self._needs[candidate.need].wanted
        lines = sum(1 for total in wanted.values() if total)
        takes = zip(candidate.takes, quantities, strict=True)
        return sum(WHOLE * q * len(take.at) // wanted[take.kind, take.unit] for take, q in takes) // max(lines, 1)

    def _move(self, given: Given, sign: int) -> None:
        candidate, gone = given.candidate, self._gone
        for take, quantity in zip(candidate.takes, given.quantities, strict=True):
            mine = {(candidate.need, take.kind, take.unit, key) for key, _ in take.at}
            theirs = {(candidate.offer, take.kind, take.unit, key) for _, key in take.at}
            for bucket in mine | theirs:  # each occurrence once, as a claim's window names it in the ledger
                gone[bucket] = gone.get(bucket, 0) + sign * quantity
