"""The most that a round of quantities can be worth: a mixed integer program for HiGHS, with everything the round weighs.

It may give any quantity of any line, so that no way of handing out is worth more than its bound (floors are left out,
which favours it by less than two points a pair).
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

import numpy
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_matrix

from domain.matching.candidates import Candidate
from domain.matching.network import at
from domain.matching.plan import Plan
from domain.matching.policy import WHOLE
from domain.matching.worth import bonuses, full_worth, loads, rewarded


@dataclass
class Program:
    """Columns with a gain and a most, rows with a least and a most; all in points."""

    gains: list[float] = field(default_factory=list)
    most: list[float] = field(default_factory=list)
    whole: list[int] = field(default_factory=list)
    cells: list[tuple[int, int, float]] = field(default_factory=list)
    rows: list[tuple[float, float]] = field(default_factory=list)

    def column(self, gain: float, most: float = 1, *, whole: bool = False) -> int:
        self.gains.append(gain)
        self.most.append(most)
        self.whole.append(int(whole))
        return len(self.gains) - 1

    def row(self, terms: list[tuple[int, float]], least: float, most: float) -> None:
        self.cells += [(len(self.rows), column, factor) for column, factor in terms]
        self.rows.append((least, most))

    def solve(self, limit_s: float) -> tuple[float, float]:
        """(bound, best found)."""
        rows, columns, factors = (numpy.array(each) for each in zip(*self.cells, strict=True))
        matrix = csr_matrix((factors, (rows, columns)), shape=(len(self.rows), len(self.gains)))
        least, most = (numpy.array(each) for each in zip(*self.rows, strict=True))
        found: Any = milp(
            -numpy.array(self.gains), integrality=numpy.array(self.whole), bounds=Bounds(0, numpy.array(self.most)),
            constraints=LinearConstraint(matrix, least, most), options={"time_limit": limit_s, "mip_rel_gap": 1e-4},
        )  # fmt: skip
        return -found.mip_dual_bound, -found.fun if found.fun is not None else 0.0


def bound(plan: Plan, limit_s: float = 120) -> tuple[float, float]:
    """Points: no round of the plan is worth more than the first; the second has been reached."""
    program, infinity = Program(), float("inf")
    used = [program.column(-plan.policy.partner_cost, whole=True) for _ in plan.candidates]
    by_need, by_unit, by_asker, by_both = (defaultdict[Any, list[tuple[int, float]]](list) for _ in range(4))
    buckets: dict[tuple[str, str, str, str], list[tuple[int, float]]] = defaultdict(list)
    for c, x in zip(plan.candidates, used, strict=True):
        for group, key in ((by_need, c.need), (by_unit, c.unit), (by_both, (c.need, c.unit))):
            group[key].append((x, 1))
        _quantities(program, plan, c, x, buckets)
    for need, terms in by_need.items():
        program.row(terms, 0, plan.partners_left(need))
        served = program.column(0)
        program.row([*terms, (served, -1)], 0, infinity)
        by_asker[plan.needs[need].facts.owner].append((served, 1))
        _full(program, plan, need, buckets)
    for terms in by_both.values():
        if len(terms) > 1:
            program.row(terms, 0, 1)
    for unit, terms in by_unit.items():
        costs = loads(plan.policy, plan.live(unit), plan.limit(unit))
        program.row([*terms, *((program.column(-cost), -1) for cost in costs)], 0, 0)
    for asker, terms in by_asker.items():
        table = bonuses(plan.policy, plan.askers.get(asker), plan.district)
        program.row([*terms, *((program.column(at(table, k)), -1) for k in range(len(terms)))], 0, 0)
    stock = plan.stock()
    for (item, *line), terms in buckets.items():
        free = stock.open(item, *line) if item in plan.needs else stock.free(item, *line)  # type: ignore[call-arg]
        program.row(terms, -infinity, free)
    return program.solve(limit_s)


def _quantities(program: Program, plan: Plan, c: Candidate, x: int, buckets: dict[Any, list[tuple[int, float]]]) -> None:
    need, wanted = plan.needs[c.need].facts, plan.needs[c.need].wanted
    lines = max(sum(1 for total in wanted.values() if total), 1)
    points = c.score + rewarded(plan.policy, need, plan.policy.reward_cover)
    given = []
    for take in c.takes:
        share = len(take.at) / wanted[take.kind, take.unit] / lines  # of the need, for each piece
        q = program.column(points * share, take.quantity)
        program.row([(q, 1), (x, -take.quantity)], -float("inf"), 0)
        given.append((q, 1.0))
        for item, key in {(c.need, mine) for mine, _ in take.at} | {(c.offer, theirs) for _, theirs in take.at}:
            buckets[item, take.kind, take.unit, key].append((q, 1))
    least = plan.offers[c.offer].facts.minimum if len(c.takes) == 1 else 1
    program.row([*given, (x, -max(least, 1))], 0, float("inf"))  # who comes gives something


def _full(program: Program, plan: Plan, need: str, buckets: dict[Any, list[tuple[int, float]]]) -> None:
    """The reward of leaving nothing open, where that is possible at all."""
    row = plan.needs[need]
    open = {(need, *kind, key): left for kind, keys in row.open.items() for key, left in keys.items()}
    if not all(bucket in buckets for bucket in open):
        return
    full = program.column(full_worth(plan.policy, row.facts), whole=True)
    for bucket, left in open.items():
        program.row([*buckets[bucket], (full, -left)], 0, float("inf"))


assert WHOLE == 1000  # scores and rewards above are points of a thousandth
