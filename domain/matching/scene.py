"""Needs and offers made ready to be compared under one policy: paths of areas, times, what is open and free, fixed points."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from domain.calendar import Window
from domain.matching.policy import WHOLE, Policy
from domain.matching.snapshot import AreaFacts, GiverFacts, Left, NeedFacts, OfferFacts, Snapshot
from domain.matching.times import Times, day_of, next_half, times_of

Kind = tuple[str, str]  # what is counted: kind and unit of a line


@dataclass(frozen=True, slots=True)
class NeedRow:
    facts: NeedFacts
    path: tuple[str, ...]  # area and all above, nearest first
    times: Times
    open: dict[Kind, dict[str, int]]  # by line: occurrence -> still open, > 0 and to come
    even: dict[Kind, int]  # by line: what is open in each occurrence to come, where that is the same in all of them
    wanted: dict[Kind, int]  # by line: the sum
    halves: int  # wanted half-days
    given: tuple[int, int, int]  # points of urgency, waiting and vulnerable: the same whoever comes
    blocked: frozenset[str]  # organisations and offers that are out of the question


@dataclass(frozen=True, slots=True)
class OfferRow:
    facts: OfferFacts
    path: tuple[str, ...]
    times: Times
    lines: dict[Kind, tuple[int, dict[str, int]]]  # quantity of each occurrence, and what is taken of it
    most: dict[Kind, int]  # by line: the largest free quantity of any occurrence to come
    trust: int  # points
    room: int  # further engagements its owner may take on

    def free(self, kind: Kind, key: str) -> int:
        quantity, used = self.lines[kind]
        return quantity - used.get(key, 0) if used else quantity


class Scene:
    """One moment under one policy. Rows are made by `need` and `offer`; nothing here changes afterwards but the areas."""

    def __init__(self, policy: Policy, at: int, areas: Iterable[AreaFacts] = ()) -> None:
        self.policy, self.at, self.begin, self.today = policy, at, next_half(at), day_of(at)
        self._areas = {area.id: area for area in areas}
        self._paths: dict[str, tuple[str, ...]] = {}
        self._near = {near.kind: near.points for near in policy.nearness}

    def path(self, area: str) -> tuple[str, ...]:
        """The area and all above it; () for an unknown one."""
        known = self._paths.get(area)
        if known is None:
            found, here = list[str](), self._areas.get(area)
            while here is not None and here.id not in found:
                found.append(here.id)
                here = self._areas.get(here.parent or "")
            known = self._paths[area] = tuple(found)
        return known

    def tier(self, one: tuple[str, ...], other: tuple[str, ...]) -> str:
        """The kind of the smallest area that holds both; "" when there is none."""
        shared = next((area for area in one if area in other), None)
        return self._areas[shared].kind if shared else ""

    def nearness(self, tier: str) -> int:
        return self._near.get(tier, 0)

    def need(self, facts: NeedFacts) -> NeedRow:
        times = self._times(facts.windows)
        open = {(line.kind, line.unit): _left(line, times) for line in facts.lines}
        return NeedRow(
            facts=facts, path=self.path(facts.area), times=times, open=open, even=_even(open, times),
            wanted={kind: sum(left.values()) for kind, left in open.items()}, halves=times.halves,
            given=self._given(facts), blocked=frozenset((*facts.partners, *facts.refused, facts.owner)),
        )  # fmt: skip

    def offer(self, facts: OfferFacts, giver: GiverFacts | None) -> OfferRow:
        giver = giver or GiverFacts(id=facts.owner)
        times = self._times(facts.windows)
        return OfferRow(
            facts=facts, path=self.path(facts.area), times=times,
            lines={(line.kind, line.unit): (line.quantity, dict(line.used)) for line in facts.lines},
            most={(line.kind, line.unit): max(_left(line, times).values(), default=0) for line in facts.lines},
            trust=WHOLE * (giver.kept + 4) // (giver.done + 5), room=self.limit(giver) - giver.live,
        )  # fmt: skip

    def limit(self, giver: GiverFacts) -> int:
        """Engagements the organisation has at once, at most."""
        return giver.limit or self.policy.unit_limit

    def _times(self, windows: tuple[Window, ...]) -> Times:
        return times_of(windows, self.begin, self.policy.horizon_days)

    def _given(self, facts: NeedFacts) -> tuple[int, int, int]:
        weights, policy = self.policy.weights, self.policy
        waited = min(max(self.today - facts.since, 0), policy.waiting_days)
        return (
            weights.urgency * policy.urgency[facts.urgency] // WHOLE,
            weights.waiting * (WHOLE * waited // policy.waiting_days) // WHOLE,
            weights.vulnerable if facts.vulnerable else 0,
        )


def rows(snapshot: Snapshot, policy: Policy) -> tuple[Scene, dict[str, NeedRow], dict[str, OfferRow]]:
    """A whole snapshot, made ready; by id, in the snapshot's order."""
    scene = Scene(policy, snapshot.at, snapshot.areas)
    givers: Mapping[str, GiverFacts] = {giver.id: giver for giver in snapshot.givers}
    needs = {facts.id: scene.need(facts) for facts in snapshot.needs}
    offers = {facts.id: scene.offer(facts, givers.get(facts.owner)) for facts in snapshot.offers}
    return scene, needs, offers


def _left(line: Left, times: Times) -> dict[str, int]:
    """What is left of a line in each occurrence to come; those with nothing left are left out."""
    used = dict(line.used)
    keys = ("",) if times.always else tuple(stretch.key for stretch in times.stretches)
    return {key: free for key in keys if (free := line.quantity - used.get(key, 0)) > 0}


def _even(open: Mapping[Kind, Mapping[str, int]], times: Times) -> dict[Kind, int]:
    """Most needs are: nothing of them is taken yet."""
    count = 1 if times.always else len(times.stretches)
    return {
        kind: next(iter(left.values())) for kind, left in open.items()
        if left and len(left) == count and len(set(left.values())) == 1
    }  # fmt: skip
