"""The cheapest flow by successive shortest paths with node prices (Ahuja, Magnanti, Orlin, Network Flows, 1993, ch. 9.7).

Slots enter one after another; each takes the shortest way to the end in what room is left, which may push earlier ones on
to other offers. Prices keep all costs on open arcs non-negative, and are the proof of optimality at the end.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass

from domain.matching.network import END, Instance, Network, network


@dataclass(frozen=True, slots=True)
class Solution:
    """Edges of the instance that are chosen, in order, and the price of every node of its network (cost units)."""

    chosen: tuple[int, ...]
    prices: tuple[int, ...]


def solve(instance: Instance) -> Solution:
    """The best choice of edges. Deterministic; unique as far as tickets make it so. Raises network.TooLarge."""
    net = network(instance)
    residual = _Residual(net)
    for asker, slots in net.supplies:
        for _ in range(slots):
            if not residual.send(asker):
                break
    chosen = tuple(n for n, arc in enumerate(net.pairs) if residual.full(arc))
    return Solution(chosen, tuple(residual.prices))


class _Residual:
    """What room is left. Arc 2·n is arc n of the network, 2·n + 1 its way back; `open` holds, for every node, the arcs
    that lead on from it and have room."""

    def __init__(self, net: Network) -> None:
        self._heads = [head for arc in net.arcs for head in (arc.head, arc.tail)]
        self._room = [room for arc in net.arcs for room in (arc.room, 0)]
        self._costs = [cost for arc in net.arcs for cost in (arc.cost, -arc.cost)]
        self._open: list[dict[int, tuple[int, int]]] = [{} for _ in range(net.nodes)]
        for n, arc in enumerate(net.arcs):
            if arc.room:
                self._open[arc.tail][2 * n] = (arc.head, arc.cost)
        self.prices = _first_prices(net)

    def full(self, arc: int) -> bool:
        return self._room[2 * arc] == 0

    def send(self, asker: int) -> bool:
        """One slot more on the shortest way; False when that is the way round everything, which then is taken by all
        that are left as well."""
        came = self._shortest(asker)
        here, way = END, list[int]()
        while here != asker:
            way.append(came[here])
            here = self._heads[came[here] ^ 1]
        for arc in way:
            self._push(arc)
        return len(way) > 1

    def _shortest(self, start: int) -> dict[int, int]:
        """By which arc each node is reached; prices are moved on so that the way to the end costs nothing."""
        prices, open = self.prices, self._open
        distance, came = {start: 0}, dict[int, int]()
        heap, settled = [(0, start)], dict[int, int]()
        push, pop = heapq.heappush, heapq.heappop
        best: int | None = None
        while heap:
            far, node = pop(heap)
            if node in settled:
                continue
            if node == END:
                break
            settled[node] = far
            base = far + prices[node]
            for arc, (head, cost) in open[node].items():
                there = base + cost - prices[head]
                if (best is None or there < best) and ((known := distance.get(head)) is None or there < known):
                    distance[head], came[head] = there, arc
                    push(heap, (there, head))
                    if head == END:
                        best = there
        assert best is not None
        for node, far in settled.items():
            if far < best:
                prices[node] += far - best
        return came

    def _push(self, arc: int) -> None:
        head, back = self._heads[arc], arc ^ 1
        tail = self._heads[back]
        self._room[arc] -= 1
        if not self._room[arc]:
            del self._open[tail][arc]
        if not self._room[back]:
            self._open[head][back] = (tail, self._costs[back])
        self._room[back] += 1


def _first_prices(net: Network) -> list[int]:
    """Shortest distances from the askers, before anything flows; the network has no cycles."""
    prices: list[int | None] = [None] * net.nodes
    leaving: list[list[int]] = [[] for _ in range(net.nodes)]
    entering = [0] * net.nodes
    for n, arc in enumerate(net.arcs):
        leaving[arc.tail].append(n)
        entering[arc.head] += 1
    ready = [node for node in range(net.nodes) if not entering[node]]
    while ready:
        node = ready.pop()
        here = prices[node] = prices[node] or 0
        for n in leaving[node]:
            arc = net.arcs[n]
            known, there = prices[arc.head], here + arc.cost
            prices[arc.head] = there if known is None else min(known, there)
            entering[arc.head] -= 1
            if not entering[arc.head]:
                ready.append(arc.head)
    return [price or 0 for price in prices]
