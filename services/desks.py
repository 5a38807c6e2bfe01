"""An organisation's own desk: what waits for its answer, what falls due, what it has."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from domain.access import COORDINATORS, PARTIES, Principal
from domain.calendar import ZONE
from services.asof import reach
from services.ports import Clock
from services.read_ports import Doc, Progress, Query, ReadDb
from services.tree import ALL

SOON = timedelta(days=7)
MOST = 500  # entries of a desk; what is due first comes first
_MINE = ("need", "offer", "claim", "project")


class Desks:
    def __init__(self, db: ReadDb, progress: Progress, clock: Clock) -> None:
        self._db, self._progress, self._clock = db, progress, clock

    async def of(self, principal: Principal, *, min_position: int | None = None) -> dict[str, Any]:
        """{"waiting": [{act, kind, item, due, overdue}], "due": [the same], "mine": {kind: {status: n}}, "position"},
        by due time. waiting: what the other side waits for (acceptance, membership, reinstatement, confirmation,
        settlement, endorsement; escalation: needs that a round below has left);
        due: one's own work within 7 days or overdue (delivery, feedback, evaluations,
        response). `item` is the row of the list. Raises Behind."""
        await reach(self._progress, min_position)
        found = await self._db.page(Query(groups=(_labels(principal),), limit=ALL))
        now, waiting, due = self._clock.now(), [], []
        for doc in await self._still_open([doc for _, doc in found.rows]):
            for act, is_waiting, by in _acts(doc, principal):
                entry = {"act": act, "kind": _kind(doc), "item": doc, "due": by, "overdue": _before(by, now)}
                if is_waiting:
                    waiting.append(entry)
                elif by is None or _before(by, now + SOON):
                    due.append(entry)
        await self._title(waiting + due)
        party = principal.org if principal.role in PARTIES else ""
        mine = await self._db.tally([f"{kind}/p/{party}" for kind in _MINE])
        counts = {label.partition("/")[0]: dict(statuses) for label, statuses in mine.items()}
        return {"waiting": _by_due(waiting), "due": _by_due(due), "mine": counts, "position": found.position}

    async def quiet(self, area: str) -> list[Doc]:
        """The lowest areas below this one, by id, where nothing was posted, claimed or delivered this month or last."""
        below = await self._db.page(Query(groups=((f"area/a/{area}",),), limit=ALL))
        docs = sorted((doc for _, doc in below.rows if doc["status"] == "open"), key=lambda doc: str(doc["id"]))
        parents = {doc["parent"] for doc in docs}
        lowest = [doc for doc in docs if doc["id"] not in parents and doc["id"] != area]
        this = self._clock.now().astimezone(ZoneInfo(ZONE)).date().replace(day=1)
        busy: set[str] = set()
        for month in (this, (this - timedelta(days=1)).replace(day=1)):
            cells, _ = await self._db.figures([doc["id"] for doc in lowest], f"m:{month:%Y-%m}")
            busy |= {where for (where, _), figures in cells.items() if any(figures.values())}
        return [doc for doc in lowest if doc["id"] not in busy]

    async def _still_open(self, docs: list[Doc]) -> list[Doc]:
        """Without the rounds that have handed over needs, once none of these is open any more."""
        handed = {id for doc in docs if _kind(doc) == "round" for id in doc["escalated"]}
        needs = await self._db.docs(handed) if handed else {}
        left = {id for id, need in needs.items() if need["status"] == "open"}
        return [doc for doc in docs if _kind(doc) != "round" or left.intersection(doc["escalated"])]

    async def _title(self, entries: list[Doc]) -> None:
        """Claims and projects carry the title of what they are about."""
        untitled = [e["item"] for e in entries if e["kind"] in ("claim", "project")]
        docs = await self._db.docs({doc["need"] or doc["offer"] for doc in untitled if doc["need"] or doc["offer"]})
        for doc in untitled:
            lender = docs.get(doc["need"] or doc["offer"] or "")
            doc["title"] = lender["title"] if lender else None


def _labels(principal: Principal) -> tuple[str, ...]:
    own = (f"desk/{principal.org}",) if principal.role in PARTIES else ("nobody",)
    is_tier = principal.role in COORDINATORS and principal.area
    return (*own, f"desk@{principal.area}") if is_tier else own


def _acts(doc: Doc, principal: Principal) -> Iterator[tuple[str, bool, str | None]]:
    """(act, the other side waits for it, by when) for this principal."""
    kind, org, status = _kind(doc), principal.org, doc["status"]
    if kind == "claim" and org in doc["awaiting"]:
        invited = any(m["org"] == org and m["status"] == "invited" for m in doc["members"])
        act = "reinstatement" if status == "released" else "membership" if invited else "acceptance"
        yield act, True, None if status == "released" else doc["expires_at"]
    elif kind == "round":
        yield "escalation", True, None
    elif kind == "need" and status == "posted":
        yield "endorsement", True, doc["respond_by"]
    elif kind == "need" and doc["owner"] == org:
        yield "response", False, doc["respond_by"]
    elif kind == "project":
        yield from _of_project(doc, org, status)


def _of_project(doc: Doc, org: str, status: str) -> Iterator[tuple[str, bool, str | None]]:
    receives, provides = doc["receiver"] == org, doc["provider"] == org
    roles = {evaluation["role"] for evaluation in doc["evaluations"]}
    if status == "disputed":
        if receives != (doc["disputed_by"] == doc["receiver"]):  # a dispute is the other side's to settle
            yield "settlement", True, None
    elif status == "active" and provides:
        yield "delivery", False, doc["due_at"]
    elif status == "reported" and receives:
        yield "confirmation", True, doc["due_at"]
    elif status in ("confirmed", "settled"):
        if receives and not doc["fed_back"]:
            yield "feedback", False, None
        if (receives and "receiver" not in roles) or (provides and "provider" not in roles):
            yield "evaluations", False, None


def _kind(doc: Doc) -> str:
    """What the row is of: only claims are awaited, only projects have milestones, only rounds waves; the rest on a desk
    are needs."""
    if "wave" in doc:
        return "round"
    return "claim" if "awaiting" in doc else "project" if "milestones" in doc else "need"


def _before(by: str | None, at: datetime) -> bool:
    return by is not None and datetime.fromisoformat(by) <= at


def _by_due(entries: list[Doc]) -> list[Doc]:
    return sorted(entries, key=lambda entry: (entry["due"] is None, entry["due"] or "", entry["item"]["id"]))[:MOST]
