"""A round as a network: committees' slots flow over needs and offers to the units that give. All costs are integers.

asker → engaged (concave bonus) → ask (rewards of its slots) → [once for each unit] → group (room) → unit (convex load) → end;
a slot that nobody takes goes from its asker straight to the end. Every flow is then feasible, and the cheapest is the round.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

TICKET_BITS = 16  # 32 where 16 leave two choices equally good
MOST_PAIRS = 1 << 14  # of one round: the sum of their tickets stays below one point of value


@dataclass(frozen=True, slots=True)
class Ask:
    """A need: whose it is, and what its first, second … partner is worth (points, never rising)."""

    asker: int
    rewards: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """An offer in one window (or in windows that somebody takes together): whose it is, and how many it can serve."""

    unit: int
    room: int


@dataclass(frozen=True, slots=True)
class Edge:
    """A candidate: what the pair itself is worth (points), and its ticket."""

    ask: int
    group: int
    value: int
    ticket: int


@dataclass(frozen=True, slots=True)
class Instance:
    """`bonuses`: of each asker's first, second … pair, never rising; `loads`: what each unit's next engagements cost, never
    falling, as many as it has room for. Points throughout."""

    bonuses: tuple[tuple[int, ...], ...]
    asks: tuple[Ask, ...]
    groups: tuple[Group, ...]
    loads: tuple[tuple[int, ...], ...]
    edges: tuple[Edge, ...]
    bits: int = TICKET_BITS  # tickets are below 2 ** bits

    @property
    def step(self) -> int:
        """The cost of a point of value."""
        return MOST_PAIRS << self.bits


class Arc(NamedTuple):
    """A tuple, because a large round has half a million: made four times as fast."""

    tail: int
    head: int
    room: int
    cost: int


@dataclass(frozen=True, slots=True)
class Network:
    """Node 0 is the end. The rest names arcs by what they stand for; several in one entry are tiers, the cheapest first."""

    nodes: int
    arcs: tuple[Arc, ...]
    supplies: tuple[tuple[int, int], ...]  # (node, slots) of each asker
    bypasses: tuple[int, ...]  # of each asker, what nobody takes
    bonuses: tuple[tuple[int, ...], ...]  # of each asker
    rewards: tuple[tuple[int, ...], ...]  # of each ask
    gates: tuple[int, ...]  # of each edge, the arc that lets its unit come once; -1 where none is needed
    pairs: tuple[int, ...]  # of each edge
    rooms: tuple[int, ...]  # of each group
    loads: tuple[tuple[int, ...], ...]  # of each unit


END = 0


class TooLarge(ValueError):
    """More pairs are possible than tickets allow: take a smaller area or category."""


def network(instance: Instance) -> Network:
    """Raises TooLarge. Equal tiers are one arc, so that no two ways differ in nothing."""
    slots = [0] * len(instance.bonuses)
    for ask in instance.asks:
        slots[ask.asker] += len(ask.rewards)
    if sum(slots) >= MOST_PAIRS:
        raise TooLarge(f"{sum(slots)} of {MOST_PAIRS}")
    new, step = _Builder(), instance.step
    askers, engaged, asks, groups, units = (
        [new.node() for _ in each] for each in (slots, slots, instance.asks, instance.groups, instance.loads)
    )
    bypasses = tuple(new.arc(node, END, count, 0) for node, count in zip(askers, slots, strict=True))
    bonuses = tuple(
        new.tiers(askers[n], engaged[n], [-step * at(bonus, k) for k in range(slots[n])])
        for n, bonus in enumerate(instance.bonuses)
    )
    rewards = tuple(
        new.tiers(engaged[ask.asker], asks[n], [-step * points for points in ask.rewards])
        for n, ask in enumerate(instance.asks)
    )
    gates, pairs = _pairs(new, instance, asks, groups)
    rooms = tuple(new.arc(groups[n], units[group.unit], group.room, 0) for n, group in enumerate(instance.groups))
    loads = tuple(new.tiers(units[n], END, [step * points for points in costs]) for n, costs in enumerate(instance.loads))
    return Network(
        new.nodes, tuple(new.arcs), tuple(zip(askers, slots, strict=True)), bypasses, bonuses, rewards, gates, pairs, rooms, loads
    )


class NotFeasible(ValueError):
    """A choice of pairs that the network has no room for. The text says where."""


def flow_of(net: Network, instance: Instance, chosen: Collection[int]) -> list[int]:
    """What flows on every arc when exactly these edges are chosen, cheaper tiers first. Raises NotFeasible."""
    flow = [0] * len(net.arcs)
    if len(set(chosen)) != len(chosen) or not all(0 <= each < len(net.pairs) for each in chosen):
        raise NotFeasible("a pair is named twice, or does not exist")
    for each in chosen:
        edge = instance.edges[each]
        group, asker = instance.groups[edge.group], instance.asks[edge.ask].asker
        for way in ((net.pairs[each],), (net.gates[each],), (net.rooms[edge.group],), net.rewards[edge.ask],
                    net.bonuses[asker], net.loads[group.unit]):  # fmt: skip
            _one_more(net, flow, way)
    for (_, slots), arc, tiers in zip(net.supplies, net.bypasses, net.bonuses, strict=True):
        flow[arc] = slots - sum(flow[n] for n in tiers)
    return flow


def _one_more(net: Network, flow: list[int], tiers: tuple[int, ...]) -> None:
    """On the first tier with room left; -1 stands for no arc at all."""
    if tiers == (-1,):
        return
    tier = next((n for n in tiers if flow[n] < net.arcs[n].room), None)
    if tier is None:
        raise NotFeasible(f"no room on {tiers}")
    flow[tier] += 1


def total(instance: Instance, chosen: Iterable[int]) -> int:
    """Points of a choice of edges, by the definition: values, rewards and bonuses, less loads."""
    value, asks, units, askers = 0, [0] * len(instance.asks), [0] * len(instance.loads), [0] * len(instance.bonuses)
    for each in chosen:
        edge = instance.edges[each]
        unit, asker = instance.groups[edge.group].unit, instance.asks[edge.ask].asker
        value += edge.value + instance.asks[edge.ask].rewards[asks[edge.ask]] - instance.loads[unit][units[unit]]
        value += at(instance.bonuses[asker], askers[asker])
        asks[edge.ask] += 1
        units[unit] += 1
        askers[asker] += 1
    return value


def at(table: Sequence[int], index: int) -> int:
    """The entry of a table whose last one goes on; 0 for an empty one."""
    return table[min(index, len(table) - 1)] if table else 0


def _pairs(
    new: _Builder, instance: Instance, asks: Sequence[int], groups: Sequence[int]
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Gates and one arc an edge: a unit that could come twice to an ask with several slots passes a gate once."""
    several = [len(ask.rewards) > 1 for ask in instance.asks]
    unit_of, step = [group.unit for group in instance.groups], instance.step
    count = Counter((edge.ask, unit_of[edge.group]) for edge in instance.edges if several[edge.ask])
    gates: dict[tuple[int, int], int] = {}
    ways, pairs = [], []
    for edge in instance.edges:
        gate, tail = -1, asks[edge.ask]
        if several[edge.ask] and count[key := (edge.ask, unit_of[edge.group])] > 1:
            if key not in gates:
                gates[key] = new.arc(tail, new.node(), 1, 0)
            gate = gates[key]
            tail = new.arcs[gate].head
        ways.append(gate)
        pairs.append(len(new.arcs))
        new.arcs.append(Arc(tail, groups[edge.group], 1, edge.ticket - step * edge.value))
    return tuple(ways), tuple(pairs)


class _Builder:
    def __init__(self) -> None:
        self.nodes = 1
        self.arcs: list[Arc] = []

    def node(self) -> int:
        self.nodes += 1
        return self.nodes - 1

    def arc(self, tail: int, head: int, room: int, cost: int) -> int:
        self.arcs.append(Arc(tail, head, room, cost))
        return len(self.arcs) - 1

    def tiers(self, tail: int, head: int, costs: Sequence[int]) -> tuple[int, ...]:
        """Parallel arcs, dearer and dearer."""
        assert list(costs) == sorted(costs)
        return tuple(self.arc(tail, head, len(list(equal)), cost) for cost, equal in groupby(costs))
