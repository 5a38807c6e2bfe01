"""What one item adds to the figures of its area and of all areas above it.

Each unit of count stands apart. Drafts count nowhere. An item changes its share with its state; sums of shares are what
dashboards show, so every figure can be recomputed from the ledger."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from domain.areas import AreaState
from domain.calendar import ZONE
from domain.capacity import Capacity
from domain.claim import ClaimState
from domain.need import NeedState
from domain.offer import OfferState
from domain.project import ProjectState
from domain.round import RoundState
from domain.units import UnitState
from services.items import Item, is_delivered
from services.read_ports import Doc, FigureChange, Vector

HOUR = timedelta(hours=1)
PathOf = Callable[[str], tuple[str, ...]]  # an area and all above it
QUANTITY = "q"  # figures of quantities are named q/UNIT/needed|committed|delivered
TIMES = ("first", "answer", "delivery", "feedback")  # what is timed, in whole hours
FINE_HOURS = 48  # up to here every hour is told apart, beyond it every day
_OFF = ("draft", "rejected", "withdrawn", "merged", "lapsed")  # needs that ask for nothing


@dataclass(frozen=True, slots=True)
class Share:
    areas: tuple[str, ...] = ()
    category: str | None = None
    figures: Vector = field(default_factory=dict)
    month: tuple[str, str] | None = None  # "2026-03" and the figure that it counts in by one
    times: Vector = field(default_factory=dict)  # of TIMES -> whole hours


NO_SHARE = Share()


def share(item: Item, path_of: PathOf, heard: datetime | None = None) -> Share:
    """needs: total and by status, needs_met, needs_claimed (somebody has asked for it: `heard` says since when),
    needs_promised, needs_delivered (a part at least), needs_fed_back, cover_sum and cover_count, items_claimed,
    quantities of its own ledger; offers: total and by status, offers_used, items_claimed; claims: total and by status,
    claims_accepted (standing or fulfilled), claims_bound (ever accepted); projects: total and by status,
    projects_reported, _delivered, _fed_back, _evaluated, _unheard (delivered, the asker has not heard), beneficiaries,
    money, and quantities when no need counts them; units: total and by status. By month (Shanghai time): needs, offers,
    claims begun; delivered projects. Times: `first` posted to first claim, `answer` claimed to answered (not from the
    wait list), `delivery` opened to confirmed, `feedback` confirmed to fed back."""
    match item.state:
        case NeedState() as need:
            return _need(item, need, path_of(need.content.area), heard)
        case OfferState() as offer:
            return _offer(item, offer, path_of(offer.content.area))
        case ClaimState() as claim:
            return _claim(item, claim, path_of(claim.terms.area))
        case ProjectState() as project:
            return _project(item, project, path_of(project.area))
        case UnitState() as unit:
            areas = tuple(dict.fromkeys(above for area in unit.areas for above in path_of(area)))
            return Share(areas, None, {"units/total": 1, f"units/{unit.status}": 1})
        case AreaState() | RoundState():
            return NO_SHARE


def facts(item: Item, counted: Share, line: str | None, position: int, heard: datetime | None = None) -> Doc:
    """What a row adds to figures, and all that these can be filtered by: {id, position, area, category, line, day, n,
    times, due?, heard?}. `day` (Shanghai time) is when it began, None while it is a draft; `line` the kind of the unit
    that gives, or asks."""
    found: Doc = {
        "id": item.state.id, "position": position, "area": counted.areas[0] if counted.areas else None,
        "category": counted.category, "line": line, "day": day_of(item.opened_at), "n": counted.figures,
        "times": counted.times,
    }  # fmt: skip
    if heard is not None:
        found["heard"] = heard.isoformat()
    if isinstance(item.state, ProjectState) and item.status == "active":
        found["due"] = item.state.due_at.isoformat()
    return found


def slot(hours: int) -> int:
    """Where a time is counted: at its hour, from two days on at its day (in hours)."""
    return hours if hours < FINE_HOURS else hours // 24 * 24


def day_of(at: datetime | None) -> str | None:
    """"2026-03-14", Shanghai time."""
    return _day_of(at.replace(minute=0, second=0, microsecond=0)) if at else None


def difference(position: int, before: Share, after: Share) -> list[FigureChange]:
    """What turns the sums with `before` in them into those with `after`."""
    if before == after:
        return []
    if (before.areas, before.category) != (after.areas, after.category):
        gone = difference(position, before, Share(before.areas, before.category)) if before.areas else []
        return gone + difference(position, Share(after.areas, after.category), after)
    changes = []
    if deltas := _deltas(before.figures, after.figures):
        dimensions = ("", f"c:{after.category}") if after.category else ("",)
        changes.append(FigureChange(position, after.areas, dimensions, deltas))
    if before.times != after.times:
        dimensions = ("t", f"t:{after.category}") if after.category else ("t",)
        changes.append(FigureChange(position, after.areas, dimensions, _deltas(_slots(before), _slots(after))))
    if before.month != after.month:
        for month, change in ((before.month, -1), (after.month, 1)):
            changes += [FigureChange(position, after.areas, (f"m:{month[0]}",), {month[1]: change})] if month else []
    return changes


def _need(item: Item, need: NeedState, areas: tuple[str, ...], heard: datetime | None) -> Share:
    status, content = item.status, need.content
    if status == "draft":
        return Share(areas, content.category)
    figures: Vector = {"needs/total": 1, f"needs/{status}": 1}
    if (status if status in ("open", "covered", "met") else replace(need, phase="open").status) == "met":
        figures["needs_met"] = 1
    if status not in _OFF:
        figures |= {"cover_sum": need.cover_pct, "cover_count": 1}
    if _is_used(need.capacity):
        figures |= {"items_claimed": 1, "needs_promised": 1}
    delivered = any(used.delivered for used in need.capacity.used.values())
    flags = (("needs_claimed", heard), ("needs_delivered", delivered), ("needs_fed_back", need.fed_back))
    figures |= {name: 1 for name, holds in flags if holds}
    _add_ledger(figures, need.capacity, len(need.occurrences), asks=status not in _OFF)
    times = _times(first=(item.opened_at, heard))
    return Share(areas, content.category, figures, _month(item.opened_at, "needs"), times)


def _claim(item: Item, claim: ClaimState, areas: tuple[str, ...]) -> Share:
    figures = {"claims/total": 1, f"claims/{item.status}": 1}
    figures |= {"claims_accepted": 1} if claim.status in ("accepted", "fulfilled") else {}
    figures |= {"claims_bound": 1} if claim.project else {}
    times = {} if claim.promoted else _times(answer=(item.created_at, item.answered_at))
    return Share(areas, claim.terms.category, figures, _month(item.opened_at, "claims"), times)


def _offer(item: Item, offer: OfferState, areas: tuple[str, ...]) -> Share:
    if item.status == "draft":
        return Share(areas, offer.content.category)
    figures: Vector = {"offers/total": 1, f"offers/{item.status}": 1}
    if _is_used(offer.capacity):
        figures |= {"offers_used": 1, "items_claimed": 1}
    return Share(areas, offer.content.category, figures, _month(item.opened_at, "offers"))


def _project(item: Item, project: ProjectState, areas: tuple[str, ...]) -> Share:
    figures: Vector = {"projects/total": 1, f"projects/{project.status}": 1}
    delivered, alive = is_delivered(project), project.status != "aborted" and project.outcome != "failed"
    judged = any(role != "provider" for role, _ in project.evaluations)
    unheard = delivered and not project.fed_back and project.status in ("confirmed", "settled")
    flags = {
        "reported": bool(project.reported) or delivered, "delivered": delivered, "fed_back": project.fed_back,
        "evaluated": judged, "unheard": unheard,
    }  # fmt: skip
    figures |= {f"projects_{name}": 1 for name, holds in flags.items() if holds}
    _add(figures, "money/pledged_fen", project.pledged_fen if alive else 0)
    _add(figures, "money/received_fen", project.received_fen)
    _add(figures, "money/spent_fen", project.spent_fen)
    if delivered and project.beneficiaries:
        figures["beneficiaries"] = project.beneficiaries
    if project.need is None and alive:
        place = "delivered" if delivered else "committed"
        for line in project.confirmed if delivered else project.lines:
            _add(figures, f"{QUANTITY}/{line.unit}/{place}", line.quantity)
    done = item.delivered_at if delivered else None
    times = _times(delivery=(item.created_at, done), feedback=(done, item.fed_back_at))
    return Share(areas, project.category, figures, _month(done, "delivered"), times)


def _is_used(capacity: Capacity) -> bool:
    """Something is promised or delivered."""
    return any(used.committed or used.delivered for used in capacity.used.values())


def _add_ledger(figures: Vector, capacity: Capacity, occurrences: int, *, asks: bool) -> None:
    """Over all occurrences; of windows that never end only those that are used."""
    for line in capacity.lines:
        used = [u for (kind, unit, _), u in capacity.used.items() if kind == line.kind and unit == line.unit]
        if asks:
            _add(figures, f"{QUANTITY}/{line.unit}/needed", line.quantity * (occurrences or len(used) or 1))
        _add(figures, f"{QUANTITY}/{line.unit}/committed", sum(u.committed for u in used))
        _add(figures, f"{QUANTITY}/{line.unit}/delivered", sum(u.delivered for u in used))


def _add(figures: Vector, name: str, quantity: int) -> None:
    if quantity:
        figures[name] = figures.get(name, 0) + quantity


def _times(**spans: tuple[datetime | None, datetime | None]) -> Vector:
    """Whole hours of the spans that are over."""
    return {name: max(0, (end - start) // HOUR) for name, (start, end) in spans.items() if start and end}


def _slots(counted: Share) -> Vector:
    return {f"{name}/{slot(hours)}": 1 for name, hours in counted.times.items()}


def _month(at: datetime | None, name: str) -> tuple[str, str] | None:
    return (_month_of(at.replace(minute=0, second=0, microsecond=0)), name) if at else None


@lru_cache(maxsize=8192)
def _month_of(hour: datetime) -> str:
    return hour.astimezone(ZoneInfo(ZONE)).strftime("%Y-%m")


@lru_cache(maxsize=8192)
def _day_of(hour: datetime) -> str:
    return hour.astimezone(ZoneInfo(ZONE)).date().isoformat()


def _deltas(before: Vector, after: Vector) -> Vector:
    found = {name: n for name, value in after.items() if (n := value - before.get(name, 0))}
    return found | {name: -n for name, n in before.items() if name not in after}
