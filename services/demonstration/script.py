"""The script of the demonstration: who does what, when. What would happen from today on is cut off."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from domain.access import Principal
from services.command import Ask


@dataclass(frozen=True, kw_only=True, slots=True)
class Act:
    """One command. `item` is the script's own name of what it makes or changes; a project goes by its claim's name."""

    at: datetime  # UTC
    name: str  # what it is known by when it is asked again: the idempotency key
    who: Principal
    verb: str  # e.g. "claim.accept"
    item: str
    args: Mapping[str, Any] = field(default_factory=dict)


def asked(who: Principal, name: str, verb: str) -> Ask:
    """The command under which an act is known: the same whenever it is asked again."""
    return Ask(principal=who, key=f"demonstration {name}", fingerprint=verb)


class Script:
    """Acts are added story by story, each story in its own order of time."""

    def __init__(self, end: datetime) -> None:
        self.end = end
        self._acts: list[Act] = []
        self._counts: Counter[str] = Counter()

    def add(self, at: datetime, who: Principal, verb: str, item: str, **args: Any) -> None:
        self._counts[item] += 1
        if at < self.end:
            name = f"{item}.{self._counts[item]}.{verb}"
            self._acts.append(Act(at=at, name=name, who=who, verb=verb, item=item, args=args))

    @property
    def latest(self) -> datetime:
        """When the last act so far happens."""
        return max(act.at for act in self._acts)

    def in_order(self) -> tuple[Act, ...]:
        """All acts by time; those of one moment in the order they were added."""
        return tuple(sorted(self._acts, key=lambda act: act.at))
