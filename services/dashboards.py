"""Figures of an area and all below it, now or as of any position; every unit of count stands apart."""

from __future__ import annotations

from typing import Any

from services.ports import EventLog
from services.read_ports import Progress, ReadDb


class Dashboards:
    def __init__(self, db: ReadDb, log: EventLog, progress: Progress) -> None:
        self._db, self._log, self._progress = db, log, progress

    async def of(self, area_id: str, at: str | None = None, *, min_position: int | None = None) -> dict[str, Any]:
        """{area: {id, name, kind}, path: [{id, name, kind}] from the top, position, at, figures,
        children: [{area, figures}], by_category: [{category, figures}], by_month: [{month, needs, offers, claims,
        delivered}]}. Refused: item.not_found. Raises Behind."""
        raise NotImplementedError
