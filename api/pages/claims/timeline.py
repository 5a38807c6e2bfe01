"""The timeline of a claim or project, with what people wrote: only those concerned see those pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from api.pages.places import Doc
from api.pages.sentences import dot, sentence
from api.pages.words import Tongue


def timeline(history: Sequence[Doc], called: Mapping[str, str], say: Tongue) -> list[dict[str, Any]]:
    """Newest first."""
    told = [
        {
            **entry, "told": sentence(entry, lambda org: called.get(org, org), say), "tone": dot(entry),
            "said": entry["data"].get("note") or entry["data"].get("reason") or entry["data"].get("waiver"),
        }
        for entry in history
    ]  # fmt: skip
    return told[::-1]
