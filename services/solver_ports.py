"""The port of solvers: whoever can find the best choice of pairs in a round."""

from __future__ import annotations

from typing import Protocol

from domain.matching.flow import Solution
from domain.matching.network import Instance


class Solver(Protocol):
    """Any exact method will do: tickets make the best choice the only one, so all of them name the same pairs."""

    def __call__(self, instance: Instance) -> Solution:
        """The best choice of edges with prices that prove it (certificate.verify accepts them). Prices may differ from one
        solver to another, pairs never. TooLarge: more than it can answer exactly, and nothing was solved; never a guess."""
