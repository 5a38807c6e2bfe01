"""New needs and offers, told to those whom they suit: only what fits well, few at a time, first to who heard least.

Who publishes something sees beside it at once whom it suits; those who have waited are told here. All that one fact gives
cause for is one command, named after that fact: a restart, or a second process, finds it done or does the whole of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from domain.access import SYSTEM
from domain.events import Refused
from domain.matching.digest import policy_digest
from domain.matching.index import Index, Suggestion
from domain.matching.policy import Policy
from domain.matching.times import minutes_of
from domain.suggestion import SuggestionIssued, issue, recent, stream
from services.command import Ask, kind_of, to_us
from services.market_facts import need_facts, offer_facts
from services.ports import Stored
from services.streams import Streams
from services.suggestions import Suggestions
from services.work import Work

FEW = 3  # organisations that are told of one piece of news
POOL = 50  # fits that are looked at, best first
FRESH = timedelta(days=3)  # after a longer break older news is old: what has come meanwhile stands beside each item
BATCH = 1000  # events read at once
AMENDED = ("need.amended", "offer.amended")
NEWS = ("need.posted", "need.endorsed", "need.reopened", "offer.published", "offer.resumed", *AMENDED)
NOBODY = "suggestion.nobody"
Declined = Callable[[Sequence[str]], Awaitable[frozenset[str]]]  # those of these organisations that want no suggestions


@dataclass(frozen=True, slots=True)
class Look:
    """What the index shows of one piece of news."""

    fits: tuple[SuggestionIssued, ...]  # best first, one for each organisation; `at` is yet to come
    policy: Policy


class Suggesting:
    """Reads the ledger on from where it was; the index is asked only when there is news."""

    def __init__(self, streams: Streams, suggestions: Suggestions) -> None:
        self._streams, self._log, self._suggestions = streams, streams.log, suggestions
        self._after: int | None = None  # position up to which everybody has been told
        self._lock = asyncio.Lock()

    async def tick(self, declined: Declined) -> int:
        """Up to the ledger's end; returns how many suggestions were issued. What fails is tried again by the next one."""
        async with self._lock:
            head, issued = (await self._log.head()).position, 0
            if self._after is None:
                self._after = await self._begin(head)
            while self._after < head:
                for row in await self._log.read_all(self._after, min(BATCH, head - self._after)):
                    if row.type in NEWS:
                        issued += await self._tell(row, declined)
                    self._after = row.position
            return issued

    async def _begin(self, head: int) -> int:
        """Where the last process left off: news comes in order, so whatever lies before the last that led to something is
        done. None within the last days: from there on."""
        after = last = await self._log.position_at(to_us(self._streams.clock.now() - FRESH))
        while after < head:
            for row in await self._log.read_all(after, min(BATCH, head - after)):
                if row.type == SuggestionIssued.TYPE:
                    last = max(last, self._streams.codec.peek(row)["data"]["news"])
                after = row.position
        return last

    async def _tell(self, news: Stored, declined: Declined) -> int:
        """How many have been told of it now."""
        ask = Ask(principal=SYSTEM, key=f"suggest-{news.stream}-{news.position}", fingerprint="whom it suits is told")
        if await self._log.command(ask.command_id) is not None:
            return 0
        look = await self._look(news, declined)

        async def decide(work: Work) -> str:
            return await _issued(work, look)

        try:
            return int((await self._streams.command(ask, decide)).extra["issued"]) if look.fits else 0
        except Refused as refused:
            if refused.code != NOBODY:
                raise
            return 0

    async def _look(self, news: Stored, declined: Declined) -> Look:
        """The good fits of the item as it is now; after an amendment those that did not fit well before."""
        index, position = await self._suggestions.ready()
        policy, item = index.policy, news.stream
        found = _good(index.for_need(item, POOL) if kind_of(item) == "need" else index.for_offer(item, POOL), policy)
        if found and news.type in AMENDED:
            before = await self._before(index, news, [_other(item, one) for one in found])
            found = [one for one in found if _other(item, one) not in before]
        fits: dict[str, SuggestionIssued] = {}
        for one in found:
            own = _other(item, one)
            to = await self._owner(own)
            if to not in fits and await self._has_waited(own, news):
                fits[to] = SuggestionIssued(
                    to=to, item=item, about=own, score=one.candidate.score, position=position, news=news.position, at=0,
                    policy=policy_digest(policy),
                )  # fmt: skip
        spared = await declined(list(fits)) if fits else frozenset()
        return Look(tuple(fit for to, fit in fits.items() if to not in spared), policy)

    async def _before(self, index: Index, news: Stored, others: Sequence[str]) -> set[str]:
        """Those of the others that fitted well already."""
        held = await self._streams.committed(news.stream, news.position - 1)
        assert held is not None
        if kind_of(news.stream) == "need":
            need = need_facts(held.state, (), 0)
            fitted = index.for_need_as(need, others) if need else []
        else:
            offer = offer_facts(held.state)
            fitted = index.for_offer_as(offer, others) if offer else []
        return {_other(news.stream, one) for one in _good(fitted, index.policy)}

    async def _owner(self, item: str) -> str:
        held = await self._streams.load(item)
        assert held is not None
        return str(held.state.content.owner)

    async def _has_waited(self, own: str, news: Stored) -> bool:
        """Whether it was there before the news: who has published or changed it since has seen beside it what there is."""
        return all(row.position < news.position for row in await self._log.read_stream(own) if row.type in NEWS)


async def _issued(work: Work, look: Look) -> str:
    """Writes them; the stream of the first. Who had fewer of late comes first, then who fits better."""
    await work.rules()  # for the record: what is issued cites the rule book
    states = {fit.to: await work.state(stream(fit.to)) for fit in look.fits}
    at, told = minutes_of(work.at), list[str]()
    for fit in sorted(look.fits, key=lambda fit: recent(states[fit.to], at)):
        events = issue(states[fit.to], replace(fit, at=at), per_week=look.policy.notices_per_week, least=look.policy.notice_score)
        if events and len(told) < FEW:
            work.write(stream(fit.to), *events)
            told.append(stream(fit.to))
    if not told:
        raise Refused(NOBODY, "这次没有可以告知的单位。", "There is nobody to be told this time.")
    work.extra["issued"] = len(told)
    return told[0]


def _good(found: Sequence[Suggestion], policy: Policy) -> list[Suggestion]:
    return [one for one in found if one.candidate.score >= policy.notice_score]


def _other(item: str, one: Suggestion) -> str:
    """The other side of a suggestion."""
    return one.candidate.offer if one.candidate.need == item else one.candidate.need
