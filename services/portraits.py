"""What an organisation has given and received, with whom, and how reliably: told from its needs, offers, claims, projects."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from domain.access import missing
from domain.capacity import MONEY_UNITS
from services.asof import parse_at, reach
from services.open_rows import open_doc
from services.ports import EventLog
from services.read_ports import Doc, Progress, Query, ReadDb
from services.tree import ALL
from services.words import phrases

MOST = 2_000  # rows of each kind that a portrait is told from, the newest
ANSWERED = ("accepted", "fulfilled", "declined", "released", "failed")


@dataclass(slots=True)
class Side:
    """What was given, or received. A joint project counts once for each member; its quantities for nobody."""

    projects: int = 0  # delivered and confirmed
    joint: int = 0  # of them
    beneficiaries: int = 0
    pledged_fen: int = 0
    received_fen: int = 0
    quantities: Counter[str] = field(default_factory=Counter)  # unit of count -> delivered
    by_year: Counter[str] = field(default_factory=Counter)  # of confirmation
    by_category: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, kw_only=True, slots=True)
class Reliability:
    """Each pair: how often, of how many. `answered`: claims that others made and that were answered before they expired;
    `in_time`: deliveries confirmed by the agreed day; `released`: promises given back, on either side's word."""

    answered: tuple[int, int]
    in_time: tuple[int, int]
    delivered: tuple[int, int]
    released: tuple[int, int]


@dataclass(frozen=True, kw_only=True, slots=True)
class Portrait:
    """`doc`: the unit's or area's own row; `open_needs`, `open_offers`: what can be claimed now; `partners`: (id, how
    many projects delivered together), most first. Only what everybody may know."""

    doc: Doc
    needs: int
    offers: int
    gave: Side
    got: Side
    reliability: Reliability
    open_needs: Sequence[Doc]
    open_offers: Sequence[Doc]
    partners: Sequence[tuple[str, int]]
    position: int


class Portraits:
    def __init__(self, db: ReadDb, log: EventLog, progress: Progress) -> None:
        self._db, self._log, self._progress = db, log, progress

    async def of(self, org: str, at: str | None = None, *, min_position: int | None = None) -> Portrait:
        """Of a unit or an area. Refused: item.not_found, at.invalid. Raises Behind."""
        position = await parse_at(at, self._log)
        await reach(self._progress, max(position or 0, min_position or 0))
        doc = (await self._db.docs([org], position)).get(org)
        if doc is None or "milestones" in doc or "provider" in doc or "public" in doc or "wave" in doc:
            raise missing()
        needs, offers = [await self._rows((f"{kind}/p/{org}",), (f"{kind}/v",), position) for kind in ("need", "offer")]
        claims, projects = [await self._rows((f"{kind}/p/{org}",), None, position) for kind in ("claim", "project")]
        timed = await self._timed(org, position)
        gave = [project for project in projects if org in (project["provider"], *project["members"])]
        got = [project for project in projects if project["receiver"] == org]
        return Portrait(
            doc=doc, needs=len(needs), offers=len(offers), gave=_side(gave, timed), got=_side(got, timed),
            reliability=_reliability(org, claims, gave, timed),
            open_needs=[open_doc(need) for need in needs if need["status"] in ("open", "covered")],
            open_offers=[open_doc(offer) for offer in offers if offer["status"] == "published"],
            partners=_partners(org, projects),
            position=position if position is not None else (await self._db.bookmark()).position,
        )  # fmt: skip

    async def directory(
        self, *, q: str = "", area: str = "", line: str = "", before: int | None = None, limit: int = 50
    ) -> tuple[list[Doc], int | None]:
        """Units and areas whose name (or code) matches, newest first, and where the list goes on. `line` leaves units."""
        kinds = (("unit",),) if line else (("unit", "area"),)
        groups = [*kinds, *(((f"unit/a/{area}", f"area/a/{area}"),) if area else ()), *(((f"unit/l/{line}",),) if line else ())]
        found = await self._db.page(Query(groups=tuple(groups), phrases=phrases(q), before=before, limit=limit))
        return [doc for _, doc in found.rows], found.rows[-1][0] if found.more else None

    async def _rows(self, own: tuple[str, ...], visible: tuple[str, ...] | None, position: int | None) -> list[Doc]:
        groups = (own, visible) if visible else (own,)
        found = await self._db.page(Query(groups=groups, at=position, limit=MOST))
        return [doc for _, doc in found.rows]

    async def _timed(self, org: str, position: int | None) -> dict[str, datetime]:
        """When each project of the organisation was confirmed, to the hour."""
        found = await self._db.page(Query(groups=((f"project/p/{org}",),), at=position, limit=ALL, facts=True))
        docs = {row["id"]: row["times"]["delivery"] for _, row in found.rows if "delivery" in row["times"]}
        opened = await self._db.docs(list(docs), position)
        return {
            id: datetime.fromisoformat(opened[id]["created_at"]) + timedelta(hours=hours) for id, hours in docs.items()
        }


def _side(projects: Iterable[Doc], timed: dict[str, datetime]) -> Side:
    side = Side()
    for project in projects:
        if project["status"] != "aborted":
            side.pledged_fen += project["money"]["pledged_fen"]
            side.received_fen += project["money"]["received_fen"]
        if project["id"] not in timed or project["status"] == "aborted":
            continue
        side.projects += 1
        side.beneficiaries += project["beneficiaries"]
        side.by_year[str(timed[project["id"]].year)] += 1
        side.by_category[project["category"]] += 1
        if len(project["members"]) > 1:
            side.joint += 1
            continue
        for line in project["lines"]:
            if line["unit"] not in MONEY_UNITS:
                side.quantities[line["unit"]] += line["confirmed"]
    return side


def _reliability(org: str, claims: Sequence[Doc], gave: Sequence[Doc], timed: dict[str, datetime]) -> Reliability:
    asked = [claim for claim in claims if claim["proposed_by"]["org"] != org]
    answered = sum(1 for claim in asked if claim["status"] in ANSWERED or claim["counters"])
    unanswered = sum(1 for claim in asked if claim["status"] == "expired" and not claim["counters"])
    bound = [claim for claim in claims if claim["project"]]
    done = [project for project in gave if project["id"] in timed and project["status"] != "aborted"]
    in_time = sum(1 for project in done if timed[project["id"]] <= datetime.fromisoformat(project["due_at"]))
    ended = [project for project in gave if project["status"] not in ("active", "reported", "disputed")]
    return Reliability(
        answered=(answered, answered + unanswered), in_time=(in_time, len(done)),
        delivered=(sum(1 for project in ended if project in done), len(ended)),
        released=(sum(1 for claim in bound if claim["status"] == "released"), len(bound)),
    )  # fmt: skip


def _partners(org: str, projects: Iterable[Doc]) -> list[tuple[str, int]]:
    """Those on the other side of projects that stand or were delivered."""
    found: Counter[str] = Counter()
    for project in projects:
        if project["status"] != "aborted":
            givers = {project["provider"], *project["members"]}
            found.update(givers if project["receiver"] == org else {project["receiver"]})
    return sorted(((other, n) for other, n in found.items() if other != org), key=lambda pair: (-pair[1], pair[0]))
