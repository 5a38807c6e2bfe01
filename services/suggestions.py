"""Suggestions: whom a need could turn to and whom an offer could serve, at once, as the ledger stands now."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from domain import rules
from domain.access import Principal, decide
from domain.events import Refused
from domain.matching.digest import policy_digest
from domain.matching.index import Index, Suggestion
from domain.matching.misses import Refusals
from domain.matching.policy import NORMAL, Policy
from domain.matching.times import minutes_of
from domain.need import NeedState
from domain.offer import OfferState
from domain.round import RoundState
from domain.rules import policy_in_force
from services import sight
from services.items import State
from services.market import Market
from services.read_ports import Progress, Query, ReadDb
from services.streams import Streams

MOST = 50  # suggestions at once
NAMES_S = 1.0  # that the name of an item just posted may take
ROUNDS = 20  # published rounds whose prices are looked at


@dataclass(frozen=True, kw_only=True, slots=True)
class Called:
    """How people know an item."""

    title: str | None = None
    number: str = ""
    owner: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Suggested:
    """True for the ledger at `position`. `called`: by id of the other side. `refused`: only when asked for."""

    position: int
    policy: str  # digest
    mode: str  # normal, emergency
    items: tuple[Suggestion, ...]
    called: Mapping[str, Called]
    refused: Refusals | None = None


class Suggestions:
    """Follows the market with an index of its own; what it takes is read when first asked for."""

    def __init__(self, market: Market, streams: Streams, db: ReadDb, lists: Progress) -> None:
        self._market, self._streams, self._db, self._lists = market, streams, db, lists
        self._index, self._lock = Index(), asyncio.Lock()
        self._steered = -1  # the position up to which published rounds are known
        self._mode, self._following = "normal", False
        self._getting: asyncio.Task[None] | None = None

    async def for_need(self, principal: Principal, need: str, limit: int = 10, rejected: bool = False) -> Suggested:
        """Offers that could serve the need, best first. Refused: item.not_found, access.suggestions, suggestion.need_not_open."""
        await self.check(principal, await sight.seen(self._streams, principal, need, "need"))
        await self._ready()
        return await self._told(
            need, self._index.for_need(need, min(limit, MOST)), self._index.refused_for_need(need, limit) if rejected else None
        )

    async def for_offer(self, principal: Principal, offer: str, limit: int = 10, rejected: bool = False) -> Suggested:
        """Needs that the offer could serve, best first. Refused: as above, suggestion.offer_not_published."""
        await self.check(principal, await sight.seen(self._streams, principal, offer, "offer"))
        await self._ready()
        return await self._told(
            offer, self._index.for_offer(offer, min(limit, MOST)),
            self._index.refused_for_offer(offer, limit) if rejected else None,
        )  # fmt: skip

    async def may(self, principal: Principal, kind: str, id: str) -> bool:
        """Whether the viewer may have them, and the item is one that has any."""
        held = await self._streams.load(id)
        if held is None or held.state.status != {"need": "open", "offer": "published"}[kind]:
            return False
        return await self._allowed(principal, held.state)

    async def ready(self) -> tuple[Index, int]:
        """The index as of now, and the position of the ledger that it shows: until whoever asks waits for something else."""
        await self._ready()
        return self._index, self._market.position

    async def soon(self, wait_s: float) -> bool:
        """Whether everything is ready, after waiting no longer than this. What is not goes on getting ready."""
        getting = self._begun()
        await asyncio.wait({getting}, timeout=wait_s)
        return getting.done() and not getting.cancelled() and getting.exception() is None

    async def check(self, principal: Principal, state: State) -> None:
        """Refused: access.suggestions, suggestion.need_not_open, suggestion.offer_not_published."""
        if not await self._allowed(principal, state):
            raise Refused(
                "access.suggestions", "推荐只给其所属单位、所在区域的协调员和审计员查看。",
                "Suggestions are for its owner, the coordinators of its area and auditors.", kind="forbidden",
            )  # fmt: skip
        if isinstance(state, NeedState) and state.status != "open":
            raise _not_open()
        if isinstance(state, OfferState) and state.status != "published":
            raise _not_published()

    async def _allowed(self, principal: Principal, state: State) -> bool:
        facts = replace(await sight.facts(self._streams, state), public=False)
        return decide(principal, "suggestion.see", facts) is None

    async def _ready(self) -> None:
        """The long way of a first start goes on also when the one who asked has gone."""
        if not self._index.fresh(minutes_of(self._streams.clock.now())):
            await asyncio.shield(self._begun())
        await self._up_to_date()

    def _begun(self) -> asyncio.Task[None]:
        if self._getting is None or self._getting.done():
            self._getting = asyncio.create_task(self._up_to_date())
            self._getting.add_done_callback(_heard)
        return self._getting

    async def _up_to_date(self) -> None:
        """The market at the ledger's head, times of this half-day, the policy in force, what published rounds say."""
        async with self._lock:
            if not self._following:
                self._market.subscribe(self._index)
                self._following = True
            await self._market.catch_up()
            await self._steer()
            now = self._streams.clock.now()
            policy, self._mode = await self._policy()
            self._index.set_policy(policy)
            while not self._index.fresh(minutes_of(now)):
                for _ in self._index.refreshing(minutes_of(now)):
                    await asyncio.sleep(0)

    async def _policy(self) -> tuple[Policy, str]:
        held = await self._streams.load(rules.STREAM)
        return policy_in_force(held.state, self._streams.clock.now()) if held else (NORMAL, "normal")

    async def _steer(self) -> None:
        """Of each area and category the last published round counts: its prices, and the pairs that people ruled out."""
        position = self._market.position
        if self._steered >= position:
            return
        listed = await self._lists.wait_for(0, 0)
        found = await self._db.page(Query(groups=(("round/s/published",),), limit=ROUNDS))
        marks, prohibited, scopes = dict[str, int](), set[tuple[str, str]](), set[tuple[str, str | None]]()
        for _, doc in found.rows:
            held = await self._streams.load(doc["id"])
            round = held.state if held else None
            if isinstance(round, RoundState) and round.outcome and (round.area, round.category) not in scopes:
                scopes.add((round.area, round.category))
                marks = {**dict(round.outcome.marks), **marks}
                prohibited.update(round.scope.prohibitions)
        self._index.set_marks(marks)
        self._index.set_prohibited(prohibited)
        self._steered = min(position, listed)

    async def _told(self, id: str, items: Iterable[Suggestion], refused: Refusals | None) -> Suggested:
        """With names as the lists know them; for one that is new they are waited for a moment, and no longer."""
        items, position = tuple(items), self._market.position
        others = [s.candidate.offer if s.candidate.need == id else s.candidate.need for s in items]
        named = [*others, *(miss.id for miss in refused.nearest)] if refused else others
        docs = await self._db.docs(named, None)
        if len(docs) < len(set(named)):
            await self._lists.wait_for(position, NAMES_S)
            docs = await self._db.docs(named, None)
        called = {
            id: Called(title=doc["title"], number=doc["number"] or "", owner=doc["owner"] or "") for id, doc in docs.items()
        }
        return Suggested(
            position=position, policy=policy_digest(self._index.policy), mode=self._mode, items=items, called=called, refused=refused
        )


def _heard(getting: asyncio.Task[None]) -> None:
    """Nobody may be waiting any more; who asks next tries again, and is told."""
    if not getting.cancelled():
        getting.exception()


def _not_open() -> Refused:
    return Refused(
        "suggestion.need_not_open", "只有开放中的需求才有推荐：草稿请先发布，已满或已结束的请先重新开放。",
        "Only open needs have suggestions: post a draft first, reopen what is over.", kind="state",
    )  # fmt: skip


def _not_published() -> Refused:
    return Refused(
        "suggestion.offer_not_published", "只有已发布、尚有余量的资源才有推荐：草稿请先发布，暂停的请先恢复。",
        "Only published offers with something left have suggestions: publish a draft, resume a paused one.", kind="state",
    )  # fmt: skip
