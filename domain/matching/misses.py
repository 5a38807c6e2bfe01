"""What does not go together, and why: how many each rule is against, and those that came furthest."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from domain.matching.candidates import HARD_RULES, assess, cheap_refusal
from domain.matching.scene import NeedRow, OfferRow, Scene

_STEP = {code: n for n, code in enumerate(HARD_RULES)}


@dataclass(frozen=True, slots=True)
class Miss:
    """An item of the other side, and the first rule that is against it."""

    id: str
    code: str


@dataclass(frozen=True, slots=True)
class Refusals:
    counts: tuple[tuple[str, int], ...]  # in the order of HARD_RULES; rules that nobody fails are left out
    nearest: tuple[Miss, ...]  # those that came furthest in that order, the nearer ones first


def refusals(
    alike: Iterable[tuple[str, NeedRow, OfferRow]], others: int, scene: Scene, prohibited: frozenset[tuple[str, str]], limit: int
) -> Refusals:
    """Over all pairs of the same category (id of the other side, need, offer), and so many `others` of another category."""
    counts, missed = Counter({"CATEGORY": others}), list[tuple[int, int, str, str]]()
    for id, need, offer in alike:
        code = first_refusal(need, offer, scene, prohibited)
        if code is not None:
            counts[code] += 1
            near = scene.nearness(scene.tier(need.path, offer.path))
            missed.append((-_STEP[code], -near, id, code))
    nearest = tuple(Miss(id, code) for *_, id, code in heapq.nsmallest(limit, missed))
    return Refusals(tuple((code, counts[code]) for code in HARD_RULES if counts[code]), nearest)


def first_refusal(need: NeedRow, offer: OfferRow, scene: Scene, prohibited: frozenset[tuple[str, str]]) -> str | None:
    """As `assess` says, without looking at single times where their half-days already differ."""
    code = cheap_refusal(need, offer)
    if code is not None:
        return code
    if not (need.times.always or offer.times.always or need.times.mask & offer.times.mask):
        return "NO_COMMON_TIME"
    found = assess(need, offer, scene, prohibited)
    return found if isinstance(found, str) else None
