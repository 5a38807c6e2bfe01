"""The reviewed copy of the rights, with a reader and a judgement of its own: nothing here asks the product."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

UNITS = ("unit", "unit_manager", "unit_system")
CLIENTS, TIERS, ADMINS = (*UNITS, "committee"), ("street", "district"), ("system_admin", "security_admin")
COLUMN = {
    **dict.fromkeys(CLIENTS, "clients"), **dict.fromkeys(TIERS, "tiers"), **dict.fromkeys(ADMINS, "admins"),
    "auditor": "auditor", "public": "public",
}  # fmt: skip
DONE = frozenset({200, 201})


@dataclass(frozen=True, kw_only=True)
class Row:
    """One route and what it is asked about. `right`: which of the parties may, where not all of them."""

    method: str
    path: str
    target: str
    body: str
    right: frozenset[str]
    states: frozenset[str]
    again: frozenset[str]  # done before: answered alike, nothing changes
    otherwise: frozenset[int]  # in any other state
    cells: Mapping[str, str]
    delegated: bool  # a coordinator does it for a party of its own area

    def __str__(self) -> str:
        return f"{self.method} {self.path} ({self.target})"


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody of one kind, in one relation to the things of this town."""

    kind: str
    relation: str
    org: str = ""
    area: str | None = None

    def __str__(self) -> str:
        return f"{self.kind}, {self.relation}"


@dataclass(frozen=True, kw_only=True)
class Thing:
    """What a request is about: whose it is, where it lies, in which state, who has which part in it."""

    id: str
    state: str
    parties: frozenset[str]
    path: tuple[str, ...]
    public: bool = False
    parts: Mapping[str, frozenset[str]] = field(default_factory=dict)


def read_copy(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        return [
            Row(
                method=row["method"], path=row["path"], target=row["target"], body=row["body"],
                right=frozenset(row["right"].split()), states=frozenset(row["states"].split()),
                again=frozenset(row["again"].split()),
                otherwise=frozenset({409, *(int(status) for status in row["otherwise"].split())}),
                cells={name: row[name].replace("-", "") for name in (*set(COLUMN.values()),)}, delegated=row["delegated"] == "D",
            )
            for row in csv.DictReader(file)
        ]  # fmt: skip


def expected(row: Row, looking: Row | None, person: Person, thing: Thing) -> frozenset[int]:
    """The statuses that may be answered. `looking`: the row of reading the same thing; None for what is new."""
    if not _holds(row, person, thing):
        if person.kind == "public" and row.path.startswith("/v1/"):
            return frozenset({401})
        if row.target == "webhook" and person.kind in (*CLIENTS, *TIERS):
            return frozenset({404})
        if looking is None:
            return _denied_something_new(row, person)
        return frozenset({403 if _holds(looking, person, thing) else 404})
    if "nobody" in row.right and person.org in thing.parties:
        return frozenset({403})
    mine = any(person.org in thing.parts.get(part, ()) for part in row.right)
    above = "A" in row.cells[COLUMN[person.kind]] and person.area in thing.path
    if row.right and not mine and not (above and "proposer" not in row.right):
        return frozenset({403, 409})
    if "any" in row.states or thing.state in row.states or thing.state in row.again:
        return DONE
    return row.otherwise


def expected_for(row: Row, looking: Row | None, person: Person, thing: Thing, stands: tuple[str, ...]) -> frozenset[int]:
    """The same for who acts for another on a basis; `stands`: where that other is at home, and all above."""
    if row.delegated and person.kind in TIERS and person.area in stands:
        return DONE
    if looking is None:
        return _denied_something_new(row, person) - {409, 422}
    return frozenset({403 if _holds(looking, person, thing) else 404})


def changes(row: Row, thing: Thing) -> bool:
    """Whether a request that is allowed would change the thing."""
    return row.method != "GET" and thing.state not in row.again


def _denied_something_new(row: Row, person: Person) -> frozenset[int]:
    """Not their right (403); about what they cannot see (404); not theirs to claim (409); no such organisation (422)."""
    if person.kind in ADMINS:
        return frozenset({404 if row.path == "/v1/claims" else 403})
    return frozenset({403} if person.kind == "auditor" else {403, 409, 422})


def _holds(row: Row, person: Person, thing: Thing) -> bool:
    letters = row.cells[COLUMN[person.kind]]
    own = "O" in letters and person.org in thing.parties
    above = "A" in letters and person.area is not None and person.area in thing.path
    return own or above or ("P" in letters and thing.public) or "R" in letters


def uncovered(rows: Iterable[Row], routes: Iterable[tuple[str, str]]) -> list[str]:
    """Routes of the application that no row speaks of."""
    told = {(row.method, row.path) for row in rows}
    return sorted(f"{method} {path}" for method, path in set(routes) - told)
