"""Who appears in the demonstration: the pack's units, committees and coordinators, and who of them is there when."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.access import Principal
from services.rulebooks import Pack

COMMITTEE = "committee"  # as a giver, beside the kinds of units


@dataclass(frozen=True, slots=True)
class Actor:
    """An organisation: `home` is the area it counts in, `street` the one above or the same."""

    who: Principal
    name: str
    kind: str
    home: str
    street: str
    since: datetime  # it acts from then on

    @property
    def place(self) -> str:
        """What its people call the neighbourhood."""
        return self.name.removesuffix("居民区")


class Cast:
    def __init__(self, pack: Pack, joined: Sequence[datetime]) -> None:
        """`joined`: when each of the pack's units was registered."""
        book, since = pack.book, min(joined)
        self.district = Actor(_principal("district", book.area), book.zh, "district", book.area, book.area, since)
        parents = {area.area: area.parent for area in pack.areas}
        second, last = book.tiers[1].kind, book.tiers[-1].kind
        self.streets = tuple(
            Actor(_principal("street", a.area), a.name, second, a.area, a.area, since)
            for a in pack.areas if a.kind == second
        )  # fmt: skip
        self.committees = tuple(
            Actor(committee(a.area), a.name, COMMITTEE, a.area, parents[a.area] or book.area, since)
            for a in pack.areas if a.kind == last
        )  # fmt: skip
        self.units = tuple(
            Actor(_principal("unit", unit_id(u.code)), u.name, u.kind, u.areas[0], u.areas[0], at)
            for u, at in zip(pack.units, joined, strict=True)
        )
        self._streets = {street.home: street for street in self.streets}

    def street_of(self, actor: Actor) -> Actor:
        """The coordinator above it."""
        return self._streets.get(actor.street, self.district)

    def givers(self, kinds: Sequence[str], at: datetime) -> tuple[Actor, ...]:
        """Units of these kinds that are registered by then."""
        return tuple(unit for unit in self.units if unit.kind in kinds and unit.since < at)

    def committees_of(self, street: str) -> tuple[Actor, ...]:
        return tuple(each for each in self.committees if each.street == street)


def unit_id(code: str) -> str:
    """The id under which the register knows the unit with this code."""
    return f"unit-{hashlib.sha256(code.encode()).hexdigest()[:12]}"


def committee(area: str) -> Principal:
    return _principal(COMMITTEE, area)


def _principal(role: str, org: str) -> Principal:
    area = org if role in ("street", "district") else None
    return Principal(id=f"demo-{org}", role=role, org=org, area=area)
