"""One part of the matching measurements, in a process of its own, so that libraries that do not bear each other never meet
and memory is told apart: `python -m tests.bench._matching_part PART …` prints one line of JSON."""

from __future__ import annotations

import gc
import json
import resource
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from domain.calendar import Weekly
from domain.matching import certificate, flow, round
from domain.matching.digest import digest, inputs_digest
from domain.matching.index import Index
from domain.matching.network import Instance, network, total
from domain.matching.outcome import Scope
from domain.matching.plan import Plan, plan
from domain.matching.policy import NORMAL
from domain.matching.snapshot import Snapshot
from tests.support.market_maker import AT, L, M, S, Shape, T, market, snapshot
from tests.support.market_slots import one_slot, slot_instance

SHAPES = {"s": S, "m": M, "t": T, "l": L}
TOP = {"l": 50}
DISTRICT = Scope(area="d0000")


def timed(act: Callable[..., Any], *args: Any) -> tuple[float, Any]:
    """Seconds of processor time: nothing here waits for anything, and other work on the machine is no part of it."""
    gc.collect()
    started = time.process_time()
    made = act(*args)
    return time.process_time() - started, made


def rounds(shape: str, seeds: str, times: str) -> dict[str, Any]:
    """Seconds of our own solver, of OR-Tools with the building of its network, and of checking the certificate; by seed and
    turn, taken in turn. How much the greedy way reaches. How many
    committees are left with nothing: as it is, without their bonus, and at the least."""
    _by_ortools(slot_instance(Shape(offers=20, needs=20), 0))  # loaded and warm
    own, peer, check, greedy, nothing, edges, pairs = ([] for _ in range(7))
    for seed in range(1, int(seeds) + 1):
        instance = slot_instance(SHAPES[shape], seed, top=TOP.get(shape))
        for _ in range(int(times)):
            took, solution = timed(flow.solve, instance)
            own.append(took)
            took, chosen = timed(_by_ortools, instance)
            peer.append(took)
            assert chosen == solution.chosen, f"{shape} {seed}: other pairs"
            check.append(timed(certificate.verify, instance, solution.chosen, solution.prices)[0])
        assert certificate.unique(instance, solution.chosen, solution.prices)
        edges.append(len(instance.edges))
        pairs.append(len(solution.chosen))
        greedy.append(total(instance, by_points(instance)) / total(instance, solution.chosen))
        if shape != "l":
            tables = (instance.bonuses, ((),) * len(instance.bonuses), ((100_000, 0),) * len(instance.bonuses))
            solved = (flow.solve(replace(instance, bonuses=table)).chosen for table in tables)
            nothing.append([_with_nothing(instance, choice) for choice in solved])
    return {"own": own, "peer": peer, "check": check, "greedy": greedy, "nothing": nothing, "edges": edges, "pairs": pairs}


def oneslot(shape: str, seeds: str, times: str) -> dict[str, Any]:
    """The same against scipy's assignment of full bipartite graphs: places are columns, and each need has a column where it
    stays without."""
    own, peer = [], []
    for seed in range(1, int(seeds) + 1):
        instance = one_slot(slot_instance(SHAPES[shape], seed))
        for turn in range(int(times) + 1):
            took, solution = timed(flow.solve, instance)
            theirs, points = timed(_assigned, instance)
            assert points == total(instance, solution.chosen), f"{shape} {seed}: {points} points"
            if turn:  # the first warms up
                own.append(took)
                peer.append(theirs)
    return {"own": own, "peer": peer}


def districts(count: str) -> dict[str, Any]:
    """One district after the other: solved, checked, uniqueness told."""
    took, worst = 0.0, 0.0
    for seed in range(1, int(count) + 1):
        instance = slot_instance(M, seed)
        started = time.process_time()
        solution = flow.solve(instance)
        certificate.verify(instance, solution.chosen, solution.prices)
        assert certificate.unique(instance, solution.chosen, solution.prices)
        here = time.process_time() - started
        took, worst = took + here, max(worst, here)
    return {"s": took, "worst": worst, "mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


def suggest(offers: str, asked: str) -> dict[str, Any]:
    """Milliseconds of single answers, ten best each."""
    drawn = market(Shape(offers=int(offers), needs=int(asked)), 1)
    index = Index()
    index.put_areas(drawn.areas)
    for giver in drawn.givers:
        index.put_giver(giver)
    for offer in drawn.offers:
        index.put_offer(offer)
    for need in drawn.needs:
        index.put_need(need)
    index.refresh(AT)
    gc.collect()
    gc.freeze()  # as a running district does
    took, found = [], 0
    for need in drawn.needs:
        started = time.process_time()
        found += len(index.for_need(need.id, 10))
        took.append((time.process_time() - started) * 1000)
    return {"ms": took, "found": found}


def quantity(offers: str, needs: str, seed: str) -> dict[str, Any]:
    prepared, facts = _quantities(int(offers), int(needs), int(seed))
    took, outcome = timed(round.solve, facts, DISTRICT, NORMAL, "bench")
    return {
        "value": outcome.value, "s": took, "candidates": len(prepared.candidates), "of": named(facts),
        "served": outcome.served, "full": outcome.full, "pairs": len(outcome.pairs),
        "fill": sum(pair.by == "fill" for pair in outcome.pairs),
    }  # fmt: skip


def memory(shape: str, who: str) -> dict[str, float]:
    """Largest resident memory (MB) that solving adds to a process which has the instance: own, ortools, scipy (one slot)."""
    instance = slot_instance(SHAPES[shape], 1)
    solving: dict[str, Callable[[Instance], Any]] = {"own": flow.solve, "ortools": _by_ortools, "scipy": _assigned}
    instance = one_slot(instance) if who == "scipy" else instance
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    solving[who](instance)
    return {"mb": (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024}


def named(facts: Snapshot) -> str:
    """What a bound holds for: these facts under this policy."""
    return digest([inputs_digest(facts, DISTRICT), digest(NORMAL)])[:16]


def bound(offers: str, needs: str, seed: str, limit_s: str) -> dict[str, Any]:
    from tests.bench._bound import bound as most

    proved, reached = most(_quantities(int(offers), int(needs), int(seed))[0], float(limit_s))
    return {"bound": int(proved) + 1, "reached": int(reached)}


def _by_ortools(instance: Instance) -> tuple[int, ...]:
    from adapters.ortools_solver import cheapest

    return cheapest(network(instance))


def by_points(instance: Instance) -> list[int]:
    """The pair that scores most, as long as there is room for one: what a list sorted by score comes to."""
    chosen, asks, groups, units, both = list[int](), Counter[int](), Counter[int](), Counter[int](), set[tuple[int, int]]()
    for n in sorted(range(len(instance.edges)), key=lambda n: (-instance.edges[n].value, instance.edges[n].ticket)):
        edge = instance.edges[n]
        unit, room = instance.groups[edge.group].unit, instance.groups[edge.group].room
        free = asks[edge.ask] < len(instance.asks[edge.ask].rewards) and groups[edge.group] < room
        if free and units[unit] < len(instance.loads[unit]) and (edge.ask, unit) not in both:
            chosen.append(n)
            both.add((edge.ask, unit))
            asks[edge.ask], groups[edge.group], units[unit] = asks[edge.ask] + 1, groups[edge.group] + 1, units[unit] + 1
    return chosen


def _quantities(offers: int, needs: int, seed: int) -> tuple[Plan, Snapshot]:
    """Lots without weekly returns on the side of the needs: each is wanted once, so that its parts may come from several."""
    facts = snapshot(Shape(offers=offers, needs=needs), seed)
    once = tuple(
        replace(need, windows=()) if any(isinstance(each, Weekly) for each in need.windows) else need for need in facts.needs
    )
    facts = replace(facts, needs=once)
    return plan(facts, DISTRICT, NORMAL, "bench"), facts


def _with_nothing(instance: Instance, chosen: tuple[int, ...]) -> int:
    """Askers that somebody could serve and nobody does."""
    could = {instance.asks[edge.ask].asker for edge in instance.edges}
    return len(could - {instance.asks[instance.edges[n].ask].asker for n in chosen})


def _assigned(instance: Instance) -> int:
    import numpy
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import min_weight_full_bipartite_matching

    first, columns = [], 0
    for group in instance.groups:
        first.append(columns)
        columns += group.room
    cells = [
        (edge.ask, first[edge.group] + place, -edge.value)
        for edge in instance.edges for place in range(instance.groups[edge.group].room)
    ]  # fmt: skip
    cells += [(ask, columns + ask, -1) for ask in range(len(instance.asks))]  # 0 would be no cell at all
    rows, places, costs = (numpy.array(each) for each in zip(*cells, strict=True))
    matrix = csr_matrix((costs, (rows, places)), shape=(len(instance.asks), columns + len(instance.asks)))
    found = min_weight_full_bipartite_matching(matrix)
    return int(-matrix[found].sum()) - int((found[1] >= columns).sum())


PARTS = {part.__name__: part for part in (rounds, oneslot, memory, districts, suggest, quantity, bound)}

if __name__ == "__main__":
    print(json.dumps(PARTS[sys.argv[1]](*sys.argv[2:])))
