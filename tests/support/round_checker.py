"""What a round proposed, judged by somebody who reads nothing but the facts and the proposals, and trusts no rule of ours.

Only calendar.expand is used: when a window's occurrences are. Everything else is written down here once more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from domain.calendar import Span, Window, expand
from domain.matching.outcome import Outcome, Pair
from domain.matching.policy import Policy
from domain.matching.snapshot import GiverFacts, Left, NeedFacts, OfferFacts, Snapshot

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Checker:
    def __init__(self, snapshot: Snapshot, policy: Policy) -> None:
        self.at, self.policy = EPOCH + timedelta(minutes=snapshot.at), policy
        self.needs = {need.id: need for need in snapshot.needs}
        self.offers = {offer.id: offer for offer in snapshot.offers}
        self.givers = {giver.id: giver for giver in snapshot.givers}
        self.parents = {area.id: area.parent for area in snapshot.areas}

    def faults(self, outcome: Outcome) -> list[str]:
        """"offer-capacity o00012 …", one for each thing that must not be."""
        known = [pair for pair in outcome.pairs if pair.need in self.needs and pair.offer in self.offers]
        return [
            *(f"unknown {pair.need} {pair.offer}" for pair in outcome.pairs if pair not in known),
            *(f"{fault} {pair.need} {pair.offer}" for pair in known for fault in self._alone(pair)),
            *self._together(known), *self._amounts(known),
        ]  # fmt: skip

    def _alone(self, pair: Pair) -> Iterator[str]:
        """What is wrong with a pair whatever else is proposed."""
        need, offer = self.needs[pair.need], self.offers[pair.offer]
        if pair.unit != offer.owner:
            yield "unit"
        if need.category != offer.category:
            yield "category"
        if need.owner == offer.owner:
            yield "own-item"
        if offer.reach not in self._above(need.area):
            yield "area"
        if not self._meets(pair, need.windows) or not self._meets(pair, offer.windows):
            yield "time"
        if offer.groups and need.group not in offer.groups:
            yield "eligibility"
        if need.skill is not None and need.skill not in offer.skills:
            yield "skill"
        if not pair.lines or min(line.quantity for line in pair.lines) < 1:
            yield "nothing"
        elif max(line.quantity for line in pair.lines) < offer.minimum:
            yield "minimum"
        if offer.owner in need.partners:
            yield "partner"
        if offer.id in need.refused or offer.owner in need.refused:
            yield "declined"

    def _together(self, pairs: list[Pair]) -> Iterator[str]:
        for (need, unit), count in Counter((pair.need, pair.unit) for pair in pairs).items():
            if count > 1:
                yield f"unit-twice {need} {unit}"
        for need, count in Counter(pair.need for pair in pairs).items():
            if count + len(self.needs[need].partners) > self.policy.partners:
                yield f"partners {need} {count}"
        for unit, count in Counter(pair.unit for pair in pairs).items():
            giver = self.givers.get(unit, GiverFacts(id=unit))
            if giver.live + count > (giver.limit or self.policy.unit_limit):
                yield f"unit-limit {unit} {count}"

    def _amounts(self, pairs: list[Pair]) -> Iterator[str]:
        """Each occurrence of an item gives, or gets, no more than it has left."""
        taken: Counter[tuple[str, str, str, str]] = Counter()
        for pair in pairs:
            for item in (self.needs[pair.need], self.offers[pair.offer]):
                for key in self._occurrences(pair, item):
                    for line in pair.lines:
                        taken[item.id, line.kind, line.unit, key] += line.quantity
        for (id, kind, unit, key), quantity in taken.items():
            item = self.needs.get(id) or self.offers[id]
            if quantity > _left(item.lines, kind, unit, key):
                yield f"{'need-quantity' if id in self.needs else 'offer-capacity'} {id} {kind} {key}"

    def _occurrences(self, pair: Pair, item: NeedFacts | OfferFacts) -> set[str]:
        if not item.windows or pair.window is None:
            return {""}
        mine = [span for window in item.windows for span in expand(window, limit=10_000)]
        return {_name(own) for span in expand(pair.window) for own in mine if own.start <= span.start and span.end <= own.end}

    def _meets(self, pair: Pair, windows: tuple[Window, ...]) -> bool:
        if pair.window is None:
            return not windows
        spans = expand(pair.window)
        if not spans or min(span.start for span in spans) <= self.at or any(span.start >= span.end for span in spans):
            return False
        mine = [span for window in windows for span in expand(window, limit=10_000)]
        return not windows or all(any(own.start <= s.start and s.end <= own.end for own in mine) for s in spans)

    def _above(self, area: str) -> list[str]:
        path, here = list[str](), area or None
        while here:
            path.append(here)
            here = self.parents[here]
        return path


def _left(lines: tuple[Left, ...], kind: str, unit: str, key: str) -> int:
    found = [line for line in lines if (line.kind, line.unit) == (kind, unit)]
    return sum(line.quantity - sum(count for name, count in line.used if name == key) for line in found)


def _name(span: Span) -> str:
    return span.start.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
