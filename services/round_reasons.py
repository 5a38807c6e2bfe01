"""Why a round pairs as it does: every need and offer of it explained, and what simpler ways of handing out would have done."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from domain.events import Refused
from domain.matching.cover import Tally
from domain.matching.digest import inputs_digest
from domain.matching.explain import Explained, Why
from domain.matching.fairness import first_come, greedy, shares
from domain.matching.outcome import Shares
from domain.matching.policy import Policy
from domain.matching.snapshot import Snapshot
from domain.round import RoundState
from services.asof import reach
from services.command import kind_of
from services.read_ports import Doc, Progress, Query, ReadDb
from services.round_solving import Solving
from services.streams import Streams

MOST = 20  # candidates whose price is told
MISSES = 8
LATEST = 30  # published rounds that are looked through for an item
KEPT = 4  # rounds that are held ready
Result = TypeVar("Result")


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """A need or an offer in a round. `whys`: what was possible, the best first, the `more` beyond MOST only counted;
    `misses`: what came furthest of what a rule refused (of offers none)."""

    whys: tuple[Why, ...]
    misses: tuple[Why, ...] = ()
    more: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Way:
    """What a way of handing out does: needs served, in full, its value in points, and how evenly it falls."""

    served: int
    full: int
    value: int
    shares: Shares


@dataclass(frozen=True, kw_only=True, slots=True)
class Compared:
    greedy: Way
    first_come: Way


class RoundReasons:
    """Made from the same facts as the round itself; held ready for the rounds that were looked at last."""

    def __init__(self, solving: Solving, streams: Streams, db: ReadDb, progress: Progress) -> None:
        self._solving, self._streams, self._db, self._progress = solving, streams, db, progress
        self._explained: OrderedDict[str, Explained] = OrderedDict()
        self._compared: OrderedDict[str, Compared] = OrderedDict()
        self._lock = asyncio.Lock()  # so that what many ask for is made once

    async def of_need(self, round: RoundState, need: str) -> Told | None:
        """None when it was not in the round."""
        explained = await self._explain(round)
        return await asyncio.to_thread(_of_need, explained, need) if need in explained.plan.needs else None

    async def of_offer(self, round: RoundState, offer: str) -> Told | None:
        """Who got it and who else could have; None when it was not published at the cut-off."""
        explained = await self._explain(round)
        return await asyncio.to_thread(_of_offer, explained, offer) if offer in explained.plan.offers else None

    async def compared(self, round: RoundState) -> Compared:
        """Neither way knows of pins."""
        explained = await self._explain(round)
        return await self._held(self._compared, _name(round), lambda: asyncio.to_thread(_compared, explained))

    def known(self, round: RoundState) -> bool:
        """Whether the comparison is at hand already."""
        return _name(round) in self._compared

    async def policy(self, round: RoundState) -> Policy:
        return await self._solving.policy(round.policy)

    async def items(self, round: RoundState, ids: Iterable[str]) -> Mapping[str, Doc]:
        """The rows of needs and offers in the lists, at least as new as the round. Raises Behind."""
        await reach(self._progress, round.cutoff)
        return await self._db.docs(dict.fromkeys(ids))

    async def last_with(self, id: str, area: str, category: str) -> RoundState | None:
        """The newest published round that this need or offer was in."""
        found = await self._db.page(Query(groups=(("round/s/published",),), limit=LATEST))
        above = await self._streams.path(area)
        for _, doc in found.rows:
            if doc["category"] in (None, category) and (doc["area"] in above or kind_of(id) == "offer"):
                held = await self._streams.load(doc["id"])
                if held is not None and _took_part(held.state, id):
                    round: RoundState = held.state
                    return round
        return None

    async def _explain(self, round: RoundState) -> Explained:
        """Refused: round.not_computed, also while what people have decided since is being computed."""

        async def make() -> Explained:
            snapshot, policy = await self._solving.snapshot(round.cutoff, round.at), await self.policy(round)
            return await asyncio.to_thread(_explained, snapshot, policy, round)

        return await self._held(self._explained, _name(round), make)

    async def _held(
        self, held: OrderedDict[str, Result], name: str, make: Callable[[], Awaitable[Result]]
    ) -> Result:
        async with self._lock:
            if name not in held:
                held[name] = await make()
            held.move_to_end(name)
            if len(held) > KEPT:
                held.popitem(last=False)
            return held[name]


def _name(round: RoundState) -> str:
    """A result of a round; what people decide makes another one."""
    return f"{round.id}|{round.digests.inputs if round.digests else ''}"


def _took_part(round: RoundState, id: str) -> bool:
    found = round.outcome
    if found is None:
        return False
    paired = any(id in (pair.need, pair.offer) for pair in found.pairs)
    return paired or any(each.need == id for each in found.unserved) or any(offer == id for offer, _ in found.marks)


def _explained(snapshot: Snapshot, policy: Policy, round: RoundState) -> Explained:
    if round.outcome is None or round.digests is None or round.digests.inputs != inputs_digest(snapshot, round.scope):
        raise Refused(
            "round.not_computed", "这一轮还没有与现在的决定相符的结果，请稍后再看。",
            "This round has no result of what is decided now: look again in a moment.",
        )  # fmt: skip
    return Explained(snapshot, round.scope, policy, round.key, round.outcome)


def _of_need(explained: Explained, need: str) -> Told:
    candidates = [c for c in explained.plan.candidates if c.need == need]
    return _told(explained, [(c.score, c.need, c.offer) for c in candidates], explained.near_misses(need, MISSES))


def _of_offer(explained: Explained, offer: str) -> Told:
    candidates = [c for c in explained.plan.candidates if c.offer == offer]
    return _told(explained, [(c.score, c.need, c.offer) for c in candidates], ())


def _told(explained: Explained, scored: list[tuple[int, str, str]], misses: tuple[Why, ...]) -> Told:
    """Prices are worked out for the best only; a pair is always told."""
    made = [each for each in scored if explained.made(each[1], each[2])]
    others = sorted((each for each in scored if each not in made), key=lambda each: (-each[0], each[1:]))
    shown = [*sorted(made, key=lambda each: (-each[0], each[1:])), *others[:MOST]]
    whys = [explained.why(need, offer) for _, need, offer in shown]
    return Told(whys=tuple(why for why in whys if why), misses=misses, more=max(len(others) - MOST, 0))


def _compared(explained: Explained) -> Compared:
    return Compared(greedy=_way(greedy(explained.plan)), first_come=_way(first_come(explained.plan)))


def _way(tally: Tally) -> Way:
    served = {each.candidate.need for each in tally.given}
    return Way(
        served=len(served), full=sum(tally.stock.is_full(need) for need in served), value=tally.value,
        shares=shares(tally.plan, ((each.candidate.need, each.candidate.unit) for each in tally.given)),
    )  # fmt: skip
