"""A district of needs and offers made up from a seed, that changes step by step; and the slow, obvious answer beside it."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

from domain.calendar import Slot, Span, Weekly, Window
from domain.matching.candidates import HARD_RULES, assess
from domain.matching.index import OPEN_LOTS, Index, Suggestion
from domain.matching.misses import Miss, Refusals
from domain.matching.policy import NORMAL, Policy
from domain.matching.scene import rows
from domain.matching.snapshot import AreaFacts, GiverFacts, Left, NeedFacts, OfferFacts, Snapshot
from domain.matching.times import minutes_of, times_of
from domain.matching.worth import ticket

MONDAY = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)  # nine in the morning, local
AT = minutes_of(MONDAY)
KINDS = (("志愿者", "人"), ("课程", "场"), ("物资", "份"))
SKILLS, GROUPS = ("护理", "法律"), ("老人", "儿童")


def areas(streets: int = 2, clusters: int = 2, neighbourhoods: int = 2) -> tuple[AreaFacts, ...]:
    found = [AreaFacts(id="d", kind="district")]
    for s in range(streets):
        found.append(AreaFacts(id=f"s{s}", kind="street", parent="d"))
        for c in range(clusters):
            found.append(AreaFacts(id=f"s{s}c{c}", kind="cluster", parent=f"s{s}"))
            found += [
                AreaFacts(id=f"s{s}c{c}n{n}", kind="neighbourhood", parent=f"s{s}c{c}") for n in range(neighbourhoods)
            ]  # fmt: skip
    return tuple(sorted(found, key=lambda area: area.id))


def windows(rng: Random) -> tuple[Window, ...]:
    """None, single hours of the next days, several hours of one morning, or some hours a week."""
    match rng.randrange(5):
        case 0:
            return ()
        case 1 | 2:
            starts = [MONDAY + timedelta(hours=rng.randrange(0, 24 * 12)) for _ in range(rng.choice((1, 1, 2, 4)))]
            return tuple(Span(start, start + timedelta(hours=rng.choice((1, 2, 5, 16)))) for start in starts)
        case 3:
            start = MONDAY + timedelta(days=rng.randrange(1, 4))
            hours = sorted(rng.sample(range(3), rng.choice((2, 3))))
            return tuple(Span(start + timedelta(hours=n), start + timedelta(hours=n + 1)) for n in hours)
    days = sorted(rng.sample(range(1, 8), rng.choice((1, 2))))
    slots = tuple(Slot(day, *rng.choice((("09:00", "11:00"), ("10:00", "12:00"), ("14:00", "17:00")))) for day in days)
    return (Weekly(slots, date(2026, 3, 1), date(2026, 3, 1) + timedelta(days=rng.choice((10, 30, 90)))),)


def lines(rng: Random, shown: tuple[Window, ...], most: int) -> tuple[Left, ...]:
    kinds = rng.sample(KINDS, rng.choice((1, 1, 1, 2)))
    times = times_of(shown, AT // 720 * 720, 182)
    keys = [""] if times.always else [s.key for s in times.stretches]
    found = []
    for kind, unit in kinds:
        quantity = rng.randint(1, most)
        used = {key: rng.randint(1, quantity) for key in keys if rng.random() < 0.25}
        found.append(Left(kind=kind, unit=unit, quantity=quantity, used=tuple(sorted(used.items()))))
    return tuple(found)


class District:
    """The facts as they are now. `step` changes one thing, here and in the index."""

    def __init__(self, seed: int, needs: int = 40, offers: int = 60, policy: Policy = NORMAL, **shape: Any) -> None:
        self.rng, self.policy, self.at = Random(seed), policy, AT
        self.areas = areas(**shape)
        self.homes = [area.id for area in self.areas]
        self.units = [f"unit-{n}" for n in range(12)]
        self.marks: dict[str, int] = {}
        self.prohibited: set[tuple[str, str]] = set()
        self.givers = {unit: self.giver(unit) for unit in self.units}
        self.offers = {id: self.offer(id) for id in (f"offer-{n}" for n in range(offers))}
        self.needs = {id: self.need(id) for id in (f"need-{n}" for n in range(needs))}

    def giver(self, id: str) -> GiverFacts:
        done = self.rng.randrange(20)
        return GiverFacts(
            id=id, live=self.rng.randrange(6), limit=self.rng.choice((0, 0, 3, 5)), done=done, kept=self.rng.randint(0, done)
        )

    def offer(self, id: str) -> OfferFacts:
        rng, shown = self.rng, windows(self.rng)
        home = rng.choice(self.homes)
        return OfferFacts(
            id=id, owner=rng.choice(self.units), area=home, reach=rng.choice((home, home[:2], "d", "d")), windows=shown,
            category=rng.choice(("service", "service", "aid")), lines=lines(rng, shown, 12), minimum=rng.choice((0, 0, 0, 3)),
            skills=tuple(s for s in SKILLS if rng.random() < 0.5), groups=(rng.choice(GROUPS),) if rng.random() < 0.2 else (),
        )  # fmt: skip

    def need(self, id: str) -> NeedFacts:
        rng, shown = self.rng, windows(self.rng)
        return NeedFacts(
            id=id, owner=rng.choice((*self.homes, *self.units[:3])), area=rng.choice(self.homes), windows=shown,
            category=rng.choice(("service", "service", "aid")), urgency=rng.randrange(4), lines=lines(rng, shown, 8),
            vulnerable=rng.random() < 0.3, skill=rng.choice((None, None, *SKILLS)), group=rng.choice((None, *GROUPS)),
            since=date(2026, 1, 1).toordinal() + rng.randrange(60),
            partners=(rng.choice(self.units),) if rng.random() < 0.2 else (),
            refused=tuple(sorted(f"offer-{n}" for n in rng.sample(range(60), 4))) if rng.random() < 0.4 else (),
        )  # fmt: skip

    def index(self) -> Index:
        """A new one, told everything."""
        made = Index(self.policy)
        made.put_areas(self.areas)
        for giver in self.givers.values():
            made.put_giver(giver)
        for need in self.needs.values():
            made.put_need(need)
        for offer in self.offers.values():
            made.put_offer(offer)
        made.set_marks(self.marks)
        made.set_prohibited(self.prohibited)
        made.refresh(self.at)
        return made

    def step(self, index: Index) -> None:
        """Something comes, goes, is claimed, is answered, is published; or time goes on."""
        rng, dice = self.rng, self.rng.random()
        need, offer, unit = f"need-{rng.randrange(60)}", f"offer-{rng.randrange(80)}", rng.choice(self.units)
        if dice < 0.25:
            self.needs[need] = self.need(need)
            index.put_need(self.needs[need])
        elif dice < 0.55:
            self.offers[offer] = self.offer(offer)
            index.put_offer(self.offers[offer])
        elif dice < 0.65:
            self.needs.pop(need, None)
            index.drop_need(need)
        elif dice < 0.8:
            self.offers.pop(offer, None)
            index.drop_offer(offer)
        elif dice < 0.94:
            self.givers[unit] = self.giver(unit)
            index.put_giver(self.givers[unit])
        else:
            self._rarely(index, need, offer)

    def _rarely(self, index: Index, need: str, offer: str) -> None:
        match self.rng.randrange(4):
            case 0:
                self.marks = {id: self.rng.randrange(300) for id in self.offers if self.rng.random() < 0.3}
                index.set_marks(self.marks)
            case 1:
                self.prohibited.add((need, offer))
                index.set_prohibited(self.prohibited)
            case 2:
                self.at += self.rng.randrange(60, 600)
                index.refresh(self.at)
            case 3:
                moved = self.rng.choice([area for area in self.areas if area.kind == "neighbourhood"])
                clusters = [area.id for area in self.areas if area.kind == "cluster"]
                there = replace(moved, parent=self.rng.choice(clusters))
                self.areas = tuple(there if area.id == moved.id else area for area in self.areas)
                index.put_areas(self.areas)
                index.refresh(self.at)

    def snapshot(self) -> Snapshot:
        return Snapshot(
            position=1, at=self.at, areas=self.areas, needs=tuple(self.needs[id] for id in sorted(self.needs)),
            offers=tuple(self.offers[id] for id in sorted(self.offers)), givers=tuple(self.givers.values()),
        )  # fmt: skip



class Plainly:
    """Every need held against every offer, nothing clever."""

    def __init__(self, town: District) -> None:
        self.scene, self.needs, self.offers = rows(town.snapshot(), town.policy)
        self.said = {
            (need, offer): assess(n, o, self.scene, frozenset(town.prohibited))
            for need, n in self.needs.items() for offer, o in self.offers.items()
        }  # fmt: skip
        self.marks = {id: points * town.policy.steer_pct // 100 for id, points in town.marks.items()}

    def suggestions(self, k: int, *, need: str | None = None, offer: str | None = None) -> list[Suggestion]:
        found = [
            Suggestion(said, said.score - self.marks.get(o, 0), self.marks.get(o, 0))
            for (n, o), said in self.said.items() if not isinstance(said, str) and (n == need or o == offer)
        ]  # fmt: skip
        return sorted(found, key=lambda s: (-s.rank, ticket(OPEN_LOTS, s.candidate.need, s.candidate.offer)))[:k]

    def refusals(self, limit: int, *, need: str | None = None, offer: str | None = None) -> Refusals:
        missed = [(pair, said) for pair, said in self.said.items() if isinstance(said, str) and (pair[0] == need or pair[1] == offer)]
        counts = Counter(said for _, said in missed)
        alike = sorted(
            (-HARD_RULES.index(code), -self._near(*pair), pair[1] if need else pair[0], code)
            for pair, code in missed if code != "CATEGORY"
        )  # fmt: skip
        nearest = tuple(Miss(id, code) for *_, id, code in alike[:limit])
        return Refusals(tuple((code, counts[code]) for code in HARD_RULES if counts[code]), nearest)

    def _near(self, need: str, offer: str) -> int:
        return self.scene.nearness(self.scene.tier(self.needs[need].path, self.offers[offer].path))
