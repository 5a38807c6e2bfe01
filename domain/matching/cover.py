"""Joint cover of quantities: a flow over partners' slots, carried out in exact quantities, what is still open filled pair by
pair, and all of it improved by displacing. The flow alone is exact where one partner covers a need and needs of an offer
want the same."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from domain.matching.candidates import Candidate
from domain.matching.flow import Solution
from domain.matching.improve import exact, improved
from domain.matching.network import Instance, at
from domain.matching.plan import Plan, first_rooms, first_slots, instance
from domain.matching.stock import Given
from domain.matching.worth import bonuses, full_worth, loads, pair_worth, ticket

Solver = Callable[[Instance], Solution]


@dataclass(frozen=True, slots=True)
class Solved:
    """The best flow, and the network it was found in."""

    slots: tuple[int, ...]
    rooms: tuple[int, ...]
    instance: Instance
    solution: Solution
    by_flow: frozenset[tuple[str, str]]  # need and offer of what the flow chose; all else was filled in


class Tally:
    """What has been given so far in a plan, and what more would be worth."""

    def __init__(self, plan: Plan) -> None:
        self.plan, self.stock, self.given, self.value = plan, plan.stock(), list[Given](), 0
        self._partners: dict[str, set[str]] = {}
        self._askers, self._givers = Counter[str](), Counter[str]()
        self._bonuses: dict[str, tuple[int, ...]] = {}  # of an asker
        self._loads: dict[str, tuple[int, ...]] = {}  # of a giver

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
        return None if given is None else (self.worth(given), given)

    def worth(self, given: Given) -> int:
        """Points of giving this now."""
        plan, candidate = self.plan, given.candidate
        need = plan.needs[candidate.need].facts
        first = 0 if self._partners.get(need.id) else at(self._bonus(need.owner), self._askers[need.owner])
        load = self._load(candidate.unit)[self._givers[candidate.unit]]
        return pair_worth(plan.policy, need, candidate, given.cover) + first - load + self._completes(given)

    def add(self, points: int, given: Given) -> None:
        candidate = given.candidate
        self.stock.give(given)
        self.given.append(given)
        self.value += points
        partners = self._partners.setdefault(candidate.need, set())
        self._askers[self.plan.needs[candidate.need].facts.owner] += not partners  # the first one makes it a need served
        partners.add(candidate.unit)
        self._givers[candidate.unit] += 1

    def _bonus(self, asker: str) -> tuple[int, ...]:
        if (known := self._bonuses.get(asker)) is None:
            plan = self.plan
            known = self._bonuses[asker] = bonuses(plan.policy, plan.askers.get(asker), plan.district)
        return known

    def _load(self, giver: str) -> tuple[int, ...]:
        if (known := self._loads.get(giver)) is None:
            plan = self.plan
            known = self._loads[giver] = loads(plan.policy, plan.live(giver), plan.limit(giver))
        return known

    def _completes(self, given: Given) -> int:
        self.stock.give(given)
        full = self.stock.is_full(given.candidate.need)
        self.stock.take_back(given)
        return full_worth(self.plan.policy, self.plan.needs[given.candidate.need].facts) if full else 0


def cover(plan: Plan, solver: Solver, bits: int) -> tuple[Solved, Tally]:
    """The best flow over typical quantities, and everything that is given in the end."""
    slots, rooms = first_slots(plan), first_rooms(plan)
    network = instance(plan, slots, rooms, bits)
    return carried_out(plan, slots, rooms, network, solver(network))


def carried_out(
    plan: Plan, slots: Sequence[int], rooms: Sequence[int], network: Instance, solution: Solution
) -> tuple[Solved, Tally]:
    """A flow in exact quantities, pins before all else; what is still open filled, and improved upon."""
    chosen = [plan.candidates[n] for n in solution.chosen]
    by_flow = frozenset((c.need, c.offer) for c in chosen)
    tally = _begun(plan, chosen)
    if not exact(plan) and (greedy := _begun(plan, ())).merit > tally.merit:
        tally = greedy  # quantities are more than the flow knows of
    if (better := improved(plan, tally.given)) is not None:
        tally = Tally(plan)
        for given in better:
            tally.add(tally.worth(given), given)
        fill(tally)
    return Solved(tuple(slots), tuple(rooms), network, solution, by_flow), tally


def _begun(plan: Plan, chosen: Iterable[Candidate]) -> Tally:
    """What was chosen and all pins carried out, then the most valuable pair first."""
    tally = Tally(plan)
    carry_out(tally, [*chosen, *(c for c in plan.candidates if (c.need, c.offer) in plan.pins)])
    fill(tally)
    return tally


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
