"""Whom the best choice serves first: committees that have nothing yet, and what is urgent."""

from collections import Counter
from dataclasses import replace
from random import Random

import pytest

from domain.matching import flow
from domain.matching.network import Ask, Edge, Group, Instance
from domain.matching.policy import NORMAL
from tests.support.instances import feasible
from tests.support.market_maker import Shape
from tests.support.market_slots import slot_instance

SHORTAGE = Shape(offers=50, needs=120, areas=100)


@pytest.mark.parametrize("seed", range(20))
def test_no_committee_gets_a_second_before_each_that_can_has_a_first(seed):
    chance = Random(seed)
    committees, offers, each = chance.randint(6, 14), chance.randint(3, 7), 3
    asks = tuple(Ask(c, (1500,)) for c in range(committees) for _ in range(each))
    reached = {c: chance.sample(range(offers), chance.randint(0, offers)) for c in range(committees)}
    groups = tuple(Group(n, chance.randint(1, 2)) for n in range(offers))
    edges = tuple(
        Edge(n, group, 500, chance.getrandbits(16)) for n, ask in enumerate(asks) for group in reached[ask.asker]
    )
    instance = Instance((NORMAL.committee_bonus,) * committees, asks, groups, tuple((0,) * g.room for g in groups), edges)
    got = Counter(asks[edges[n].ask].asker for n in flow.solve(instance).chosen)
    assert len(got) == _most_served(reached, [group.room for group in groups])
    unfair = replace(instance, bonuses=((),) * committees)
    assert len(got) >= len({asks[edges[n].ask].asker for n in flow.solve(unfair).chosen})


def test_nobody_urgent_waits_for_an_offer_that_somebody_else_could_do_without():
    jumped = 0
    for seed in range(25):
        instance = slot_instance(SHORTAGE, seed)
        instance = replace(instance, asks=tuple(Ask(ask.asker, ask.rewards[:1]) for ask in instance.asks))
        assert not _could_change(instance, flow.solve(instance).chosen)
        jumped += bool(_could_change(instance, _first_come(instance)))
    assert jumped > 0  # first come, first served does that


def _most_served(reached: dict[int, list[int]], rooms: list[int]) -> int:
    """How many committees can have a first pair at once, by augmenting paths (Kuhn)."""
    holds: list[list[int]] = [[] for _ in rooms]

    def place(committee: int, tried: set[int]) -> bool:
        for offer in reached[committee]:
            if offer in tried:
                continue
            tried.add(offer)
            if len(holds[offer]) < rooms[offer]:
                holds[offer].append(committee)
                return True
            for n, other in enumerate(holds[offer]):
                if place(other, tried):
                    holds[offer][n] = committee
                    return True
        return False

    return sum(place(committee, set()) for committee in reached)


def _first_come(instance: Instance) -> tuple[int, ...]:
    """Each need in turn takes the best that is left."""
    chosen: list[int] = []
    for n in sorted(range(len(instance.edges)), key=lambda n: (instance.edges[n].ask, -instance.edges[n].value)):
        chosen += [n] if feasible(instance, [*chosen, n]) else []
    return tuple(sorted(chosen))


def _could_change(instance: Instance, chosen: tuple[int, ...]) -> list[tuple[int, int]]:
    """(urgent need without anything, plain need): the plain one holds an offer that would do for the urgent one, and
    another offer that it could have is free."""
    policy, edges = NORMAL, [instance.edges[n] for n in chosen]
    served, holds = [ask.rewards[0] for ask in instance.asks], {e.ask: e.group for e in edges}
    groups, units = Counter(e.group for e in edges), Counter(instance.groups[e.group].unit for e in edges)
    free = {
        n for n, group in enumerate(instance.groups)
        if groups[n] < group.room and units[group.unit] < len(instance.loads[group.unit])
    }  # fmt: skip
    ways = {(edge.ask, edge.group) for edge in instance.edges}
    urgent = [n for n, points in enumerate(served) if points >= policy.reward_cover * policy.urgent_pct[3] // 100 and n not in holds]
    plain = [
        n for n in holds if served[n] in (policy.reward_cover, policy.reward_cover * policy.vulnerable_pct // 100)
        and any((n, group) in ways for group in free)
    ]  # fmt: skip
    return [(one, other) for one in urgent for other in plain if (one, holds[other]) in ways]
