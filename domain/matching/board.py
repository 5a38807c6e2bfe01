"""A round's quantities in lists of integers, for trying many ways: what is left, who has been placed where, what it is worth.

Occurrences that every candidate draws on together are one bucket. All order comes from lots, none from names.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from domain.matching.candidates import Candidate
from domain.matching.network import at
from domain.matching.plan import Plan
from domain.matching.policy import WHOLE
from domain.matching.stock import Bucket, Given
from domain.matching.worth import bonuses, full_worth, loads, rewarded, ticket

Draw = tuple[tuple[int, ...], tuple[int, ...], int, int, int]  # the need's buckets, the offer's, at most, share, wanted
LOTS = 64  # bits: no two alike


@dataclass(frozen=True, eq=False, slots=True)
class Option:
    """A candidate, by numbers."""

    candidate: Candidate
    need: int
    unit: int
    offer: int
    draws: tuple[Draw, ...]
    rate: int  # points for all of the need
    lines: int
    minimum: int
    pinned: bool
    known: dict[tuple[int, ...], int] = field(default_factory=dict)  # points

    def points(self, gives: tuple[int, ...]) -> int:
        """Without partner's cost, bonus, load and the reward of being full; as worth.pair_worth."""
        if (points := self.known.get(gives)) is None:
            points = self.known[gives] = self.cover(gives) * self.rate // WHOLE
        return points

    def cover(self, gives: tuple[int, ...]) -> int:
        """Thousandths of the need."""
        draws = zip(self.draws, gives, strict=True)
        return sum(share * q // wanted for (_, _, _, share, wanted), q in draws) // self.lines


class Board:
    """Begins empty; `value` is always what a cover.Tally of the same pairs would say."""

    def __init__(self, plan: Plan) -> None:
        lots = sorted(plan.candidates, key=lambda c: (ticket(plan.key, c.need, c.offer, LOTS), c.need, c.offer))
        bucket, self.left = _buckets(plan, lots)
        needs, units, offers = ({name: n for n, name in enumerate(dict.fromkeys(names))} for names in (
            (c.need for c in lots), (c.unit for c in lots), (c.offer for c in lots)))  # fmt: skip
        askers = {name: n for n, name in enumerate(dict.fromkeys(plan.needs[need].facts.owner for need in needs))}
        self.options = [_option(plan, c, bucket, needs[c.need], units[c.unit], offers[c.offer]) for c in lots]
        self.of_need: list[list[Option]] = [[] for _ in needs]
        for option in self.options:
            self.of_need[option.need].append(option)
        self.asker = [askers[plan.needs[need].facts.owner] for need in needs]
        self.full = [full_worth(plan.policy, plan.needs[need].facts) for need in needs]
        self.slots = [plan.partners_left(need) for need in needs]
        self.open = [_open(plan, need, bucket) for need in needs]  # buckets with something open
        self.loads = [loads(plan.policy, plan.live(unit), plan.limit(unit)) for unit in units]
        most = Counter(plan.needs[need].facts.owner for need in needs)
        self.bonuses = [_bonuses(plan, asker, most[asker]) for asker in askers]
        self.cost, self.value = plan.policy.partner_cost, 0
        self.placed: list[dict[Option, tuple[int, ...]]] = [{} for _ in needs]
        self.by_offer: list[dict[Option, None]] = [{} for _ in offers]
        self.by_unit: list[dict[Option, None]] = [{} for _ in units]
        self.served = [0] * len(askers)  # needs with somebody placed

    def put(self, option: Option, gives: tuple[int, ...]) -> None:
        need, asker, busy, left = option.need, self.asker[option.need], self.by_unit[option.unit], self.left
        worth, closed = option.points(gives) - self.cost, 0
        if not self.placed[need]:
            worth += self.bonuses[asker][self.served[asker]]
            self.served[asker] += 1
        for (mine, theirs, _, _, _), q in zip(option.draws, gives, strict=True):
            if q:
                for b in mine:
                    left[b] -= q
                    closed += not left[b]
                for b in theirs:
                    left[b] -= q
        self.open[need] -= closed
        if closed and not self.open[need]:
            worth += self.full[need]
        self.value += worth - self.loads[option.unit][len(busy)]
        busy[option] = self.by_offer[option.offer][option] = None
        self.placed[need][option] = gives

    def drop(self, option: Option) -> None:
        need, asker, busy, left = option.need, self.asker[option.need], self.by_unit[option.unit], self.left
        gives = self.placed[need].pop(option)
        del busy[option], self.by_offer[option.offer][option]
        worth, opened = option.points(gives) - self.cost, 0
        if not self.placed[need]:
            self.served[asker] -= 1
            worth += self.bonuses[asker][self.served[asker]]
        for (mine, theirs, _, _, _), q in zip(option.draws, gives, strict=True):
            if q:
                for b in mine:
                    opened += not left[b]
                    left[b] += q
                for b in theirs:
                    left[b] += q
        if opened and not self.open[need]:
            worth += self.full[need]
        self.open[need] += opened
        self.value -= worth - self.loads[option.unit][len(busy)]

    def clear(self, need: int) -> None:
        """Pins stay."""
        for option in list(self.placed[need]):
            if not option.pinned:
                self.drop(option)

    def extend(self, need: int, without: Option | None = None) -> None:
        """Partners for a need, the most valuable first, as long as one is worth anything."""
        placed = self.placed[need]
        units = {option.unit for option in placed}
        live = [option for option in self.of_need[need] if option.unit not in units and option is not without]
        for _ in range(self.slots[need] - len(placed)):
            if not self.open[need]:
                break
            live, best = self._best(need, live)
            if best is None:
                break
            self.put(*best)
            live = [option for option in live if option.unit != best[0].unit]

    def _best(self, need: int, live: Iterable[Option]) -> tuple[list[Option], tuple[Option, tuple[int, ...]] | None]:
        """Of these, those that could give anything, and the best with what it would give."""
        left, loads, by_unit, open, full = self.left, self.loads, self.by_unit, self.open[need], self.full[need]
        first = 0 if self.placed[need] else self.bonuses[self.asker[need]][self.served[self.asker[need]]]
        most, best, still = self.cost - first, None, list[Option]()
        for option in live:
            busy, costs = len(by_unit[option.unit]), loads[option.unit]
            if busy >= len(costs):
                continue
            gives, thousandths, largest, closed = list[int](), 0, 0, 0
            for mine, theirs, q, share, wanted in option.draws:
                for b in theirs:
                    if left[b] < q:
                        q = left[b]
                if q:
                    for b in mine:
                        if left[b] < q:
                            q = left[b]
                if q:
                    thousandths += share * q // wanted
                    for b in mine:
                        if left[b] == q:
                            closed += 1
                    if q > largest:
                        largest = q
                gives.append(q)
            if largest >= option.minimum:
                still.append(option)
                gain = thousandths // option.lines * option.rate // WHOLE - costs[busy] + (full if closed == open else 0)
                if gain > most:
                    most, best = gain, (option, tuple(gives))
        return still, best


def _buckets(plan: Plan, lots: list[Candidate]) -> tuple[dict[Bucket, int], list[int]]:
    """The number of every bucket that a candidate draws on, and what is left in each number."""
    drawn: dict[Bucket, list[tuple[int, int]]] = {}
    for n, c in enumerate(lots):
        for k, take in enumerate(c.takes):
            pairs = [((c.need, take.kind, take.unit, mine), (c.offer, take.kind, take.unit, theirs)) for mine, theirs in take.at]
            for b in dict.fromkeys(each for pair in pairs for each in pair):
                drawn.setdefault(b, []).append((n, k))
    stock, known, number, left = plan.stock(), dict[object, int](), dict[Bucket, int](), list[int]()
    for b, draws in drawn.items():
        free = max(stock.open(*b) if b[0] in plan.needs else stock.free(*b), 0)
        like = (b[0], free, tuple(draws))
        if like not in known:
            known[like] = len(left)
            left.append(free)
        number[b] = known[like]
    return number, left


def _option(plan: Plan, c: Candidate, bucket: dict[Bucket, int], need: int, unit: int, offer: int) -> Option:
    row = plan.needs[c.need]
    draws = tuple(
        (
            tuple(dict.fromkeys(bucket[c.need, take.kind, take.unit, mine] for mine, _ in take.at)),
            tuple(dict.fromkeys(bucket[c.offer, take.kind, take.unit, theirs] for _, theirs in take.at)),
            take.quantity, WHOLE * len(take.at), row.wanted[take.kind, take.unit],
        )
        for take in c.takes
    )  # fmt: skip
    return Option(
        c, need, unit, offer, draws, c.score + rewarded(plan.policy, row.facts, plan.policy.reward_cover),
        max(sum(1 for total in row.wanted.values() if total), 1), max(plan.offers[c.offer].facts.minimum, 1),
        (c.need, c.offer) in plan.pins,
    )  # fmt: skip


def _bonuses(plan: Plan, asker: str, needs: int) -> list[int]:
    """Of so many needs and one more."""
    table = bonuses(plan.policy, plan.askers.get(asker), plan.district)
    return [*table[: needs + 1], *[at(table, needs)] * (needs + 1 - len(table))]


def _open(plan: Plan, need: str, bucket: dict[Bucket, int]) -> int:
    """What no candidate draws on counts as well: it stays open."""
    names = [(need, *kind, key) for kind, left in plan.needs[need].open.items() for key, open in left.items() if open > 0]
    return len({bucket[b] for b in names if b in bucket}) + sum(b not in bucket for b in names)


def given(board: Board) -> list[Given]:
    """Everything placed, by need and offer."""
    found = [
        Given(option.candidate, gives, option.cover(gives)) for placed in board.placed for option, gives in placed.items()
    ]
    return sorted(found, key=lambda each: (each.candidate.need, each.candidate.offer))
