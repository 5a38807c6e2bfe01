"""Two moments side by side, from the rows that know from when to when they hold: boards, dashboards and items."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.asof import reach
from services.labels import sight
from services.ports import EventLog
from services.read_ports import Doc, Progress, ReadDb

STATUSES: Mapping[str, tuple[str, ...]] = {  # of rows on boards
    "need": ("draft", "posted", "open", "covered", "met", "closed", "rejected", "withdrawn", "merged", "lapsed"),
    "offer": ("draft", "published", "paused", "exhausted", "retired", "expired"),
}
PLACES = ("quantity", "delivered", "committed", "held", "free")

Shift = tuple[str | None, str | None]  # status then and now; None: not on the board


@dataclass(frozen=True, slots=True)
class Shifted:
    """One row that changed: its number for life, how, and the row as it was (None) and is (None)."""

    seq: int
    shift: Shift
    then: Doc | None
    now: Doc | None


@dataclass(frozen=True, slots=True)
class BoardChange:
    """`counts`: how many rows made each shift; `same`: how many kept their status. `rows`: some of those that changed,
    the newest first; `next`: where they go on, None at the end."""

    counts: Mapping[Shift, int]
    same: int
    rows: tuple[Shifted, ...]
    next: int | None


@dataclass(frozen=True, slots=True)
class Difference:
    """One figure or field at two moments."""

    name: str
    then: Any
    now: Any


class Comparing:
    def __init__(self, db: ReadDb, log: EventLog, progress: Progress) -> None:
        self._db, self._log, self._progress = db, log, progress

    async def boards(
        self, kind: str, at: int, to: int, *, area: str = "", only: Shift | None = None, before: int | None = None,
        limit: int = 20,
    ) -> BoardChange:  # fmt: skip
        """The public board of needs or offers, of an area and all below it. `only`: rows that made this shift. Raises
        Behind."""
        await reach(self._progress, max(at, to))
        then, now = await self._statuses(kind, area, at), await self._statuses(kind, area, to)
        shifts = {seq: (then.get(seq), now.get(seq)) for seq in then.keys() | now.keys()}
        changed = {seq: shift for seq, shift in shifts.items() if shift[0] != shift[1]}
        wanted = sorted((seq for seq, shift in changed.items() if only in (None, shift)), reverse=True)
        page = [seq for seq in wanted if before is None or seq < before][: limit + 1]
        rows = await self._rows([(seq, changed[seq]) for seq in page[:limit]], at, to)
        more = page[limit - 1] if len(page) > limit else None
        return BoardChange(Counter(changed.values()), len(shifts) - len(changed), tuple(rows), more)

    async def _statuses(self, kind: str, area: str, at: int) -> dict[int, str]:
        """Row -> status, of the rows that everybody could see."""
        seen = sight(kind, None) or (kind,)
        places = (f"{kind}/a/{area}",) if area else ()
        by_label = await self._db.carriers([*seen, *places, *(f"{kind}/s/{status}" for status in STATUSES[kind])], at)
        rows = frozenset[int]().union(*(by_label[label] for label in seen))
        for place in places:
            rows &= by_label[place]
        return {seq: status for status in STATUSES[kind] for seq in by_label[f"{kind}/s/{status}"] & rows}

    async def _rows(self, shifts: Sequence[tuple[int, Shift]], at: int, to: int) -> list[Shifted]:
        """A row's number is the position at which its item began."""
        ids = {seq: (await self._log.read_all(seq - 1, 1))[0].stream for seq, _ in shifts}
        then, now = await self._db.docs(ids.values(), at), await self._db.docs(ids.values(), to)
        return [
            Shifted(seq, shift, then.get(ids[seq]) if shift[0] else None, now.get(ids[seq]) if shift[1] else None)
            for seq, shift in shifts
        ]


def fields(then: Doc | None, now: Doc | None, names: Iterable[str]) -> list[Difference]:
    """Those of the fields that differ."""
    pairs = ((name, then.get(name) if then else None, now.get(name) if now else None) for name in names)
    return [Difference(name, before, after) for name, before, after in pairs if before != after]


def lines(then: Doc | None, now: Doc | None) -> list[tuple[tuple[str, str], list[Difference]]]:
    """((kind, unit), what differs of its places) line by line, in the order of the item, lines that went last."""
    before, after = _lines(then), _lines(now)
    order = [*after, *(key for key in before if key not in after)]
    found = [(key, _places(before.get(key, {}), after.get(key, {}))) for key in order]
    return [(key, places) for key, places in found if places]


def figures(then: Mapping[str, Any], now: Mapping[str, Any]) -> list[Difference]:
    """Every figure of an area, by its name with slashes, also those that stayed: needs/open, money/spent_fen,
    quantities/人/needed, cover_pct."""
    before, after = flat(then), flat(now)
    return [Difference(name, before.get(name, 0), after.get(name, 0)) for name in dict.fromkeys((*after, *before))]


def flat(shown: Mapping[str, Any]) -> dict[str, int]:
    """The figures that `dashboards.shown` gives, each under its own name."""
    found: dict[str, int] = {}
    for group, value in shown.items():
        if isinstance(value, int):
            found[group] = value
        elif isinstance(value, Mapping):
            found |= {f"{group}/{name}": n for name, n in value.items() if isinstance(n, int)}
        else:
            found |= {
                f"{group}/{row['unit']}/{place}": row[place] for row in value for place in ("needed", "committed", "delivered")
            }
    return found


def _lines(doc: Doc | None) -> dict[tuple[str, str], Mapping[str, int]]:
    return {(line["kind"], line["unit"]): line for line in (doc or {}).get("lines", ())}


def _places(then: Mapping[str, int], now: Mapping[str, int]) -> list[Difference]:
    pairs = ((place, then.get(place, 0), now.get(place, 0)) for place in PLACES)
    return [Difference(place, before, after) for place, before, after in pairs if before != after]
