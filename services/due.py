"""What the clock has to end, and when: unanswered claims, needs past their respond-by, offers whose windows are over."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from domain.calendar import last_end
from domain.claim import ClaimState
from domain.need import NeedState
from domain.offer import OfferState
from services.items import State
from services.read_ports import Query, ReadDb

BACK_DAYS = 400  # how long the clock may have stood still and still find what it missed
MOST = 200  # at a time; the next tick goes on


def due_at(state: State) -> datetime | None:
    """When the clock ends this item, UTC; None when it never will."""
    match state:
        case ClaimState() if state.status == "proposed":
            return state.expires_at
        case NeedState() if state.status == "open" and not state.answered:
            return state.content.respond_by
        case OfferState() if state.phase in ("published", "paused"):
            return last_end(state.content.windows)
    return None


class DueItems:
    """Finds them by the day they are labelled with; after a first look back only the last two days are asked for."""

    def __init__(self, db: ReadDb) -> None:
        self._db = db
        self._days_back = BACK_DAYS

    async def due(self, at: datetime) -> Sequence[tuple[str, str, int]]:
        """(kind, id, version) of what has fallen due by `at`, as the lists know it."""
        days = tuple(f"due/{(at - timedelta(days=back)).date()}" for back in range(self._days_back + 1))
        found = await self._db.page(Query(groups=(days,), limit=MOST))
        if not found.more:
            self._days_back = 1
        docs = [doc for _, doc in found.rows if _past(doc, at)]
        return [(str(doc["id"]).partition("-")[0], doc["id"], doc["version"]) for doc in docs]


class LiveClaims:
    """How many live claims an organisation is a party of, as the lists know it."""

    def __init__(self, db: ReadDb) -> None:
        self._db = db

    async def live_claims(self, org: str) -> int:
        label = f"claim/p/{org}"
        by_status = (await self._db.tally([label]))[label]
        return sum(by_status.get(status, 0) for status in ("proposed", "waitlisted", "accepted"))


def _past(doc: dict[str, object], at: datetime) -> bool:
    """Claims and needs tell their moment; for an offer its day is enough (the command looks again)."""
    moment = doc.get("expires_at") or doc.get("respond_by")
    return moment is None or datetime.fromisoformat(str(moment)) <= at
