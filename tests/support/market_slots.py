"""Bare instances of the slot form, straight from a drawn district: for solvers and measurements that need no snapshot."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace
from random import Random

from domain.matching.network import Ask, Edge, Group, Instance
from domain.matching.policy import NORMAL
from domain.matching.snapshot import NeedFacts, OfferFacts
from domain.matching.worth import bonuses, loads, rewarded, ticket, together
from tests.support.market_maker import Market, Shape, market

NEAR = (1000, 900, 700, 450, 150)  # grid, neighbourhood, cluster, street, district


def slot_instance(shape: Shape, seed: int, *, top: int | None = None) -> Instance:
    """One slot for most needs, two or three for some; an offer serves as many as its line says. `top`: of each need, so
    many of its best candidates."""
    drawn = market(shape, seed, slots=True)
    chance, policy, key = Random(f"slots|{seed}"), NORMAL, f"round-{seed}"
    unit_at = {giver.id: n for n, giver in enumerate(drawn.givers)}
    asker_at = {asker.id: n for n, asker in enumerate(drawn.askers)}
    offer_at = {offer.id: n for n, offer in enumerate(drawn.offers)}
    district, edges, asks = together(drawn.askers), list[Edge](), list[Ask]()
    candidates = _candidates(drawn)
    for n, need in enumerate(drawn.needs):
        first = rewarded(policy, need, policy.reward_cover)
        slots = chance.choices((1, 2, 3), (85, 10, 5) if top else (70, 20, 10))[0]
        asks.append(Ask(asker_at[need.owner], (first,) + (first // 2,) * (slots - 1)))
        found = [(score, ticket(key, need.id, offer), offer) for score, offer in candidates(need)]
        if top is not None:
            found = heapq.nlargest(top, found)
        edges += [Edge(n, offer_at[offer], score, lot) for score, lot, offer in found]
    return Instance(
        bonuses=tuple(bonuses(policy, asker, district) for asker in drawn.askers), asks=tuple(asks),
        groups=tuple(Group(unit_at[offer.owner], offer.lines[0].quantity) for offer in drawn.offers),
        loads=tuple(loads(policy, giver.live, giver.limit) for giver in drawn.givers), edges=tuple(edges),
    )  # fmt: skip


def one_slot(instance: Instance) -> Instance:
    """The same candidates, one slot each, without limits of units, fairness or rewards: all that plain assignment says."""
    return replace(
        instance, bonuses=((),) * len(instance.bonuses), asks=tuple(Ask(ask.asker, (0,)) for ask in instance.asks),
        loads=tuple((0,) * sum(g.room for g in instance.groups if g.unit == n) for n in range(len(instance.loads))),
        edges=tuple(replace(edge, value=edge.value + 1000) for edge in instance.edges),
    )  # fmt: skip


def _candidates(drawn: Market):  # type: ignore[no-untyped-def]
    """A function from a need to (score, offer) of all that could serve it."""
    parents = {area.id: area.parent for area in drawn.areas}
    trust = {giver.id: NORMAL.weights.trust * (giver.kept + 4) // (giver.done + 5) for giver in drawn.givers}
    reached: Mapping[tuple[str, str], list[OfferFacts]] = defaultdict(list)
    for offer in drawn.offers:
        reached[offer.category, offer.reach].append(offer)

    def candidates(need: NeedFacts) -> Iterator[tuple[int, str]]:
        weights, mask, path = NORMAL.weights, drawn.masks[need.id], _path(need.area, parents)
        near_of = dict(zip(path, NEAR, strict=True))
        own = weights.fit + weights.urgency * NORMAL.urgency[need.urgency] // 1000 + weights.vulnerable * need.vulnerable
        halves = max(1, mask.bit_count()) if mask > 0 else 1
        for area in path:
            for offer in reached[need.category, area]:
                common = mask & drawn.masks[offer.id]
                if not common or (offer.groups and need.group not in offer.groups) or offer.id in need.refused:
                    continue
                if need.skill is not None and need.skill not in offer.skills:
                    continue
                near = next((near_of[a] for a in _path(offer.area, parents) if a in near_of), 0)
                time = 1000 if drawn.masks[offer.id] < 0 or mask < 0 else 1000 * common.bit_count() // halves
                fitting = 600 + ticket("fit", need.id, offer.id) % 401
                yield (
                    own - weights.fit + weights.fit * fitting // 1000 + weights.near * near // 1000 + weights.time * time // 1000
                    + weights.skill * (1000 if need.skill else 500) // 1000 + trust[offer.owner]
                ), offer.id  # fmt: skip

    return candidates


def _path(area: str, parents: Mapping[str, str | None]) -> tuple[str, ...]:
    path, here = list[str](), area or None
    while here:
        path.append(here)
        here = parents[here]
    return tuple(path)
