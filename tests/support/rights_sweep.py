"""Asks everything of everybody, and says where the answer is not the one expected."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from tests.support.rights_copy import DONE, Person, Row, Thing, changes, expected, expected_for
from tests.support.rights_things import OWNERS, STATES, make, new_unit, target_of_merges
from tests.support.rights_town import FEW, Town, offer
from tests.support.world import DISTRICT, EAST, STREET, WEST

SHARED = ("need", "offer", "claim", "joint claim", "project", "unit", "area", "round")
LINES = "application/x-ndjson"
ONE = [{**FEW[0], "quantity": 1}]
_NEED = {"title": "周末义诊", "category": "service", "area": EAST, "lines": FEW}
BODIES: dict[str, Any] = {
    "": None, "need": _NEED, "list of needs": _NEED, "offer": offer(), "list of offers": offer(), "urgency": {"urgency": 3},
    "reason": {"reason": "说明", "note": "说明"}, "fewer": {"lines": ONE}, "milestone": {"title": "第二次"},
    "slip": {"due": "2026-06-01"}, "settle": {"outcome": "resumed"}, "funds": {"kind": "received", "amount_fen": 1},
    "score": {"score": 5}, "words": {"reason": "说明"}, "area": {"area": WEST},
    "round": {"area": STREET, "category": "venue"}, "limit": {"engagements": 5},
    "webhook": {"url": "http://127.0.0.1:9/in"}, "after": {"after": 0},
}  # fmt: skip


class Sweep:
    """One town, asked row by row. `wrong` says what was answered otherwise than expected; `asked` counts."""

    def __init__(self, town: Town, rows: Sequence[Row]) -> None:
        self._town, self._rows = town, rows
        self._looking = {row.target: row for row in rows if row.method == "GET" and row.path.endswith("/{id}")}
        self._shared: dict[tuple[str, str, str], Thing] = {}
        self.wrong: list[str] = []
        self.asked = 0

    async def ask(self, row: Row) -> None:
        """Everybody, in every state of what the row is about; and the owners of other things of that sort."""
        first = OWNERS.get(row.target, ("",))[0]
        for state in STATES.get(row.target, "new").split():
            for person in self._town.people:
                await self._one(row, person, state, first)
                for owner in OWNERS.get(row.target, ())[1:]:
                    if person.relation == "own" and person.org == self._org(owner) and state not in ("lapsed", "expired"):
                        await self._one(row, person, state, owner)

    async def _one(self, row: Row, person: Person, state: str, owner: str) -> None:
        about = await self._thing(row, state, owner)
        due = expected(row, self._looking.get(row.target), person, about)
        if due == DONE and changes(row, about) and row.target in SHARED:
            about = await make(self._town, row.target, state, owner or None)  # a fresh one, for it will not stay so
        method, path, body, media = await request_of(self._town, row, about)
        log = self._town.house.log
        before = (await log.head()).position
        status, said = await self._town.send(person, method, path, body, media)
        wrote = (await log.head()).position > before
        if row.target.startswith("import") and status == 200 and not json.loads(said)["valid"]:
            status = 422
        if row.path.endswith("/test") and status == 429:  # asked too often: it was theirs to ask
            status = 200
        self.asked += 1
        if wrote and (status not in DONE or method == "GET"):
            self.wrong.append(f"{row}, {state}: {person} got {status}, yet something was written")
        if status not in due:
            self.wrong.append(f"{row}, {state}: {person} got {status} instead of {sorted(due)}: {said[:300].decode(errors='replace')}")
        if due == DONE and (state == "new" or method == "DELETE"):
            self._shared.pop((row.target, state, owner), None)

    async def ask_for(self, row: Row, state: str) -> None:
        """Everybody, in the name of one who might do it: the first of the parties whose right it is."""
        for person in self._town.people:
            about = await self._thing(row, state, OWNERS.get(row.target, ("",))[0])
            part = next(part for part in ("owner", "claimant", *sorted(row.right)) if part in about.parts)
            org = EAST if EAST in about.parts[part] else next(iter(sorted(about.parts[part] & {*self._town.units[:2]})))
            stands = (EAST, STREET, DISTRICT) if org == EAST else (STREET, DISTRICT)
            due = expected_for(row, self._looking.get(row.target), person, about, stands)
            if person.kind == "public" or org == person.org:
                continue
            if due == DONE:
                about = await make(self._town, row.target, state)
            method, path, body, media = await request_of(self._town, row, about)
            status, said = await self._town.send(person, method, path, body, media, behalf=org)
            self.asked += 1
            if status not in due:
                self.wrong.append(f"{row}, {state}, for {org}: {person} got {status} instead of {sorted(due)}: {said[:300]!r}")

    async def _thing(self, row: Row, state: str, owner: str) -> Thing:
        """The one thing of that sort that all look at and nobody changes."""
        key = (row.target, state, owner)
        if key not in self._shared:
            self._shared[key] = await make(self._town, row.target, state, owner or None)
        return self._shared[key]

    def _org(self, owner: str) -> str:
        return self._town.who(owner).org


async def request_of(town: Town, row: Row, about: Thing) -> tuple[str, str, Any, str]:
    """(method, path, body, media type) of a request that is well-formed."""
    kind = row.target.removeprefix("import ") if row.target.startswith("import") else "needs"
    path = row.path.format(id=about.id, org=town.units[1], n=1, kind=kind, area=EAST)
    if row.target.startswith("import"):
        return row.method, f"{path}?dry_run=true", _lines([await _body(town, row, about)]), LINES
    return row.method, path, await _body(town, row, about), "application/json"


async def _body(town: Town, row: Row, about: Thing) -> Any:
    """What the row says is sent. `about` what is new may be one item or two."""
    first, _, second = about.id.partition(" ")
    match row.body:
        case "into":
            return {"into": await target_of_merges(town)}
        case "claim need" | "claim offer":
            return {row.body.removeprefix("claim "): first, "lines": FEW}
        case "match":
            return {"need": first, "offer": second, "lines": FEW}
        case "invite" | "lead":
            return {"org": town.units[2], "lines": ONE} if row.body == "invite" else {"org": town.units[1]}
        case "unit" | "list of units":
            return new_unit(town)
        case "area below" | "list of areas":
            name = f"{STREET}{next(town.codes):04d}"
            return {"id": name, "name": "新居民区", "kind": "neighbourhood", "parent": STREET}
        case "word":
            return {"token": about.id, "score": 5}
        case "policy":
            return {"policy": {"waiting_days": 100 + next(town.numbers) % 3000}}
        case "adoption":
            return {"draft": about.id}
        case "emergency":
            return {"until": (town.house.clock.now() + timedelta(days=1)).isoformat(), "reason": "汛情"}
        case "pair":
            return {"need": town.old["pair"][0], "offer": town.old["pair"][1], "reason": "说明"}
        case "title":
            return {"title": f"改名{next(town.numbers)}"}
    return BODIES[row.body]


def _lines(rows: Iterable[dict[str, Any]]) -> bytes:
    return b"".join(json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in rows)
