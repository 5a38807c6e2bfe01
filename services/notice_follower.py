"""Follows the ledger and tells whom it concerns: each fact once, whatever breaks in between."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from domain import areas
from domain.areas import AreaState
from domain.delegation import ObjectionRaised
from domain.events import Recorded
from domain.suggestion import SuggestionIssued
from services.command import kind_of, to_us
from services.items import KINDS, Item, fold
from services.labels import direct_areas
from services.notice_deadlines import deadlines, told_by
from services.notice_ports import Channel, Deadline, Manners, Near, Notice, NoticeBook, Waiting
from services.notice_timing import send_at
from services.notices import TELLING, group_of, near_of, notices_for, objection_of, suggestion_of
from services.ports import Stored
from services.streams import Streams

BATCH = 500  # events at once
FRESH = timedelta(days=7)  # history that is older than this when a district first keeps notices is not new to anybody
REST_S = 0.0005  # for each fact that was read: commands come first
WAIT_S = 30.0
MOST_DUE = 200  # deadlines of one look at the clock
_BEHALF = b'"on_behalf_of"'

logger = logging.getLogger(__name__)


class Follower:
    def __init__(self, streams: Streams, book: NoticeBook, batch: int = BATCH) -> None:
        self._streams, self._book, self._batch = streams, book, batch
        self._log, self._codec, self._clock = streams.log, streams.codec, streams.clock

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            read = await self.step()
            if read is None:
                await self._log.wait(await self._book.position(), WAIT_S)
            else:
                await asyncio.sleep(REST_S * read)

    async def catch_up(self) -> int:
        """To the ledger's end; returns the position."""
        while await self.step() is not None:
            pass
        return await self._book.position()

    async def step(self) -> int | None:
        """One batch; returns how many facts had to be read, None when there is nothing new."""
        head = (await self._log.head()).position
        history = await self._book.begin(head)
        after = await self._book.position()
        rows = await self._log.read_all(after, self._batch)
        if not rows:
            return None
        told = _Told()
        for row in rows:
            if row.type in TELLING or _BEHALF in row.state:
                await self._read(row, told)
        fresh = [self._aged(notice) if notice.position <= history else notice for notice in told.notices]
        waiting = await self.waiting([notice for notice in fresh if notice.position > history])
        kept = await self._book.take(
            after, rows[-1].position, fresh, near=told.near, deadlines=told.deadlines, waiting=waiting
        )
        if not kept:
            logger.info("another process has taken the notices after %d", after)
        return told.read

    async def tick(self) -> int:
        """What the clock tells; returns how many deadlines were told."""
        now = self._clock.now()
        told = [(deadline, *told_by(deadline, now)) for deadline in await self._book.due(now, MOST_DUE)]
        notices = [notice for _, _, notice in told if notice is not None]
        if told:
            await self._book.tell([(d, n) for d, n, _ in told], notices, await self.waiting(notices))
        return len(told)

    async def tell(self, notice: Notice) -> None:
        """Something that the house itself has to say."""
        await self._book.add([notice], await self.waiting([notice]))

    async def waiting(self, notices: Iterable[Notice]) -> list[Waiting]:
        """For which channels they wait, and until when, as their readers wish."""
        found: list[Waiting] = []
        notices = list(notices)
        readers = list(dict.fromkeys(notice.to for notice in notices))
        channels = await self._book.channels(readers) if readers else ()
        manners = await self._book.manners([c.to for c in channels]) if channels else {}
        now = self._clock.now()
        for notice in notices:
            found += [w for c in channels if notice.to in (c.to, c.also) and (w := _waits(notice, c, manners, now))]
        return found

    def _aged(self, notice: Notice) -> Notice:
        """Of what lies before the first start only the last days are new to the reader."""
        if notice.at >= self._clock.now() - FRESH:
            return notice
        return replace(notice, read_at=notice.at)

    async def _read(self, row: Stored, told: _Told) -> None:
        told.read += 1
        recorded = self._codec.decode(row)
        if isinstance(recorded.event, ObjectionRaised):
            told.notices += await self._objection(recorded, recorded.event.item)
        if isinstance(recorded.event, SuggestionIssued) and (item := await self._item(recorded.event.item)):
            told.notices += suggestion_of(recorded, item)
        if kind_of(row.stream) not in KINDS:
            return
        item = await self._after_command(recorded, told)
        path = await self._path(item)
        told.notices += notices_for(recorded, item, await self._tier(path))
        if near := near_of(recorded, item, path):
            told.near.append(near)
        told.deadlines[str(getattr(item.state, "id", row.stream))] = deadlines(item.state, row.stream, item.updated_at)

    async def _objection(self, recorded: Recorded, stream: str) -> list[Notice]:
        item = await self._item(stream)
        return objection_of(recorded, item, await self._tier(await self._path(item))) if item else []

    async def _item(self, stream: str) -> Item | None:
        return fold(self._codec.decode(each) for each in await self._log.read_stream(stream))

    async def _after_command(self, recorded: Recorded, told: _Told) -> Item:
        """The item as the whole command left it: a proposal may be on the wait list by then."""
        if recorded.stream not in told.histories:
            rows = await self._log.read_stream(recorded.stream)
            told.histories[recorded.stream] = [self._codec.decode(each) for each in rows]
        history = told.histories[recorded.stream]
        same = recorded.meta.command_id
        item = fold(r for r in history if r.version <= recorded.version or r.meta.command_id == same)
        assert item is not None
        return item

    async def _path(self, item: Item) -> tuple[str, ...]:
        """All areas that it lies in, nearest first."""
        paths = [await self._streams.path(area) for area in direct_areas(item.state)]
        return tuple(dict.fromkeys(area for path in paths for area in path))

    async def _tier(self, path: Sequence[str]) -> str | None:
        """Who coordinates there: the street, else the district."""
        for area in path:
            held = await self._streams.load(areas.stream(area))
            state = held.state if held else None
            if isinstance(state, AreaState) and state.kind in ("street", "district"):
                return f"{state.kind}@{area}"
        return f"district@{path[-1]}" if path else None


class _Told:
    """What a batch tells, as it comes together."""

    def __init__(self) -> None:
        self.notices: list[Notice] = []
        self.near: list[Near] = []
        self.deadlines: dict[str, tuple[Deadline, ...]] = {}
        self.histories: dict[str, list[Recorded]] = {}
        self.read = 0


def _waits(notice: Notice, channel: Channel, manners: Mapping[str, Manners], now: datetime) -> Waiting | None:
    pace = channel.paces.get(group_of(notice.kind), "off")
    if pace == "off":
        return None
    due = send_at(now, pace, manners.get(channel.to, Manners(to=channel.to)))
    return Waiting(channel=channel.id, key=notice.key, due=due)


def near_notice(channel: Channel, kind: str, count: int, items: Sequence[str], upto: int, at: datetime) -> Notice:
    """The summary of what came near since the last one."""
    return Notice(
        key=f"{channel.to}/near/{channel.id}/{upto}/{to_us(at)}", to=channel.to, kind="near", about=kind, at=at,
        items=tuple(items), count=count,
    )  # fmt: skip
