"""What a flow and filling up reached with quantities, made better by chains of displacement: a need takes an offer from those
that have it, they look for another, which may displace others in turn. Small losses are let pass at first, fewer and fewer
later on (threshold accepting, Dueck and Scheuer 1990); the best that was ever reached is kept. Pins stay as they are.

The choices along the way are drawn from a generator of fixed numbers: the same plan gives the same result.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from domain.matching.board import Board, Option, given
from domain.matching.plan import Plan, first_rooms
from domain.matching.policy import WHOLE
from domain.matching.stock import Given

FEWEST, MOST = 6000, 90_000  # steps
DEPTH = 3  # how often in a row somebody displaced displaces others
PATIENCE = 10  # at first, a loss of so many parts of an average pair passes
_MUL, _ADD, _MASK = 6364136223846793005, 1442695040888963407, (1 << 64) - 1  # Knuth, The Art of Computer Programming 2, 3.3.4


def improved(plan: Plan, made: Iterable[Given]) -> list[Given] | None:
    """A better way of handing out; None where none was found."""
    made = list(made)
    if not made or exact(plan):
        return None
    board = Board(plan)
    ideal = [_ideal(board, need) for need in range(len(board.of_need))]
    options = {(option.candidate.need, option.candidate.offer): option for option in board.options}
    for each in made:
        board.put(options[each.candidate.need, each.candidate.offer], each.quantities)
    search = _Search(board, ideal)
    return given(board) if search.run(max(board.value // len(made) // PATIENCE, 1)) else None


def exact(plan: Plan) -> bool:
    """Whether the flow says it all: one partner covers all of a need, and all that can go to a group take the same of each
    of its buckets."""
    draws: dict[int, set[tuple[tuple[str, str, str, int], ...]]] = {}
    for candidate, group in zip(plan.candidates, plan.groups, strict=True):
        took = {(take.kind, take.unit, theirs, take.quantity) for take in candidate.takes for _, theirs in take.at}
        draws.setdefault(group, set()).add(tuple(sorted(took)))
        if candidate.cover < WHOLE or any(len({theirs for _, theirs in take.at}) < len(take.at) for take in candidate.takes):
            return False
    return all(len(ways) == 1 for ways in draws.values())


def proven(plan: Plan) -> bool:
    """Whether the certificate of the flow proves the whole result: the flow says it all, and what is left over of an offer
    when its places are given is nothing that anybody could still get."""
    if not exact(plan):
        return False
    rooms, stock = first_rooms(plan), plan.stock()
    return all(
        min(stock.free(c.offer, take.kind, take.unit, theirs) - rooms[group] * take.quantity for _, theirs in take.at) == 0
        for c, group in zip(plan.candidates, plan.groups, strict=True) for take in c.takes
    )  # fmt: skip


def _ideal(board: Board, need: int) -> int:
    """What the need could be worth if there was nobody else, about."""
    board.extend(need)
    worth = board.value
    for option in list(board.placed[need]):
        board.drop(option)
    return worth


def _steps(needs: int) -> int:
    """The more needs there are, the more of them each may displace."""
    return min(max(needs * (needs + 500) // 16, FEWEST), MOST)


class _Search:
    def __init__(self, board: Board, ideal: list[int]) -> None:
        self._board, self._ideal, self._state = board, ideal, 1
        self._before: dict[int, dict[Option, tuple[int, ...]]] = {}  # of needs touched in this step

    def run(self, patience: int) -> bool:
        """Leaves the best on the board; whether it is better than what was there."""
        board, first = self._board, self._board.value
        steps = _steps(len(board.of_need))
        best, since = first, dict[int, dict[Option, tuple[int, ...]]]()  # what the best had where it has changed since
        for step in range(steps):
            least = board.value - self._draw(patience * (steps - step) // steps + 1)
            self._before = {}
            if not self._chain(least) or board.value < least:
                self._restore(self._before)
            elif board.value > best:
                best = board.value
                since.clear()
            else:
                for need, placed in self._before.items():
                    since.setdefault(need, placed)
        self._restore(since)
        while self._settled():
            pass
        return board.value > first

    def _settled(self) -> bool:
        """Each need once more takes what is best for it where nobody else loses; whether that changed anything."""
        board, before = self._board, self._board.value
        for need in range(len(board.of_need)):
            was = board.value
            self._before = {}
            self._touch(need)
            board.clear(need)
            board.extend(need)
            if board.value <= was:
                self._restore(self._before)
        return board.value > before

    def _chain(self, least: int) -> bool:
        """A need starts afresh with some offer, whoever has it; False as soon as nothing can come of it any more."""
        board = self._board
        seed = self._draw(len(board.of_need))
        if not board.open[seed]:
            seed = self._draw(len(board.of_need))
        waiting, seen = [(seed, 0)], {seed}
        while waiting:
            need, depth = waiting.pop(0)
            self._touch(need)
            if depth and self._hope([need, *(n for n, _ in waiting)]) < least:
                return False
            if not depth or self._draw(2):
                board.clear(need)
            if not depth or (depth < DEPTH and self._draw(2)):
                displaced = self._force(self._wish(need), seen)
                waiting += [(n, depth + 1) for n in displaced]
                seen.update(displaced)
                if displaced and self._hope([need, *(n for n, _ in waiting)]) < least:
                    return False
            board.extend(need, None if self._draw(4) else self._some(need))
        return True

    def _hope(self, needs: Iterable[int]) -> int:
        """The most that everything could be worth if these needs got what they like best, about."""
        board, most = self._board, self._board.value
        for need in needs:
            most += self._ideal[need]
            for option, gives in board.placed[need].items():
                most -= option.points(gives) - board.cost
        return most

    def _some(self, need: int) -> Option:
        options = self._board.of_need[need]
        return options[self._draw(len(options))]

    def _wish(self, need: int) -> Option:
        """The better of two."""
        one, other = self._some(need), self._some(need)
        return other if other.candidate.cover * other.rate > one.candidate.cover * one.rate else one

    def _force(self, option: Option, seen: set[int]) -> list[int]:
        """All that the option could give goes to its need, now and then only a part; those who lost something for it."""
        board, lost = self._board, dict[int, None]()
        placed = board.placed[option.need]
        if len(placed) >= board.slots[option.need] or any(each.unit == option.unit for each in placed):
            return []
        if len(board.by_unit[option.unit]) >= len(board.loads[option.unit]):
            self._displace(board.by_unit[option.unit], seen, lost, {}, once=True)
        wished, asked = list[int](), dict[int, int]()
        for mine, theirs, most, _, _ in option.draws:
            wish = min(most, *(board.left[b] for b in mine))
            wished.append(wish if wish < 2 or self._draw(4) else self._draw(wish) + 1)
            asked.update(dict.fromkeys(theirs, wished[-1]))
        self._displace(board.by_offer[option.offer], seen, lost, asked)
        gives = tuple(
            min(wish, *(board.left[b] for b in theirs)) for wish, (_, theirs, _, _, _) in zip(wished, option.draws, strict=True)
        )
        if max(gives) >= option.minimum and len(board.by_unit[option.unit]) < len(board.loads[option.unit]):
            board.put(option, gives)
        return list(lost)

    def _displace(
        self, holders: Mapping[Option, None], seen: set[int], lost: dict[int, None], asked: Mapping[int, int], *, once: bool = False
    ) -> None:
        """Holders go, from any on, until what is asked for is there, or just one."""
        board, names = self._board, list(holders)
        start = self._draw(len(names)) if names else 0
        for holder in names[start:] + names[:start]:
            short = [b for b, q in asked.items() if board.left[b] < q]
            if not short and not once:
                return
            drawn = [b for _, theirs, _, _, _ in holder.draws for b in theirs]
            if holder.pinned or holder.need in seen or not (once or any(b in drawn for b in short)):
                continue
            self._touch(holder.need)
            board.drop(holder)
            lost[holder.need] = None
            if once:
                return

    def _touch(self, need: int) -> None:
        if need not in self._before:
            self._before[need] = dict(self._board.placed[need])

    def _restore(self, before: Mapping[int, Mapping[Option, tuple[int, ...]]]) -> None:
        board = self._board
        for need, placed in before.items():
            for option, gives in list(board.placed[need].items()):
                if placed.get(option) != gives:
                    board.drop(option)
        for need, placed in before.items():
            for option, gives in placed.items():
                if option not in board.placed[need]:
                    board.put(option, gives)

    def _draw(self, below: int) -> int:
        """0 … below - 1."""
        self._state = (self._state * _MUL + _ADD) & _MASK
        return (self._state >> 33) % below
