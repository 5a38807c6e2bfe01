"""An access log that is held in memory, for specs of services that must note what they do; the real one has its own tests."""

from __future__ import annotations

from services.ports import StoreUnavailable


class Noted:
    """`lines` in order. `full`: nothing more can be noted."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str, str, str]] = []
        self.full = False

    def note(self, kind: str, who: str, about: str, detail: str = "") -> None:
        if self.full:
            raise StoreUnavailable("no room for the access log", full=True)
        self.lines.append((kind, who, about, detail))
