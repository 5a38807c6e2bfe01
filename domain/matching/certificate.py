"""Proof that no better round exists, checked without a solver and without trusting the one that was used.

Linear programming duality: a flow that keeps to all rooms is cheapest if there are prices of the nodes under which every
arc with room left costs nothing or more, and every arc in use costs nothing or less (Ahuja et al. 1993, ch. 9.3). It is the
only one if no cycle of open arcs that cost exactly nothing runs through a pair.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterator, Sequence

from domain.matching.network import Instance, Network, NotFeasible, flow_of, network


class NotOptimal(ValueError):
    """The choice is not feasible, or the prices do not prove it best. The text says where."""


def verify(instance: Instance, chosen: Collection[int], prices: Sequence[int]) -> None:
    """In O(arcs). Raises NotOptimal."""
    net = network(instance)
    flow = _flow(net, instance, chosen)
    if len(prices) != net.nodes:
        raise NotOptimal(f"{len(prices)} prices for {net.nodes} nodes")
    for (tail, head, room, cost), used in zip(net.arcs, flow, strict=True):
        reduced = cost + prices[tail] - prices[head]
        if (reduced < 0 and used < room) or (reduced > 0 and used > 0):
            raise NotOptimal(f"arc {tail} → {head}: {used} of {room} at {reduced}")


def unique(instance: Instance, chosen: Collection[int], prices: Sequence[int]) -> bool:
    """Whether no other choice is as good. The prices must have been verified."""
    net = network(instance)
    ahead: list[list[int]] = [[] for _ in range(net.nodes)]
    for tail, head, cost in open_arcs(net, _flow(net, instance, chosen)):
        if cost + prices[tail] - prices[head] == 0:
            ahead[tail].append(head)
    part = _components(ahead)
    for n in net.pairs:
        arc = net.arcs[n]
        if part[arc.tail] == part[arc.head] and arc.cost + prices[arc.tail] - prices[arc.head] == 0:
            return False
    return True


def prices_for(instance: Instance, chosen: Collection[int]) -> tuple[int, ...]:
    """Prices that prove a choice best, for solvers that keep theirs to themselves: shortest distances over open arcs
    (Bellman and Ford with a queue). Raises NotOptimal when there are none, for then the choice is not best."""
    net = network(instance)
    ahead: list[list[tuple[int, int]]] = [[] for _ in range(net.nodes)]
    for tail, head, cost in open_arcs(net, _flow(net, instance, chosen)):
        ahead[tail].append((head, cost))
    prices, waits, shortened = [0] * net.nodes, [True] * net.nodes, [0] * net.nodes
    queue = deque(range(net.nodes))
    while queue:
        node = queue.popleft()
        waits[node] = False
        for head, cost in ahead[node]:
            if prices[node] + cost < prices[head]:
                prices[head] = prices[node] + cost
                shortened[head] += 1
                if shortened[head] > net.nodes:
                    raise NotOptimal("a better choice exists: a cycle of open arcs costs less than nothing")
                if not waits[head]:
                    waits[head] = True
                    queue.append(head)
    return tuple(prices)


def _flow(net: Network, instance: Instance, chosen: Collection[int]) -> list[int]:
    try:
        return flow_of(net, instance, chosen)
    except NotFeasible as error:
        raise NotOptimal(str(error)) from error


def open_arcs(net: Network, flow: Sequence[int]) -> Iterator[tuple[int, int, int]]:
    """(tail, head, cost) of every arc with room left, and of every way back that is in use."""
    for n, arc in enumerate(net.arcs):
        if flow[n] < arc.room:
            yield arc.tail, arc.head, arc.cost
        if flow[n] > 0:
            yield arc.head, arc.tail, -arc.cost


def _components(ahead: Sequence[Sequence[int]]) -> list[int]:
    """A number for each node, the same for nodes that reach each other (Tarjan 1972, with a stack of its own)."""
    count, order, low, part = 0, [-1] * len(ahead), [0] * len(ahead), [-1] * len(ahead)
    stack = list[int]()
    for root in range(len(ahead)):
        work = [(root, 0)] if order[root] < 0 else []
        while work:
            node, step = work.pop()
            if step == 0:
                order[node] = low[node] = count
                count += 1
                stack.append(node)
            if step and part[ahead[node][step - 1]] < 0:
                low[node] = min(low[node], low[ahead[node][step - 1]])
            following = next((k for k in range(step, len(ahead[node])) if part[ahead[node][k]] < 0), None)
            if following is not None:
                head = ahead[node][following]
                if order[head] < 0:
                    work += [(node, following + 1), (head, 0)]
                else:
                    low[node] = min(low[node], order[head])
                    work.append((node, following + 1))
            elif low[node] == order[node]:
                while part[node] < 0:
                    part[stack.pop()] = order[node]
    return part
