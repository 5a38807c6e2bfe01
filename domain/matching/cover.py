"""Joint cover of quantities: a flow over partners' slots, carried out in exact quantities, slots and rooms adapted to what
came of it a few times, the best kept, and what is still open filled pair by pair. Exact at once where one partner covers a
need and needs of an offer want the same."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from domain.matching.candidates import Candidate
from domain.matching.flow import Solution
from domain.matching.network import Instance, at
from domain.matching.plan import Plan, first_rooms, first_slots, instance
from domain.matching.stock import Given, Stock
from domain.matching.worth import bonuses, full_worth, loads, pair_worth, ticket

Solver = Callable[[Instance], Solution]
TRIES = 6  # of slots and rooms


@dataclass(frozen=True, slots=True)
class Solved:
    """The best flow that was found, and the network it was found in."""

    slots: tuple[int, ...]
    rooms: tuple[int, ...]
    instance: Instance
    solution: Solution
    by_flow: int  # how many of what is given in the end the flow chose; the others were filled in


class Tally:
    """What has been given so far in a plan, and what more would be worth."""

    def __init__(self, plan: Plan, stock: Stock | None = None) -> None:
        self.plan, self.stock, self.given, self.value = plan, stock or plan.stock(), list[Given](), 0
        self._partners: dict[str, set[str]] = {}
        self._askers, self._givers = Counter[str](), Counter[str]()
        self._tables: dict[str, tuple[int, ...]] = {}  # bonuses of an asker, loads of a giver

    @property
    def merit(self) -> tuple[int, int]:
        """Pins kept, points."""
        return sum((g.candidate.need, g.candidate.offer) in self.plan.pins for g in self.given), self.value

    def gain(self, candidate: Candidate) -> tuple[int, Given] | None:
        """Points of adding the candidate now; None when it cannot be."""
        plan, partners = self.plan, self._partners.get(candidate.need, ())
        room = plan.limit(candidate.unit) - plan.live(candidate.unit) - self._givers[candidate.unit]
        if candidate.unit in partners or len(partners) >= plan.partners_left(candidate.need) or room <= 0:
            return None
        given = self.stock.could(candidate)
        if given is None:
            return None
        need = plan.needs[candidate.need].facts
        fair = at(self._bonuses(need.owner), self._askers[need.owner]) - self._loads(candidate.unit)[self._givers[candidate.unit]]
        return pair_worth(plan.policy, need, candidate, given.cover) + fair + self._completes(given), given

    def add(self, points: int, given: Given) -> None:
        candidate = given.candidate
        self.stock.give(given)
        self.given.append(given)
        self.value += points
        self._partners.setdefault(candidate.need, set()).add(candidate.unit)
        self._askers[self.plan.needs[candidate.need].facts.owner] += 1
        self._givers[candidate.unit] += 1

    def _bonuses(self, asker: str) -> tuple[int, ...]:
        if (known := self._tables.get(asker)) is None:
            plan = self.plan
            known = self._tables[asker] = bonuses(plan.policy, plan.askers.get(asker), plan.district)
        return known

    def _loads(self, giver: str) -> tuple[int, ...]:
        if (known := self._tables.get("giver " + giver)) is None:
            plan = self.plan
            known = self._tables["giver " + giver] = loads(plan.policy, plan.live(giver), plan.limit(giver))
        return known

    def _completes(self, given: Given) -> int:
        self.stock.give(given)
        full = self.stock.is_full(given.candidate.need)
        self.stock.take_back(given)
        return full_worth(self.plan.policy, self.plan.needs[given.candidate.need].facts) if full else 0


def cover(plan: Plan, solver: Solver, bits: int) -> tuple[Solved, Tally]:
    """The best of some tries, and everything that is given in the end. One that keeps more pins is better."""
    slots, rooms = first_slots(plan), first_rooms(plan)
    best: tuple[Solved, Tally] | None = None
    for _ in range(TRIES):
        network = instance(plan, slots, rooms, bits)
        solution = solver(network)
        solved, tally = carried_out(plan, slots, rooms, network, solution)
        if best is None or tally.merit > best[1].merit:
            best = solved, tally
        if not _adapt(plan, solution.chosen, tally, slots, rooms):
            break
    assert best is not None
    return best


def carried_out(
    plan: Plan, slots: Sequence[int], rooms: Sequence[int], network: Instance, solution: Solution
) -> tuple[Solved, Tally]:
    """A flow in exact quantities, and what is still open filled."""
    tally = Tally(plan)
    carry_out(tally, (plan.candidates[n] for n in solution.chosen))
    by_flow = len(tally.given)
    fill(tally)
    return Solved(tuple(slots), tuple(rooms), network, solution, by_flow), tally


def carry_out(tally: Tally, chosen: Iterable[Candidate]) -> None:
    """In exact quantities, pins and those that give most first; who would add nothing is left out."""
    plan = tally.plan

    def turn(c: Candidate) -> tuple[bool, int, int, int, str, str]:
        return (c.need, c.offer) not in plan.pins, -c.cover, -c.score, ticket(plan.key, c.need, c.offer), c.need, c.offer

    for candidate in sorted(chosen, key=turn):
        gain = tally.gain(candidate)
        if gain is not None and (gain[0] > 0 or not turn(candidate)[0]):
            tally.add(*gain)


def fill(tally: Tally, candidates: Iterable[Candidate] | None = None) -> None:
    """What is still open, the most valuable pair first, as long as one is worth anything."""
    heap: list[tuple[int, int, str, str, Candidate]] = []
    for candidate in tally.plan.candidates if candidates is None else candidates:
        _offer(tally, heap, candidate)
    heapq.heapify(heap)
    while heap:
        worth, lot, _, _, candidate = heapq.heappop(heap)
        gain = tally.gain(candidate)
        if gain is None or gain[0] <= 0:
            continue
        if gain[0] < -worth:
            heapq.heappush(heap, (-gain[0], lot, candidate.need, candidate.offer, candidate))
        else:
            tally.add(*gain)


def _offer(tally: Tally, heap: list[tuple[int, int, str, str, Candidate]], candidate: Candidate) -> None:
    gain = tally.gain(candidate)
    if gain is not None and gain[0] > 0:
        lot = ticket(tally.plan.key, candidate.need, candidate.offer)
        heap.append((-gain[0], lot, candidate.need, candidate.offer, candidate))


def _adapt(plan: Plan, chosen: Sequence[int], tally: Tally, slots: list[int], rooms: list[int]) -> bool:
    """One more slot for a need that used all and is not full, one fewer where one was enough; one more room where an
    offer has something left over, one fewer where it was promised too often. Whether anything changed."""
    before = (tuple(slots), tuple(rooms))
    given = {(g.candidate.need, g.candidate.offer): g for g in tally.given}
    by_need, by_group = Counter[str](), Counter[int]()
    for n in chosen:
        by_need[plan.candidates[n].need] += 1
        by_group[plan.groups[n]] += 1
    partners = Counter(g.candidate.need for g in tally.given)
    for n, need in enumerate(plan.wanted):
        full = tally.stock.is_full(need)
        if full and partners[need]:
            slots[n] = min(partners[need], slots[n])
        elif not full and by_need[need] >= slots[n] and slots[n] < plan.partners_left(need):
            slots[n] += 1
    promised = set[int]()
    for n in chosen:
        candidate = plan.candidates[n]
        got = given.get((candidate.need, candidate.offer))
        if (got is None or got.cover < candidate.cover) and not tally.stock.is_full(candidate.need):
            promised.add(plan.groups[n])
    wished = {group for group, c in zip(plan.groups, plan.candidates, strict=True) if tally.stock.could(c) is not None}
    for group in range(len(rooms)):
        if group in promised and rooms[group] > 1:
            rooms[group] -= 1
        elif group not in promised and by_group[group] >= rooms[group] and group in wished:
            rooms[group] += 1
    return (tuple(slots), tuple(rooms)) != before

