"""Which need and offer go together at all, how well, when and for how much; and if not, the first rule that says no."""

from __future__ import annotations

from dataclasses import dataclass

from domain.calendar import Window
from domain.capacity import Line
from domain.matching.policy import CRITERIA, WHOLE
from domain.matching.scene import Kind, NeedRow, OfferRow, Scene
from domain.matching.times import Meeting, every_meeting, meetings, window_over

HARD_RULES = (
    "CATEGORY", "OWN_ITEM", "AREA_OUT_OF_REACH", "NO_COMMON_LINE", "NO_COMMON_TIME", "NOT_ELIGIBLE", "SKILL_MISSING",
    "BELOW_MINIMUM", "OFFER_FULL", "UNIT_AT_LIMIT", "ALREADY_PARTNER", "DECLINED_BEFORE", "PROHIBITED",
)  # fmt: skip  # codes of refused candidates, in the order they are looked at
LOST_IN_ROUND = "LOST_IN_ROUND"  # nothing against it, but a round gave the offer to others


@dataclass(frozen=True, slots=True)
class Take:
    """What a pair draws on: the line, and in each occurrence of it (need's key, offer's key) the same quantity."""

    kind: str
    unit: str
    at: tuple[tuple[str, str], ...]
    quantity: int  # at most, while nobody else has taken anything


@dataclass(frozen=True, slots=True)
class Candidate:
    """A need and an offer with nothing against them. `parts` are the eight products in the order of CRITERIA."""

    need: str
    offer: str
    unit: str  # who gives
    takes: tuple[Take, ...]
    window: Window | None
    tier: str  # kind of the smallest area that holds both
    halves: int  # common half-days; 0 when one of the two is free at any time
    cover: int  # thousandths of what is open that it could cover
    parts: tuple[int, ...]

    @property
    def score(self) -> int:
        return sum(self.parts)

    @property
    def lines(self) -> tuple[Line, ...]:
        return tuple(Line(take.kind, take.quantity, take.unit) for take in self.takes)


def assess(need: NeedRow, offer: OfferRow, scene: Scene, prohibited: frozenset[tuple[str, str]] = frozenset()) -> Candidate | str:
    """The candidate, or the code of the first hard rule that is against it."""
    n, o = need.facts, offer.facts
    if (code := cheap_refusal(need, offer)) is not None:
        return code
    met = meetings(need.times, offer.times)
    if not met and not (need.times.always and offer.times.always):
        return "NO_COMMON_TIME"
    if (code := _fitness(need, offer)) is not None:
        return code
    chosen, window = _chosen(need, offer, met)
    takes = _takes(need, offer, chosen)
    if not takes or max(take.quantity for take in takes) < o.minimum:
        return "OFFER_FULL"
    if (code := standing_refusal(need, offer)) is not None:
        return code
    if (n.id, o.id) in prohibited:
        return "PROHIBITED"
    cover, tier = _cover(need, takes), scene.tier(need.path, offer.path)
    return Candidate(
        n.id, o.id, o.owner, takes, window, tier, common_halves(need, offer), cover, parts_of(need, offer, scene, cover, tier)
    )


def cheap_refusal(need: NeedRow, offer: OfferRow) -> str | None:
    """What the index knows without looking at times."""
    n, o = need.facts, offer.facts
    if n.category != o.category:
        return "CATEGORY"
    if n.owner == o.owner:
        return "OWN_ITEM"
    if o.reach not in need.path:
        return "AREA_OUT_OF_REACH"
    if not any(kind in offer.lines for kind in need.open):
        return "NO_COMMON_LINE"
    return None


def standing_refusal(need: NeedRow, offer: OfferRow) -> str | None:
    """What has happened before between the two."""
    o = offer.facts
    if offer.room <= 0:
        return "UNIT_AT_LIMIT"
    if o.owner in need.facts.partners:
        return "ALREADY_PARTNER"
    if o.id in need.blocked or o.owner in need.blocked:
        return "DECLINED_BEFORE"
    return None


def parts_of(need: NeedRow, offer: OfferRow, scene: Scene, cover: int, tier: str) -> tuple[int, ...]:
    """The eight products, each a weight times points, floored once."""
    weights = scene.policy.weights
    urgency, waiting, vulnerable = need.given
    time = WHOLE if not need.halves or offer.times.always else WHOLE * common_halves(need, offer) // need.halves
    return (
        weights.fit * cover // WHOLE, weights.near * scene.nearness(tier) // WHOLE, weights.time * time // WHOLE, urgency,
        weights.skill * skill_points(need, offer) // WHOLE, weights.trust * offer.trust // WHOLE, waiting, vulnerable,
    )  # fmt: skip


def skill_points(need: NeedRow, offer: OfferRow) -> int:
    """Half when nothing special is asked for."""
    return WHOLE // 2 if need.facts.skill is None else WHOLE if need.facts.skill in offer.facts.skills else 0


def common_halves(need: NeedRow, offer: OfferRow) -> int:
    """Half-days that both have; 0 when one of the two is free at any time."""
    return (need.times.mask & offer.times.mask).bit_count()


def named(parts: tuple[int, ...]) -> dict[str, int]:
    """Criterion -> points."""
    return dict(zip(CRITERIA, parts, strict=True))


def _fitness(need: NeedRow, offer: OfferRow) -> str | None:
    n, o = need.facts, offer.facts
    if o.groups and n.group not in o.groups:
        return "NOT_ELIGIBLE"
    if n.skill is not None and n.skill not in o.skills:
        return "SKILL_MISSING"
    wanted = max((max(need.open[kind].values(), default=0) for kind in need.open if kind in offer.lines), default=0)
    return "BELOW_MINIMUM" if wanted < o.minimum else None


Chosen = tuple[tuple[str, str], ...]  # (occurrence of the need, occurrence of the offer)


def _chosen(need: NeedRow, offer: OfferRow, met: tuple[Meeting, ...]) -> tuple[Chosen, Window | None]:
    """Where and when a claim on both would fall: all meetings that give something of every line, if one window can say
    so, else the one that gives most, the earliest of those. A need without windows takes one occurrence."""
    if not met:
        return (("", ""),), None
    shared = [kind for kind, left in need.open.items() if left and kind in offer.lines]
    if all(kind in need.even and _untouched(offer, kind) for kind in shared):  # every meeting gives the same
        pairs, window = every_meeting(need.times, offer.times)
        if not need.times.always and window is not None:
            return pairs, window
        first = min(met, key=lambda m: m.start)
        return ((first.need_key, first.offer_key),), window_over([first])
    if not need.times.always:
        whole = [m for m in met if all(need.open[k].get(m.need_key) and offer.free(k, m.offer_key) > 0 for k in shared)]
        if len(whole) > 1 and (window := window_over(whole)) is not None:
            return tuple((m.need_key, m.offer_key) for m in whole), window
    gives, _, best = max(((sum(_gives(need, offer, m, kind) for kind in shared), -m.start, m) for m in met), key=lambda g: g[:2])
    return (((best.need_key, best.offer_key),), window_over([best])) if gives else ((), None)


def _untouched(offer: OfferRow, kind: Kind) -> bool:
    """Nothing of the line is taken in any occurrence, and there is something of it."""
    quantity, used = offer.lines[kind]
    return quantity > 0 and not used


def _gives(need: NeedRow, offer: OfferRow, met: Meeting, kind: Kind) -> int:
    """Thousandths of the need's line that this one occurrence of the offer could give; at least 1 when any at all."""
    open = need.open[kind].get(met.need_key, 0)
    free = min(offer.free(kind, met.offer_key), open)
    return max(WHOLE * free // open, 1) if free > 0 else 0


def _takes(need: NeedRow, offer: OfferRow, chosen: Chosen) -> tuple[Take, ...]:
    found = []
    for kind, left in need.open.items():
        if not left or kind not in offer.lines:
            continue
        if kind in need.even and _untouched(offer, kind):
            found.append(Take(*kind, chosen, min(need.even[kind], offer.lines[kind][0])))
        else:
            mine, theirs = [left.get(key, 0) for key, _ in chosen], [offer.free(kind, key) for _, key in chosen]
            quantity = min(mine + theirs, default=0)
            if quantity > 0:
                found.append(Take(*kind, chosen, quantity))
    return tuple(found)


def _cover(need: NeedRow, takes: tuple[Take, ...]) -> int:
    """Thousandths of all that is open, each line weighing the same."""
    given = {(take.kind, take.unit): take.quantity * len(take.at) for take in takes}
    lines = [kind for kind, wanted in need.wanted.items() if wanted]
    return sum(WHOLE * given.get(kind, 0) // need.wanted[kind] for kind in lines) // max(len(lines), 1)
