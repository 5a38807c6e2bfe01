"""docs/security.md names only tests that there are."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs/security.md").read_text("utf-8")


def test_every_test_that_the_threat_model_names_is_there():
    named = set(re.findall(r"`(tests/[a-z_/]+\.py)`", TEXT))
    assert len(named) > 20
    assert sorted(name for name in named if not (ROOT / name).is_file()) == []


def test_every_attack_that_is_called_defended_names_what_shows_it():
    defended = TEXT.partition("## What is defended")[2].partition("\n## ")[0]
    rows = [line for line in defended.splitlines() if line.startswith("| ") and not line.startswith("| attack")]
    assert len(rows) > 20
    assert [row for row in rows if "tests/" not in row and "seeded faults" not in row] == []
