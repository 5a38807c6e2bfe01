"""Figures of a part of the ledger: of an area, a category, a line and a stretch of days, and the rows behind each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from services.asof import parse_at, reach
from services.figures import QUANTITY, slot
from services.ports import EventLog
from services.read_ports import Doc, Progress, Query, ReadDb, Vector
from services.tree import ALL, path

COUNTED = ("need", "offer", "claim", "project")
OVERDUE = "overdue"  # the one figure that time alone changes: it is counted when asked for
_KINDS = {  # the first part of a figure's name -> what it counts
    "needs": ("need",), "offers": ("offer",), "claims": ("claim",), "projects": ("project",), "money": ("project",),
    "beneficiaries": ("project",), "items": ("need", "offer"), "cover": ("need",), OVERDUE: ("project",),
    "units": ("unit",),
}  # fmt: skip
_TIMED = {"first": "need", "answer": "claim", "delivery": "project", "feedback": "project"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """What to look at: an area with all below it; `line` is a kind of unit; days are "2026-03-14", both inclusive, and
    mean the day an item began (posted, published, claimed, opened)."""

    area: str
    category: str | None = None
    line: str | None = None
    since: str | None = None
    until: str | None = None

    @property
    def summed(self) -> bool:
        """Its sums are kept; else they are added up when asked for."""
        return not (self.line or self.since or self.until)


@dataclass(frozen=True, slots=True)
class Sums:
    """`n`: figures; `times`: of each measure, whole hours (days from two days on) -> how often."""

    n: Vector = field(default_factory=dict)
    times: Mapping[str, Mapping[int, int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Behind:
    """Rows that a figure counts: (what it adds, its facts, its document), newest first; `total` is the figure."""

    rows: Sequence[tuple[int, Doc, Doc]]
    count: int
    total: int
    position: int


class Drill:
    def __init__(self, db: ReadDb, log: EventLog, progress: Progress) -> None:
        self._db, self._log, self._progress = db, log, progress

    async def sums(self, choice: Choice, at: str | None = None) -> Sums:
        """Of the area and all below it. Refused: at.invalid. Raises Behind."""
        position = await self._at(at)
        if choice.summed:
            tail = f":{choice.category}" if choice.category else ""
            kept, _ = await self._db.figures([choice.area], f"c{tail}" if tail else "", position)
            timed, _ = await self._db.figures([choice.area], f"t{tail}", position)
            return Sums(next(iter(kept.values()), {}), _spread(next(iter(timed.values()), {})))
        return added(await self._facts(COUNTED, choice, position))

    async def by_area(
        self, choice: Choice, tier: str, at: str | None = None, docs: Sequence[Doc] | None = None
    ) -> list[tuple[Doc, Vector]]:  # fmt: skip
        """(area, its figures) of every area of one tier below, or itself, by id; its households with all below it.
        `docs`: what `areas` has answered, where that was asked already."""
        position = await self._at(at)
        docs = docs if docs is not None else await self.areas(choice.area, at)
        homes = _households(docs)
        wanted = [{**doc, "households": homes[doc["id"]]} for doc in docs if doc["kind"] == tier]
        if choice.summed:
            dimension = f"c:{choice.category}" if choice.category else ""
            cells, _ = await self._db.figures([doc["id"] for doc in wanted], dimension, position)
            return [(doc, cells.get((doc["id"], dimension), {})) for doc in wanted]
        parents = {doc["id"]: doc["parent"] for doc in docs}
        found: dict[str, list[Doc]] = {doc["id"]: [] for doc in wanted}
        for row in await self._facts(COUNTED, choice, position):
            for above in path(row["area"] or "", parents):
                if above in found:
                    found[above].append(row)
        return [(doc, added(found[doc["id"]]).n) for doc in wanted]

    async def areas(self, area: str, at: str | None = None) -> list[Doc]:
        """The area and all below it, by id."""
        found = await self._db.page(Query(groups=((f"area/a/{area}",),), at=await self._at(at), limit=ALL))
        return sorted((doc for _, doc in found.rows), key=lambda doc: str(doc["id"]))

    async def lines(self, area: str, at: str | None = None) -> list[str]:
        """The kinds of the units that are stationed there."""
        query = Query(groups=((f"unit/a/{area}",),), at=await self._at(at), limit=ALL, facts=True)
        return sorted({row["line"] for _, row in (await self._db.page(query)).rows if row["line"]})

    async def months(self, choice: Choice, at: str | None = None) -> list[tuple[str, str]]:
        """(kind, month) of every item that is not a draft."""
        rows = await self._facts(("need", "offer", "claim"), choice, await self._at(at))
        return [(str(row["id"]).partition("-")[0], row["day"][:7]) for row in rows if row["day"]]

    async def overdue(self, choice: Choice, now: datetime, at: str | None = None) -> int:
        """Projects under way whose delivery was due before `now`."""
        return len(await self._overdue(choice, now, await self._at(at)))

    async def behind(
        self, choice: Choice, figure: str, now: datetime, at: str | None = None, *, skip: int = 0, limit: int = 50
    ) -> Behind:  # fmt: skip
        """The rows that the figure counts; `figure` as in the sums, "t/MEASURE" for what was timed, or "overdue"."""
        position = await self._at(at)
        if figure == OVERDUE:
            counted = [(1, row) for row in await self._overdue(choice, now, position)]
        else:
            facts = await self._facts(kinds_of(figure), choice, position)
            counted = [(n, row) for row in facts if (n := adds(row, figure)) is not None]
        counted.sort(key=lambda pair: pair[1]["position"], reverse=True)
        shown = counted[skip : skip + limit]
        docs = await self._titled([row["id"] for _, row in shown], position)
        total = len(counted) if figure.startswith("t/") else sum(n for n, _ in counted)
        reached = position if position is not None else (await self._db.bookmark()).position
        return Behind([(n, row, docs[row["id"]]) for n, row in shown], len(counted), total, reached)

    async def _titled(self, ids: Sequence[str], position: int | None) -> Mapping[str, Doc]:
        """The documents; claims and projects with the title of what they are about."""
        docs = dict(await self._db.docs(ids, position))
        about = {id: doc["need"] or doc["offer"] for id, doc in docs.items() if "provider" in doc}
        lent = await self._db.docs({item for item in about.values() if item}, position)
        for id, item in about.items():
            docs[id] = {**docs[id], "title": lent[item]["title"] if item in lent else None}
        return docs

    async def _overdue(self, choice: Choice, now: datetime, position: int | None) -> list[Doc]:
        rows = await self._facts(("project",), choice, position, "active")
        return [row for row in rows if "due" in row and datetime.fromisoformat(row["due"]) < now]

    async def _facts(
        self, kinds: Iterable[str], choice: Choice, position: int | None, status: str | None = None
    ) -> list[Doc]:  # fmt: skip
        """What each row of the choice adds; drafts add nothing."""
        found: list[Doc] = []
        for kind in kinds:
            state = ((f"{kind}/s/{status}",),) if status else ()
            groups = (*state, *_groups(kind, choice))
            page = await self._db.page(Query(groups=groups, at=position, limit=ALL, facts=True))
            found += [row for _, row in page.rows]
        return found

    async def _at(self, at: str | None) -> int | None:
        position = await parse_at(at, self._log)
        await reach(self._progress, position)
        return position


def added(rows: Iterable[Doc]) -> Sums:
    """The sum of what rows add."""
    n: Vector = {}
    times: dict[str, dict[int, int]] = {}
    for row in rows:
        for name, value in row["n"].items():
            n[name] = n.get(name, 0) + value
        for measure, hours in row["times"].items():
            of_measure = times.setdefault(measure, {})
            of_measure[slot(hours)] = of_measure.get(slot(hours), 0) + 1
    return Sums({name: value for name, value in n.items() if value}, times)


def adds(row: Doc, figure: str) -> int | None:
    """What the row adds to the figure (of what was timed: its whole hours); None when it does not count in it."""
    if figure.startswith("t/"):
        hours: int | None = row["times"].get(figure[2:])
        return hours
    return row["n"].get(figure) or None


def kinds_of(figure: str) -> tuple[str, ...]:
    """The kinds of items that a figure counts; () when there is no such figure."""
    if figure.startswith("t/"):
        return (_TIMED[figure[2:]],) if figure[2:] in _TIMED else ()
    if figure.startswith(f"{QUANTITY}/"):
        return ("need",) if figure.endswith("/needed") else ("need", "project")
    return _KINDS.get(figure.partition("/")[0].partition("_")[0], ())


def share_of(spread: Mapping[int, int], permille: int) -> int | None:
    """The hours within which that share of all was done (500: the median); None of nothing."""
    whole, so_far = sum(spread.values()), 0
    for hours in sorted(spread):
        so_far += spread[hours]
        if so_far * 1000 >= whole * permille:
            return hours
    return None


def gini(values: Sequence[int]) -> int:
    """How unevenly values >= 0 are spread, in permille: 0 all alike, near 1000 one has everything. Half the mean absolute
    difference over the mean (Gini 1912), in whole numbers."""
    ordered, whole = sorted(values), sum(values)
    if not whole:
        return 0
    count = len(ordered)
    weighted = sum((2 * i - count + 1) * value for i, value in enumerate(ordered))
    return 1000 * weighted // (count * whole)


def _households(docs: Sequence[Doc]) -> dict[str, int]:
    """Of each area, or where it has none of its own, of all areas below it."""
    parents = {doc["id"]: doc["parent"] for doc in docs}
    found = {doc["id"]: 0 for doc in docs}
    for doc in docs:
        for above in path(doc["id"], parents):
            if above in found:
                found[above] += doc["households"]
    return found


def _groups(kind: str, choice: Choice) -> tuple[tuple[str, ...], ...]:
    found: list[tuple[str, ...]] = [(f"{kind}/a/{choice.area}",)]
    found += [(f"{kind}/c/{choice.category}",)] if choice.category else []
    found += [(f"{kind}/l/{choice.line}",)] if choice.line else []
    if choice.since or choice.until:
        found.append(tuple(f"{kind}/{label}" for label in days_and_months(choice.since, choice.until)))
    return tuple(found)


def days_and_months(since: str | None, until: str | None) -> list[str]:
    """"m/2026-03" for whole months, "d/2026-04-01" for single days of the stretch; never before FIRST or after LAST."""
    day = max(date.fromisoformat(since or FIRST), date.fromisoformat(FIRST))
    last = min(date.fromisoformat(until or LAST), date.fromisoformat(LAST))
    found = []
    while day <= last:
        month_end = (day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
        if day.day == 1 and month_end <= last:
            found.append(f"m/{day:%Y-%m}")
            day = month_end + timedelta(days=1)
        else:
            found.append(f"d/{day}")
            day += timedelta(days=1)
    return found or ["none"]


FIRST, LAST = "2010-01-01", "2059-12-31"  # 50 years of months are the most labels of one question


def _spread(slots: Vector) -> dict[str, dict[int, int]]:
    found: dict[str, dict[int, int]] = {}
    for name, n in slots.items():
        measure, _, hours = name.partition("/")
        found.setdefault(measure, {})[int(hours)] = n
    return found
