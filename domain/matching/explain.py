"""Why this pair and why not that one: who holds an offer, and what granting it to somebody else would cost the district."""

from __future__ import annotations

import heapq
from collections import Counter
from dataclasses import dataclass

from domain.matching.candidates import HARD_RULES, LOST_IN_ROUND, Candidate, assess
from domain.matching.certificate import open_arcs
from domain.matching.network import END, Instance, flow_of, network
from domain.matching.outcome import Outcome, Pair, Scope
from domain.matching.plan import instance, plan
from domain.matching.policy import Policy
from domain.matching.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Holder:
    """Who got of the offer: the need, its points and urgency, and how many other offers it could have had."""

    need: str
    score: int
    urgency: int
    others: int


@dataclass(frozen=True, slots=True)
class Why:
    """One offer, seen from one need. `code`: a hard rule, LOST_IN_ROUND, or None when the pair was made.
    `price`: points that the district would lose by making this pair after all, everything else arranged as well as can be."""

    offer: str
    code: str | None
    candidate: Candidate | None = None
    pair: Pair | None = None
    holders: tuple[Holder, ...] = ()
    price: int = 0


class Explained:
    """A round with everything that is needed to answer questions about it; made from what the ledger holds."""

    def __init__(self, snapshot: Snapshot, scope: Scope, policy: Policy, key: str, outcome: Outcome) -> None:
        self.plan = plan(snapshot, scope, policy, key)
        proof = outcome.certificate
        self.instance = instance(self.plan, proof.slots, proof.rooms, proof.bits)
        self._open = Residual(self.instance, proof.chosen, proof.prices)
        self._pairs = {(pair.need, pair.offer): pair for pair in outcome.pairs}
        self._numbers = {(c.need, c.offer): n for n, c in enumerate(self.plan.candidates)}
        self._choices = Counter(c.need for c in self.plan.candidates)
        self._prohibited = frozenset(scope.prohibitions)

    def made(self, need: str, offer: str) -> bool:
        """Whether the round has the pair."""
        return (need, offer) in self._pairs

    def why(self, need: str, offer: str) -> Why | None:
        """None for an item that was not in the round."""
        if need not in self.plan.needs or offer not in self.plan.offers:
            return None
        number = self._numbers.get((need, offer))
        if number is None:
            judged = assess(self.plan.needs[need], self.plan.offers[offer], self.plan.scene, self._prohibited)
            assert isinstance(judged, str)
            return Why(offer, judged)
        candidate, pair = self.plan.candidates[number], self._pairs.get((need, offer))
        if pair is not None:
            return Why(offer, None, candidate, pair)
        return Why(offer, LOST_IN_ROUND, candidate, None, self._holders(offer), self._open.granting(number))

    def of_need(self, need: str) -> tuple[Why, ...]:
        """All offers that could have come, the best first."""
        offers = [c.offer for c in self.plan.candidates if c.need == need]
        found = [why for offer in offers if (why := self.why(need, offer)) is not None]
        return tuple(sorted(found, key=lambda w: (w.code is not None, -(w.candidate.score if w.candidate else 0), w.offer)))

    def near_misses(self, need: str, limit: int = 20) -> tuple[Why, ...]:
        """Offers of the category that a rule refused, those that got furthest first."""
        row = self.plan.needs[need]
        found = []
        for offer, other in self.plan.offers.items():
            if other.facts.category == row.facts.category and (need, offer) not in self._numbers:
                found.append(self.why(need, offer))
        reached = {code: n for n, code in enumerate(HARD_RULES)}
        return tuple(sorted((w for w in found if w and w.code), key=lambda w: (-reached[w.code or ""], w.offer))[:limit])

    def _holders(self, offer: str) -> tuple[Holder, ...]:
        return tuple(
            Holder(p.need, p.score, self.plan.needs[p.need].facts.urgency, self._choices[p.need] - 1)
            for p in sorted(self._pairs.values(), key=lambda p: (-p.score, p.need)) if p.offer == offer
        )  # fmt: skip


class Residual:
    """What can still be rearranged around the best choice."""

    def __init__(self, instance: Instance, chosen: tuple[int, ...], prices: tuple[int, ...]) -> None:
        self._instance, self._prices, self._net = instance, prices, network(instance)
        self._flow = flow_of(self._net, instance, chosen)
        self._ahead, self._behind = ([list[tuple[int, int]]() for _ in range(self._net.nodes)] for _ in range(2))
        for tail, head, cost in open_arcs(self._net, self._flow):
            reduced = cost + prices[tail] - prices[head]
            self._ahead[tail].append((head, reduced))
            self._behind[head].append((tail, reduced))

    def granting(self, number: int) -> int:
        """Points that are lost by forcing an edge into the best choice, rounded down: the shortest way on from its offer
        that leads back to its need (a cycle of open arcs; costs below zero cannot be, for the choice is best)."""
        arc = self._net.arcs[self._net.pairs[number]]
        there = distances(self._ahead, arc.head).get(arc.tail)
        if there is None:
            return 0
        return (there + arc.cost + self._prices[arc.tail] - self._prices[arc.head]) // self._instance.step

    def scarcity(self) -> list[int]:
        """Points of each group: what it would cost to serve one more out of it beyond what its giver's own load costs; 0
        while it has room. The same for any prices that prove the same choice."""
        net, flow, prices = self._net, self._flow, self._prices
        far = distances(self._behind, END)
        marks = []
        for room, group in zip(net.rooms, self._instance.groups, strict=True):
            arc = net.arcs[room]
            free = flow[room] < arc.room and any(flow[n] < net.arcs[n].room for n in net.loads[group.unit])
            cost = far.get(arc.tail, 0) - prices[arc.tail] + prices[END]
            marks.append(0 if free else max(cost // self._instance.step, 0))
        return marks


def distances(ahead: list[list[tuple[int, int]]], start: int) -> dict[int, int]:
    """Dijkstra over costs that are not negative."""
    settled: dict[int, int] = {}
    heap = [(0, start)]
    while heap:
        far, node = heapq.heappop(heap)
        if node in settled:
            continue
        settled[node] = far
        for head, cost in ahead[node]:
            if head not in settled:
                heapq.heappush(heap, (far + cost, head))
    return settled
