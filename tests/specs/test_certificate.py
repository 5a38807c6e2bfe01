"""A certificate proves the best choice and nothing else: whatever is changed about round or choice, it no longer holds."""

from collections import Counter
from dataclasses import replace
from random import Random

import pytest

from domain.matching import flow
from domain.matching.certificate import NotOptimal, prices_for, unique, verify
from domain.matching.network import Ask, Edge, Group, Instance, flow_of, network
from tests.support.instances import by_trying_everything, by_what_looks_best, feasible, small, without, worth
from tests.support.market_maker import Shape
from tests.support.market_slots import slot_instance

SCARCE = Shape(offers=50, needs=120, areas=100)
FAR = 1 << 50  # much more than all that a round is worth


@pytest.fixture(scope="module", params=range(3))
def solved(request) -> tuple[Instance, flow.Solution]:
    instance = slot_instance(SCARCE, request.param)
    return instance, flow.solve(instance)


def holds(instance: Instance, chosen, prices) -> bool:
    try:
        verify(instance, chosen, prices)
    except NotOptimal:
        return False
    return True


def test_the_best_choice_is_proved_by_its_prices(solved):
    instance, best = solved
    assert holds(instance, best.chosen, best.prices)
    assert holds(instance, best.chosen, tuple(price + 12345 for price in best.prices))  # only differences count


def test_with_a_pair_more_less_or_exchanged_it_is_refused(solved):
    instance, best = solved
    others = sorted(set(range(len(instance.edges))) - set(best.chosen))
    for n in best.chosen:
        assert not holds(instance, [each for each in best.chosen if each != n], best.prices)
    for n in others:
        assert not holds(instance, [*best.chosen, n], best.prices)
    for n in Random(1).sample(others, 20):
        for gone in best.chosen[:5]:
            assert not holds(instance, [each for each in best.chosen if each != gone] + [n], best.prices)
    assert not holds(instance, [*best.chosen, best.chosen[0]], best.prices)
    assert not holds(instance, [*best.chosen[1:], len(instance.edges)], best.prices)
    assert not holds(instance, [*best.chosen[1:], -1], best.prices)


def test_with_one_price_changed_it_is_refused(solved):
    """Any node through which something flows; by the smallest step where an arc is in use and has room."""
    instance, best = solved
    net = network(instance)
    used = flow_of(net, instance, best.chosen)
    busy = {node for arc, units in zip(net.arcs, used, strict=True) if units for node in (arc.tail, arc.head)}
    for node in busy:
        assert not holds(instance, best.chosen, _moved(best.prices, node, FAR))
        assert not holds(instance, best.chosen, _moved(best.prices, node, -FAR))
    tight = [arc for arc, units in zip(net.arcs, used, strict=True) if 0 < units < arc.room]
    assert len(tight) > 5
    for arc in tight:
        for node in (arc.tail, arc.head):
            assert not holds(instance, best.chosen, _moved(best.prices, node, 1))
            assert not holds(instance, best.chosen, _moved(best.prices, node, -1))
    assert not holds(instance, best.chosen, best.prices[:-1])
    assert not holds(instance, best.chosen, (*best.prices, 0))


def test_with_one_cost_changed_it_is_refused_unless_the_choice_is_still_the_best(solved):
    instance, best = solved
    chance, refused = Random(2), 0
    for n in chance.sample(range(len(instance.edges)), 40):
        for value in (instance.edges[n].value - 3000, instance.edges[n].value + 3000):
            changed = replace(instance, edges=_put(instance.edges, n, replace(instance.edges[n], value=value)))
            if flow.solve(changed).chosen != best.chosen:
                assert not holds(changed, best.chosen, best.prices)
                refused += 1
    assert refused > 10


def test_with_one_room_changed_it_is_refused_unless_the_choice_is_still_the_best(solved):
    instance, best = solved
    taken = Counter(instance.edges[n].group for n in best.chosen)
    refused = 0
    for n, group in enumerate(instance.groups):
        fewer = replace(instance, groups=_put(instance.groups, n, Group(group.unit, max(taken[n] - 1, 0))))
        assert holds(fewer, best.chosen, best.prices) == (taken[n] == 0)
        costs = instance.loads[group.unit]
        roomier = replace(
            instance, groups=_put(instance.groups, n, Group(group.unit, group.room + 1)),
            loads=_put(instance.loads, group.unit, (*costs, costs[-1] if costs else 0)),
        )  # fmt: skip
        if flow.solve(roomier).chosen != best.chosen:
            assert not holds(roomier, best.chosen, best.prices)
            refused += 1
    assert refused > 3


def test_with_a_reward_a_bonus_or_a_load_changed_it_is_refused_where_it_matters(solved):
    instance, best = solved
    got = [0] * len(instance.asks)
    for n in best.chosen:
        got[instance.edges[n].ask] += 1
    served = next(n for n, count in enumerate(got) if count)
    poor = replace(instance, asks=_put(instance.asks, served, Ask(instance.asks[served].asker, (-9000,))))
    assert not holds(poor, best.chosen, best.prices)
    asker = instance.asks[served].asker
    assert not holds(replace(instance, bonuses=_put(instance.bonuses, asker, (-9000,))), best.chosen, best.prices)
    unit = instance.groups[instance.edges[best.chosen[0]].group].unit
    tired = replace(instance, loads=_put(instance.loads, unit, (9000,) * len(instance.loads[unit])))
    assert not holds(tired, best.chosen, best.prices)


def test_taking_what_looks_best_is_refused_whatever_prices_are_forged_for_it(solved):
    instance, best = solved
    greedy = by_what_looks_best(instance)
    assert feasible(instance, greedy)
    assert worth(instance, greedy) < worth(instance, best.chosen)
    for forged in (best.prices, (0,) * len(best.prices), tuple(-price for price in best.prices), _of_the_rest(instance, greedy)):
        assert not holds(instance, greedy, forged)
    with pytest.raises(NotOptimal, match="better choice"):
        prices_for(instance, greedy)


def test_in_small_rounds_exactly_the_best_choice_has_prices_that_prove_it():
    proved = 0
    for seed in range(80):
        instance = small(seed, most_edges=8)
        _, choices = by_trying_everything(instance)
        for n in range(1 << len(instance.edges)):
            chosen = [edge for edge in range(len(instance.edges)) if n >> edge & 1]
            try:
                prices = prices_for(instance, chosen)
            except NotOptimal:
                assert tuple(chosen) not in choices
            else:
                verify(instance, chosen, prices)
                assert tuple(chosen) in choices
                proved += 1
    assert proved >= 80


def test_two_choices_that_are_equally_good_are_told():
    twins = Instance(((),), (Ask(0, (1000,)),), (Group(0, 1), Group(1, 1)), ((0,), (0,)), (Edge(0, 0, 500, 7), Edge(0, 1, 500, 7)))
    either = flow.solve(twins)
    assert holds(twins, either.chosen, either.prices)
    assert not unique(twins, either.chosen, either.prices)
    apart = replace(twins, edges=(twins.edges[0], replace(twins.edges[1], ticket=8)))
    assert unique(apart, (0,), flow.solve(apart).prices)
    assert flow.solve(apart).chosen == (0,)


def test_with_a_candidate_left_out_it_is_another_round():
    instance = slot_instance(SCARCE, 1)
    best = flow.solve(instance)
    gone = best.chosen[0]
    less, old = without(instance, {gone})
    kept = [old.index(n) for n in best.chosen if n != gone]
    assert not holds(less, kept, best.prices)


def _moved(prices: tuple[int, ...], node: int, by: int) -> tuple[int, ...]:
    return (*prices[:node], prices[node] + by, *prices[node + 1:])


def _put(items, place, item):
    return (*items[:place], item, *items[place + 1:])


def _of_the_rest(instance: Instance, chosen: tuple[int, ...]) -> tuple[int, ...]:
    """Prices that prove the choice in a round in which everything else is left out: true, but of another round."""
    alone = replace(
        instance,
        edges=tuple(edge if n in chosen else replace(edge, value=-9000) for n, edge in enumerate(instance.edges)),
    )  # fmt: skip
    return flow.solve(alone).prices
