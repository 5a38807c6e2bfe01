"""Charts drawn on the server as SVG. Widths are per cent and texts are pixels, so one drawing serves phone and desktop;
colours are classes of the style sheet, so one drawing serves light and dark."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

FITS_DESKTOP, FITS_PHONE = 50, 120  # permille of a chart's width that a number needs
TILE, GAP = 34, 4  # px: height of a tile, space between rows
STEPS = 4  # shades of a tile that counts something


@dataclass(frozen=True, slots=True)
class Part:
    """One stretch of a bar; `tone` names its colour."""

    tone: str
    n: int
    label: str


@dataclass(frozen=True, slots=True)
class Series:
    tone: str
    label: str
    values: Sequence[int]


@dataclass(frozen=True, slots=True)
class Tile:
    href: str
    name: str
    n: int


def stack(parts: Sequence[Part], whole: int, *, numbers: bool = True) -> Markup:
    """One bar of several parts. `whole` fills the width; numbers stand inside where they fit."""
    drawn, texts, at = [], [], 0
    for part in parts:
        if not part.n:
            continue
        x, end = _permille(at, whole), _permille(at + part.n, whole)
        drawn.append(f'<rect class="f-{part.tone}" x="{_per_cent(x)}" width="{_per_cent(end - x)}" height="100%"/>')
        if numbers and end - x >= FITS_DESKTOP:
            wide = "" if end - x >= FITS_PHONE else " wide"
            texts.append(_text(f"on-{part.tone}{wide}", _per_cent((x + end) // 2), "50%", f"{part.n:,}"))
        at += part.n
    said = escape("；".join(f"{part.label} {part.n:,}" for part in parts if part.n) or "0")
    return Markup(f'<svg class="bar" role="img" aria-label="{said}">{"".join(drawn + texts)}</svg>')  # escaped


def lines(months: Sequence[str], series: Sequence[Series], *, title: str, open_end: bool = False) -> Markup:
    """Lines over months ("2026-03"), the height in px, three grid lines. `open_end`: the last month is not over yet,
    its stretch is dashed."""
    top, bottom, height = 20, 190, 216
    most = nice(max((max(s.values, default=0) for s in series), default=0))
    xs = [_per_cent(10 + i * 980 // max(len(months) - 1, 1)) for i in range(len(months))]
    grid = [_grid_line(value, bottom - (bottom - top) * value // most) for value in (0, most // 2, most)]
    drawn = [_line(xs, [bottom - (bottom - top) * v // most for v in s.values], s, open_end) for s in series]
    labels = [_month_label(i, xs[i], month, len(months), height - 6) for i, month in enumerate(months)]
    head = f'<svg class="lines" height="{height}" role="img" aria-label="{escape(title)}">'
    return Markup(head + "".join(grid + drawn + labels) + "</svg>")


def tiles(cells: Sequence[Tile], most: int, *, title: str, columns: int = 10) -> Markup:
    """One square for each place, row after row as they come, darker the nearer to `most`; each leads to its place."""
    rows = -(-len(cells) // columns)
    drawn = [_tile(i, cell, shade(cell.n, most), columns) for i, cell in enumerate(cells)]
    height = rows * (TILE + GAP) - GAP if rows else 0
    return Markup(  # names and links are escaped
        f'<svg class="tiles" height="{height}" role="group" aria-label="{escape(title)}">{"".join(drawn)}</svg>'
    )


def shade(n: int, most: int) -> int:
    """0 for nothing, else 1–4."""
    return 0 if n <= 0 or most <= 0 else min(STEPS, -(-STEPS * n // most))


def nice(most: int) -> int:
    """The next round number that an axis may end at: even, 1, 2, 5 or 10 times a power of ten."""
    step = 1
    while True:
        for factor in (2, 4, 6, 10):
            if most <= factor * step:
                return factor * step
        step *= 10


def _line(xs: Sequence[str], ys: Sequence[int], series: Series, open_end: bool) -> str:
    stretches = [
        f'<line class="l-{series.tone}{" yet" if open_end and i == len(xs) - 2 else ""}" '
        f'x1="{xs[i]}" y1="{ys[i]}" x2="{xs[i + 1]}" y2="{ys[i + 1]}"/>'
        for i in range(len(xs) - 1)
    ]
    end = f'<circle class="l-{series.tone} f-card" cx="{xs[-1]}" cy="{ys[-1]}" r="4"/>' if xs else ""
    return "".join(stretches) + end


def _grid_line(value: int, y: int) -> str:
    line = f'<line class="grid" x1="0" x2="100%" y1="{y}" y2="{y}"/>'
    return line + _text("tick", "0", str(y - 9), f"{value:,}")


def _month_label(i: int, x: str, month: str, n: int, y: int) -> str:
    """About eight of them on a desktop, every second of those on a phone."""
    step = max(1, -(-n // 8))
    if i % step:
        return ""
    wide = " wide" if i // step % 2 else ""
    anchor = " start" if i == 0 else " end" if i == n - 1 else ""
    return _text(f"month{wide}{anchor}", x, str(y), str(escape(month)))


def _tile(i: int, cell: Tile, tone: int, columns: int) -> str:
    row, column = divmod(i, columns)
    x, width, y = column * 1000 // columns, 1000 // columns, row * (TILE + GAP)
    return (
        f'<a href="{escape(cell.href)}"><title>{escape(cell.name)} {cell.n:,}</title>'
        f'<rect class="t{tone}" x="{_per_cent(x)}" y="{y}" width="{_per_cent(width - 8)}" height="{TILE}" rx="5"/>'
        f'<text class="on-t{tone}" x="{_per_cent(x + width // 2 - 4)}" y="{y + TILE // 2}">{cell.n:,}</text></a>'
    )


def _text(css: str, x: str, y: str, escaped: str) -> str:
    return f'<text class="{css}" x="{x}" y="{y}">{escaped}</text>'


def _permille(n: int, whole: int) -> int:
    return n * 1000 // whole if whole else 0


def _per_cent(permille: int) -> str:
    whole, part = divmod(permille, 10)
    return f"{whole}.{part}%" if part else f"{whole}%"
