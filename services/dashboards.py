"""Figures of an area and all below it, now or as of any position; every unit of count stands apart."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from domain.access import missing
from services.asof import parse_at, reach
from services.drill import Drill
from services.figures import QUANTITY
from services.lists import Lists
from services.portraits import Portraits
from services.ports import EventLog
from services.read_ports import Doc, Progress, Query, ReadDb, Vector
from services.tree import ALL

TALLIES = {  # statuses always shown, also when nothing has them
    "needs": ("posted", "open", "covered", "met", "closed"),
    "offers": ("published", "paused", "exhausted", "retired", "expired"),
    "claims": ("proposed", "waitlisted", "accepted", "fulfilled", "declined", "withdrawn", "expired", "released"),
    "projects": ("active", "reported", "confirmed", "disputed", "settled", "closed", "aborted"),
    "units": ("registered", "suspended"),
}
COUNTS = ("needs_met", "offers_used", "claims_accepted", "projects_delivered", "items_claimed", "beneficiaries")
MONTHS = ("needs", "offers", "claims", "delivered")


class Dashboards:
    def __init__(self, db: ReadDb, log: EventLog, progress: Progress) -> None:
        self._db, self._log, self._progress = db, log, progress
        self.drill = Drill(db, log, progress)
        self.lists = Lists(db, log, progress)
        self.portraits = Portraits(db, log, progress)

    async def of(self, area_id: str, at: str | None = None, *, min_position: int | None = None) -> dict[str, Any]:
        """{area: {id, name, kind}, path: [{id, name, kind}] from the top, position, at, figures,
        children: [{area, figures}], by_category: [{category, figures}], by_month: [{month, needs, offers, claims,
        delivered}]}; figures as `shown` defines them. Refused: item.not_found, at.invalid. Raises Behind."""
        position = await parse_at(at, self._log)
        await reach(self._progress, max(position or 0, min_position or 0))
        path = await self._path(area_id, position)
        below = await self._db.page(Query(groups=((f"area/up/{area_id}",),), at=position, limit=ALL))
        children = sorted((doc for _, doc in below.rows), key=lambda doc: str(doc["id"]))
        cells, reached = await self._db.figures([area_id], "*", position)
        theirs, _ = await self._db.figures([child["id"] for child in children], "", position)
        return {
            "area": _named(path[-1]),
            "path": [_named(doc) for doc in path],
            "position": reached,
            "at": at,
            "figures": shown(cells.get((area_id, ""), {})),
            "children": [
                {"area": _named(child), "figures": shown(theirs.get((child["id"], ""), {}))} for child in children
            ],
            "by_category": [
                {"category": name, "figures": shown(cells[area_id, f"c:{name}"])} for name in _with("c:", cells)
            ],
            "by_month": [
                {"month": name, **{count: cells[area_id, f"m:{name}"].get(count, 0) for count in MONTHS}}
                for name in _with("m:", cells)
            ],
        }

    async def below(self, area_id: str, kind: str, at: str | None = None) -> list[dict[str, Any]]:
        """Every area of one kind anywhere below (or itself), by id, with its needs that wait for a claim or for their
        endorsement: [{area: {id, name, kind}, parent, waiting}]. Refused: at.invalid. Raises Behind."""
        position = await parse_at(at, self._log)
        await reach(self._progress, position)
        found = await self._db.page(Query(groups=((f"area/a/{area_id}",),), at=position, limit=ALL))
        docs = sorted((doc for _, doc in found.rows if doc["kind"] == kind), key=lambda doc: str(doc["id"]))
        cells, _ = await self._db.figures([doc["id"] for doc in docs], "", position)
        rows = [(doc, cells.get((doc["id"], ""), {})) for doc in docs]
        return [
            {
                "area": _named(doc), "parent": doc["parent"],
                "waiting": figures.get("needs/open", 0) + figures.get("needs/posted", 0),
            }
            for doc, figures in rows
        ]  # fmt: skip

    async def trail(self, area_id: str, at: str | None = None) -> list[dict[str, Any]]:
        """The area and all above it, from the top: [{id, name, kind}]. Refused: item.not_found, at.invalid."""
        return [_named(doc) for doc in await self._path(area_id, await parse_at(at, self._log))]

    async def position(self, at: str | None = None) -> int:
        """What answers are true for. Refused: at.invalid. Raises Behind."""
        position = await parse_at(at, self._log)
        await reach(self._progress, position)
        return (await self._db.bookmark()).position if position is None else position

    async def _path(self, area_id: str, at: int | None) -> list[Doc]:
        """The area and all above it, from the top."""
        found: list[Doc] = []
        here: str | None = area_id
        while here and all(doc["id"] != here for doc in found):
            doc = (await self._db.docs([here], at)).get(here)
            if doc is None or "parent" not in doc:
                break
            found.insert(0, doc)
            here = doc["parent"]
        if not found:
            raise missing()
        return found


def shown(figures: Vector) -> dict[str, Any]:
    """The figures of one area and all below it. Drafts count nowhere.

    needs, offers, claims, projects, units: {total, …by status}, how many there are now in each status. An offer counts
    where its home is; a claim or project where the need is, else the receiver; a unit once in each area above it.
    needs_met: needs whose every line is delivered, closed ones too. offers_used: offers of which something is promised
    or delivered. claims_accepted: promises that stand or were kept. projects_delivered: confirmed by the receiver, or
    settled as delivered. items_claimed: needs and offers of which something is promised or delivered.
    quantities: by unit of count, over all occurrences: needed by needs that ask for something, committed (promised, not
    yet delivered) and delivered, of needs and of projects without a need. beneficiaries: people reached, as confirmed.
    money, in fen: pledged by projects that stand, received, spent. cover_pct: the mean cover of needs that ask for
    something, each need weighing the same, in whole per cent, rounded down."""
    counted: dict[str, Any] = {group: _tally(figures, group, always) for group, always in TALLIES.items()}
    counted |= {name: figures.get(name, 0) for name in COUNTS}
    counted["quantities"] = _quantities(figures)
    money = ("pledged_fen", "received_fen", "spent_fen")
    counted["money"] = {name: figures.get(f"money/{name}", 0) for name in money}
    counted["cover_pct"] = figures.get("cover_sum", 0) // max(figures.get("cover_count", 0), 1)
    return counted


def _tally(figures: Vector, group: str, always: Iterable[str]) -> dict[str, int]:
    found = {name.partition("/")[2]: n for name, n in sorted(figures.items()) if name.startswith(f"{group}/")}
    return {name: found.get(name, 0) for name in dict.fromkeys(("total", *always, *found))}


def _quantities(figures: Vector) -> list[dict[str, Any]]:
    """[{unit, needed, committed, delivered}], by unit. A unit may hold any character, slashes too."""
    found: dict[str, dict[str, Any]] = {}
    for name, n in sorted(figures.items()):
        if name.startswith(f"{QUANTITY}/"):
            unit, _, place = name[len(QUANTITY) + 1 :].rpartition("/")
            found.setdefault(unit, {"unit": unit, "needed": 0, "committed": 0, "delivered": 0})[place] = n
    return list(found.values())


def _with(prefix: str, cells: Iterable[tuple[str, str]]) -> list[str]:
    return sorted(dimension[len(prefix) :] for _, dimension in cells if dimension.startswith(prefix))


def _named(doc: Doc) -> Doc:
    return {"id": doc["id"], "name": doc["name"], "kind": doc["kind"]}
