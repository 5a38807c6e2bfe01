"""Acts that are told in words, so that tasks or other processes can do them at once, and their outcomes."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol

from adapters.system import SeededClock, SystemIds
from domain.access import SYSTEM, Principal
from domain.events import Refused
from services.claims import ClaimDraft
from services.offers import OfferChange, OfferDraft
from services.ports import EventLog
from services.streams import Streams
from tests.support.world import START, STREET_OFFICE, World, people

Lane = list["Act"]  # what one process (or one half of the tasks) does, all at once


@dataclass(frozen=True)
class Act:
    """`who` does something under an idempotency key, `late_s` seconds after the start of the day."""

    what: str
    who: str
    key: str
    item: str = ""
    quantity: int = 0
    late_s: int = 0


@dataclass
class Outcomes:
    """What each act came to: "ok" or a refusal's code. Anything else is not an outcome but a failure."""

    of: dict[str, str] = field(default_factory=dict)

    def count(self, *outcomes: str) -> int:
        return sum(outcome in outcomes for outcome in self.of.values())


class Course(Protocol):
    """Where races are run: over one ledger, by tasks of one process or by several processes."""

    world: World

    async def race(self, lanes: Sequence[Lane]) -> Outcomes: ...


def principal(org: str) -> Principal:
    known = {"system": SYSTEM, "street": STREET_OFFICE}
    role = "unit" if org.startswith("unit-") else "committee"
    return known.get(org) or Principal(id=f"key-{org}", role=role, org=org)


def a_world(log: EventLog, folder: Path, *, shared: bool, late_s: int = 0) -> World:
    """Use cases over the ledger with a memory of their own; `late_s` moves their clock ahead."""
    world = World(folder, log, SeededClock(START + timedelta(seconds=late_s)))
    world.streams = Streams(log, world.codec, world.vault, world.clock, SystemIds(), shared=shared)
    world.serve("k")
    return world


async def do(world: World, act: Act) -> str:
    """The outcome of one act."""
    ask, lines = world.ask(principal(act.who), act.key), people(act.quantity)
    acts: dict[str, Any] = {
        "accept": lambda: world.claims.accept(ask, act.item),
        "withdraw": lambda: world.claims.withdraw(ask, act.item),
        "release": lambda: world.claims.release(ask, act.item),
        "reinstate": lambda: world.claims.reinstate(ask, act.item),
        "expire": lambda: world.claims.expire(ask, act.item),
        "want": lambda: world.claims.propose(ask, ClaimDraft(offer=act.item, lines=lines)),
        "help": lambda: world.claims.propose(ask, ClaimDraft(need=act.item, lines=lines)),
        "cut": lambda: world.offers.amend(ask, act.item, OfferChange(lines=lines)),
        "offer": lambda: world.offers.post(ask, OfferDraft(title="车队", category="service", lines=lines)),
        "suspend": lambda: world.register.suspend_unit(ask, act.item),
    }
    try:
        await acts[act.what]()
    except Refused as refused:
        return refused.code
    return "ok"


async def run_lane(world: World, lane: Lane) -> dict[str, str]:
    outcomes = await asyncio.gather(*(do(world, act) for act in lane))
    return {act.key: outcome for act, outcome in zip(lane, outcomes, strict=True)}


class OneProcess:
    """All lanes are tasks over one memory; a lane whose clock is late waits for nobody."""

    def __init__(self, world: World) -> None:
        self.world = world

    async def race(self, lanes: Sequence[Lane]) -> Outcomes:
        late = max(act.late_s for lane in lanes for act in lane)
        self.world.clock.set(max(self.world.clock.now(), START + timedelta(seconds=late)))
        mixed = [act for acts in zip(*lanes, strict=False) for act in acts]
        mixed += [act for lane in lanes for act in lane if act not in mixed]
        return Outcomes(await run_lane(self.world, mixed))


class Processes:
    """A lane for each process, each with its own memory of the shared ledger."""

    def __init__(self, world: World, racers: Sequence[Racer], job: dict[str, str]) -> None:
        self.world, self._racers, self._job = world, racers, job

    async def race(self, lanes: Sequence[Lane]) -> Outcomes:
        running = self._prepared(lanes)
        for racer in running:
            racer.tell("go")
        return self._told(running)

    def in_turn(self, lanes: Sequence[Lane], **job: str) -> Outcomes:
        """All have looked at the items before the first begins; then the last lane runs first, and the first one last."""
        running = self._prepared(lanes, **job)
        outcomes = Outcomes()
        for racer in reversed(running):
            racer.tell("go")
            outcomes.of.update(self._told([racer]).of)
        return outcomes

    def _prepared(self, lanes: Sequence[Lane], **job: str) -> list[Racer]:
        running = self._racers[: len(lanes)]
        for racer, lane in zip(running, lanes, strict=True):
            racer.tell({**self._job, **job, "lane": [vars(act) for act in lane]})
        assert [racer.answer() for racer in running] == ["ready"] * len(lanes)
        return list(running)

    def _told(self, running: Sequence[Racer]) -> Outcomes:
        outcomes = Outcomes()
        for racer in running:
            outcomes.of.update(racer.answer())
        self.world.streams.forget()
        return outcomes


class Racer:
    """Another process that runs lanes; see `tests.support.racer`."""

    def __init__(self, errors: Path) -> None:
        self._errors = errors.open("w+")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.racer"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=self._errors, text=True, cwd=Path(__file__).parents[2],
        )  # fmt: skip

    def tell(self, message: Any) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(message) + "\n")
        self._process.stdin.flush()

    def answer(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self._errors.seek(0)
            raise AssertionError(self._errors.read())
        return json.loads(line)

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        self._errors.close()


@contextmanager
def racers(count: int) -> Iterator[list[Racer]]:
    """Processes that stand ready; they are gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        started = [Racer(Path(folder) / f"errors{n}") for n in range(count)]
        try:
            yield started
        finally:
            for racer in started:
                racer.close()
