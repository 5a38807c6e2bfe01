"""Every kind of event log answers any run of commands as the one in memory does, however much it has forgotten."""

from __future__ import annotations

import asyncio
from functools import partialmethod
from random import Random

import pytest

from adapters.admission import Known
from adapters.memory import MemoryStore
from services.ports import Append, Conflict, EventLog, Receipt
from tests.support.logs import Place, command, everything, posted, sealed


class Chaos:
    """Commands about few enough things that every kind of conflict is frequent."""

    def __init__(self, seed: int) -> None:
        self._chance, self._versions, self._at_us = (
            Random(seed),
            dict.fromkeys(("need-1", "offer-1", "unit-1"), 0),
            1_000,
        )
        self._sent: list[Append] = []

    def next(self) -> Append:
        chance = self._chance
        if self._sent and chance.random() < 0.15:
            return chance.choice(self._sent)
        self._at_us += chance.choice((0, 1, 5, 5, -3))
        new = f"claim-{len(self._sent)}"
        events = [posted(stream, self._guess(stream)) for stream in self._some(0.4)]
        change = command(
            *(event for event in events if event.version > 0),
            posted(chance.choice((new, "claim-same"))),
            id=f"c{len(self._sent)}",
            at_us=self._at_us,
            reads=[(stream, self._guess(stream) - 1) for stream in self._some(0.3)],
            cites=[("need-1", new)] if chance.random() < 0.3 else [],
            cited=[("need-1", chance.randrange(8))] if chance.random() < 0.2 else [],
            numbers=[("XQ", chance.randrange(60))] if chance.random() < 0.4 else [],
        )
        self._sent.append(change)
        return change

    def heard(self, change: Append) -> None:
        """Stored: from now on the guesses are about the new versions."""
        for event in change.events:
            if event.stream in self._versions:
                self._versions[event.stream] = max(event.version, self._versions[event.stream])

    def _some(self, share: float) -> list[str]:
        return [stream for stream in self._versions if self._chance.random() < share]

    def _guess(self, stream: str) -> int:
        return self._versions[stream] + self._chance.choice((1, 1, 1, 1, 2, 0) if self._versions[stream] else (1,))


async def answer(log: EventLog, change: Append) -> Receipt | str:
    try:
        return await log.append(change)
    except Conflict as conflict:
        return str(conflict)


@pytest.mark.parametrize("memory", [50_000, 1], ids=["remembering", "forgetful"])
async def test_it_answers_like_the_one_in_memory(place: Place, memory: int, monkeypatch: pytest.MonkeyPatch) -> None:
    model, chaos, kinds = MemoryStore(), Chaos(seed=7), set()
    monkeypatch.setattr(Known, "trim", partialmethod(Known.trim, most=memory))
    async with place.open() as log:
        for _ in range(400):
            change = chaos.next()
            expected = await answer(model, change)
            given = await answer(log, change)
            # Which of several reasons a refusal names is free; whether it is refused is not.
            assert given == expected or (isinstance(given, str) and isinstance(expected, str))
            if isinstance(expected, Receipt):
                chaos.heard(change)
            kinds.add(expected.split(":")[0] if isinstance(expected, str) else expected.repeated)
        assert await everything(log) == await everything(model)
        assert kinds == {"version", "read", "cited", "number", "time", False, True}
        assert list(await log.citing("need-1")) == list(await model.citing("need-1"))


async def test_whatever_comes_at_once_the_ledger_stays_whole_and_each_command_once(place: Place) -> None:
    chaos = Chaos(seed=8)
    async with place.open() as log:
        for _ in range(20):
            changes = [chaos.next() for _ in range(30)]
            outcomes = await asyncio.gather(*(answer(log, change) for change in changes))
            for change, outcome in zip(changes, outcomes, strict=True):
                if isinstance(outcome, Receipt):
                    chaos.heard(change)
                    kept = await log.command(change.command_id)
                    assert kept is not None
                    assert (kept.first, kept.last, kept.leaf) == (outcome.first, outcome.last, outcome.leaf)
        ledger = await everything(log)
        assert sealed(ledger).size == (await log.head()).position > 50
        for stream in {stored.stream for stored in ledger}:
            assert [s.version for s in await log.read_stream(stream)] == list(
                range(1, sum(s.stream == stream for s in ledger) + 1)
            )
