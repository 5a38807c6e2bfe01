"""A small district for the state machine, and how chance picks somebody to act and something to act on."""

from __future__ import annotations

import tempfile
from collections.abc import Coroutine, Sequence
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any, TypeVar

from domain.access import SYSTEM, Principal
from domain.calendar import Span
from domain.capacity import Line
from domain.events import Refused
from tests.specs.golden.vault import GoldenVault
from tests.specs.workflow_checks import Replay
from tests.specs.workflow_model import Model
from tests.specs.workflow_state import Claim, Codes, Item
from tests.support.world import COMMITTEE, DISTRICT_OFFICE, OTHER_COMMITTEE, START, World

T = TypeVar("T")
SPANS = tuple(Span(START + timedelta(days=d), START + timedelta(days=d, hours=3)) for d in (12, 40))
TIMES = tuple((span.start.strftime("%Y-%m-%dT%H:%M:%SZ"), span.end) for span in SPANS)
ON_THE_WAY = ("active", "reported", "confirmed", "disputed", "settled")


def run(act: Coroutine[Any, Any, Any]) -> Any:
    """In memory nothing waits: the act runs to its end at once."""
    try:
        act.send(None)
    except StopIteration as done:
        return done.value
    raise AssertionError("an act in memory waited for something")


class Town:
    def __init__(self) -> None:
        self.world = World(Path(tempfile.gettempdir()), vault=GoldenVault())
        run(self.world.begin(4))
        self.model, self.replay, self.unit = Model(), Replay(), "人"
        self.people: dict[str, Principal] = {u.org: u for u in self.world.units}
        self.people |= {p.org: p for p in (COMMITTEE, OTHER_COMMITTEE, DISTRICT_OFFICE)}

    @property
    def now(self) -> Any:
        return self.world.clock.now()

    def lines(self, quantity: int) -> tuple[Line, ...]:
        return (Line("志愿者", quantity, self.unit),)

    def span(self, time: int | None) -> Span | None:
        return None if time is None else SPANS[time]

    def time(self, chance: Random, need: Item | None, offer: Item | None) -> int | None:
        windowed = any(each and each.times for each in (need, offer))
        return chance.choice([None, 0, 1, 1]) if windowed else None

    def a_unit(self, chance: Random) -> str:
        return chance.choice(self.world.units).org

    def sides(self, chance: Random) -> tuple[Item | None, Item | None, str, str]:
        """(need, offer, who asks, in which role)."""
        need, offer = chance.choice(self.model.items[:2]), chance.choice(self.model.items[2:])
        match chance.randrange(6):
            case 0 | 1 | 2:
                return need, None, self.a_unit(chance), "provider"
            case 3:
                return None, offer, chance.choice([COMMITTEE.org, OTHER_COMMITTEE.org, self.a_unit(chance)]), "receiver"
            case 4:
                return need, offer, DISTRICT_OFFICE.org, "tier"
        return chance.choice([(need, offer, offer.owner, "provider"), (need, offer, need.owner, "receiver")])

    def invitations(self, chance: Random, provider: str) -> list[tuple[str, int]]:
        others = [unit.org for unit in self.world.units if unit.org != provider]
        return [(org, chance.randint(1, 3)) for org in chance.sample(others, chance.choice([0, 0, 1, 2]))]

    def claim(self, chance: Random, *statuses: str) -> Claim | None:
        """Mostly one that can be acted on; now and then any."""
        fitting = [c for c in self.model.claims if c.status in statuses] if chance.random() < 0.9 else []
        return self._one(chance, fitting or self.model.claims)

    def project(self, chance: Random, *stages: str) -> Claim | None:
        fitting = [c for c in self.model.claims if c.stage in stages] if chance.random() < 0.9 else []
        return self._one(chance, fitting or [c for c in self.model.claims if c.stage in ON_THE_WAY])

    def _one(self, chance: Random, among: Sequence[T]) -> T | None:
        return chance.choice(among) if among else None

    def answerer(self, chance: Random, claim: Claim) -> str:
        """Mostly one of those awaited."""
        return chance.choice(sorted(claim.awaiting)) if claim.awaiting and chance.random() < 0.8 else self.party(chance, claim)

    def party(self, chance: Random, claim: Claim) -> str:
        return chance.choice([claim.provider, claim.receiver, *(part.org for part in claim.active)])

    def ask(self, act: Any, asker: str, /, *arguments: Any, expected: Codes, **more: Any) -> Any:
        """Done, or refused for a reason that the model knows too."""
        who = SYSTEM if asker == "system" else self.people[asker]
        try:
            done = run(act(self.world.ask(who), *arguments, **more))
        except Refused as refused:
            if refused.code in expected:
                return None
            raise AssertionError(act.__qualname__, str(refused), "but the model says", expected) from refused
        assert not expected, (act.__qualname__, "was done, but the model says", expected)
        self.name_projects()
        return done

    def name_projects(self) -> None:
        """The model calls each new project "next"; its id is the claim's to tell."""
        for claim in self.model.claims:
            if claim.project == "next":
                claim.project = run(self.world.streams.load(claim.id)).state.project
