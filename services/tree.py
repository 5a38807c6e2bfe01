"""The tree of areas as the read models need it: who is above whom, and what changes when an area moves."""

from __future__ import annotations

from collections.abc import Mapping

from services.figures import Share, difference
from services.items import KINDS
from services.read_ports import Changes, Doc, FigureChange, Query, ReadDb

Parents = Mapping[str, str | None]
ALL = 1_000_000_000  # rows: no limit


def path(area: str, parents: Parents) -> tuple[str, ...]:
    """The area and all above it, nearest first; a loop ends where it begins."""
    found: dict[str, None] = {}
    here: str | None = area
    while here is not None and here not in found:
        found[here] = None
        here = parents.get(here)
    return tuple(found)


async def moved(db: ReadDb, changes: Changes, area: str, position: int, *, before: Parents, after: Parents) -> None:
    """All rows below a moved area (but its own) carry other labels and count in other areas from `position` on."""
    old, new = path(area, before), path(area, after)
    for kind in KINDS:
        below = await db.page(Query(groups=((f"{kind}/a/{area}",),), limit=ALL))
        for seq, doc in below.rows:
            if doc["id"] != area:
                _relabel(changes, kind, seq, doc, position, before, after)
            if kind == "unit":
                _recount_unit(changes, doc, position, before, after)
    lost, gained = tuple(a for a in old if a not in new), tuple(a for a in new if a not in old)
    cells, _ = await db.figures([area], "*")
    for (_, dimension), figures in sorted(cells.items()):
        counted = {name: n for name, n in figures.items() if not name.startswith("units/")}
        if counted and lost:
            changes.figures.append(FigureChange(position, lost, (dimension,), {k: -n for k, n in counted.items()}))
        if counted and gained:
            changes.figures.append(FigureChange(position, gained, (dimension,), counted))


def _relabel(
    changes: Changes, kind: str, seq: int, doc: Doc, position: int, before: Parents, after: Parents
) -> None:
    old, new = _above(kind, doc, before), _above(kind, doc, after)
    changes.off += [(label, seq, position) for label in old - new]
    changes.on += [(label, seq, position) for label in new - old]


def _above(kind: str, doc: Doc, parents: Parents) -> set[str]:
    """The labels of a row that come from where it is."""
    areas = {above for area in (doc["areas"] if kind == "unit" else [doc["area"]]) for above in path(area, parents)}
    for_tiers = kind in ("need", "project") and doc["status"] in ("posted", "disputed")
    return {f"{kind}/a/{a}" for a in areas} | ({f"desk@{a}" for a in areas} if for_tiers else set())


def _recount_unit(changes: Changes, doc: Doc, position: int, before: Parents, after: Parents) -> None:
    """A unit in several areas counts once in each area above them, so its share cannot simply follow the moved one."""
    figures = {"units/total": 1, f"units/{doc['status']}": 1}
    shares = [
        Share(tuple(sorted({above for area in doc["areas"] for above in path(area, parents)})), None, figures)
        for parents in (before, after)
    ]
    changes.figures += difference(position, *shares)
