"""A round from facts to outcome: "exact-flow/1". The same facts, policy and key give the same outcome, for ever."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

from domain.matching import certificate, flow
from domain.matching.candidates import LOST_IN_ROUND, assess
from domain.matching.cover import Solved, Solver, Tally, carried_out, cover
from domain.matching.explain import Residual
from domain.matching.fairness import shares
from domain.matching.improve import proven
from domain.matching.network import TICKET_BITS
from domain.matching.outcome import ALGORITHM, Certificate, Outcome, Pair, Scope, Unserved
from domain.matching.plan import Plan, instance, plan
from domain.matching.policy import Policy
from domain.matching.snapshot import Snapshot
from domain.matching.stock import Given


def solve(snapshot: Snapshot, scope: Scope, policy: Policy, key: str, solver: Solver = flow.solve) -> Outcome:
    """The best pairs. Any correct solver gives the same ones, for tickets leave one best choice; where 16 bits of them do
    not, 32 are drawn. Raises network.TooLarge, and certificate.NotOptimal for a solver that errs."""
    prepared = plan(snapshot, scope, policy, key)
    for bits in (TICKET_BITS, 2 * TICKET_BITS):
        solved, tally = cover(prepared, solver, bits)
        certificate.verify(solved.instance, solved.solution.chosen, solved.solution.prices)
        alone = certificate.unique(solved.instance, solved.solution.chosen, solved.solution.prices)
        if alone:
            break
    return _outcome(prepared, scope, solved, tally, alone)


def check(snapshot: Snapshot, scope: Scope, policy: Policy, key: str, outcome: Outcome) -> None:
    """Without a solver: the network is made again from the facts, the certificate proves the choice in it best, and all that
    the outcome says follows from the choice. Raises certificate.NotOptimal."""
    prepared, proof = plan(snapshot, scope, policy, key), outcome.certificate
    if len(proof.slots) != len(prepared.wanted) or len(proof.rooms) != len(prepared.buckets):
        raise certificate.NotOptimal("the certificate is of another network")
    network = instance(prepared, proof.slots, proof.rooms, proof.bits)
    certificate.verify(network, proof.chosen, proof.prices)
    alone = certificate.unique(network, proof.chosen, proof.prices)
    solved, tally = carried_out(prepared, proof.slots, proof.rooms, network, flow.Solution(proof.chosen, proof.prices))
    if outcome != _outcome(prepared, scope, solved, tally, alone):
        raise certificate.NotOptimal("the outcome says something else than what follows from the choice")


def _outcome(plan: Plan, scope: Scope, solved: Solved, tally: Tally, alone: bool) -> Outcome:
    made = {(given.candidate.need, given.candidate.offer) for given in tally.given}
    served = {need for need, _ in made}
    return Outcome(
        algorithm=ALGORITHM, needs=len(plan.needs), candidates=len(plan.candidates), value=tally.value, proven=proven(plan),
        served=len(served),
        full=sum(tally.stock.is_full(need) for need in served), pairs=_pairs(plan, solved, tally),
        unserved=_unserved(plan, served),
        refused_pins=tuple(_refused(plan, scope, *pin) for pin in sorted(plan.pins - made)),
        before=shares(plan, ()), after=shares(plan, ((g.candidate.need, g.candidate.unit) for g in tally.given)),
        certificate=Certificate(
            bits=solved.instance.bits, slots=solved.slots, rooms=solved.rooms, chosen=solved.solution.chosen,
            prices=solved.solution.prices, unique=alone,
        ),
        marks=_marks(plan, solved),
    )  # fmt: skip


def _pairs(plan: Plan, solved: Solved, tally: Tally) -> tuple[Pair, ...]:
    flowed = solved.by_flow
    found = [_pair(plan, g, "flow" if (g.candidate.need, g.candidate.offer) in flowed else "fill") for g in tally.given]
    return tuple(sorted(found, key=lambda pair: (pair.need, pair.offer)))


def _pair(plan: Plan, given: Given, by: str) -> Pair:
    c = given.candidate
    return Pair(
        need=c.need, offer=c.offer, unit=c.unit, lines=given.lines, window=c.window, score=c.score, parts=c.parts, tier=c.tier,
        halves=c.halves, cover=given.cover, by="pin" if (c.need, c.offer) in plan.pins else by,
    )  # fmt: skip


def _unserved(plan: Plan, served: Collection[str]) -> tuple[Unserved, ...]:
    lost = Counter(candidate.need for candidate in plan.candidates)
    left = [need for need in sorted(plan.needs) if need not in served]
    codes = [{**plan.refused[need], **({LOST_IN_ROUND: lost[need]} if lost[need] else {})} for need in left]
    return tuple(Unserved(need=need, reasons=tuple(sorted(of.items()))) for need, of in zip(left, codes, strict=True))


def _refused(plan: Plan, scope: Scope, need: str, offer: str) -> tuple[str, str, str]:
    if need not in plan.needs or offer not in plan.offers:
        return need, offer, "NOT_IN_ROUND"
    judged = assess(plan.needs[need], plan.offers[offer], plan.scene, frozenset(scope.prohibitions))
    return need, offer, judged if isinstance(judged, str) else LOST_IN_ROUND


def _marks(plan: Plan, solved: Solved) -> tuple[tuple[str, int], ...]:
    """Of an offer the least of its groups."""
    found: dict[str, int] = {}
    marks = Residual(solved.instance, solved.solution.chosen, solved.solution.prices).scarcity()
    for candidate, group in zip(plan.candidates, plan.groups, strict=True):
        found[candidate.offer] = min(found.get(candidate.offer, marks[group]), marks[group])
    return tuple(sorted((offer, mark) for offer, mark in found.items() if mark))
