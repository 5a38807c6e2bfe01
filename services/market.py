"""The market: a fold of the ledger in memory that knows what the matcher needs, and tells who follows it what changed."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from domain import areas
from domain.matching.snapshot import NeedFacts, OfferFacts, Snapshot
from services.command import kind_of
from services.market_book import Book, Listener, News, tell
from services.market_facts import area_facts, asker_facts, giver_facts, need_facts, offer_facts, takes_part
from services.market_replay import replayed
from services.market_states import EVERY, LiveStates
from services.market_tallies import Tallies
from services.ports import Codec, EventLog

__all__ = ["Listener", "Market", "replayed"]

BATCH = 1000  # events read at once


class Market:
    """Nothing is read until the first `catch_up`. What it shows is always that of one position: a catch-up gathers first,
    and puts what changed in place at once, without waiting, when all of it is there."""

    def __init__(self, log: EventLog, codec: Codec) -> None:
        self._log = log
        self._tallies, self._states, self._book = Tallies(codec), LiveStates(log, codec), Book()
        self._counted = 0  # the last event that the tallies have taken
        self._snapshot: Snapshot | None = None
        self._listeners: list[Listener] = []
        self._lock = asyncio.Lock()
        self.position = 0

    async def catch_up(self) -> int:
        """To the ledger's head as it is now; the position. A call that fails or is cancelled leaves what is shown as it was,
        and the next one goes on from there. Raises what the log raises, and ValueError for facts of a newer version."""
        async with self._lock:
            await self._count((await self._log.head()).position)
            if self._counted > self.position:
                touched = frozenset(self._tallies.touched)
                await self._move_on(touched)
                self._show(await self._news(touched))
            return self.position

    def snapshot(self, at: int) -> Snapshot:
        """What is known at `position`, for a round or a suggestion at this minute (since 1970 UTC)."""
        if self._snapshot is None:
            self._snapshot = self._book.snapshot(self.position, at)
        elif self._snapshot.at != at:
            self._snapshot = replace(self._snapshot, at=at)
        return self._snapshot

    def subscribe(self, listener: Listener) -> None:
        """It is told now of everything that is there, and after each catch-up of what that changed."""
        tell(listener, self._book.everything(), self._book.areas())
        self._listeners.append(listener)

    async def _count(self, head: int) -> None:
        while self._counted < head:
            rows = await self._log.read_all(self._counted, min(BATCH, head - self._counted))
            for n, row in enumerate(rows):
                if n % EVERY == 0:
                    await asyncio.sleep(0)
                self._tallies.take(row)
                self._counted = row.position

    async def _move_on(self, touched: frozenset[str]) -> None:
        """The states of what was touched and is live, as they were at the last event counted; those of the rest are let go."""
        tallies, states = self._tallies, self._states
        wanted = {stream for stream in touched if tallies.live(stream)}
        states.drop(stream for stream in touched - wanted if kind_of(stream) == "offer")
        for need in (stream for stream in touched if kind_of(stream) == "need"):
            claims = tallies.claims_on(need)
            if need in wanted:
                wanted.update(claim for claim in claims if claim in touched or claim not in states)
            else:
                states.drop((need, *claims))
        await states.move_on(sorted(wanted), self._counted)

    async def _news(self, touched: frozenset[str]) -> News:
        """The facts of what was touched, and of what belongs to an organisation that was."""
        orgs = {stream.removeprefix("area-") for stream in touched if kind_of(stream) in ("unit", "area")}
        theirs = {item.id for kind in ("need", "offer") for item in self._states.of(kind) if item.content.owner in orgs}
        news = News()
        for n, stream in enumerate(touched | theirs):
            if n % EVERY == 0:
                await asyncio.sleep(0)
            match kind_of(stream):
                case "need":
                    news.needs[stream] = self._need(stream)
                case "offer":
                    news.offers[stream] = self._offer(stream)
                case "area":
                    area = area_facts(self._states.get(stream))
                    news.areas[area.id] = area
        for org in orgs | self._tallies.orgs | self._book.owners(news.offers):
            count = self._tallies.count(org)
            news.givers[org], news.askers[org] = giver_facts(org, self._states.get(org), count), asker_facts(org, count)
        return news

    def _show(self, news: News) -> None:
        """From here on nothing waits: whoever looks sees all of it or nothing."""
        changed = self._book.put(news)
        self._tallies.forget_touched()
        self.position, self._snapshot = self._counted, None
        for listener in self._listeners:
            tell(listener, changed, self._book.areas())

    def _need(self, stream: str) -> NeedFacts | None:
        state = self._states.get(stream)
        if state is None or not self._takes_part(state.content.owner):
            return None
        claims = [self._states.get(claim) for claim in self._tallies.claims_on(stream)]
        return need_facts(state, claims, self._tallies.since(stream))

    def _offer(self, stream: str) -> OfferFacts | None:
        state = self._states.get(stream)
        return None if state is None or not self._takes_part(state.content.owner) else offer_facts(state)

    def _takes_part(self, org: str) -> bool:
        return takes_part(org, self._states.get(org), self._states.get(areas.stream(org)))
