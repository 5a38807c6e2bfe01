"""A round that was solved when its algorithm was new still holds."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from api.wiring import reading_codec
from domain.matching.outcome import ALGORITHM
from services.round_replay import Unreadable, verified_file

GOLDEN = Path(__file__).parent / "golden" / "round-1.json"


def test_a_round_of_the_first_version_holds_for_ever() -> None:
    """A file written when the version was new. If this fails, results of "exact-flow/1" have changed: make a new version
    instead."""
    doc = json.loads(GOLDEN.read_text("utf-8"))
    assert json.loads(base64.b64decode(doc["events"][0]["state"]))["data"]["algorithm"] == ALGORITHM == "exact-flow/1"
    findings = verified_file(doc, reading_codec())
    assert [f.en for f in findings if not f.holds] == []
    with pytest.raises(Unreadable):
        verified_file({**doc, "snapshot": {}}, reading_codec())
