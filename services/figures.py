"""What one item adds to the figures of its area and of all areas above it.

Each unit of count stands apart. Drafts count nowhere. An item changes its share with its state; sums of shares are what
dashboards show, so every figure can be recomputed from the ledger."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from domain.areas import AreaState
from domain.calendar import ZONE
from domain.capacity import Capacity
from domain.claim import ClaimState
from domain.need import NeedState
from domain.offer import OfferState
from domain.project import ProjectState
from domain.units import UnitState
from services.items import Item, is_delivered
from services.read_ports import FigureChange, Vector

PathOf = Callable[[str], tuple[str, ...]]  # an area and all above it
QUANTITY = "q"  # figures of quantities are named q/UNIT/needed|committed|delivered
_OFF = ("draft", "rejected", "withdrawn", "merged", "lapsed")  # needs that ask for nothing


@dataclass(frozen=True, slots=True)
class Share:
    areas: tuple[str, ...] = ()
    category: str | None = None
    figures: Vector = field(default_factory=dict)
    month: tuple[str, str] | None = None  # "2026-03" and the figure that it counts in by one


NO_SHARE = Share()


def share(item: Item, path_of: PathOf) -> Share:
    """needs: total and by status, needs_met, cover_sum and cover_count, items_claimed, quantities of its own ledger;
    offers: total and by status, offers_used, items_claimed; claims: total and by status, claims_accepted (standing or
    fulfilled); projects: total and by status, projects_delivered, beneficiaries, money, and quantities when no need
    counts them; units: total and by status. By month (Shanghai time): needs, offers, claims begun; delivered
    projects."""
    match item.state:
        case NeedState() as need:
            return _need(item, need, path_of(need.content.area))
        case OfferState() as offer:
            return _offer(item, offer, path_of(offer.content.area))
        case ClaimState() as claim:
            accepted = {"claims_accepted": 1} if claim.status in ("accepted", "fulfilled") else {}
            figures = {"claims/total": 1, f"claims/{item.status}": 1, **accepted}
            return Share(path_of(claim.terms.area), claim.terms.category, figures, _month(item.opened_at, "claims"))
        case ProjectState() as project:
            return _project(item, project, path_of(project.area))
        case UnitState() as unit:
            areas = tuple(dict.fromkeys(above for area in unit.areas for above in path_of(area)))
            return Share(areas, None, {"units/total": 1, f"units/{unit.status}": 1})
        case AreaState():
            return NO_SHARE


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
    if before.month != after.month:
        for month, change in ((before.month, -1), (after.month, 1)):
            changes += [FigureChange(position, after.areas, (f"m:{month[0]}",), {month[1]: change})] if month else []
    return changes


def _need(item: Item, need: NeedState, areas: tuple[str, ...]) -> Share:
    status, content = item.status, need.content
    if status == "draft":
        return Share(areas, content.category)
    figures: Vector = {"needs/total": 1, f"needs/{status}": 1}
    if (status if status in ("open", "covered", "met") else replace(need, phase="open").status) == "met":
        figures["needs_met"] = 1
    if status not in _OFF:
        figures |= {"cover_sum": need.cover_pct, "cover_count": 1}
    if _is_used(need.capacity):
        figures["items_claimed"] = 1
    _add_ledger(figures, need.capacity, len(need.occurrences), asks=status not in _OFF)
    return Share(areas, content.category, figures, _month(item.opened_at, "needs"))


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
    if delivered:
        figures["projects_delivered"] = 1
    _add(figures, "money/pledged_fen", project.pledged_fen if alive else 0)
    _add(figures, "money/received_fen", project.received_fen)
    _add(figures, "money/spent_fen", project.spent_fen)
    if delivered and project.beneficiaries:
        figures["beneficiaries"] = project.beneficiaries
    if project.need is None and alive:
        place = "delivered" if delivered else "committed"
        for line in project.confirmed if delivered else project.lines:
            _add(figures, f"{QUANTITY}/{line.unit}/{place}", line.quantity)
    return Share(areas, project.category, figures, _month(item.delivered_at if delivered else None, "delivered"))


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


def _month(at: datetime | None, name: str) -> tuple[str, str] | None:
    return (_month_of(at.replace(minute=0, second=0, microsecond=0)), name) if at else None


@lru_cache(maxsize=8192)
def _month_of(hour: datetime) -> str:
    return hour.astimezone(ZoneInfo(ZONE)).strftime("%Y-%m")


def _deltas(before: Vector, after: Vector) -> Vector:
    found = {name: n for name, value in after.items() if (n := value - before.get(name, 0))}
    return found | {name: -n for name, n in before.items() if name not in after}
