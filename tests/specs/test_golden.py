"""Facts that were ever stored can be read for ever: golden bytes of every TYPE, of this release and the ones before.

New and grown facts get their lines by `python -m tests.specs.golden RELEASE`; lines that are there never change."""

import json
from pathlib import Path
from typing import Any

import pytest

from adapters.codec import REGISTRY, JsonCodec, UnknownType
from domain.events import Event
from services.ports import Stored
from tests.specs.golden.vault import GoldenVault
from tests.support.facts import META, example, least, like

GOLDEN = Path(__file__).parent / "golden"
LINES = [json.loads(line) for file in sorted(GOLDEN.glob("*.jsonl")) for line in file.read_text().splitlines()]
CODEC = JsonCodec(GoldenVault())


def sealed(event: Event) -> Event:
    return CODEC.seal(event, stream="stream-golden", version=7, key="key-golden") if CODEC.has_plain(event) else event


def stored(type: str, state: bytes) -> Stored:
    return Stored(position=1, stream="stream-golden", version=7, type=type, state=state, leaf=b"")


def decoded(type: str, state: str) -> Event:
    recorded = CODEC.decode(stored(type, state.encode()))
    assert recorded.meta == META
    return recorded.event


def holds(whole: Any, part: Any) -> bool:
    """Everything of the part is in the whole, at the same place."""
    if isinstance(part, dict):
        return isinstance(whole, dict) and all(name in whole and holds(whole[name], part[name]) for name in part)
    if isinstance(part, list):
        return isinstance(whole, list) and len(whole) == len(part) and all(map(holds, whole, part))
    return bool(whole == part)


def test_every_type_has_its_golden_bytes():
    assert {line["type"] for line in LINES} == set(REGISTRY)


@pytest.mark.parametrize("line", LINES, ids=lambda line: f"{line['type']} {line['of']}")
def test_golden_bytes_are_read_as_the_fact_they_were(line):
    cls, data = REGISTRY[line["type"]], json.loads(line["state"])["data"]
    made = like(cls, data) if line["of"] == "all" else least(cls)
    assert decoded(line["type"], line["state"]) == sealed(made)


@pytest.mark.parametrize("line", LINES, ids=lambda line: f"{line['type']} {line['of']}")
def test_the_same_fact_is_still_stored_in_the_same_words(line):
    again = CODEC.encode(decoded(line["type"], line["state"]), META)
    assert holds(json.loads(again), json.loads(line["state"]))


def test_golden_bytes_hold_every_field_that_there_is():
    newest = {line["type"]: json.loads(line["state"]) for line in LINES if line["of"] == "all"}
    grown = [
        t for t, cls in REGISTRY.items() if not holds(newest[t], json.loads(CODEC.encode(sealed(example(cls)), META)))
    ]
    assert grown == []


@pytest.mark.parametrize("line", LINES, ids=lambda line: f"{line['type']} {line['of']}")
def test_what_a_newer_version_wrote_is_refused_not_dropped(line):
    raw = json.loads(line["state"])
    raw["data"]["invented_later"] = 1
    with pytest.raises(ValueError, match="invented_later"):
        decoded(line["type"], json.dumps(raw))


def test_a_field_without_a_default_cannot_be_missing():
    line = next(line for line in LINES if line["type"] == "claim.proposed")
    for path in (("awaiting",), ("terms", "provider"), ("terms", "lines", 0, "unit")):
        raw = json.loads(line["state"])
        at = raw["data"]
        for name in path[:-1]:
            at = at[name]
        del at[path[-1]]
        with pytest.raises(ValueError, match=str(path[-1])):
            decoded(line["type"], json.dumps(raw))


def test_an_unknown_type_is_refused_with_its_place():
    with pytest.raises(UnknownType, match=r"need\.dreamt at position 1"):
        CODEC.decode(stored("need.dreamt", LINES[0]["state"].encode()))
