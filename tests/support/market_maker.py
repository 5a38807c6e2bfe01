"""Whole districts drawn from one seed, any size, by the districts' ratios: few units with much, many with little, and what is
asked for is not what is offered most. All names and numbers are made up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate
from random import Random

from domain.calendar import Slot, Span, Weekly, Window
from domain.matching.snapshot import AreaFacts, AskerFacts, GiverFacts, Left, NeedFacts, OfferFacts, Snapshot

MONDAY = date(2026, 3, 2)  # the first day of all windows
AT = int(datetime(2026, 3, 1, 12, 0, tzinfo=UTC).timestamp()) // 60  # Sunday, eight in the evening
WEEKS = 6
TIERS = (("district", 1), ("street", 12), ("cluster", 50), ("neighbourhood", 281), ("grid", 1000))  # of a district of 433 units
UNITS_PER_1000_OFFERS = 433
CATEGORIES = {  # share of demand, share of supply, skill that may be asked for
    "service": (10, 10, None), "venue": (6, 16, None), "advice": (9, 6, "法律"), "health": (12, 6, "医生"),
    "education": (9, 13, "教师"), "culture": (8, 18, None), "care": (16, 5, "护理"), "safety": (5, 6, "消防"),
    "environment": (5, 6, None), "jobs": (6, 5, None), "aid-living": (5, 3, None), "aid-education": (3, 2, None),
    "aid-health": (3, 1, "医生"), "aid-industry": (1, 1, None), "aid-jobs": (1, 1, None), "aid-culture": (1, 1, None),
}  # fmt: skip
GROUPS = ("elders", "youth", "disabled", "jobless", "newwork", "hardship")
REACH = (24, 28, 20, 18, 10)  # how often an offer reaches a district, street, cluster, neighbourhood, grid
HALVES = (("09:00", "12:00"), ("13:30", "17:00"))


@dataclass(frozen=True, kw_only=True, slots=True)
class Shape:
    """How large a district is drawn. `areas`: thousandths of the full tree."""

    offers: int
    needs: int
    areas: int = 1000


S, M, T = Shape(offers=1000, needs=400), Shape(offers=1000, needs=1000), Shape(offers=600, needs=1000)
L = Shape(offers=10_000, needs=10_000)


@dataclass(frozen=True, slots=True)
class When:
    """Windows, and the same as bits: bit n is the n-th half-day from MONDAY on; -1 at any time."""

    windows: tuple[Window, ...]
    mask: int


ANY_TIME = When((), -1)


@dataclass(frozen=True, slots=True)
class Market:
    """A drawn district: facts of its items in the order drawn, and where each item is free."""

    areas: tuple[AreaFacts, ...]
    givers: tuple[GiverFacts, ...]
    askers: tuple[AskerFacts, ...]
    needs: tuple[NeedFacts, ...]
    offers: tuple[OfferFacts, ...]
    masks: dict[str, int]  # of each item

    def snapshot(self) -> Snapshot:
        """All of it as the matcher knows it, sorted by id."""
        areas, needs, offers, givers, askers = (
            tuple(sorted(each, key=lambda facts: facts.id))
            for each in (self.areas, self.needs, self.offers, self.givers, self.askers)
        )
        return Snapshot(position=1, at=AT, areas=areas, needs=needs, offers=offers, givers=givers, askers=askers)


def market(shape: Shape, seed: int, *, slots: bool = False) -> Market:
    """The district of this seed. `slots`: each need asks for one of one thing at one time, so that one partner is all it
    takes and a round of it is a pure flow."""
    chance = Random(f"{seed}|{shape.offers}|{shape.needs}")
    areas = _areas(shape.areas)
    of_kind = {kind: [area.id for area in areas if area.kind == kind] for kind, _ in TIERS}
    parents = {area.id: area.parent for area in areas}
    units = _units(chance, max(2, shape.offers * UNITS_PER_1000_OFFERS // 1000), of_kind["grid"])
    masks: dict[str, int] = {}
    sizes = list(accumulate(unit.size for unit in units))
    offers = tuple(_offer(chance, n, units, sizes, parents, masks) for n in range(shape.offers))
    needs = tuple(_need(chance, n, of_kind["grid"], parents, offers, masks, slots) for n in range(shape.needs))
    askers = tuple(AskerFacts(id=area, asked=(asked := chance.randrange(9)), served=chance.randint(0, asked))
                   for area in of_kind["neighbourhood"])  # fmt: skip
    return Market(areas, tuple(unit.facts for unit in units), askers, needs, offers, masks)


def snapshot(shape: Shape, seed: int, *, slots: bool = False) -> Snapshot:
    return market(shape, seed, slots=slots).snapshot()


@dataclass(frozen=True, slots=True)
class _Unit:
    facts: GiverFacts
    grid: str
    size: int  # log-normal: how likely an offer is its own


def _areas(thousandths: int) -> tuple[AreaFacts, ...]:
    found: list[AreaFacts] = []
    above = [""]
    for kind, count in TIERS:
        count = max(count * thousandths // 1000, min(count, len(above)))
        level = [f"{kind[0]}{n:04}" for n in range(count)]
        found += [
            AreaFacts(id=area, kind=kind, parent=above[n * len(above) // count] or None) for n, area in enumerate(level)
        ]
        above = level
    return tuple(found)


def _units(chance: Random, count: int, grids: Sequence[str]) -> list[_Unit]:
    units = []
    for n in range(count):
        size, done = max(1, int(10 * chance.lognormvariate(0, 1))), chance.randrange(12)
        limit = min(12, 1 + size // 4)
        facts = GiverFacts(
            id=f"u{n:05}", live=chance.choice((0, 0, 0, min(1, limit - 1))), limit=limit, done=done,
            kept=chance.randint(done // 2, done),
        )  # fmt: skip
        units.append(_Unit(facts, chance.choice(grids), size))
    return units


def _offer(
    chance: Random, n: int, units: Sequence[_Unit], sizes: Sequence[int], parents: dict[str, str | None], masks: dict[str, int]
) -> OfferFacts:
    unit = chance.choices(units, cum_weights=sizes)[0]
    category = chance.choices(list(CATEGORIES), [supply for _, supply, _ in CATEGORIES.values()])[0]
    skill, when, id = CATEGORIES[category][2], _when(chance, 15, 12, (2, 5)), f"o{n:05}"
    path = _path(unit.grid, parents)
    reach = path[-1 - chance.choices(range(5), REACH)[0]]
    quantity = chance.choice((1, 1, 2, 2, 3, 4, 5, 6, 8))
    used = (("", 1),) if when is ANY_TIME and quantity > 1 and chance.randrange(8) == 0 else ()
    lines = [Left(kind="志愿者", unit="人", quantity=quantity, used=used)]
    if category.startswith("aid"):
        lines.append(Left(kind="物资", unit="份", quantity=chance.randint(1, 20)))
    masks[id] = when.mask
    return OfferFacts(
        id=id, owner=unit.facts.id, area=unit.grid, reach=reach, category=category, lines=tuple(lines), windows=when.windows,
        skills=(skill,) if skill and chance.randrange(10) < 7 else (),
        groups=tuple(sorted(chance.sample(GROUPS, 3))) if chance.randrange(100) < 18 else (),
        minimum=2 if quantity > 3 and chance.randrange(6) == 0 else 0,
    )  # fmt: skip


def _need(
    chance: Random, n: int, grids: Sequence[str], parents: dict[str, str | None], offers: Sequence[OfferFacts],
    masks: dict[str, int], slots: bool,
) -> NeedFacts:  # fmt: skip
    category = chance.choices(list(CATEGORIES), [demand for demand, _, _ in CATEGORIES.values()])[0]
    when = _when(chance, 20, 80 if slots else 25, (2, 4))
    skill, grid, id = CATEGORIES[category][2], chance.choice(grids), f"n{n:05}"
    quantity = 1 if chance.randrange(3) else chance.randint(2, 16)
    lines = [Left(kind="志愿者", unit="人", quantity=1 if slots else quantity)]
    if category.startswith("aid") and chance.randrange(2) and not slots:
        lines.append(Left(kind="物资", unit="份", quantity=chance.randint(1, 16)))
    masks[id] = when.mask
    return NeedFacts(
        id=id, owner=_path(grid, parents)[1], area=grid, category=category, lines=tuple(lines), windows=when.windows,
        urgency=chance.choices(range(4), (45, 30, 17, 8))[0], vulnerable=chance.randrange(5) == 0,
        skill=skill if skill and chance.randrange(3) == 0 else None,
        group=chance.choice(GROUPS) if chance.randrange(10) < 7 else None,
        since=MONDAY.toordinal() - chance.randrange(90),
        refused=(chance.choice(offers).id,) if offers and chance.randrange(25) == 0 else (),
    )  # fmt: skip


def _path(area: str, parents: dict[str, str | None]) -> list[str]:
    path, here = list[str](), area or None
    while here:
        path.append(here)
        here = parents[here]
    return path


def _when(chance: Random, none: int, span: int, slots: tuple[int, int]) -> When:
    """`none` and `span`: of a hundred items, those without windows and those with one stretch; the rest comes every week."""
    drawn = chance.randrange(100)
    if drawn < none:
        return ANY_TIME
    if drawn < none + span:
        day, days = chance.randrange(7 * WEEKS - 3), chance.randint(1, 3)
        start = datetime(MONDAY.year, MONDAY.month, MONDAY.day, 1, 0, tzinfo=UTC) + timedelta(days=day)
        return When((Span(start, start + timedelta(days=days - 1, hours=8)),), ((1 << 2 * days) - 1) << 2 * day)
    chosen = sorted(chance.sample(range(14), chance.randint(*slots)))
    weekly = Weekly(
        tuple(Slot(half // 2 + 1, *HALVES[half % 2]) for half in chosen), MONDAY, MONDAY + timedelta(days=7 * WEEKS - 1)
    )
    return When((weekly,), sum(1 << 14 * week + half for week in range(WEEKS) for half in chosen))
