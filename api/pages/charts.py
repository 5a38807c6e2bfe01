"""Charts drawn on the server as SVG. Widths are per cent and texts are pixels, so one drawing serves phone and desktop;
colours are classes of the style sheet, so one drawing serves light and dark."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

FITS_DESKTOP, FITS_PHONE = 50, 120  # permille of a chart's width that a number needs
HEIGHT, TOP, BOTTOM = 216, 20, 190  # px: of a trend, of its highest and its lowest line
TILE, GAP = 34, 4  # px: height of a tile (as in the style sheet), space between rows
COLUMNS = 5  # of a block of tiles, as in the style sheet
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
    """`said`: what it says of itself, where that is not simply `n`."""

    href: str
    name: str
    n: int
    said: str = ""


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
    """Lines over months ("2026-03") with three grid lines. `open_end`: the last month is not over yet, its stretch is
    dashed. Only the drawing inside is stretched to the width; dots and texts keep their shape."""
    most = nice(max((max(s.values, default=0) for s in series), default=0))
    xs = [10 + i * 980 // max(len(months) - 1, 1) for i in range(len(months))]
    runs = [[(x, BOTTOM - (BOTTOM - TOP) * v // most) for x, v in zip(xs, s.values, strict=True)] for s in series]
    grid = [_grid_line(value, BOTTOM - (BOTTOM - TOP) * value // most) for value in (0, most // 2, most)]
    drawn = [_run(s.tone, run, open_end) for s, run in zip(series, runs, strict=True)]
    ends = [_dot(s.tone, *run[-1]) for s, run in zip(series, runs, strict=True) if run]
    labels = [_month_label(i, xs[i], month, len(months)) for i, month in enumerate(months)]
    stretched = f'<svg viewBox="0 0 1000 {HEIGHT}" preserveAspectRatio="none">{"".join(drawn)}</svg>'
    head = f'<svg class="trend" height="{HEIGHT}" role="img" aria-label="{escape(title)}">'
    return Markup(head + "".join([*grid, stretched, *ends, *labels]) + "</svg>")


def tiles(cells: Sequence[Tile], most: int, *, title: str, ramp: str = "t") -> Markup:
    """One square for each place, some in a row, darker the nearer to `most`; each leads to its place. `ramp` names the
    shades of the style sheet."""
    rows = -(-len(cells) // COLUMNS)
    drawn = [_tile(i, cell, f"{ramp}{shade(cell.n, most)}") for i, cell in enumerate(cells)]
    height = rows * (TILE + GAP) - GAP if rows else 0
    return Markup(
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


def _run(tone: str, run: Sequence[tuple[int, int]], open_end: bool) -> str:
    points = [f"{x},{y}" for x, y in run]
    if not open_end or len(points) < 2:
        return f'<polyline class="l-{tone}" points="{" ".join(points)}"/>'
    return (
        f'<polyline class="l-{tone}" points="{" ".join(points[:-1])}"/>'
        f'<polyline class="l-{tone} yet" points="{" ".join(points[-2:])}"/>'
    )


def _dot(tone: str, x: int, y: int) -> str:
    return f'<circle class="l-{tone}" cx="{_per_cent(x)}" cy="{y}" r="4"/>'


def _grid_line(value: int, y: int) -> str:
    line = f'<line class="grid" x1="0" x2="100%" y1="{y}" y2="{y}"/>'
    return line + _text("tick", "0", str(y - 9), f"{value:,}")


def _month_label(i: int, x: int, month: str, n: int) -> str:
    """About six of them on a desktop, every second of those on a phone."""
    step = max(1, -(-n // 6))
    if i % step:
        return ""
    wide = " wide" if i // step % 2 else ""
    anchor = " start" if i == 0 else " end" if i == n - 1 else ""
    return _text(f"month{wide}{anchor}", _per_cent(x), str(HEIGHT - 6), str(escape(month)))


def _tile(i: int, cell: Tile, tone: str) -> str:
    """The style sheet gives it its size; nothing is written where there is nothing."""
    row, column = divmod(i, COLUMNS)
    step, said = 1000 // COLUMNS, cell.said or f"{cell.n:,}"
    x, y, middle = _per_cent(column * step), row * (TILE + GAP), _per_cent(column * step + step * 46 // 100)
    written = _text(f"on-{tone}", middle, str(y + TILE // 2), said.rstrip("%")) if cell.n else ""
    return (
        f'<a href="{escape(cell.href)}"><title>{escape(cell.name)} {escape(said)}</title>'
        f'<rect class="{tone}" x="{x}" y="{y}"/>{written}</a>'
    )


def _text(css: str, x: str, y: str, escaped: str) -> str:
    return f'<text class="{css}" x="{x}" y="{y}">{escaped}</text>'


def _permille(n: int, whole: int) -> int:
    return n * 1000 // whole if whole else 0


def _per_cent(permille: int) -> str:
    whole, part = divmod(permille, 10)
    return f"{whole}.{part}%" if part else f"{whole}%"
