"""The solver finds the best choice, the same whoever solves it, in whatever order things come."""

import sys
from collections import Counter
from dataclasses import replace
from random import Random

import pytest

from adapters import ortools_solver
from api.settings import Settings
from api.wiring import open_solver
from domain.matching import flow
from domain.matching.certificate import prices_for, unique, verify
from domain.matching.network import MOST_PAIRS, Ask, Group, Instance, TooLarge, network, total
from tests.support.instances import by_trying_everything, by_what_looks_best, feasible, shuffled, small, without, worth
from tests.support.market_maker import Shape
from tests.support.market_slots import one_slot, slot_instance

TOWN, SHORTAGE = Shape(offers=200, needs=100, areas=200), Shape(offers=50, needs=120, areas=100)


@pytest.mark.parametrize("hundred", range(4))
def test_nothing_that_could_be_tried_is_better_and_no_other_choice_as_good(hundred):
    alone = 0
    for seed in range(100 * hundred, 100 * hundred + 100):
        instance = small(seed)
        solution, (best, choices) = flow.solve(instance), by_trying_everything(instance)
        assert worth(instance, solution.chosen) == best, seed
        assert solution.chosen in [tuple(sorted(choice)) for choice in choices], seed
        assert total(instance, solution.chosen) == best[0], seed
        assert unique(instance, solution.chosen, solution.prices) == (len(choices) == 1), seed
        alone += len(choices) == 1
    assert alone >= 98


def test_trying_everything_finds_more_than_taking_what_looks_best():
    better = sum(
        by_trying_everything(small(seed))[0] > worth(small(seed), by_what_looks_best(small(seed))) for seed in range(60)
    )
    assert better > 10


@pytest.mark.parametrize("seed", range(30))
def test_another_solver_names_the_same_pairs_in_a_whole_district(seed):
    instance = slot_instance(TOWN if seed % 2 else SHORTAGE, seed)
    ours, theirs = flow.solve(instance), ortools_solver.solve(instance)
    assert ours.chosen == theirs.chosen
    assert feasible(instance, ours.chosen)
    assert len(ours.chosen) > 20
    for solution in (ours, theirs):
        verify(instance, solution.chosen, solution.prices)
        assert unique(instance, solution.chosen, solution.prices)


@pytest.mark.parametrize("seed", range(8))
def test_order_and_numbers_of_the_input_do_not_matter(seed):
    instance = slot_instance(TOWN, seed)
    mixed, old = shuffled(instance, Random(seed))
    assert sorted(old[n] for n in flow.solve(mixed).chosen) == list(flow.solve(instance).chosen)


def test_where_all_scores_are_equal_tickets_decide_and_order_does_not():
    instance = slot_instance(SHORTAGE, 1)
    even = replace(instance, edges=tuple(replace(edge, value=500) for edge in instance.edges))
    solution = flow.solve(even)
    assert unique(even, solution.chosen, solution.prices)
    for seed in range(10):
        mixed, old = shuffled(even, Random(seed))
        assert sorted(old[n] for n in flow.solve(mixed).chosen) == list(solution.chosen)
    other = replace(even, edges=tuple(replace(edge, ticket=(edge.ticket * 7 + 1) % 65536) for edge in even.edges))
    assert flow.solve(other).chosen != solution.chosen


def test_without_tickets_there_would_be_several_answers():
    instance = slot_instance(SHORTAGE, 1)
    even = replace(instance, edges=tuple(replace(edge, value=500, ticket=0) for edge in instance.edges))
    solution = flow.solve(even)
    assert not unique(even, solution.chosen, solution.prices)


@pytest.mark.parametrize("seed", range(6))
def test_twice_the_points_of_everything_give_the_same_pairs(seed):
    instance = slot_instance(SHORTAGE, seed)
    doubled = replace(
        instance, bonuses=tuple(_twice(each) for each in instance.bonuses), loads=tuple(_twice(each) for each in instance.loads),
        asks=tuple(replace(ask, rewards=_twice(ask.rewards)) for ask in instance.asks),
        edges=tuple(replace(edge, value=2 * edge.value) for edge in instance.edges),
    )  # fmt: skip
    assert flow.solve(doubled).chosen == flow.solve(instance).chosen


@pytest.mark.parametrize("bits", [16, 32, 48])
def test_wider_tickets_cost_no_exactness(bits):
    for seed in range(20):
        instance = replace(small(seed, most_edges=9), bits=bits)
        assert worth(instance, flow.solve(instance).chosen) == by_trying_everything(instance)[0]


# ---- more of anything is never less


@pytest.mark.parametrize("seed", range(40))
def test_more_room_wider_reach_or_one_more_offer_never_lower_what_a_round_is_worth(seed):
    chance = Random(seed)
    whole = _single(slot_instance(Shape(offers=40, needs=60, areas=60), seed))
    hidden = set(chance.sample(range(len(whole.edges)), min(12, len(whole.edges))))
    lost = chance.randrange(len(whole.groups))
    now = value = None
    for gone in (hidden | {n for n, edge in enumerate(whole.edges) if edge.group == lost}, hidden, set(list(hidden)[:6]), set()):
        now, _ = without(whole, gone)
        before, value = value, total(now, flow.solve(now).chosen)
        assert before is None or value >= before
    assert now == whole
    for _ in range(3):
        group = chance.randrange(len(now.groups))
        now = _roomier(now, group)
        before, value = value, total(now, flow.solve(now).chosen)
        assert value >= before


def test_taking_what_looks_best_can_be_lowered_by_more_room():
    fell = 0
    for seed in range(400):
        instance = small(seed)
        for group in range(len(instance.groups)):
            more = _roomier(instance, group)
            fell += total(more, by_what_looks_best(more)) < total(instance, by_what_looks_best(instance))
    assert fell > 0


@pytest.mark.parametrize("seed", range(6))
def test_an_offer_that_nobody_got_can_go_without_a_trace(seed):
    instance = slot_instance(TOWN, seed)
    chosen = flow.solve(instance).chosen
    idle = sorted(set(range(len(instance.groups))) - {instance.edges[n].group for n in chosen})
    for group in Random(seed).sample(idle, 4):
        less, old = without(instance, {n for n, edge in enumerate(instance.edges) if edge.group == group})
        assert [old[n] for n in flow.solve(less).chosen] == list(chosen)


@pytest.mark.parametrize("seed", range(8))
def test_half_of_the_result_held_fast_the_rest_comes_out_the_same(seed):
    instance = slot_instance(SHORTAGE if seed % 2 else TOWN, seed)
    chosen = flow.solve(instance).chosen
    fixed = sorted(Random(seed).sample(chosen, len(chosen) // 2))
    rest, old = _with_fixed(instance, fixed)
    again = flow.solve(rest).chosen
    assert sorted([*fixed, *(old[n] for n in again)]) == list(chosen)
    assert total(rest, again) == total(instance, chosen) - total(instance, fixed)


# ---- limits


def test_a_round_with_more_places_than_tickets_can_tell_apart_is_refused():
    asks = tuple(Ask(0, (1,)) for _ in range(MOST_PAIRS))
    with pytest.raises(TooLarge):
        flow.solve(Instance(((),), asks, (), (), ()))


def test_costs_that_64_bits_cannot_hold_are_refused_before_they_are_computed_with():
    instance = slot_instance(SHORTAGE, 1)
    for bits in (16, 20, 24):
        assert ortools_solver.solve(replace(instance, bits=bits)).chosen == flow.solve(instance).chosen
    for bits in (32, 40, 64):
        wide = replace(instance, bits=bits)
        with pytest.raises(ortools_solver.OutOfRange):
            ortools_solver.solve(wide)
        assert flow.solve(wide).chosen == flow.solve(instance).chosen


def test_what_the_other_solver_says_is_believed_only_with_a_proof(monkeypatch):
    instance = slot_instance(SHORTAGE, 1)
    greedy = by_what_looks_best(instance)
    monkeypatch.setattr(ortools_solver, "cheapest", lambda net: greedy)
    with pytest.raises(ValueError, match="better choice"):
        ortools_solver.solve(instance)


def test_a_setting_chooses_who_solves_and_says_what_is_missing(monkeypatch):
    assert open_solver(Settings(solver="own")) is flow.solve
    assert open_solver(Settings(solver="ortools")) is ortools_solver.solve
    monkeypatch.setitem(sys.modules, "ortools.graph.python.min_cost_flow", None)  # as if the extra were not installed
    with pytest.raises(ortools_solver.SolverMissing, match=r"需要安装 / needs: pip install 'renling\[solver\]'"):
        open_solver(Settings(solver="ortools"))
    with pytest.raises(ortools_solver.SolverMissing):
        ortools_solver.solve(slot_instance(SHORTAGE, 1))
    assert open_solver(Settings(solver="own")) is flow.solve


def test_an_offer_or_a_unit_without_any_room_gets_nothing():
    for seed in range(60):
        instance = small(seed)
        shut = replace(instance, groups=tuple(Group(group.unit, group.room * (n % 2)) for n, group in enumerate(instance.groups)))
        assert worth(shut, flow.solve(shut).chosen) == by_trying_everything(shut)[0]


def test_prices_for_a_choice_prove_it_whoever_found_it():
    for seed in range(30):
        instance = small(seed)
        chosen = flow.solve(instance).chosen
        verify(instance, chosen, prices_for(instance, chosen))


def test_plain_assignment_is_a_round_without_rewards_limits_and_fairness():
    instance = one_slot(slot_instance(SHORTAGE, 3))
    solution = flow.solve(instance)
    assert {len(ask.rewards) for ask in instance.asks} == {1}
    verify(instance, solution.chosen, solution.prices)
    assert network(instance).nodes == len(solution.prices)


def _twice(points: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(2 * each for each in points)


def _single(instance: Instance) -> Instance:
    return replace(instance, asks=tuple(Ask(ask.asker, ask.rewards[:1]) for ask in instance.asks))


def _roomier(instance: Instance, group: int) -> Instance:
    """One more place in an offer, and its unit may give once more at the price of its last engagement."""
    unit = instance.groups[group].unit
    groups, loads = list(instance.groups), list(instance.loads)
    groups[group] = Group(unit, groups[group].room + 1)
    loads[unit] = (*loads[unit], loads[unit][-1] if loads[unit] else 0)
    return replace(instance, groups=tuple(groups), loads=tuple(loads))


def _with_fixed(instance: Instance, fixed: list[int]) -> tuple[Instance, list[int]]:
    """What is left to decide when these edges are: places, rooms, limits and bonuses they used up are gone."""
    edges = [instance.edges[n] for n in fixed]
    asks, groups = Counter(e.ask for e in edges), Counter(e.group for e in edges)
    units, askers = Counter(instance.groups[e.group].unit for e in edges), Counter(instance.asks[e.ask].asker for e in edges)
    visited = {(e.ask, instance.groups[e.group].unit) for e in edges}
    less = replace(
        instance, bonuses=tuple(table[askers[n]:] or table[-1:] for n, table in enumerate(instance.bonuses)),
        asks=tuple(Ask(ask.asker, ask.rewards[asks[n]:]) for n, ask in enumerate(instance.asks)),
        groups=tuple(Group(group.unit, group.room - groups[n]) for n, group in enumerate(instance.groups)),
        loads=tuple(costs[units[n]:] for n, costs in enumerate(instance.loads)),
    )  # fmt: skip
    return without(less, {n for n, e in enumerate(instance.edges) if (e.ask, instance.groups[e.group].unit) in visited})
