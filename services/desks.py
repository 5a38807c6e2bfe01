"""An organisation's own desk: what waits for its answer, what falls due, what it has."""

from __future__ import annotations

from typing import Any

from domain.access import Principal
from services.ports import Clock
from services.read_ports import Progress, ReadDb


class Desks:
    def __init__(self, db: ReadDb, progress: Progress, clock: Clock) -> None:
        self._db, self._progress, self._clock = db, progress, clock

    async def of(self, principal: Principal, *, min_position: int | None = None) -> dict[str, Any]:
        """{"waiting": [{act, kind, item, due}], "due": [{act, kind, item, due, overdue}], "mine": {kind: {status: n}},
        "position"}. `item` is the list row; `act` is acceptance, membership, confirmation, reinstatement, settlement,
        endorsement (waiting), delivery, feedback, evaluations, response (due within 7 days, or overdue)."""
        raise NotImplementedError
