"""Small instances of a round, the best choice by trying everything, and the choice of somebody who takes what looks best."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from random import Random

from domain.matching.network import Ask, Edge, Group, Instance, total

BONUSES = ((300, 200, 100, 50, 0), (300, 100), (0,), (), (500, 500, 20))
LOADS = ((0,), (0, 50), (0, 0, 200), (10, 40, 90, 160), (0, 100, 500, 2000), ())


def small(seed: int, most_edges: int = 13) -> Instance:
    """At most six needs and six offers, with limits, loads, several partners and offers of one unit; some pairs do harm."""
    chance = Random(f"small|{seed}")
    askers, units = chance.randint(1, 3), chance.randint(1, 4)
    asks = tuple(Ask(chance.randrange(askers), _falling(chance, chance.choice((1, 1, 2, 3)))) for _ in range(chance.randint(1, 6)))
    groups = tuple(Group(chance.randrange(units), chance.choice((1, 1, 2, 3))) for _ in range(chance.randint(1, 6)))
    ways = [(ask, group) for ask in range(len(asks)) for group in range(len(groups))]
    chosen = chance.sample(ways, min(len(ways), most_edges))
    edges = tuple(Edge(*way, chance.randrange(-400, 1000, 10), chance.getrandbits(16)) for way in chosen)
    loads = tuple(chance.choice(LOADS) for _ in range(units))
    return Instance(tuple(chance.choice(BONUSES) for _ in range(askers)), asks, groups, loads, edges)


def feasible(instance: Instance, chosen: Collection[int]) -> bool:
    """By the words of the model alone: places of needs, rooms of offers, limits of units, a unit once for each need."""
    edges = [instance.edges[n] for n in chosen]
    of_ask, of_group = Counter(e.ask for e in edges), Counter(e.group for e in edges)
    of_unit = Counter(instance.groups[e.group].unit for e in edges)
    return (
        all(count <= len(instance.asks[ask].rewards) for ask, count in of_ask.items())
        and all(count <= instance.groups[group].room for group, count in of_group.items())
        and all(count <= len(instance.loads[unit]) for unit, count in of_unit.items())
        and len({(e.ask, instance.groups[e.group].unit) for e in edges}) == len(edges)
    )


def worth(instance: Instance, chosen: Collection[int]) -> tuple[int, int]:
    """Points, and tickets against them, written down apart from the network's own sum."""
    edges = [instance.edges[n] for n in chosen]
    points = sum(e.value for e in edges)
    points += sum(sum(instance.asks[ask].rewards[:count]) for ask, count in Counter(e.ask for e in edges).items())
    for unit, count in Counter(instance.groups[e.group].unit for e in edges).items():
        points -= sum(instance.loads[unit][:count])
    for asker, count in Counter(instance.asks[e.ask].asker for e in edges).items():
        table = instance.bonuses[asker]
        points += sum(table[min(k, len(table) - 1)] for k in range(count)) if table else 0
    return points, -sum(e.ticket for e in edges)


def by_trying_everything(instance: Instance) -> tuple[tuple[int, int], list[tuple[int, ...]]]:
    """The best worth, and every choice that has it."""
    best, found = (0, 0), list[tuple[int, ...]]()
    for choice in _choices(instance, (), 0):
        if (here := worth(instance, choice)) >= best:
            found = [choice] if here > best else [*found, choice]
            best = here
    return best, found


def by_what_looks_best(instance: Instance) -> tuple[int, ...]:
    """The pair that gains most, again and again, while anything gains."""
    chosen: list[int] = []
    left = sorted(range(len(instance.edges)), key=lambda n: (-instance.edges[n].value, instance.edges[n].ticket))
    for n in left:
        if feasible(instance, [*chosen, n]) and total(instance, [*chosen, n]) > total(instance, chosen):
            chosen.append(n)
    return tuple(sorted(chosen))


def shuffled(instance: Instance, chance: Random) -> tuple[Instance, list[int]]:
    """The same instance with everything in another order and under other numbers; of each new edge, its old number."""
    askers, asks, groups, units, edges = (
        _order(chance, len(each)) for each in (instance.bonuses, instance.asks, instance.groups, instance.loads, instance.edges)
    )
    place = [{old: new for new, old in enumerate(order)} for order in (askers, asks, groups, units)]
    return replace(
        instance, bonuses=tuple(instance.bonuses[n] for n in askers), loads=tuple(instance.loads[n] for n in units),
        asks=tuple(Ask(place[0][instance.asks[n].asker], instance.asks[n].rewards) for n in asks),
        groups=tuple(Group(place[3][instance.groups[n].unit], instance.groups[n].room) for n in groups),
        edges=tuple(
            replace(instance.edges[n], ask=place[1][instance.edges[n].ask], group=place[2][instance.edges[n].group]) for n in edges
        ),
    ), edges  # fmt: skip


def without(instance: Instance, gone: Collection[int]) -> tuple[Instance, list[int]]:
    """The same instance without these edges; of each edge left, its old number."""
    left = [n for n in range(len(instance.edges)) if n not in gone]
    return replace(instance, edges=tuple(instance.edges[n] for n in left)), left


def _falling(chance: Random, count: int) -> tuple[int, ...]:
    return tuple(sorted((chance.randrange(0, 1600, 50) for _ in range(count)), reverse=True))


def _choices(instance: Instance, chosen: tuple[int, ...], first: int) -> Iterator[tuple[int, ...]]:
    yield chosen
    for n in range(first, len(instance.edges)):
        if feasible(instance, (*chosen, n)):
            yield from _choices(instance, (*chosen, n), n + 1)


def _order(chance: Random, count: int) -> Sequence[int]:
    order = list(range(count))
    chance.shuffle(order)
    return order
