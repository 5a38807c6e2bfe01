"""Rounds by OR-Tools' minimum cost flow (extra `solver`): the pairs of our own solver, sooner in very large rounds.

Its answer is believed only with prices that prove it. It keeps its own to itself, so they are found anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from domain.matching.certificate import prices_for, verify
from domain.matching.flow import Solution
from domain.matching.network import END, Instance, Network, TooLarge, network

if TYPE_CHECKING:
    import numpy

MOST_SCALED = 1 << 60  # OR-Tools multiplies costs by nodes + 1 in 64 bits; BAD_COST_RANGE was seen from 1.4 · 2^60 on


class SolverMissing(ValueError):
    """The extra is not installed."""


class OutOfRange(TooLarge):
    """Costs that 64 bits cannot hold when scaled: take a smaller area or category, or our own solver."""


def available() -> None:
    """Raises SolverMissing, which says what to install."""
    try:
        import ortools.graph.python.min_cost_flow  # noqa: F401
    except ImportError as error:
        raise SolverMissing(
            "RENLING_SOLVER=ortools 需要安装 / needs: pip install 'renling[solver]'（否则请用 / otherwise: RENLING_SOLVER=own）"
        ) from error


def solve(instance: Instance) -> Solution:
    """The best choice of edges, verified. TooLarge, OutOfRange: nothing was solved. SolverMissing: without the extra."""
    net = network(instance)
    chosen = cheapest(net)
    prices = prices_for(instance, chosen)
    verify(instance, chosen, prices)
    return Solution(chosen, prices)


def cheapest(net: Network) -> tuple[int, ...]:
    """Edges that OR-Tools' cheapest flow uses, not verified yet."""
    check_range(net)
    available()
    from ortools.graph.python.min_cost_flow import SimpleMinCostFlow

    flow = SimpleMinCostFlow()
    flow.add_arcs_with_capacity_and_unit_cost(*_columns(net))
    for node, slots in net.supplies:
        flow.set_node_supply(node, slots)
    flow.set_node_supply(END, -sum(slots for _, slots in net.supplies))
    status = flow.solve()
    if status == flow.BAD_COST_RANGE:
        raise OutOfRange(f"BAD_COST_RANGE, {net.nodes} nodes")
    if status != flow.OPTIMAL:
        raise RuntimeError(f"OR-Tools: {status.name}")
    used: Sequence[int] = flow.flows(_array(net.pairs, "int32")).tolist()
    return tuple(n for n, one in enumerate(used) if one)


def check_range(net: Network) -> None:
    """Raises OutOfRange when a scaled cost could leave 64 bits, before anything is computed with it."""
    dearest = max((abs(arc.cost) for arc in net.arcs), default=0)
    if dearest * (net.nodes + 1) >= MOST_SCALED:
        raise OutOfRange(f"{dearest} · {net.nodes + 1} ≥ 2^60")


def _columns(net: Network) -> tuple[Any, Any, Any, Any]:
    return (
        _array([arc.tail for arc in net.arcs], "int32"), _array([arc.head for arc in net.arcs], "int32"),
        _array([arc.room for arc in net.arcs], "int64"), _array([arc.cost for arc in net.arcs], "int64"),
    )  # fmt: skip


def _array(values: Sequence[int], kind: str) -> numpy.ndarray[Any, Any]:
    import numpy

    return numpy.array(values, dtype=kind)
