"""What a list is asked for, as the address says it, and what can be chosen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fastapi import Request

from api.pages.drill.choice import days_of
from api.pages.places import category_words, engine_of, rule_book, tier_words
from api.pages.site import link, tongue
from api.pages.words import BOARD_STATUSES, STATUSES
from domain.access import missing
from services.lists import KINDS, OPEN_PROJECTS, Wanted

STATUS_CHOICES = {**BOARD_STATUSES, "projects": OPEN_PROJECTS}
NAMES = ("area", "category", "status", "line", "at")


@dataclass(frozen=True, kw_only=True, slots=True)
class Typed:
    """As typed; empty is not chosen."""

    kind: str
    area: str
    category: str
    status: str
    line: str
    since: str
    until: str
    at: str

    @property
    def wanted(self) -> Wanted:
        return Wanted(
            kind=self.kind, area=self.area or None, category=self.category or None, status=self.status or None,
            line=self.line or None, since=self.since or None, until=self.until or None, at=self.at or None,
        )  # fmt: skip

    def href(self, ending: str, **more: Any) -> str:
        """The same list in another form (".xlsx", ".json"), or with something chosen otherwise."""
        kind = more.pop("kind", self.kind)
        kept = {
            "area": self.area, "category": self.category, "status": self.status if kind == self.kind else "",
            "line": self.line, "from": self.since, "to": self.until, "at": self.at,
        }  # fmt: skip
        return link(f"/lists/{kind}{ending}", **(kept | more))


def typed_of(request: Request, kind: str) -> Typed:
    """Refused: item.not_found, days.invalid."""
    if kind not in KINDS:
        raise missing()
    typed = {name: request.query_params.get(name, "").strip() for name in NAMES}
    since, until = days_of(request)
    return Typed(kind=kind, since=since, until=until, **typed)


async def choices(request: Request, typed: Typed) -> dict[str, Any]:
    """Areas (those of the upper tiers, and the one chosen), categories, statuses and lines to choose from."""
    engine, say = engine_of(request), tongue(request)
    book = await rule_book(engine)
    top, at = (book.area if book else ""), typed.at or None
    docs = await engine.dashboards.drill.areas(top, at) if top else []
    lowest = book.tiers[-1].kind if book else ""
    areas = [doc for doc in docs if doc["kind"] != lowest or doc["id"] == typed.area]
    return {
        "areas": [(doc["id"], doc["name"]) for doc in areas if doc["id"] != top],
        "categories": category_words(book, say), "tier_words": tier_words(book, say),
        "statuses": [(s, STATUSES[KINDS[typed.kind]][s][0]) for s in STATUS_CHOICES[typed.kind]],
        "lines": await engine.dashboards.drill.lines(top, at) if top else [],
    }  # fmt: skip
