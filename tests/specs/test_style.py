"""The style sheet keeps themes and widths apart, so that looking at each theme and each width looks at every pair."""

import re
from pathlib import Path

CSS = (Path(__file__).parents[2] / "api/static/app.css").read_text()


def test_no_rule_is_for_a_theme_at_a_width():
    queries = re.findall(r"@media ([^{]+)\{", CSS)
    assert any("prefers-color-scheme" in query for query in queries)
    assert [query for query in queries if "prefers-color-scheme" in query and "width" in query] == []


def test_a_theme_changes_colours_alone_and_never_what_there_is():
    dark = re.search(r"@media \(prefers-color-scheme: dark\) \{\s*:root \{([^}]+)\}\s*\}", CSS)
    assert dark
    assert CSS.count("prefers-color-scheme") == 1
    names = [line.partition(":")[0].strip() for line in dark[1].split(";") if line.strip()]
    assert all(name.startswith("--") for name in names)


def test_a_width_brings_no_colour_that_a_theme_does_not_know():
    narrow = "".join(re.findall(r"@media \(max-width[^{]+\{((?:[^{}]*\{[^{}]*\})*)", CSS))
    assert narrow
    colours = re.findall(r"(?<![\w-])(?:color|background|fill|stroke)\s*:\s*([^;}]+)", narrow)
    assert [colour for colour in colours if not colour.startswith("var(--")] == []
