"""The audit trail with filters, newest first: a bounded look at the ledger at a time, and only what the viewer may see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from domain.access import Principal
from services.audit import Trail
from services.command import kind_of
from services.items import KINDS
from services.ports import EventLog, Stored
from services.read_ports import ReadDb

MOST_LOOKED = 20_000  # events, in one request
BLOCK = 500


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """Which events. `type`: a TYPE, or the first part of one ("claim"); `area`: items that now count in it or below;
    `org`: items it is now a party of, and acts on its behalf; positions `first` to `last`, both included."""

    actor: str = ""
    org: str = ""
    type: str = ""
    kinds: tuple[str, ...] = ()
    area: str = ""
    delegated: bool = False
    first: int = 1
    last: int | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """Events as `Trail.record` has them, newest first. `rest`: where to look on; None at the end."""

    items: list[dict[str, Any]]
    rest: int | None


class TrailSearch:
    def __init__(self, log: EventLog, db: ReadDb, trail: Trail) -> None:
        self._log, self._db, self._trail = log, db, trail

    async def before(self, viewer: Principal, wanted: Wanted, end: int | None = None, limit: int = 20) -> Found:
        """The newest with a position < `end`; `rest` is the next `end`."""
        head = (await self._log.head()).position
        end = min(end if end is not None else head + 1, (wanted.last if wanted.last is not None else head) + 1, head + 1)
        found: list[Stored] = []
        looked = 0
        while end > max(wanted.first, 1) and len(found) < limit and looked < MOST_LOOKED:
            begin = max(wanted.first - 1, end - 1 - BLOCK, 0)
            rows = await self._log.read_all(begin, end - 1 - begin)
            found += reversed(await self._kept(rows, viewer, wanted))
            looked, end = looked + len(rows), begin + 1
        if len(found) > limit:
            found, end = found[:limit], found[limit - 1].position
        return Found([self._trail.record(row) for row in found], end if end > max(wanted.first, 1) else None)

    async def after(self, viewer: Principal, wanted: Wanted, start: int, limit: int = 20) -> Found:
        """The oldest with a position > `start`, newest of them first; `rest` is the next `start`."""
        head = (await self._log.head()).position
        last, start = min(wanted.last if wanted.last is not None else head, head), max(start, wanted.first - 1, 0)
        found: list[Stored] = []
        looked = 0
        while start < last and len(found) < limit and looked < MOST_LOOKED:
            rows = await self._log.read_all(start, min(BLOCK, last - start))
            found += await self._kept(rows, viewer, wanted)
            looked, start = looked + len(rows), start + len(rows)
        if len(found) > limit:
            found, start = found[:limit], found[limit - 1].position
        return Found([self._trail.record(row) for row in reversed(found)], start if start < last else None)

    async def _kept(self, rows: Sequence[Stored], viewer: Principal, wanted: Wanted) -> list[Stored]:
        kept = [row for row in rows if _may_fit(row, wanted)]
        if not kept:
            return []
        visible = await self._trail.visible({row.stream for row in kept}, viewer)
        if wanted.area:
            visible &= await self._carrying(visible, "a", wanted.area)
        mine = await self._carrying(visible, "p", wanted.org) if wanted.org else visible
        return [row for row in kept if row.stream in visible and self._fits(row, wanted, mine)]

    def _fits(self, row: Stored, wanted: Wanted, mine: set[str]) -> bool:
        if not (wanted.actor or wanted.delegated or wanted.org):
            return True
        entry = self._trail.record(row)
        if wanted.actor and entry["actor"] != wanted.actor:
            return False
        if wanted.delegated and entry["on_behalf_of"] is None:
            return False
        return row.stream in mine or (bool(wanted.org) and entry["on_behalf_of"] == wanted.org)

    async def _carrying(self, streams: set[str], letter: str, name: str) -> set[str]:
        found: set[str] = set()
        for kind in KINDS:
            of_kind = [stream for stream in streams if kind_of(stream) == kind]
            ids = {stream.removeprefix("area-") if kind == "area" else stream: stream for stream in of_kind}
            carrying = await self._db.carrying(list(ids), (f"{kind}/{letter}/{name}",)) if ids else frozenset()
            found |= {ids[id] for id in carrying}
        return found


def _may_fit(row: Stored, wanted: Wanted) -> bool:
    """What can be told without reading the event: whatever is left out here does not fit."""
    if wanted.kinds and kind_of(row.stream) not in wanted.kinds:
        return False
    if wanted.type and wanted.type not in (row.type, row.type.partition(".")[0]):
        return False
    if wanted.delegated and b'"on_behalf_of"' not in row.state:
        return False
    return wanted.actor.encode() in row.state
