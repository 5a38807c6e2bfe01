"""Ten rounds one after another: who is served in the end, by our rounds and by simpler ways of handing out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from domain.matching.cover import Tally
from domain.matching.fairness import first_come, gini, greedy
from domain.matching.outcome import Scope
from domain.matching.plan import Plan, plan
from domain.matching.policy import NORMAL, Policy
from domain.matching.round import solve
from domain.matching.snapshot import AskerFacts, Snapshot
from tests.support.market_maker import Shape, snapshot

ROUNDS, SHAPE = 10, Shape(offers=120, needs=140, areas=150)
BLIND = replace(NORMAL, committee_bonus=(0,), deficit_bonus=0)
Method = Callable[[Snapshot, Scope, Policy, Plan], set[tuple[str, str]]]  # (need, giver) of each pair


@dataclass(frozen=True)
class Ended:
    """After the last round: needs served in all, and of the askers that somebody could have served at least thrice."""

    served: int
    worst: int  # smallest share, thousandths
    nothing: int  # askers that nobody ever came for
    gini: int
    small: int  # share of the half with the fewest needs, thousandths of the others' share
    idle: int  # givers with something to give that nobody was ever sent to
    load: int  # unevenness of what givers were sent, of what they want at once (Gini), thousandths


def ours(facts: Snapshot, scope: Scope, policy: Policy, prepared: Plan) -> set[tuple[str, str]]:
    return {(pair.need, pair.unit) for pair in solve(facts, scope, policy, f"{facts.position}").pairs}


def by(way: Callable[[Plan], Tally]) -> Method:
    return lambda facts, scope, policy, prepared: {(given.candidate.need, given.candidate.unit) for given in way(prepared).given}


def played(method: Method, policy: Policy, seed: int) -> Ended:
    asked, served, could, sent = Counter[str](), Counter[str](), Counter[str](), Counter[str]()
    limits: dict[str, int] = {}
    for n in range(ROUNDS):
        facts = snapshot(SHAPE, 1000 * seed + n, slots=True)
        owner = {need.id: need.owner for need in facts.needs}
        asked.update(owner.values())
        askers = tuple(AskerFacts(id=a, asked=asked[a], served=served[a]) for a in sorted(asked))
        facts = replace(facts, position=n + 1, askers=askers)
        scope = Scope(area=next(area.id for area in facts.areas if area.parent is None))
        prepared = plan(facts, scope, policy, f"{facts.position}")
        could.update(owner[need] for need in prepared.wanted)
        pairs = method(facts, scope, policy, prepared)
        served.update(owner[need] for need in {need for need, _ in pairs})
        sent.update(giver for _, giver in pairs)
        limits |= {candidate.unit: prepared.limit(candidate.unit) for candidate in prepared.candidates}
    askers = [asker for asker in sorted(could) if could[asker] >= 3]
    return ended(asked, served, askers, [1000 * sent[giver] // limits[giver] for giver in sorted(limits)])


def ended(asked: Counter[str], served: Counter[str], askers: list[str], loads: list[int]) -> Ended:
    shares = [1000 * served[a] // asked[a] for a in askers]
    by_size = sorted(askers, key=lambda a: (asked[a], a))
    half = len(by_size) // 2
    few, many = (sum(1000 * served[a] for a in part) // sum(asked[a] for a in part) for part in (by_size[:half], by_size[half:]))
    nothing = sum(served[a] == 0 for a in askers)
    return Ended(served.total(), min(shares), nothing, gini(shares), 1000 * few // many, loads.count(0), gini(loads))


@pytest.fixture(scope="module", params=(1, 2))
def after_ten(request: pytest.FixtureRequest) -> dict[str, Ended]:
    ways: dict[str, tuple[Method, Policy]] = {
        "ours": (ours, NORMAL), "blind": (ours, BLIND), "greedy": (by(greedy), BLIND), "first come": (by(first_come), BLIND),
    }  # fmt: skip
    return {name: played(method, policy, request.param) for name, (method, policy) in ways.items()}


def test_more_needs_are_served_than_by_simpler_ways(after_ten: dict[str, Ended]) -> None:
    served = {name: of.served for name, of in after_ten.items()}
    assert served["ours"] > max(served["greedy"], served["first come"]), served


def test_fairness_costs_hardly_any_need(after_ten: dict[str, Ended]) -> None:
    assert after_ten["ours"].served >= after_ten["blind"].served * 98 // 100


def test_who_was_served_least_is_served_better_than_by_any_other_way(after_ten: dict[str, Ended]) -> None:
    worst = {name: of.worst for name, of in after_ten.items()}
    assert worst["ours"] > max(worst["blind"], worst["greedy"], worst["first come"]), worst


def test_nobody_is_left_with_nothing(after_ten: dict[str, Ended]) -> None:
    assert after_ten["ours"].nothing == 0
    assert after_ten["ours"].nothing <= min(of.nothing for of in after_ten.values())


def test_shares_are_more_even_and_small_askers_do_not_fall_behind(after_ten: dict[str, Ended]) -> None:
    assert after_ten["ours"].gini < min(after_ten[name].gini for name in ("blind", "greedy", "first come"))
    assert after_ten["ours"].small >= 900


def test_no_giver_is_forgotten_and_more_is_carried_about_as_evenly(after_ten: dict[str, Ended]) -> None:
    simpler = [after_ten["greedy"], after_ten["first come"]]
    assert after_ten["ours"].idle <= min(of.idle for of in simpler)
    assert after_ten["ours"].load <= min(of.load for of in simpler) * 105 // 100
