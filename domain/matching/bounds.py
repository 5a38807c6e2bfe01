"""How well a need and an offer could go together at best, from a few integers: what is looked at before the exact answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from domain.matching.policy import WHOLE
from domain.matching.scene import Kind, NeedRow, OfferRow, Scene
from domain.matching.times import HALF_MIN

Line = tuple[Kind, int, int, int]  # what, wanted in all, most open in one occurrence, occurrences with something open
OfferEntry = tuple[int, int, bool, dict[Kind, int], OfferRow]  # points whoever asks, half-days, any time, most free, the row
NeedEntry = tuple[int, int, int, tuple[Line, ...], int, NeedRow]  # points whoever gives, half-days, their number, lines, crowd
Offers = Mapping[str, Mapping[str, OfferEntry]]  # by home area and id
Needs = Mapping[str, Mapping[str, NeedEntry]]


def offer_entry(row: OfferRow, scene: Scene, mark: int) -> OfferEntry:
    """`mark`: points that are taken off because others want it."""
    fixed = scene.policy.weights.trust * row.trust // WHOLE - mark
    return fixed, row.times.mask, row.times.always, row.most, row


def need_entry(row: NeedRow, scene: Scene) -> NeedEntry:
    weights = scene.policy.weights
    skill = WHOLE // 2 if row.facts.skill is None else WHOLE  # who lacks what is asked for is no candidate
    lines = [(kind, wanted, max(row.open[kind].values()), len(row.open[kind])) for kind, wanted in row.wanted.items() if wanted]
    fixed = sum(row.given) + weights.skill * skill // WHOLE
    return fixed, row.times.mask, row.halves, tuple(lines), _crowd(row, scene.begin), row


def best_offers(asked: NeedEntry, shelves: Iterable[Offers], scene: Scene) -> list[tuple[int, OfferRow]]:
    """(no less than the rank of the pair, offer) of all that the need could have; in no order. Left out are only those that
    a hard rule is against."""
    given, mask, halves, lines, crowd, need = asked
    always, skill, found = need.times.always, need.facts.skill, list[tuple[int, OfferRow]]()
    weight, each = scene.policy.weights.fit, _each(scene)
    for home, entries in ((home, entries) for shelf in shelves for home, entries in shelf.items()):
        near = given + _near(need.path, home, scene)
        for fixed, theirs, any_time, most, offer in entries.values():
            common = (mask & theirs).bit_count()
            free = always or any_time
            if not (common or free) or offer.room <= 0 or not (skill is None or skill in offer.facts.skills):
                continue
            cover = _cover(lines, most, MANY if free else common * crowd)
            if cover is not None:
                time = WHOLE if any_time or not halves else WHOLE * common // halves
                found.append((near + fixed + weight * cover // WHOLE + each * time // WHOLE, offer))
    return found


def best_needs(given: OfferEntry, shelf: Needs, scene: Scene) -> list[tuple[int, NeedRow]]:
    """The same for an offer."""
    fixed, mask, always, most, offer = given
    found, skills = list[tuple[int, NeedRow]](), offer.facts.skills
    weight, each = scene.policy.weights.fit, _each(scene)
    for home, entries in shelf.items() if offer.room > 0 else ():
        near = fixed + _near(scene.path(home), offer.facts.area, scene)
        for points, theirs, halves, lines, crowd, need in entries.values():
            common, skill = (mask & theirs).bit_count(), need.facts.skill
            free = always or need.times.always
            if not (common or free) or not (skill is None or skill in skills):
                continue
            cover = _cover(lines, most, MANY if free else common * crowd)
            if cover is not None:
                time = WHOLE if always or not halves else WHOLE * common // halves
                found.append((near + points + weight * cover // WHOLE + each * time // WHOLE, need))
    return found


MANY = 1 << 30  # occurrences: no bound


def _cover(lines: tuple[Line, ...], most: Mapping[Kind, int], reached: int) -> int | None:
    """Thousandths of what is open, at most, when so many occurrences can be reached; None when it is nothing at all."""
    total, any_line = 0, False
    for kind, wanted, top, occurrences in lines:
        free = most.get(kind, 0)
        if free > 0:
            any_line = True
            given = min(free, top) * min(occurrences, reached)
            total += WHOLE if given >= wanted else WHOLE * given // wanted
    return total // len(lines) if any_line else None


def _each(scene: Scene) -> int:
    return scene.policy.weights.time


def _near(path: tuple[str, ...], home: str, scene: Scene) -> int:
    return scene.policy.weights.near * scene.nearness(scene.tier(path, scene.path(home))) // WHOLE


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
