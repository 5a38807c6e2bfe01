"""The three lists that are taken to meetings: offers, needs, projects; by tier, line, category, status and window."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from domain.access import Principal
from domain.calendar import ZONE
from services.asof import parse_at, reach
from services.labels import sight
from services.open_rows import open_doc
from services.ports import EventLog
from services.read_ports import Doc, Progress, Query, ReadDb

KINDS = {"needs": "need", "offers": "offer", "projects": "project"}
OPEN_PROJECTS = ("active", "reported", "confirmed", "disputed", "settled", "closed")  # what anybody may know of
AT_ONCE = 200  # rows looked at in one step
MOST = 5_000  # rows of a file


class Listing(Protocol):
    """Files of the lists."""

    def listing(
        self, title: str, notes: Sequence[str], headings: Sequence[str], rows: Sequence[Sequence[str | int]]
    ) -> bytes:  # fmt: skip
        """A spreadsheet: notes, then headings, then rows; no text of it is ever taken for a formula."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """What a list is asked for. `since` and `until` ("2026-03-14", inclusive, Shanghai time): something can happen in
    between: a window lies there at least in part (without windows always); of a project, its delivery is due then."""

    kind: str  # needs, offers, projects
    area: str | None = None
    category: str | None = None
    status: str | None = None
    line: str | None = None
    since: str | None = None
    until: str | None = None
    at: str | None = None


@dataclass(frozen=True, slots=True)
class Listed:
    """`next`: where the list goes on, None at its end."""

    rows: tuple[Doc, ...]
    next: int | None
    position: int


class Lists:
    def __init__(self, db: ReadDb, log: EventLog, progress: Progress) -> None:
        self._db, self._log, self._progress = db, log, progress

    async def of(self, wanted: Wanted, viewer: Principal | None, *, limit: int, before: int | None = None) -> Listed:
        """Newest first, without what is for the parties alone; drafts only for those who may see them. `before`: the
        `next` of the page before. Refused: at.invalid. Raises Behind."""
        position = await parse_at(wanted.at, self._log)
        await reach(self._progress, position)
        found: list[tuple[int, Doc]] = []
        reached = position or 0
        async for seq, doc, reached in self._rows(wanted, viewer, position, before):  # noqa: B007 - used after
            if falls_in(doc, wanted.since, wanted.until):
                found.append((seq, doc))
            if len(found) > limit:
                break
        if not found:
            reached = position if position is not None else (await self._db.bookmark()).position
        rows = await self._titled([doc for _, doc in found[:limit]], position)
        return Listed(tuple(rows), found[limit - 1][0] if len(found) > limit else None, reached)

    async def _rows(
        self, wanted: Wanted, viewer: Principal | None, position: int | None, before: int | None
    ) -> AsyncIterator[tuple[int, Doc, int]]:
        while True:
            query = Query(groups=_groups(wanted, viewer), at=position, before=before, limit=AT_ONCE)
            page = await self._db.page(query)
            for seq, doc in page.rows:
                yield seq, doc, page.position
            if not page.more:
                return
            before = page.rows[-1][0]

    async def _titled(self, docs: Sequence[Doc], position: int | None) -> list[Doc]:
        """Projects carry the title of their need, else of their offer."""
        about = {doc["id"]: doc["need"] or doc["offer"] for doc in docs if "milestones" in doc}
        lent = await self._db.docs({item for item in about.values() if item}, position) if about else {}
        titles = {id: lent[item]["title"] for id, item in about.items() if item in lent}
        return [open_doc({**doc, "title": titles.get(doc["id"], doc["title"])}) for doc in docs]


def falls_in(doc: Doc, since: str | None, until: str | None) -> bool:
    """Whether something of it can happen between the days."""
    if not (since or until):
        return True
    first, last = date.fromisoformat(since or "0001-01-02"), date.fromisoformat(until or "9999-12-30")
    if "due_at" in doc:
        return first <= _day(doc["due_at"]) <= last
    return not doc["windows"] or any(_overlaps(window, first, last) for window in doc["windows"])


def _overlaps(window: Doc, first: date, last: date) -> bool:
    if "weekly" not in window:
        return _day(window["start"]) <= last and _day(window["end"]) >= first
    begin = max(first, date.fromisoformat(window["from"]))
    end = min(last, date.fromisoformat(window["until"])) if window["until"] else last
    weekdays, skipped = {slot["day"] for slot in window["weekly"]}, set(window["except"])
    days = min((end - begin).days + 1, 7 * (len(skipped) + 1))
    each = (begin + timedelta(days=n) for n in range(max(days, 0)))
    return any(day.isoweekday() in weekdays and day.isoformat() not in skipped for day in each)


def _day(instant: str) -> date:
    return datetime.fromisoformat(instant).astimezone(ZoneInfo(ZONE)).date()


def _groups(wanted: Wanted, viewer: Principal | None) -> tuple[tuple[str, ...], ...]:
    kind = KINDS[wanted.kind]
    chosen = {"a": wanted.area, "c": wanted.category, "s": wanted.status, "l": wanted.line}
    groups: list[tuple[str, ...]] = [(kind,), *((f"{kind}/{letter}/{value}",) for letter, value in chosen.items() if value)]
    visible = sight(kind, viewer)
    if visible is not None:
        opened = tuple(f"project/s/{status}" for status in OPEN_PROJECTS) if kind == "project" else ()
        groups.append((*visible, *opened))
    return tuple(groups)
