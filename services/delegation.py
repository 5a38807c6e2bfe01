"""What was done in others' names: who did it, on what basis, until when the represented party may object, and whether it did."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import datetime

from domain import delegation
from domain.access import Facts, allow, missing
from domain.delegation import ObjectionRaised
from domain.events import Recorded
from services.command import Ask, Done
from services.ports import Stored
from services.streams import Streams
from services.work import Work

BLOCK = 1000
_BEHALF, _OBJECTION = b'"on_behalf_of"', ObjectionRaised.TYPE


@dataclass(frozen=True, kw_only=True, slots=True)
class Objection:
    at: datetime
    by: str  # an account
    ground: str
    position: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Act:
    """One command in another's name; `position` is that of its first event, `type` the TYPE of the item's own event."""

    position: int
    at: datetime
    type: str
    item: str
    actor: str
    org: str
    basis: str
    until: datetime  # to object
    objection: Objection | None = None

    def open(self, at: datetime) -> bool:
        """Whether there is still time to object."""
        return self.objection is None and at < self.until


class Delegations:
    """Follows the ledger in memory, from where it stood: it only grows."""

    def __init__(self, streams: Streams) -> None:
        self._streams = streams
        self._acts: dict[int, Act] = {}  # by position
        self._of: dict[str, list[int]] = defaultdict(list)
        self._about: dict[str, list[int]] = defaultdict(list)
        self._position, self._command = 0, ""
        self._following = asyncio.Lock()

    async def of(self, org: str) -> list[Act]:
        """What was done in its name, newest first."""
        await self._follow()
        return [self._acts[position] for position in reversed(self._of.get(org, ()))]

    async def about(self, item: str) -> list[Act]:
        """What was done about an item in somebody's name, oldest first. Who may see the item is for the caller to ask."""
        await self._follow()
        return [self._acts[position] for position in self._about.get(item, ())]

    async def by(self, actor: str) -> list[Act]:
        """What an account did in others' names, newest first."""
        await self._follow()
        return [act for _, act in sorted(self._acts.items(), reverse=True) if act.actor == actor]

    async def objected(self) -> list[Act]:
        """All that was objected to, the newest act first: for the auditor."""
        await self._follow()
        return [act for _, act in sorted(self._acts.items(), reverse=True) if act.objection]

    async def object(self, ask: Ask, position: int, ground: str) -> Done:
        """Refused: objection.…; missing: nothing was done at that position in the asker's name."""
        stream = delegation.stream(position)
        recorded = await self._act_at(position)

        async def decide(work: Work) -> str:
            state, meta = await work.state(stream), recorded.meta if recorded else None
            org = (meta.on_behalf_of if meta else None) or ""
            allow(ask.principal, "objection.raise", Facts(parties=(org,), public=False))
            work.write(stream, *delegation.object_to(
                state, meta, org=ask.principal.org, position=position, ground=ground, at=work.at
            ))  # fmt: skip
            return stream

        return await self._streams.command(ask, decide)

    async def _act_at(self, position: int) -> Recorded | None:
        """The first event of an act."""
        rows = await self._streams.log.read_all(max(position - 2, 0), 2) if position > 0 else ()
        found = {row.position: self._streams.codec.decode(row) for row in rows}
        here, before = found.get(position), found.get(position - 1)
        if here is None or (before is not None and before.meta.command_id == here.meta.command_id):
            raise missing()
        return here

    async def _follow(self) -> None:
        async with self._following:
            while rows := await self._streams.log.read_all(self._position, BLOCK):
                for row in rows:
                    self._take(row)
                await asyncio.sleep(0)  # others are waiting too

    def _take(self, row: Stored) -> None:
        self._position = row.position
        if row.type == _OBJECTION:
            self._objected(self._streams.codec.decode(row))
        elif _BEHALF in row.state:
            self._done(self._streams.codec.decode(row), row.type)

    def _done(self, recorded: Recorded, type: str) -> None:
        meta = recorded.meta
        if meta.on_behalf_of is None:  # only the words stood there
            return
        if meta.command_id == self._command:
            last = next(reversed(self._acts))
            if recorded.stream == meta.correlation and not self._own(last):
                self._acts[last] = replace(self._acts[last], type=type)
            return
        self._command = meta.command_id
        self._acts[recorded.position] = Act(
            position=recorded.position, at=meta.at, type=type, item=meta.correlation, actor=meta.actor,
            org=meta.on_behalf_of, basis=meta.basis or "", until=delegation.until(meta.at),
        )  # fmt: skip
        self._of[meta.on_behalf_of].append(recorded.position)
        self._about[meta.correlation].append(recorded.position)

    def _own(self, position: int) -> bool:
        """The act's sentence is already that of the item it is about."""
        act = self._acts[position]
        return act.type.partition(".")[0] == act.item.partition("-")[0]

    def _objected(self, recorded: Recorded) -> None:
        event = recorded.event
        assert isinstance(event, ObjectionRaised)
        objection = Objection(
            at=recorded.meta.at, by=recorded.meta.actor, ground=event.ground, position=recorded.position
        )
        self._acts[event.position] = replace(self._acts[event.position], objection=objection)
