"""Sums of figures per area and dimension, kept so that they can be told as of any position without a replay.

A cell is the newest sum; before its first change in a block of positions the old sum is kept as a mark; within a block
the changes themselves are kept. A sum as of p: the newest cell or mark older than p's block, and the changes up to p.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import orjson

from services.read_ports import FigureChange, Vector

BLOCK = 9  # bits: 512 positions

Key = tuple[str, str]  # area, dimension
Cell = tuple[int, Vector]  # the block of its last change, and the sums


@dataclass(slots=True)
class Sums:
    """What a batch of changes writes: rows of figure_log, figure_mark and figure_now."""

    log: list[tuple[int, int, str, str, str]] = field(default_factory=list)  # position, n, areas, dimensions, deltas
    marks: list[tuple[str, str, int, str]] = field(default_factory=list)  # area, dimension, block, figures
    cells: dict[Key, Cell] = field(default_factory=dict)

    def rows(self) -> list[tuple[str, str, int, str]]:
        """The newest sums: area, dimension, block, figures."""
        return [(*key, block, counted(figures)) for key, (block, figures) in self.cells.items()]


def summed(changes: Iterable[FigureChange], load: Callable[[Iterable[Key]], Mapping[Key, tuple[int, str]]]) -> Sums:
    """The sums after the changes. `load` gives the stored block and figures of cells."""
    changes = tuple(changes)
    keys = {(area, dimension) for c in changes for area in c.areas for dimension in c.dimensions}
    sums = Sums(cells={key: (block, orjson.loads(text)) for key, (block, text) in load(sorted(keys)).items()})
    together: dict[tuple[int, tuple[str, ...], tuple[str, ...]], Vector] = {}  # of one block, areas and dimensions
    for change in changes:
        n = sums.log[-1][1] + 1 if sums.log and sums.log[-1][0] == change.position else 0
        parts = (json(change.areas), json(change.dimensions), json(change.deltas))
        sums.log.append((change.position, n, *parts))
        place = (change.position >> BLOCK, change.areas, change.dimensions)
        _count(together.setdefault(place, {}), change.deltas)
    for (block, areas, dimensions), deltas in together.items():
        for area in areas:
            for dimension in dimensions:
                _add(sums, (area, dimension), block, deltas)
    return sums


def add_since(
    cells: dict[Key, Vector], areas: set[str], dimensions: str, log: Iterable[tuple[list[str], list[str], Vector]]
) -> dict[Key, Vector]:
    """The cells of some areas after a block's changes; only one dimension of each unless dimensions is "*"."""
    for of_areas, of_dimensions, deltas in log:
        for area in areas.intersection(of_areas):
            for dimension in of_dimensions:
                if dimensions in ("*", dimension):
                    cell = cells.setdefault((area, dimension), {})
                    for name, delta in deltas.items():
                        cell[name] = cell.get(name, 0) + delta
    return {key: {name: n for name, n in f.items() if n} for key, f in cells.items() if any(f.values())}


def counted(figures: Vector) -> str:
    """The figures that are not zero, in one order."""
    return json({name: n for name, n in figures.items() if n})


def json(value: object) -> str:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()


def _add(sums: Sums, key: Key, block: int, deltas: Vector) -> None:
    changed, figures = sums.cells.get(key) or (block, {})
    if changed < block:
        sums.marks.append((*key, changed, counted(figures)))
    _count(figures, deltas)
    sums.cells[key] = (block, figures)


def _count(figures: Vector, deltas: Vector) -> None:
    for name, delta in deltas.items():
        figures[name] = figures.get(name, 0) + delta
