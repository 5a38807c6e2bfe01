"""The generated reference says what the program does now, and the API's description covers every route."""

from __future__ import annotations

from pathlib import Path

from api.__main__ import cli, documents
from api.round_cli import rounds
from api.wiring import EVENTS

DOCS = Path(__file__).parent.parent / "docs"


def test_the_generated_documents_are_up_to_date():
    for name, text in documents().items():
        assert (DOCS / name).read_text(encoding="utf-8") == text, f"docs/{name} is old: run ./dev openapi"


def test_every_event_and_verb_is_in_the_reference():
    text = (DOCS / "reference.md").read_text(encoding="utf-8")
    assert all(f"`{name}`" in text for name in EVENTS)
    verbs = sum(len(group.registered_commands) for group in (cli, rounds))
    assert verbs == sum(line.startswith("| `") for line in text.split("## Command line")[1].splitlines())
