"""Palettes of charts as people see them who do not tell all colours apart; and tiles that lie the same way every time."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from api.pages.cartogram import BLOCKS, laid_out
from api.pages.charts import STEPS
from tests.specs.test_charts import RAMPS, THEMES, contrast, palette

# Linear RGB as it looks without one kind of cone (severity 1.0): Machado, Oliveira, Fernandes 2009
SIGHTS = {
    "normal": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "tritanopia": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
}
NEIGHBOURS = [("open", "bound"), ("bound", "done"), ("done", "shut"), ("open", "new"), ("new", "bound"), ("new", "done")]
FAR = 12  # CIELAB distance; about 2 is just noticeable, and lines are named besides
STEP = 1.2  # luminance contrast between two shades that follow each other


def seen(colour: str, sight: str) -> str:
    """The colour as it looks to that sight."""
    digits = colour[1:] if len(colour) == 7 else "".join(c * 2 for c in colour[1:])
    linear = [_linear(int(digits[i : i + 2], 16) / 255) for i in (0, 2, 4)]
    mixed = [sum(w * c for w, c in zip(row, linear, strict=True)) for row in SIGHTS[sight]]
    return "#" + "".join(f"{round(255 * _coded(min(max(c, 0), 1))):02x}" for c in mixed)


def _linear(c: float) -> float:
    return c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4


def _coded(c: float) -> float:
    return 12.92 * c if c <= 0.0031308 else 1.055 * c ** (1 / 2.4) - 0.055


def lab(colour: str) -> tuple[float, float, float]:
    """CIELAB under D65."""
    r, g, b = (_linear(int(colour[i : i + 2], 16) / 255) for i in (1, 3, 5))
    x, y, z = 0.4124 * r + 0.3576 * g + 0.1805 * b, 0.2126 * r + 0.7152 * g + 0.0722 * b, 0.0193 * r + 0.1192 * g + 0.9505 * b
    fx, fy, fz = (t ** (1 / 3) if t > 0.008856 else 7.787 * t + 16 / 116 for t in (x / 0.95047, y, z / 1.08883))
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)


def distance(one: str, other: str) -> float:
    return sum((a - b) ** 2 for a, b in zip(lab(one), lab(other), strict=True)) ** 0.5


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("sight", SIGHTS)
def test_colours_that_lie_side_by_side_differ_for_every_kind_of_sight(theme: str, sight: str):
    colours = palette(theme)
    near = [
        (a, b, round(found)) for a, b in NEIGHBOURS if (found := distance(seen(colours[a], sight), seen(colours[b], sight))) < FAR
    ]
    assert near == []


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("sight", SIGHTS)
def test_shades_of_a_map_step_up_in_brightness_for_every_kind_of_sight(theme: str, sight: str):
    colours = palette(theme)
    for ramp in RAMPS:
        shades = [seen(colours[f"{ramp}{i}"], sight) for i in range(STEPS + 1)]
        assert [round(contrast(a, b), 2) for a, b in pairwise(shades) if contrast(a, b) < STEP] == []


def test_red_and_green_of_one_brightness_would_be_found():
    assert distance(seen("#b06050", "deuteranopia"), seen("#708050", "deuteranopia")) < FAR < distance("#b06050", "#708050")


def area(id: str, *centre: int) -> dict[str, Any]:
    return {"id": id, "centre": list(centre) or None}


def test_blocks_lie_from_north_to_south_and_from_west_to_east():
    spread = [area("a", 10, 0), area("b", 30, 9), area("c", 20, 9), area("d", 10, 9), area("e", 0, 9), area("f", 40, 9)]
    assert [doc["id"] for doc in laid_out(spread)] == ["e", "d", "c", "b", "f", "a"]
    assert BLOCKS == 5


def test_without_all_centres_blocks_lie_by_their_ids():
    assert [doc["id"] for doc in laid_out([area("b", 1, 1), area("a"), area("c", 0, 5)])] == ["a", "b", "c"]
