"""Suggestions at once, both ways: who could serve this need, whom could this offer serve. Kept up to date by single facts.

An offer lies under its category and the area that it reaches; a need reads its own area and all above. A need lies under
its category and each of those areas; an offer reads the one it reaches. What is found there is bounded by a few integers,
and assessed exactly in that order until nothing that is left could be better: the answer is that of looking at all."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from domain.matching.bounds import NeedEntry, OfferEntry, best_needs, best_offers, need_entry, offer_entry
from domain.matching.candidates import Candidate, assess
from domain.matching.misses import Refusals, refusals
from domain.matching.policy import NORMAL, Policy
from domain.matching.scene import NeedRow, OfferRow, Scene
from domain.matching.snapshot import AreaFacts, GiverFacts, NeedFacts, OfferFacts
from domain.matching.times import next_half
from domain.matching.worth import ticket

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
        self._scene: Scene | None = None
        self._areas: tuple[AreaFacts, ...] = ()
        self._givers: dict[str, GiverFacts] = {}
        self._marks: Mapping[str, int] = {}
        self._prohibited: frozenset[tuple[str, str]] = frozenset()
        self._needs: dict[str, NeedFacts] = {}
        self._offers: dict[str, OfferFacts] = {}
        self._shelves = _Shelves()

    def put_need(self, facts: NeedFacts) -> None:
        """Takes the place of what was known of it."""
        self.drop_need(facts.id)
        self._needs[facts.id] = facts
        if self._scene is not None:
            self._shelves.add_need(need_entry(self._scene.need(facts), self._scene))

    def drop_need(self, id: str) -> None:
        if self._needs.pop(id, None) is not None:
            self._shelves.drop_need(id)

    def put_offer(self, facts: OfferFacts) -> None:
        self.drop_offer(facts.id)
        self._offers[facts.id] = facts
        self._place(facts)

    def drop_offer(self, id: str) -> None:
        if self._offers.pop(id, None) is not None:
            self._shelves.drop_offer(id)

    def put_giver(self, facts: GiverFacts) -> None:
        """How reliable an organisation is, and how busy: all its offers are made anew."""
        self._givers[facts.id] = facts
        for id in self._shelves.offers_of(facts.id):
            self._shelves.drop_offer(id)
            self._place(self._offers[id])

    def put_areas(self, areas: Iterable[AreaFacts]) -> None:
        """All of them; shows with the next `refresh`."""
        self._areas, self._scene = tuple(areas), None

    def set_policy(self, policy: Policy) -> None:
        """Shows with the next `refresh`."""
        if policy != self.policy:
            self.policy, self._scene = policy, None

    def set_marks(self, marks: Mapping[str, int]) -> None:
        """Offer -> points, of the last published round: how much others would lose."""
        changed = {id for id in {*marks, *self._marks} if marks.get(id) != self._marks.get(id)}
        self._marks = dict(marks)
        for id in sorted(changed & self._offers.keys()):
            self._shelves.drop_offer(id)
            self._place(self._offers[id])

    def set_prohibited(self, pairs: Iterable[tuple[str, str]]) -> None:
        """(need, offer) that people have decided against."""
        self._prohibited = frozenset(pairs)

    def refresh(self, at: int) -> bool:
        """Makes everything anew when another half-day has begun, or areas or policy have changed; says whether it did."""
        if self._scene is not None and self._scene.begin == next_half(at):
            return False
        for _ in self.refreshing(at):
            pass
        return True

    def refreshing(self, at: int, step: int = 200) -> Iterator[int]:
        """The same in steps of so many items, for who has other things to do: what has been made. Until the end, the answers
        are the old ones; no fact may be put in between."""
        scene, shelves = Scene(self.policy, at, self._areas), _Shelves()
        for n, need in enumerate(self._needs.values()):
            shelves.add_need(need_entry(scene.need(need), scene))
            if not (n + 1) % step:
                yield n + 1
        for n, offer in enumerate(self._offers.values()):
            shelves.add_offer(self._entry(offer, scene))
            if not (n + 1) % step:
                yield len(self._needs) + n + 1
        self._scene, self._shelves = scene, shelves

    @property
    def begin(self) -> int | None:
        """From when times count, in minutes since 1970; None: everything has to be made anew."""
        return None if self._scene is None else self._scene.begin

    def for_need(self, id: str, k: int) -> list[Suggestion]:
        """The best k offers; none for a need that is not open."""
        asked, scene = self._shelves.needs.get(id), self._scene
        if asked is None or scene is None:
            return []
        shelves, need = self._shelves, asked[-1]
        found = best_offers(asked, (shelves.within(need.facts.category, area) for area in need.path), scene)
        return self._best(((bound, need, offer) for bound, offer in found), k)

    def for_offer(self, id: str, k: int) -> list[Suggestion]:
        """The best k needs; none for an offer that is not published."""
        given, scene = self._shelves.offers.get(id), self._scene
        if given is None or scene is None:
            return []
        offer = given[-1]
        found = best_needs(given, self._shelves.under(offer.facts.category, offer.facts.reach), scene)
        return self._best(((bound, need, offer) for bound, need in found), k)

    def refused_for_need(self, id: str, limit: int) -> Refusals:
        """How many offers each rule is against, and the nearest misses of the same category."""
        asked, scene = self._shelves.needs.get(id), self._scene
        if asked is None or scene is None:
            return Refusals((), ())
        need, shelves = asked[-1], self._shelves
        alike = [(offer.facts.id, need, offer) for *_, offer in shelves.offers_like(need.facts.category)]
        return refusals(alike, len(self._offers) - len(alike), scene, self._prohibited, limit)

    def refused_for_offer(self, id: str, limit: int) -> Refusals:
        """How many needs each rule is against, and the nearest misses."""
        given, scene = self._shelves.offers.get(id), self._scene
        if given is None or scene is None:
            return Refusals((), ())
        offer, shelves = given[-1], self._shelves
        alike = [(need.facts.id, need, offer) for *_, need in shelves.needs_like(offer.facts.category)]
        return refusals(alike, len(self._needs) - len(alike), scene, self._prohibited, limit)

    def _best(self, bounded: Iterable[tuple[int, NeedRow, OfferRow]], k: int) -> list[Suggestion]:
        """Assessed in the order of the bounds, until what is left cannot come among the best."""
        rows = list(bounded)
        waiting = [(-bound, n) for n, (bound, _, _) in enumerate(rows)]
        heapq.heapify(waiting)
        found: list[tuple[tuple[int, int, str, str], Suggestion]] = []
        while waiting and k > 0:
            if len(found) >= k and waiting[0][0] > found[k - 1][0][0]:
                break
            _, n = heapq.heappop(waiting)
            made = self._exact(rows[n][1], rows[n][2])
            if made is not None:
                found.append((made.order, made))
                found.sort(key=lambda pair: pair[0])
                del found[k:]
        return [suggestion for _, suggestion in found]

    def _exact(self, need: NeedRow, offer: OfferRow) -> Suggestion | None:
        assert self._scene is not None
        pair = assess(need, offer, self._scene, self._prohibited)
        if isinstance(pair, str):
            return None
        mark = self._mark(pair.offer)
        return Suggestion(pair, pair.score - mark, mark)

    def _mark(self, offer: str) -> int:
        return self._marks.get(offer, 0) * self.policy.steer_pct // 100

    def _place(self, facts: OfferFacts) -> None:
        if self._scene is not None:
            self._shelves.add_offer(self._entry(facts, self._scene))

    def _entry(self, facts: OfferFacts, scene: Scene) -> OfferEntry:
        return offer_entry(scene.offer(facts, self._givers.get(facts.owner)), scene, self._mark(facts.id))


class _Shelves:
    """Where everything lies: by category, area reached or above, home area and id."""

    def __init__(self) -> None:
        self.needs: dict[str, NeedEntry] = {}
        self.offers: dict[str, OfferEntry] = {}
        self._reaching: dict[str, dict[str, dict[str, dict[str, OfferEntry]]]] = {}
        self._below: dict[str, dict[str, dict[str, dict[str, NeedEntry]]]] = {}
        self._like: dict[str, dict[str, NeedEntry]] = {}
        self._owned: dict[str, dict[str, None]] = {}

    def within(self, category: str, area: str) -> Mapping[str, Mapping[str, OfferEntry]]:
        """Offers that reach exactly this area, by home and id."""
        return self._reaching.get(category, _NOTHING).get(area, _NOTHING)

    def under(self, category: str, area: str) -> Mapping[str, Mapping[str, NeedEntry]]:
        """Needs in this area and below, by home and id."""
        return self._below.get(category, _NOTHING).get(area, _NOTHING)

    def offers_like(self, category: str) -> Iterator[OfferEntry]:
        for homes in self._reaching.get(category, _NOTHING).values():
            for entries in homes.values():
                yield from entries.values()

    def needs_like(self, category: str) -> Iterator[NeedEntry]:
        yield from self._like.get(category, _NOTHING).values()

    def offers_of(self, owner: str) -> list[str]:
        return list(self._owned.get(owner, ()))

    def add_need(self, entry: NeedEntry) -> None:
        facts, path = entry[-1].facts, entry[-1].path
        self.needs[facts.id] = self._like.setdefault(facts.category, {})[facts.id] = entry
        shelf = self._below.setdefault(facts.category, {})
        for area in path:
            shelf.setdefault(area, {}).setdefault(facts.area, {})[facts.id] = entry

    def drop_need(self, id: str) -> None:
        entry = self.needs.pop(id, None)
        if entry is not None:
            facts = entry[-1].facts
            del self._like[facts.category][id]
            for area in entry[-1].path:
                _take(self._below[facts.category], area, facts.area, id)

    def add_offer(self, entry: OfferEntry) -> None:
        facts = entry[-1].facts
        self.offers[facts.id] = entry
        shelf = self._reaching.setdefault(facts.category, {})
        shelf.setdefault(facts.reach, {}).setdefault(facts.area, {})[facts.id] = entry
        self._owned.setdefault(facts.owner, {})[facts.id] = None

    def drop_offer(self, id: str) -> None:
        entry = self.offers.pop(id, None)
        if entry is not None:
            facts = entry[-1].facts
            _take(self._reaching[facts.category], facts.reach, facts.area, id)
            del self._owned[facts.owner][id]


_NOTHING: dict[str, dict] = {}  # type: ignore[type-arg]


def _take[Entry](shelf: dict[str, dict[str, dict[str, Entry]]], area: str, home: str, id: str) -> None:
    """Takes an entry away, and what is empty then."""
    homes = shelf[area]
    del homes[home][id]
    if not homes[home]:
        del homes[home]
    if not homes:
        del shelf[area]
