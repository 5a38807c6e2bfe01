"""Boards: lists of needs, offers, claims, projects, units and areas, as the one who asks may see them."""

from __future__ import annotations

from dataclasses import dataclass

from domain.access import Principal
from services.ports import EventLog
from services.read_ports import Doc, Progress, ReadDb

KINDS = {"needs": "need", "offers": "offer", "claims": "claim", "projects": "project", "units": "unit", "areas": "area"}


@dataclass(frozen=True, slots=True)
class Page:
    """`next` is opaque ([A-Za-z0-9_-]), None at the end; `position` is what the page is true for."""

    items: list[Doc]
    next: str | None
    position: int


class Boards:
    def __init__(self, db: ReadDb, log: EventLog, progress: Progress) -> None:
        self._db, self._log, self._progress = db, log, progress

    async def list(
        self, kind: str, viewer: Principal, *, area: str | None = None, category: str | None = None,
        status: str | None = None, q: str | None = None, at: str | None = None, owner: str | None = None,
        about: str | None = None, limit: int = 50, cursor: str | None = None, min_position: int | None = None,
    ) -> Page:  # fmt: skip
        """Newest first. `kind` is needs, offers, claims, projects, units or areas; `area` its dated subtree; `status`
        and `category` comma-separated; `owner` who owns it (claims and projects: who is a party); `about` the need or
        offer that claims and projects are about; `limit` 1–200. Refused: at.invalid, cursor.invalid. Raises Behind."""
        raise NotImplementedError

    async def public(
        self, kind: str, *, area: str | None = None, category: str | None = None, status: str | None = None,
        q: str | None = None, at: str | None = None, limit: int = 50, cursor: str | None = None,
    ) -> Page:  # fmt: skip
        """The same without log-in: needs and offers that are no drafts, units and areas; notes are left out."""
        raise NotImplementedError

    async def names(self, ids: list[str], at: str | None = None) -> dict[str, str]:
        """Names of organisations and areas by id; unknown ids are left out."""
        raise NotImplementedError
