"""The English of every Chinese sentence on the pages: gettext catalogues, one for each group of pages."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from babel.messages.pofile import read_po

CATALOGUES = Path(__file__).parent.parent / "locale" / "en"


@cache
def english() -> Mapping[str, str]:
    """Chinese sentence -> English sentence, of all catalogues together."""
    return {zh: en for path in sorted(CATALOGUES.glob("*.po")) for zh, en in sentences_of(path).items()}


def sentences_of(path: Path) -> dict[str, str]:
    """One catalogue, without its header."""
    with path.open("rb") as file:
        return {str(entry.id): str(entry.string) for entry in read_po(file) if entry.id}
