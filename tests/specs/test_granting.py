"""What granting an offer to somebody else would cost is what is lost when the pair is forced and all else rearranged."""

from __future__ import annotations

from dataclasses import replace

import pytest

from domain.matching import flow
from domain.matching.explain import Residual
from domain.matching.network import Instance, total
from domain.matching.plan import PIN
from tests.support.market_maker import Shape
from tests.support.market_slots import slot_instance


def cost(instance: Instance, chosen: tuple[int, ...]) -> int:
    """Of a choice as the network counts it: tickets are below a point."""
    return -instance.step * total(instance, chosen) + sum(instance.edges[n].ticket for n in chosen)


@pytest.mark.parametrize("seed", range(4))
def test_the_price_of_granting_is_the_loss_of_the_round_that_is_forced_to_grant_it(seed: int) -> None:
    instance = slot_instance(Shape(offers=60, needs=60, areas=100), seed)
    best = flow.solve(instance)
    residual = Residual(instance, best.chosen, best.prices)
    told = []
    for number in [n for n in range(len(instance.edges)) if n not in best.chosen][:40]:
        edge = instance.edges[number]
        wished = replace(edge, value=edge.value + PIN)
        forced = flow.solve(replace(instance, edges=(*instance.edges[:number], wished, *instance.edges[number + 1 :])))
        if number in forced.chosen:
            loss = (cost(instance, forced.chosen) - cost(instance, best.chosen)) // instance.step
            told.append((residual.granting(number), loss))
    assert len(told) > 20
    assert [price for price, _ in told] == [loss for _, loss in told]
    assert max(price for price, _ in told) > 100
