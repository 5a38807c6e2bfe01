"""What is new near somebody: open needs where a unit is, offers that reach a committee; and what is late in an area."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from domain.access import COORDINATORS, UNIT_ROLES, Principal
from services.boards import Boards
from services.read_ports import Doc
from services.streams import Streams

LOOKED_AT = 100  # of the newest; what fits best of them comes first
SHOWN = 6


async def near(boards: Boards, streams: Streams, who: Principal) -> tuple[str, list[Doc]]:
    """("needs" or "offers", the rows), newest first, but those of one's own categories before the others."""
    if who.role == "committee":
        found = await boards.list("offers", who, status="published", limit=LOOKED_AT)
        reached = await streams.stands(who.org)
        items = [doc for doc in found.items if doc["reach"] in reached and doc["owner"] != who.org]
        return "offers", _fitting(items, await _categories(boards, who, "needs"))
    areas = await _own_areas(streams, who)
    if not areas:
        return "needs", []
    found = await boards.list("needs", who, status="open", area=",".join(areas), limit=LOOKED_AT)
    items = [doc for doc in found.items if doc["owner"] != who.org]
    return "needs", _fitting(items, await _categories(boards, who, "offers"))


async def overdue(boards: Boards, who: Principal, at: datetime) -> list[Doc]:
    """Projects in a coordinator's area whose delivery or confirmation is late, the latest first."""
    if who.role not in COORDINATORS or who.area is None:
        return []
    found = await boards.list("projects", who, status="active,reported", area=who.area, limit=200)
    late = [doc for doc in found.items if datetime.fromisoformat(doc["due_at"]) <= at]
    return sorted(late, key=lambda doc: str(doc["due_at"]))


async def _own_areas(streams: Streams, who: Principal) -> list[str]:
    """Where a unit is stationed, or what a coordinator looks after."""
    if who.role in COORDINATORS:
        return [who.area] if who.area else []
    if who.role not in UNIT_ROLES:
        return []
    held = await streams.load(who.org) if who.org.startswith("unit-") else None
    return list(held.state.areas) if held else []


async def _categories(boards: Boards, who: Principal, kind: str) -> set[str]:
    """What the organisation has given or asked for before."""
    own = await boards.list(kind, who, owner=who.org, limit=LOOKED_AT)
    bound = await boards.list("claims", who, owner=who.org, limit=LOOKED_AT)
    return _named(own.items) | _named(bound.items)


def _named(items: Iterable[dict[str, Any]]) -> set[str]:
    return {str(item["category"]) for item in items}


def _fitting(items: list[Doc], categories: set[str]) -> list[Doc]:
    return sorted(items, key=lambda doc: doc["category"] not in categories)[:SHOWN]
