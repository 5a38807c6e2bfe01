"""What another matching policy would have done: the ends of the last months, solved under both, and for whom it differs."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from domain.calendar import ZONE
from domain.matching.flow import solve as solve_ourselves
from domain.matching.outcome import Outcome, Scope, Shares
from domain.matching.policy import Policy
from domain.matching.round import solve
from domain.matching.snapshot import Snapshot
from domain.matching.times import minutes_of
from domain.policy_draft import Cut, Evenness, Figures
from services.command import to_us
from services.market_replay import replayed_at
from services.ports import Codec, EventLog
from services.solver_ports import Solver

MONTHS = 3  # the last quarter
Moments = tuple[tuple[int, int], ...]  # (position, its minute since 1970 UTC)


@dataclass(frozen=True, slots=True)
class Turn:
    """An organisation for which it differs. Of a committee needs, of a unit pairs, that there are only under what is
    `adopted`, and only under the `draft`, all moments together."""

    org: str
    adopted: int
    draft: int


@dataclass(frozen=True, slots=True)
class OnlyIn:
    """A pair that only one of the two policies makes."""

    position: int
    need: str
    offer: str
    unit: str
    draft: bool  # which one; False: what is adopted


@dataclass(frozen=True, slots=True)
class Comparison:
    """`gained` and `lost`: (position, need) of needs that are served only under the draft, or only under what is adopted."""

    cuts: tuple[Cut, ...]
    gained: tuple[tuple[int, str], ...]
    lost: tuple[tuple[int, str], ...]
    committees: tuple[Turn, ...]  # most turned first
    units: tuple[Turn, ...]
    pairs: tuple[OnlyIn, ...]


@dataclass(frozen=True, slots=True)
class _Both:
    """One moment under the two policies."""

    snapshot: Snapshot
    adopted: Outcome
    draft: Outcome


async def moments(log: EventLog, at: datetime) -> Moments:
    """The ends of the last three months (Shanghai time) that something had happened by, the oldest first; the ledger as it
    stands for a district that is younger than that."""
    found = dict[int, int]()
    for end in month_ends(at):
        position = await log.position_at(to_us(end))
        if position:
            found.setdefault(position, minutes_of(end))
    return tuple(sorted(found.items())) or (((await log.head()).position, minutes_of(at)),)


def month_ends(at: datetime) -> list[datetime]:
    """The last moments of the last three full months before `at`, the oldest first."""
    zone = ZoneInfo(ZONE)
    first, found = at.astimezone(zone).date().replace(day=1), list[datetime]()
    for _ in range(MONTHS):
        found.append(datetime.combine(first, time(), zone) - timedelta(microseconds=1))
        first = (first - timedelta(days=1)).replace(day=1)
    return found[::-1]


async def compared(
    log: EventLog, codec: Codec, area: str, adopted: Policy, draft: Policy, at: Moments, solver: Solver = solve_ourselves
) -> Comparison:
    """Solved beside everybody else's requests. Raises network.TooLarge."""
    both = list[_Both]()
    for snapshot in await replayed_at(log, codec, at):
        both.append(await asyncio.to_thread(_solved, snapshot, Scope(area=area), adopted, draft, solver))
    return told(both)


def _solved(snapshot: Snapshot, scope: Scope, adopted: Policy, draft: Policy, solver: Solver) -> _Both:
    """With the same lots under both, so that nothing differs by chance."""
    key = f"policy-comparison/{snapshot.position}"
    return _Both(snapshot, solve(snapshot, scope, adopted, key, solver), solve(snapshot, scope, draft, key, solver))


def told(both: Sequence[_Both]) -> Comparison:
    gained, lost, pairs = list[tuple[int, str]](), list[tuple[int, str]](), list[OnlyIn]()
    committees, units = (Counter[str](), Counter[str]()), (Counter[str](), Counter[str]())
    for one in both:
        position, owner = one.snapshot.position, {need.id: need.owner for need in one.snapshot.needs}
        for n, (outcome, other, needs) in enumerate(((one.adopted, one.draft, lost), (one.draft, one.adopted, gained))):
            only = sorted(_served(outcome) - _served(other))
            needs += [(position, need) for need in only]
            committees[n].update(owner[need] for need in only)
            there = _pairs(other)
            more = [pair for pair in outcome.pairs if (pair.need, pair.offer) not in there]
            units[n].update(pair.unit for pair in more)
            pairs += [OnlyIn(position, pair.need, pair.offer, pair.unit, bool(n)) for pair in more]
    return Comparison(
        cuts=tuple(map(_cut, both)), gained=tuple(gained), lost=tuple(lost), committees=_turns(*committees), units=_turns(*units),
        pairs=tuple(sorted(pairs, key=lambda pair: (pair.position, pair.need, pair.draft, pair.offer))),
    )  # fmt: skip


def _cut(one: _Both) -> Cut:
    served, then = _served(one.adopted), _served(one.draft)
    return Cut(
        position=one.snapshot.position, at=one.snapshot.at, needs=one.adopted.needs, before=_even(one.adopted.before),
        adopted=_figures(one.adopted), draft=_figures(one.draft), gained=len(then - served), lost=len(served - then),
        pairs=len(_pairs(one.adopted) ^ _pairs(one.draft)),
    )  # fmt: skip


def _figures(outcome: Outcome) -> Figures:
    return Figures(served=outcome.served, full=outcome.full, value=outcome.value, after=_even(outcome.after))


def _even(shares: Shares) -> Evenness:
    return Evenness(nothing=shares.nothing, gini=shares.gini, worst=shares.worst, idle=shares.idle)


def _served(outcome: Outcome) -> set[str]:
    return {pair.need for pair in outcome.pairs}


def _pairs(outcome: Outcome) -> set[tuple[str, str]]:
    return {(pair.need, pair.offer) for pair in outcome.pairs}


def _turns(adopted: Counter[str], draft: Counter[str]) -> tuple[Turn, ...]:
    found = [Turn(org, adopted[org], draft[org]) for org in adopted.keys() | draft.keys()]
    return tuple(sorted(found, key=lambda turn: (-turn.adopted - turn.draft, turn.org)))
