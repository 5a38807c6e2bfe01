"""How evenly a round falls, on askers and on givers, and what simpler ways of handing out would have done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from domain.matching.cover import Tally, fill
from domain.matching.outcome import Shares
from domain.matching.plan import Plan
from domain.matching.policy import WHOLE
from domain.matching.snapshot import AskerFacts


def shares(plan: Plan, pairs: Iterable[tuple[str, str]]) -> Shares:
    """After the pairs (need, giver) as well. A need counts as newly served when nobody was with it before."""
    pairs = list(pairs)
    new = Counter(plan.needs[need].facts.owner for need in {n for n, _ in pairs} if not plan.needs[need].facts.partners)
    askers = sorted({plan.needs[need].facts.owner for need in plan.wanted})
    counts = [(max(a.asked, 1), min(a.served + new[a.id], max(a.asked, 1))) for a in (_asker(plan, id) for id in askers)]
    givers = sorted({candidate.unit for candidate in plan.candidates})
    coming = Counter(giver for _, giver in pairs)
    busy = [plan.live(giver) + coming[giver] for giver in givers]
    few = sorted(counts)[: (len(counts) + 1) // 2]
    many = sorted(counts)[(len(counts) + 1) // 2 :]
    each = [WHOLE * served // asked for asked, served in counts]
    return Shares(
        askers=len(askers), nothing=sum(served == 0 for _, served in counts), small=_together(few), large=_together(many),
        gini=gini(each), worst=min(each, default=0), givers=len(givers), idle=busy.count(0), busiest=max(busy, default=0),
    )  # fmt: skip


def gini(values: Iterable[int]) -> int:
    """Half the mean difference between all pairs over the mean, thousandths, floored (Gini 1912); 0 for none."""
    ordered = sorted(values)
    total, count = sum(ordered), len(ordered)
    if not total:
        return 0
    weighted = sum((2 * n - count + 1) * value for n, value in enumerate(ordered))
    return WHOLE * weighted // (count * total)


def greedy(plan: Plan) -> Tally:
    """The most valuable pair first, whatever it takes from others."""
    tally = Tally(plan)
    fill(tally)
    return tally


def first_come(plan: Plan) -> Tally:
    """Needs in the order they were put on the board; each takes the offers that suit it best while there are any."""
    tally = Tally(plan)
    waiting = sorted(plan.wanted, key=lambda need: (plan.needs[need].facts.since, need))
    mine: dict[str, list[int]] = {}
    for n, candidate in enumerate(plan.candidates):
        mine.setdefault(candidate.need, []).append(n)
    for need in waiting:
        fill(tally, [plan.candidates[n] for n in mine[need]])
    return tally


def _asker(plan: Plan, id: str) -> AskerFacts:
    return plan.askers.get(id, AskerFacts(id=id))


def _together(counts: list[tuple[int, int]]) -> int:
    asked = sum(asked for asked, _ in counts)
    return WHOLE * sum(served for _, served in counts) // asked if asked else 0
