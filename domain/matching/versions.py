"""Ways of solving a round by name. A round says which one it was solved by; old ones stay, or old rounds could not be
checked any more. What a version gives for the same facts never changes: a change of result is a new version."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from domain.events import Refused
from domain.matching import flow, round
from domain.matching.cover import Solver
from domain.matching.outcome import ALGORITHM, Outcome, Scope
from domain.matching.policy import Policy
from domain.matching.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Version:
    """solve(snapshot, scope, policy, key, solver); check(snapshot, scope, policy, key, outcome) raises NotOptimal."""

    solve: Callable[[Snapshot, Scope, Policy, str, Solver], Outcome]
    check: Callable[[Snapshot, Scope, Policy, str, Outcome], None]


VERSIONS: Mapping[str, Version] = {ALGORITHM: Version(round.solve, round.check)}
OWN: Solver = flow.solve


def version(name: str) -> Version:
    """Refused: round.unknown_algorithm."""
    if name not in VERSIONS:
        raise Refused(
            "round.unknown_algorithm", f"本程序不认识算法“{name}”，请用更新的版本核验。",
            f"This program does not know the algorithm “{name}”: check with a newer one.", kind="invalid", field="algorithm",
        )  # fmt: skip
    return VERSIONS[name]
