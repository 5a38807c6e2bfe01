"""How well a need and an offer could go together at best, from a few integers: what is looked at before the exact answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from domain.matching.policy import WHOLE
from domain.matching.scene import Kind, NeedRow, OfferRow, Scene
from domain.matching.snapshot import AreaFacts
from domain.matching.times import HALF_MIN

MANY = 1 << 30  # occurrences: no bound
Line = tuple[Kind, int, int, int]  # what, wanted in all, most open in one occurrence, occurrences with something open
OfferEntry = tuple[int, int, int, bool, Mapping[Kind, int], OfferRow]  # place, points, half-days, any time, most free, row
NeedEntry = tuple[int, int, int, int, tuple[Line, ...], int, NeedRow]  # place, points, half-days, how many, lines, crowd, row


class Country:
    """The areas in the order of a walk through the tree, so that all below one are neighbours: how near a home is, at most,
    is read off a list."""

    def __init__(self, scene: Scene, areas: Iterable[AreaFacts]) -> None:
        self._scene, self._of = scene, dict[str, tuple[int, int]]()
        below: dict[str, list[str]] = {}
        known = {area.id: area for area in areas}
        for area in known.values():
            below.setdefault(area.parent if area.parent in known else "", []).append(area.id)
        for root in below.get("", ()):
            self._walk(root, below)

    def place(self, area: str) -> int:
        """Where the area is on the list; the last place for one that is not in the tree."""
        return self._of.get(area, (len(self._of), 0))[0]

    def near(self, path: tuple[str, ...]) -> list[int]:
        """By place: the points of being near to who has this path."""
        weight, scene = self._scene.policy.weights.near, self._scene
        found = [0] * len(self._of) + [weight]
        for area in reversed(path):
            first, last = self._of.get(area, (0, 0))
            found[first:last] = [weight * scene.nearness(scene.tier((area,), (area,))) // WHOLE] * (last - first)
        return found

    def _walk(self, area: str, below: Mapping[str, list[str]]) -> None:
        first = len(self._of)
        self._of[area] = (first, first)
        for child in below.get(area, ()):
            self._walk(child, below)
        self._of[area] = (first, len(self._of))


def offer_entry(row: OfferRow, scene: Scene, country: Country, mark: int) -> OfferEntry:
    """`mark`: points that are taken off because others want it."""
    fixed = scene.policy.weights.trust * row.trust // WHOLE - mark
    return country.place(row.facts.area), fixed, row.times.mask, row.times.always, row.most, row


def need_entry(row: NeedRow, scene: Scene, country: Country) -> NeedEntry:
    weights = scene.policy.weights
    skill = WHOLE // 2 if row.facts.skill is None else WHOLE  # who lacks what is asked for is no candidate
    lines = [(kind, wanted, max(row.open[kind].values()), len(row.open[kind])) for kind, wanted in row.wanted.items() if wanted]
    fixed = sum(row.given) + weights.skill * skill // WHOLE
    return country.place(row.facts.area), fixed, row.times.mask, row.halves, tuple(lines), _crowd(row, scene.begin), row


def best_offers(asked: NeedEntry, offers: Iterable[OfferEntry], scene: Scene, country: Country) -> list[tuple[int, OfferRow]]:
    """(no less than the rank of the pair, offer) of all that the need could have; in no order. Left out are only those that
    a hard rule is against."""
    _, given, mask, halves, lines, crowd, need = asked
    always, skill, found = need.times.always, need.facts.skill, list[tuple[int, OfferRow]]()
    weight, each, near = scene.policy.weights.fit, scene.policy.weights.time, country.near(need.path)
    for place, fixed, theirs, any_time, most, offer in offers:
        common = (mask & theirs).bit_count()
        free = always or any_time
        if (common or free) and (skill is None or skill in offer.facts.skills):
            cover = _cover(lines, most, MANY if free else common * crowd)
            if cover is not None:
                time = WHOLE if any_time or not halves else WHOLE * common // halves
                found.append((given + fixed + near[place] + weight * cover // WHOLE + each * time // WHOLE, offer))
    return found


def best_needs(given: OfferEntry, needs: Iterable[NeedEntry], scene: Scene, country: Country) -> list[tuple[int, NeedRow]]:
    """The same for an offer."""
    _, fixed, mask, any_time, most, offer = given
    found, skills = list[tuple[int, NeedRow]](), offer.facts.skills
    weight, each, near = scene.policy.weights.fit, scene.policy.weights.time, country.near(offer.path)
    for place, points, theirs, halves, lines, crowd, need in needs:
        common, skill = (mask & theirs).bit_count(), need.facts.skill
        free = any_time or need.times.always
        if (common or free) and (skill is None or skill in skills):
            cover = _cover(lines, most, MANY if free else common * crowd)
            if cover is not None:
                time = WHOLE if any_time or not halves else WHOLE * common // halves
                found.append((fixed + points + near[place] + weight * cover // WHOLE + each * time // WHOLE, need))
    return found


def _cover(lines: tuple[Line, ...], most: Mapping[Kind, int], reached: int) -> int | None:
    """Thousandths of what is open, at most, when so many occurrences can be reached; None when it is nothing at all."""
    total, some = 0, False
    for kind, wanted, top, occurrences in lines:
        free = most.get(kind, 0)
        if free > 0:
            some = True
            given = (free if free < top else top) * (occurrences if occurrences < reached else reached)
            total += WHOLE if given >= wanted else WHOLE * given // wanted
    return total // len(lines) if some else None


def _crowd(row: NeedRow, begin: int) -> int:
    """The most occurrences that touch one half-day: so many could be met where one half-day is common."""
    stretches = row.times.stretches
    if len(stretches) < 2:
        return 1
    touched: dict[int, int] = {}
    for s in stretches:
        for half in range((s.start - begin) // HALF_MIN, (s.end - 1 - begin) // HALF_MIN + 1):
            touched[half] = touched.get(half, 0) + 1
    return max(touched.values())
