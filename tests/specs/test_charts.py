"""Charts that everybody can read: colours with enough contrast in both themes, drawings that are sound SVG."""

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from api.pages.charts import COLUMNS, STEPS, TILE, Part, Series, Tile, lines, nice, shade, stack, tiles

CSS = (Path(__file__).parents[2] / "api/static/app.css").read_text()
THEMES = ("light", "dark")
RAMPS = ("t", "c")
STRETCHES = ("open", "new", "bound", "done", "shut", "off")
TEXT, DRAWING = 4.5, 3.0  # WCAG 2.2, 1.4.3 and 1.4.11


def palette(theme: str) -> dict[str, str]:
    light, dark = re.findall(r":root \{(.*?)\}", CSS, re.DOTALL)[:2]
    found = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{3,6})", light))
    return found if theme == "light" else found | dict(re.findall(r"--([\w-]+): (#[0-9a-f]{3,6})", dark))


def luminance(colour: str) -> float:
    """Relative luminance of sRGB, WCAG 2.2."""
    digits = colour[1:] if len(colour) == 7 else "".join(c * 2 for c in colour[1:])
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    r, g, b = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(one: str, other: str) -> float:
    bright, dim = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def weak(theme: str, pairs: list[tuple[str, str]], least: float) -> list[str]:
    colours = palette(theme)
    found = [(a, b, contrast(colours.get(a, a), colours.get(b, b))) for a, b in pairs]
    return [f"{a} on {b}: {ratio:.2f}" for a, b, ratio in found if ratio < least]


def test_the_formula_is_that_of_wcag():
    assert contrast("#000", "#ffffff") == 21
    assert contrast("#767676", "#fff") >= TEXT > contrast("#777", "#fff")


@pytest.mark.parametrize("theme", THEMES)
def test_every_text_stands_out_from_what_is_behind_it(theme: str):
    words = ["ink", "soft", "link", "red", "t-open", "t-new", "t-bound", "t-done", "t-shut", "t-off", "bad"]
    pairs = [(word, ground) for word in words for ground in ("card", "paper")]
    pairs += [(word, "red-wash") for word in ("ink", "soft", "link")] + [("#fff", "press")]
    assert weak(theme, pairs, TEXT) == []


@pytest.mark.parametrize("theme", THEMES)
def test_every_number_inside_a_chart_can_be_read(theme: str):
    pairs = [(f"on-{tone}", tone) for tone in STRETCHES] + [
        (f"on-{ramp}{i}", f"{ramp}{i}") for ramp in RAMPS for i in range(1, STEPS + 1)
    ]
    assert weak(theme, pairs, TEXT) == []


@pytest.mark.parametrize("theme", THEMES)
def test_every_stretch_line_and_field_stands_out_from_its_card(theme: str):
    assert weak(theme, [(tone, "card") for tone in (*STRETCHES, "bad", "field")], DRAWING) == []


@pytest.mark.parametrize("theme", THEMES)
def test_shades_of_tiles_go_one_way(theme: str):
    colours = palette(theme)
    for ramp in RAMPS:
        shades = [luminance(colours[f"{ramp}{i}"]) for i in range(STEPS + 1)]
        assert shades == sorted(shades, reverse=theme == "light")


def test_a_faint_colour_would_be_found():
    assert weak("light", [("hair", "card")], DRAWING) != []


def test_the_parts_of_a_bar_fill_it_without_gap_or_overlap():
    drawn = ElementTree.fromstring(stack([Part("open", 1, "一"), Part("done", 1, "二"), Part("shut", 1, "三")], 3))
    ends = [(_per_cent(r.get("x")), _per_cent(r.get("x")) + _per_cent(r.get("width"))) for r in drawn.iter("rect")]
    assert ends[0][0] == 0
    assert ends[-1][1] == 100
    assert [end for _, end in ends[:-1]] == [start for start, _ in ends[1:]]


def test_a_bar_says_its_figures_to_those_who_cannot_see_it():
    drawn = ElementTree.fromstring(stack([Part("open", 1200, "待认领"), Part("done", 0, "已办成")], 1200))
    assert (drawn.get("role"), drawn.get("aria-label")) == ("img", "待认领 1,200")


def test_a_number_that_does_not_fit_is_left_out_and_a_tight_one_is_hidden_on_phones():
    drawn = ElementTree.fromstring(stack([Part("open", 2, ""), Part("new", 8, ""), Part("done", 90, "")], 100))
    written = [(text.text, "wide" in (text.get("class") or "")) for text in drawn.iter("text")]
    assert written == [("8", True), ("90", False)]


def test_nothing_to_show_is_still_a_drawing():
    ElementTree.fromstring(stack([], 0))
    ElementTree.fromstring(lines([], [Series("open", "需求", [])], title="空"))
    ElementTree.fromstring(lines(["2026-03"], [Series("open", "需求", [4])], title="一月", open_end=True))
    assert len(ElementTree.fromstring(tiles([], 0, title="空"))) == 0


def test_a_month_that_is_not_over_is_dashed():
    months, values = ["2026-01", "2026-02", "2026-03"], [Series("open", "需求", [1, 5, 2])]
    over = ElementTree.fromstring(lines(months, values, title="三月"))
    under_way = ElementTree.fromstring(lines(months, values, title="三月", open_end=True))
    assert [run.get("class") for run in over.iter("polyline")] == ["l-open"]
    assert [run.get("class") for run in under_way.iter("polyline")] == ["l-open", "l-open yet"]


def test_a_line_never_leaves_its_frame():
    drawn = ElementTree.fromstring(lines(["2026-01", "2026-02"], [Series("open", "需求", [0, 97])], title="两月"))
    ys = [int(point.split(",")[1]) for run in drawn.iter("polyline") for point in (run.get("points") or "").split()]
    assert min(ys) >= 0
    assert max(ys) <= int(drawn.get("height") or 0)


def test_tiles_lead_to_their_places_and_hold_links_so_they_are_no_image():
    cells = [Tile(f"/dashboards/{i}", f"第{i}居民区", i) for i in range(COLUMNS + 1)]
    drawn = ElementTree.fromstring(tiles(cells, COLUMNS, title="居民区"))
    assert drawn.get("role") == "group"
    assert [link.get("href") for link in drawn.iter("a")] == [cell.href for cell in cells]
    assert int(drawn.get("height") or 0) > 2 * TILE
    assert f"width: 18.4%; height: {TILE}px" in CSS


def test_names_cannot_break_out_of_a_drawing():
    bad = "</title><script>alert(1)</script>\"'&"
    drawings = (tiles([Tile(bad, bad, 1)], 1, title=bad), stack([Part("open", 1, bad)], 1), lines([bad], [], title=bad))
    for drawn in drawings:
        assert "script" not in {element.tag for element in ElementTree.fromstring(drawn).iter()}


def test_an_axis_ends_at_a_round_even_number():
    assert [nice(n) for n in (0, 1, 3, 7, 97, 100, 101, 12_345)] == [2, 2, 4, 10, 100, 100, 200, 20_000]


def test_the_shade_grows_with_the_figure():
    assert [shade(n, 12) for n in (0, 1, 3, 4, 12)] == [0, 1, 1, 2, STEPS]
    assert shade(5, 0) == 0


def _per_cent(value: str | None) -> float:
    assert value is not None
    return round(float(value.removesuffix("%")), 1)
