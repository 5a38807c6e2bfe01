"""Suggestions at once, both ways: who could serve this need, whom could this offer serve. Kept up to date by single facts.

An offer lies under its category and the area that it reaches; a need reads its own area and all above. A need lies under
its category and each of those areas; an offer reads the one it reaches. What is found there is bounded by a few integers,
and assessed exactly in that order until nothing that is left could be better: the answer is that of looking at all."""

from __future__ import annotations

import heapq
from bisect import insort
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import itemgetter

from domain.matching.bounds import Country, best_needs, best_offers, need_entry, offer_entry
from domain.matching.candidates import Candidate, assess
from domain.matching.misses import Refusals, refusals
from domain.matching.policy import NORMAL, Policy
from domain.matching.scene import NeedRow, OfferRow, Scene
from domain.matching.shelves import Shelves
from domain.matching.snapshot import AreaFacts, GiverFacts, NeedFacts, OfferFacts
from domain.matching.times import next_half
from domain.matching.worth import ticket

Stage = tuple[Scene, Country, Shelves]  # a moment, and everything ready for it
_BITS = 24  # of a place in a list, beneath its bound
_LAST = (1 << _BITS) - 1
OPEN_LOTS = ""  # the tickets that break ties between suggestions; a round has a key of its own


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A candidate and its place: the score, less what others would lose. Both sides see the same rank."""

    candidate: Candidate
    rank: int
    mark: int  # points taken off because others want the offer

    @property
    def order(self) -> tuple[int, int, str, str]:
        pair = self.candidate
        return -self.rank, ticket(OPEN_LOTS, pair.need, pair.offer), pair.need, pair.offer


class Index:
    """All open needs and published offers. Nothing is found before the first `refresh`."""

    def __init__(self, policy: Policy = NORMAL) -> None:
        self.policy = policy
        self._wanted, self._made = 1, 0  # how often areas or policy have changed; of which of them the answers are
        self._areas: tuple[AreaFacts, ...] = ()
        self._givers: dict[str, GiverFacts] = {}
        self._marks: Mapping[str, int] = {}
        self._prohibited: frozenset[tuple[str, str]] = frozenset()
        self._needs: dict[str, NeedFacts] = {}
        self._offers: dict[str, OfferFacts] = {}
        self._now: Stage | None = None
        self._coming: Stage | None = None

    def put_need(self, facts: NeedFacts) -> None:
        """Takes the place of what was known of it."""
        self._needs[facts.id] = facts
        for stage in self._stages():
            _lay_need(stage, facts)

    def drop_need(self, id: str) -> None:
        if self._needs.pop(id, None) is not None:
            for *_, shelves in self._stages():
                shelves.drop_need(id)

    def put_offer(self, facts: OfferFacts) -> None:
        self._offers[facts.id] = facts
        for stage in self._stages():
            self._lay_offer(stage, facts)

    def drop_offer(self, id: str) -> None:
        if self._offers.pop(id, None) is not None:
            for *_, shelves in self._stages():
                shelves.drop_offer(id)

    def put_giver(self, facts: GiverFacts) -> None:
        """How reliable an organisation is, and how busy: all its offers are made anew."""
        self._givers[facts.id] = facts
        for stage in self._stages():
            for id in stage[-1].offers_of(facts.id):
                self._lay_offer(stage, self._offers[id])

    def put_areas(self, areas: Iterable[AreaFacts]) -> None:
        """All of them; shows with the next `refresh`."""
        self._areas, self._wanted = tuple(areas), self._wanted + 1

    def set_policy(self, policy: Policy) -> None:
        """Shows with the next `refresh`."""
        if policy != self.policy:
            self.policy, self._wanted = policy, self._wanted + 1

    def set_marks(self, marks: Mapping[str, int]) -> None:
        """Offer -> points, of the last published round: how much others would lose."""
        changed = {id for id in {*marks, *self._marks} if marks.get(id) != self._marks.get(id)}
        self._marks = dict(marks)
        for stage in self._stages():
            for id in sorted(changed & stage[-1].offers.keys()):
                self._lay_offer(stage, self._offers[id])

    def set_prohibited(self, pairs: Iterable[tuple[str, str]]) -> None:
        """(need, offer) that people have decided against."""
        self._prohibited = frozenset(pairs)

    def refresh(self, at: int) -> bool:
        """Makes everything anew when another half-day has begun, or areas or policy have changed; says whether it did."""
        if self.fresh(at):
            return False
        for _ in self.refreshing(at):
            pass
        return True

    def fresh(self, at: int) -> bool:
        """Whether the answers are those of this time."""
        return self._made == self._wanted and self._now is not None and self._now[0].begin == next_half(at)

    def refreshing(self, at: int, step: int = 25) -> Iterator[int]:
        """The same in steps of so many items, for who has other things to do: how many have been made. Until the end the
        answers are the old ones; facts may be put in between."""
        scene = Scene(self.policy, at, self._areas)
        stage = self._coming = scene, Country(scene, self._areas), Shelves()
        wanted = self._wanted
        for n, id in enumerate([*self._needs, *self._offers], 1):
            need, offer = self._needs.get(id), self._offers.get(id)
            if need is not None:
                _lay_need(stage, need)
            if offer is not None:
                self._lay_offer(stage, offer)
            if not n % step:
                yield n
        self._now, self._coming, self._made = stage, None, wanted

    def for_need(self, id: str, k: int) -> list[Suggestion]:
        """The best k offers; none for a need that is not open."""
        if self._now is None or (asked := self._now[-1].needs.get(id)) is None:
            return []
        (scene, country, shelves), need = self._now, asked[-1]
        found = best_offers(asked, shelves.within(need.facts.category, need.path), scene, country)
        return self._best(scene, [bound for bound, _ in found], lambda n: (need, found[n][1]), k)

    def for_offer(self, id: str, k: int) -> list[Suggestion]:
        """The best k needs; none for an offer that is not published."""
        if self._now is None or (given := self._now[-1].offers.get(id)) is None:
            return []
        (scene, country, shelves), offer = self._now, given[-1]
        found = best_needs(given, shelves.under(offer.facts.category, offer.facts.reach), scene, country)
        return self._best(scene, [bound for bound, _ in found], lambda n: (found[n][1], offer), k)

    def for_need_as(self, facts: NeedFacts, offers: Iterable[str]) -> list[Suggestion]:
        """Which of these offers an open need would fit if this were said of it; it has waited as long as it has."""
        if self._now is None or (known := self._needs.get(facts.id)) is None:
            return []
        scene, _, shelves = self._now
        row = scene.need(replace(facts, since=known.since))
        made = (self._exact(scene, row, shelves.offers[id][-1]) for id in offers if id in shelves.offers)
        return [one for one in made if one is not None]

    def for_offer_as(self, facts: OfferFacts, needs: Iterable[str]) -> list[Suggestion]:
        """Which of these needs an offer would fit if this were said of it."""
        if self._now is None:
            return []
        scene, _, shelves = self._now
        row = scene.offer(facts, self._givers.get(facts.owner))
        made = (self._exact(scene, shelves.needs[id][-1], row) for id in needs if id in shelves.needs)
        return [one for one in made if one is not None]

    def refused_for_need(self, id: str, limit: int) -> Refusals:
        """How many offers each rule is against, and the nearest misses of the same category."""
        if self._now is None or (asked := self._now[-1].needs.get(id)) is None:
            return Refusals((), ())
        (scene, _, shelves), need = self._now, asked[-1]
        alike = [(id, need, entry[-1]) for id, entry in shelves.offers_like(need.facts.category).items()]
        return refusals(alike, len(self._offers) - len(alike), scene, self._prohibited, limit)

    def refused_for_offer(self, id: str, limit: int) -> Refusals:
        """How many needs each rule is against, and the nearest misses."""
        if self._now is None or (given := self._now[-1].offers.get(id)) is None:
            return Refusals((), ())
        (scene, _, shelves), offer = self._now, given[-1]
        alike = [(id, entry[-1], offer) for id, entry in shelves.needs_like(offer.facts.category).items()]
        return refusals(alike, len(self._needs) - len(alike), scene, self._prohibited, limit)

    def _best(self, scene: Scene, bounds: Sequence[int], pair: Callable[[int], tuple[NeedRow, OfferRow]], k: int) -> list[Suggestion]:
        """Assessed in the order of the bounds, until what is left cannot come among the best."""
        waiting = [(-bound << _BITS) + n for n, bound in enumerate(bounds)]
        heapq.heapify(waiting)
        found: list[tuple[tuple[int, int, str, str], Suggestion]] = []
        while waiting and k > 0:
            if len(found) >= k and waiting[0] >> _BITS > found[-1][0][0]:
                break
            made = self._exact(scene, *pair(heapq.heappop(waiting) & _LAST))
            if made is not None:
                insort(found, (made.order, made), key=itemgetter(0))
                del found[k:]
        return [suggestion for _, suggestion in found]

    def _exact(self, scene: Scene, need: NeedRow, offer: OfferRow) -> Suggestion | None:
        pair = assess(need, offer, scene, self._prohibited)
        if isinstance(pair, str):
            return None
        mark = self._mark(scene, pair.offer)
        return Suggestion(pair, pair.score - mark, mark)

    def _mark(self, scene: Scene, offer: str) -> int:
        return self._marks.get(offer, 0) * scene.policy.steer_pct // 100

    def _stages(self) -> list[Stage]:
        """What is answered from, and what is being made to take its place."""
        return [stage for stage in (self._now, self._coming) if stage is not None]

    def _lay_offer(self, stage: Stage, facts: OfferFacts) -> None:
        scene, country, shelves = stage
        shelves.drop_offer(facts.id)
        row = scene.offer(facts, self._givers.get(facts.owner))
        shelves.add_offer(offer_entry(row, scene, country, self._mark(scene, facts.id)))


def _lay_need(stage: Stage, facts: NeedFacts) -> None:
    scene, country, shelves = stage
    shelves.drop_need(facts.id)
    shelves.add_need(need_entry(scene.need(facts), scene, country))
