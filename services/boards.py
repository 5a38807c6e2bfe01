"""Boards: lists of needs, offers, claims, projects, units, areas and rounds, as the one who asks may see them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from domain.access import Principal
from domain.events import Refused
from services.asof import parse_at, reach
from services.labels import sight
from services.ports import EventLog
from services.read_ports import Doc, Progress, Query, ReadDb
from services.words import phrases

KINDS = {
    "needs": "need", "offers": "offer", "claims": "claim", "projects": "project", "units": "unit", "areas": "area",
    "rounds": "round",
}  # fmt: skip
MOST = 200  # rows of a page
_BOUND = ("claim", "project")  # kinds with several parties
_PRIVATE = ("note", "disputed_by")  # left out for those without log-in
_CURSOR = re.compile(r"[0-9a-v]{1,12}")


@dataclass(frozen=True, slots=True)
class Page:
    """`next` is opaque ([A-Za-z0-9_-]), None at the end; `position` is what the page is true for."""

    items: list[Doc]
    next: str | None
    position: int


class Boards:
    def __init__(self, db: ReadDb, log: EventLog, progress: Progress) -> None:
        self._db, self._log, self._progress = db, log, progress

    async def list(
        self, kind: str, viewer: Principal | None, *, area: str | None = None, category: str | None = None,
        status: str | None = None, q: str | None = None, at: str | None = None, owner: str | None = None,
        about: str | None = None, limit: int = 50, cursor: str | None = None, min_position: int | None = None,
    ) -> Page:  # fmt: skip
        """Newest first. `kind` is needs, offers, claims, projects, units, areas or rounds; `area` its dated subtree; `status`
        and `category` comma-separated; `owner` who owns it (claims and projects: who is a party); `about` the need or
        offer that claims and projects are about (rounds: the round before); `limit` 1–200. Refused: at.invalid,
        cursor.invalid. Raises Behind."""
        row = KINDS[kind]
        position = await parse_at(at, self._log)
        await reach(self._progress, max(position or 0, min_position or 0))
        groups = [(row,), *_chosen(row, "s", status), *_chosen(row, "c", category), *_chosen(row, "a", area)]
        groups += _chosen(row, "p", owner) + _chosen(row, "n", about)
        if (visible := sight(row, viewer)) is not None:
            groups.append(visible or ("nobody",))
        found = await self._db.page(Query(
            groups=tuple(groups), phrases=((f"_{row}", False), *phrases(q)) if q and phrases(q) else (), at=position,
            before=_seq(cursor), limit=min(max(limit, 1), MOST),
        ))  # fmt: skip
        items = [doc for _, doc in found.rows]
        if row in _BOUND:
            await self._title(items, position)
        return Page(items, _token(found.rows[-1][0]) if found.more else None, found.position)

    async def public(
        self, kind: str, *, area: str | None = None, category: str | None = None, status: str | None = None,
        q: str | None = None, at: str | None = None, limit: int = 50, cursor: str | None = None,
    ) -> Page:  # fmt: skip
        """The same without log-in: needs and offers that are no drafts, units and areas; notes are left out. Claims and
        projects are bound to their parties: nothing is listed."""
        page = await self.list(
            kind, None, area=area, category=category, status=status, q=q, at=at, limit=limit, cursor=cursor
        )
        return Page([_without_notes(doc) for doc in page.items], page.next, page.position)

    async def names(self, ids: Sequence[str], at: str | None = None) -> dict[str, str]:
        """Names of organisations and areas (titles of other items) by id; unknown ids are left out."""
        docs = await self._db.docs(ids, await parse_at(at, self._log))
        return {id: doc["title"] for id, doc in docs.items() if doc["title"]}

    async def _title(self, items: Sequence[Doc], at: int | None) -> None:
        """Claims and projects carry the title of their need, else of their offer."""
        about = {doc["id"]: doc["need"] or doc["offer"] for doc in items}
        docs = await self._db.docs({item for item in about.values() if item}, at)
        for doc in items:
            lender = docs.get(about[doc["id"]] or "")
            doc["title"] = lender["title"] if lender else None


def _chosen(row: str, letter: str, values: str | None) -> list[tuple[str, ...]]:
    """One group of labels; a filter that names nothing is no filter."""
    names = [value.strip() for value in (values or "").split(",") if value.strip()]
    return [tuple(f"{row}/{letter}/{name}" for name in names)] if names else []


def _without_notes(doc: Doc) -> Doc:
    return {name: value for name, value in doc.items() if name not in _PRIVATE}


def _token(seq: int) -> str:
    digits = ""
    while seq:
        seq, digit = divmod(seq, 32)
        digits = "0123456789abcdefghijklmnopqrstuv"[digit] + digits
    return digits


def _seq(token: str | None) -> int | None:
    if not token:
        return None
    if not _CURSOR.fullmatch(token):
        raise Refused(
            "cursor.invalid", "cursor 须为上一页的 next。", "`cursor` is the `next` of the page before.",
            kind="invalid", field="cursor",
        )  # fmt: skip
    return int(token, 32)
