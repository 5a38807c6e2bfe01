"""The market by the long way: every fact made, every state folded by the rules' own `evolve`. For auditors and for tests."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

from domain import areas
from domain.areas import AreaState
from domain.claim import ClaimReinstated, ClaimReleased, ClaimState, MemberLeft
from domain.events import Recorded
from domain.matching.snapshot import Snapshot
from domain.matching.times import day_of, minutes_of
from domain.need import NeedCommitted, NeedPosted, NeedState
from domain.offer import OfferState
from services.command import evolve, kind_of
from services.market_facts import (
    NOTHING,
    Asked,
    Count,
    Promise,
    area_facts,
    asker_facts,
    counted,
    giver_facts,
    givers_of,
    need_facts,
    offer_facts,
    promised,
    takes_part,
)
from services.ports import Codec, EventLog

KINDS = ("need", "offer", "claim", "unit", "area")
BATCH = 500  # events read at once
EVERY = 50  # events between two turns of everybody else


async def replayed(log: EventLog, codec: Codec, position: int, at: int) -> Snapshot:
    """What a `Market` at this position shows, from the first event on and without one. Takes a full decode of the ledger."""
    return (await replayed_at(log, codec, ((position, at),)))[0]


async def replayed_at(log: EventLog, codec: Codec, moments: Sequence[tuple[int, int]]) -> list[Snapshot]:
    """The same at several (position, minute), oldest first, in one pass."""
    past, read, found = _Past(), 0, list[Snapshot]()
    for position, at in moments:
        async for recorded in _history(log, codec, read, position):
            past.take(recorded)
        found.append(past.snapshot(position, at))
        read = position
    return found


async def _history(log: EventLog, codec: Codec, read: int, position: int) -> AsyncIterator[Recorded]:
    """Every fact after `read`, up to the position, that has to do with matching."""
    while read < position and (rows := await log.read_all(read, min(BATCH, position - read))):
        for row in rows:
            if row.position % EVERY == 0:
                await asyncio.sleep(0)
            if kind_of(row.stream) in KINDS:
                yield codec.decode(row)
        read = rows[-1].position


class _Past:
    """All states there have been, and the little that they do not tell."""

    def __init__(self) -> None:
        self._states: dict[str, Any] = {}
        self._since: dict[str, int] = {}  # need -> local day it was first posted
        self._answered: set[str] = set()  # needs somebody has committed to, once
        self._left: dict[str, tuple[str, ...]] = {}  # accepted claim -> members who stepped out
        self._released: dict[str, str] = {}  # claim -> who released it

    def take(self, recorded: Recorded) -> None:
        stream, event, before = recorded.stream, recorded.event, self._states.get(recorded.stream)
        self._states[stream] = evolve(kind_of(stream), before, event, stream)
        match event:
            case NeedPosted():
                self._since.setdefault(stream, day_of(minutes_of(recorded.meta.at)))
            case NeedCommitted():
                self._answered.add(stream)
            case MemberLeft() if before is not None and before.status == "accepted":
                self._left[stream] = (*self._left.get(stream, ()), event.org)
            case ClaimReleased():
                self._released[stream] = event.by
            case ClaimReinstated() if event.final:
                del self._released[stream]

    def snapshot(self, position: int, at: int) -> Snapshot:
        on: dict[str, list[ClaimState]] = {}
        for claim in self._of(ClaimState):
            on.setdefault(claim.terms.need or "", []).append(claim)
        facts = [need_facts(n, on.get(n.id, []), self._since[n.id]) for n in self._of(NeedState) if self._matched(n, "open")]
        needs = tuple(n for n in facts if n is not None)
        offers = tuple(o for o in map(offer_facts, (o for o in self._of(OfferState) if self._matched(o, "published"))) if o)
        counts = self._counts()
        givers = sorted({offer.owner for offer in offers})
        askers = (asker_facts(org, counts[org]) for org in sorted(counts))
        return Snapshot(
            position=position, at=at, areas=tuple(map(area_facts, self._of(AreaState))), needs=needs, offers=offers,
            givers=tuple(giver_facts(org, self._states.get(org), counts.get(org, NOTHING)) for org in givers),
            askers=tuple(asker for asker in askers if asker is not None),
        )  # fmt: skip

    def _of(self, kind: type[Any]) -> list[Any]:
        found = (state for state in self._states.values() if isinstance(state, kind))
        return sorted(found, key=lambda state: state.id)

    def _matched(self, item: NeedState | OfferState, phase: str) -> bool:
        org = item.content.owner
        return item.phase == phase and takes_part(org, self._states.get(org), self._states.get(areas.stream(org)))

    def _counts(self) -> dict[str, Count]:
        found: dict[str, Count] = {}
        for need in self._of(NeedState):
            asked = Asked(
                owner=need.content.owner, phase=need.phase, since=self._since.get(need.id), answered=need.id in self._answered
            )
            found[asked.owner] = found.get(asked.owner, NOTHING).plus(counted(asked))
        for claim in self._of(ClaimState):
            promise = Promise(
                status=claim.status, givers=givers_of(claim), left=self._left.get(claim.id, ()),
                released_by=self._released.get(claim.id),
            )  # fmt: skip
            for org, count in promised(promise):
                found[org] = found.get(org, NOTHING).plus(count)
        return found
