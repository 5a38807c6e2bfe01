"""Lists taken over whole or not at all: one command, all its rows decided one after the other."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from domain.events import Refused
from services.command import Ask, Done
from services.needs import NeedDraft, Needs
from services.offers import OfferDraft, Offers
from services.register import AreaDraft, Register, UnitDraft
from services.streams import Streams
from services.work import Work

Draft = NeedDraft | OfferDraft | UnitDraft | AreaDraft


EVERY = 25  # rows between two looks around: others are waiting, and it may be cancelled


class Watch(Protocol):
    """Somebody who waits for a long import."""

    def looked_at(self, rows: int) -> None:
        """So many rows are done. May refuse: then nothing is taken over."""


class Nobody:
    """Nobody waits."""

    def looked_at(self, rows: int) -> None:
        pass


NOBODY = Nobody()


@dataclass(frozen=True, kw_only=True, slots=True)
class ImportRow:
    """One row as it is asked for; `number` is its place in the file."""

    number: int
    draft: Draft
    as_draft: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class RowError:
    """What is wrong with one field of one row."""

    row: int
    field: str
    code: str
    zh: str
    en: str


class ImportRefused(Refused):
    """Nothing was taken over; `rows` says why, in the order of the file."""

    def __init__(self, rows: Sequence[RowError]) -> None:
        many = len({error.row for error in rows})
        super().__init__(
            "import.refused", f"有 {many} 行需要改正，整份文件都没有导入。",
            f"{many} rows need correction; nothing of the file was imported.", kind="invalid",
        )  # fmt: skip
        self.rows = tuple(sorted(rows, key=lambda error: error.row))


class Imports:
    def __init__(self, streams: Streams, needs: Needs, offers: Offers, register: Register) -> None:
        self._streams, self._needs, self._offers, self._register = streams, needs, offers, register

    async def take(
        self, ask: Ask, rows: Sequence[ImportRow], wrong: Sequence[RowError] = (), watch: Watch = NOBODY
    ) -> Done:
        """All rows or none. `wrong`: what was found before the rules were asked. Refused: ImportRefused, or what is
        refused for every row alike. The answer is about the last row; `ids` has all, in the order of the rows."""

        async def decide(work: Work) -> str:
            ids, refused = await self._put_all(work, rows, watch)
            if wrong or refused:
                raise _refusal(rows, wrong, refused)
            work.extra = {"rows": len(rows), "ids": [ids[row.number] for row in rows]}
            return ids[rows[-1].number]

        return await self._streams.command(ask, decide)

    async def check(
        self, ask: Ask, rows: Sequence[ImportRow], wrong: Sequence[RowError] = (), watch: Watch = NOBODY
    ) -> tuple[RowError, ...]:
        """What `take` would say now; nothing is written."""
        work = Work(self._streams, ask, self._streams.clock.now())
        _, refused = await self._put_all(work, rows, watch)
        if not wrong and not refused:
            return ()
        refusal = _refusal(rows, wrong, refused)
        if isinstance(refusal, ImportRefused):
            return refusal.rows
        raise refusal

    async def _put_all(
        self, work: Work, rows: Sequence[ImportRow], watch: Watch
    ) -> tuple[dict[int, str], list[tuple[ImportRow, Refused]]]:
        ids: dict[int, str] = {}
        refused: list[tuple[ImportRow, Refused]] = []
        twins = _twins(rows)
        for n, row in enumerate(_parents_first(rows)):
            if n % EVERY == 0:
                watch.looked_at(n)
                await asyncio.sleep(0)
            try:
                if row.number in twins:
                    raise _duplicate(twins[row.number])
                ids[row.number] = await self._put(work, row)
            except Refused as error:
                refused.append((row, error))
        watch.looked_at(len(rows))
        return ids, refused

    async def _put(self, work: Work, row: ImportRow) -> str:
        match row.draft:
            case NeedDraft():
                return await self._needs.put(work, row.draft, as_draft=row.as_draft)
            case OfferDraft():
                return await self._offers.put(work, row.draft, as_draft=row.as_draft)
            case UnitDraft():
                return await self._register.put_unit(work, row.draft)
            case AreaDraft():
                return await self._register.put_area(work, row.draft)


def _refusal(rows: Sequence[ImportRow], wrong: Sequence[RowError], refused: list[tuple[ImportRow, Refused]]) -> Refused:
    """The one refusal when it is the same for every row and not about its content (no right to import at all)."""
    kinds = {(error.kind, error.code) for _, error in refused}
    if not wrong and len(refused) == len(rows) and len(kinds) == 1 and refused[0][1].kind == "forbidden":
        return refused[0][1]
    found = [
        RowError(row=row.number, field=error.field or "", code=error.code, zh=error.zh, en=error.en)
        for row, error in refused
    ]
    return ImportRefused([*wrong, *found])


def _twins(rows: Sequence[ImportRow]) -> dict[int, int]:
    """Row -> the earlier row that says the same: the same code, the same area, or the same item in every field."""
    first: dict[object, int] = {}
    found: dict[int, int] = {}
    for row in rows:
        earlier = first.setdefault(_identity(row.draft), row.number)
        if earlier != row.number:
            found[row.number] = earlier
    return found


def _identity(draft: Draft) -> object:
    match draft:
        case UnitDraft():
            return draft.code
        case AreaDraft():
            return draft.area
    return draft


def _parents_first(rows: Sequence[ImportRow]) -> list[ImportRow]:
    """Areas after the area they belong to, else in the order of the file. A circle comes last, and is refused there."""
    mine = {row.draft.area: row for row in rows if isinstance(row.draft, AreaDraft)}
    ordered: dict[int, ImportRow] = {}
    for row in rows:
        line = [row]
        while isinstance(line[-1].draft, AreaDraft) and (above := mine.get(line[-1].draft.parent or "")) is not None:
            if above.number in ordered or above in line:
                break
            line.append(above)
        ordered.update((each.number, each) for each in reversed(line) if each.number not in ordered)
    return list(ordered.values())


def _duplicate(earlier: int) -> Refused:
    return Refused(
        "import.duplicate", f"与第 {earlier} 行重复。", f"It repeats row {earlier}.", kind="invalid",
    )  # fmt: skip
