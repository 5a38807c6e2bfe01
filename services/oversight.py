"""What an auditor keeps an eye on: how much is done on behalf of others, and by whom; and which deadlines went by."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime

from domain.access import SYSTEM
from services.ports import Codec, EventLog, Stored
from services.read_ports import Doc, Query, ReadDb

BLOCK = 1000
MOST_LOOKED = 40_000  # events of the ledger counted in one request; the next one goes on
MOST_ACTIVE = 1000  # projects under way looked at for their due date
MISSED = ("claim/s/expired", "need/s/lapsed")  # ended by the clock because nobody answered


@dataclass(slots=True)
class _Tally:
    acts: int = 0
    delegated: int = 0


@dataclass(frozen=True, slots=True)
class Delegation:
    """Acts of one account: all, and those on behalf of somebody else. An act is one command, whatever it wrote."""

    actor: str
    acts: int
    delegated: int

    @property
    def per_cent(self) -> int:
        return self.delegated * 100 // max(self.acts, 1)


@dataclass(frozen=True, slots=True)
class Delegations:
    """Of the first `position` of `head` events; accounts that ever acted for another, most of it first."""

    rows: tuple[Delegation, ...]
    acts: int
    position: int
    head: int


@dataclass(frozen=True, slots=True)
class Missed:
    """Claims that nobody answered in time, needs that lapsed, and projects under way past their due date (the first of
    them; `more`: not all projects were looked at)."""

    claims_expired: int
    needs_lapsed: int
    overdue: tuple[Doc, ...]
    more: bool


class Oversight:
    """Counts on from where it stood: the ledger only grows."""

    def __init__(self, log: EventLog, codec: Codec, db: ReadDb) -> None:
        self._log, self._codec, self._db = log, codec, db
        self._tallies: dict[str, _Tally] = {}
        self._position, self._command = 0, ""
        self._counting = asyncio.Lock()

    async def delegations(self) -> Delegations:
        async with self._counting:
            head, looked = (await self._log.head()).position, 0
            while self._position < head and looked < MOST_LOOKED:
                rows = await self._log.read_all(self._position, BLOCK)
                for row in rows:
                    self._count(row)
                looked += len(rows)
                await asyncio.sleep(0)  # others are waiting too
            rows_found = [Delegation(actor, t.acts, t.delegated) for actor, t in self._tallies.items() if t.delegated]
            rows_found.sort(key=lambda row: (-row.delegated, row.actor))
            acts = sum(tally.acts for tally in self._tallies.values())
            return Delegations(tuple(rows_found), acts, self._position, head)

    async def missed(self, at: datetime) -> Missed:
        """As the lists know it. `at`: now, UTC."""
        counted = await self._db.tally(MISSED)
        active = await self._db.page(Query(groups=(("project/s/active",),), limit=MOST_ACTIVE))
        late = [doc for _, doc in active.rows if doc["due_at"] and datetime.fromisoformat(doc["due_at"]) < at]
        late.sort(key=lambda doc: str(doc["due_at"]))
        claims, needs = (sum(counted[label].values()) for label in MISSED)
        return Missed(claims, needs, tuple(late), active.more)

    def _count(self, row: Stored) -> None:
        """The events of one command stand together."""
        said = self._codec.unpack(row.state)
        self._position = row.position
        if said["command_id"] == self._command or said["actor"] == SYSTEM.id:
            return
        self._command = said["command_id"]
        tally = self._tallies.setdefault(said["actor"], _Tally())
        tally.acts += 1
        tally.delegated += "on_behalf_of" in said
