"""The pages' part of the reviewed rights: who may open a page, and that a form does nothing for who has no right to it."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tests.support.people import token
from tests.support.rights_copy import CLIENTS, DONE, TIERS, Person, Row, Thing, expected
from tests.support.rights_things import STATES, make
from tests.support.rights_town import Town
from tests.support.world import EAST

FORM = "application/x-www-form-urlencoded"
A_SESSION = 40  # forms; a person sends at most sixty a minute
RELATIONS = ("own", "none", "other unit", "other neighbourhood", "other street")  # the API is asked in every one
TURNED_AWAY = frozenset({401, 403, 404})


@dataclass(frozen=True, kw_only=True)
class PageRow:
    """`who`: anybody, person (who is logged in), parties (who can own something), self (only about oneself), see
    (to see it is not enough, but it is not hidden), or roles.
    `like`: the API row that has the same rights; `public` then: open without log-in, as far as it is public. `form`: what
    is sent."""

    method: str
    path: str
    who: frozenset[str]
    like: str
    form: str

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def read_pages(path: Path) -> list[PageRow]:
    with path.open(encoding="utf-8", newline="") as file:
        return [
            PageRow(method=row["method"], path=row["path"], who=frozenset(row["who"].split()), like=row["like"], form=row["form"])
            for row in csv.DictReader(file)
        ]  # fmt: skip


class PageSweep:
    """Everybody, logged in, at every page and form of one town; what depends on nothing but the role is asked once a role."""

    def __init__(self, town: Town, api: Sequence[Row]) -> None:
        self._town, self._sent = town, 0
        self._api = {str(row): row for row in api} | {f"{row.method} {row.path}": row for row in reversed(api)}
        self._shared: dict[tuple[str, str], Thing] = {}
        self._looking = {row.target: row for row in api if row.method == "GET" and row.path.endswith("/{id}")}
        self._cookies: dict[str, tuple[str, int]] = {}
        self.wrong: list[str] = []
        self.asked = 0

    async def ask(self, page: PageRow) -> None:
        kinds = set[str]()
        for person in self._town.people:
            if page.like and person.relation in RELATIONS:
                await self._like(page, self._api[page.like], person)
            if page.like or person.kind in kinds:
                continue
            kinds.add(person.kind)
            if person.kind == "public" or not ("self" in page.who or (page.method == "POST" and self._may(page, person))):
                await self._open(page, person)

    async def _open(self, page: PageRow, person: Person) -> None:
        status = await self._send(page, person)
        away = person.kind == "public" and "anybody" not in page.who
        if "self" in page.who:  # a stranger's form or question does nothing
            fine = status in (303, 400, 403, 404, 422)
        elif away:
            fine = status in (303, 401, *((404,) if page.method == "POST" else ()))
        elif not self._may(page, person):
            fine = status in (403, 404)
        else:
            fine = status in (200, 303)
        if not fine:
            self.wrong.append(f"{page}: {person} got {status}")

    @staticmethod
    def _may(page: PageRow, person: Person) -> bool:
        """Whether a role is named that this person has, or none is."""
        roles = page.who - {"anybody", "person", "self"}
        return not roles or person.kind in roles or ("parties" in roles and person.kind in (*CLIENTS, *TIERS))

    async def _like(self, page: PageRow, row: Row, person: Person) -> None:
        """In a state where it is legal; what is looked at, in the first state of its life and in a later one."""
        states = STATES.get(row.target, "new").split()
        legal = next((s for s in states if s in row.states), states[0])
        for state in (states[0], states[len(states) // 2]) if page.method == "GET" else (legal,):
            about = await self._thing(row.target, state)
            due = expected(_for_pages(row, page), self._looking.get(row.target), person, about)
            if due == DONE and page.method == "POST":
                about = await make(self._town, row.target, state)  # a fresh one, for it will not stay so
            status = await self._send(page, person, about, may=due == DONE)
            if not _agrees(due, status, person, page):
                self.wrong.append(f"{page}, {state}: {person} got {status} instead of {sorted(due)}")

    async def _thing(self, target: str, state: str) -> Thing:
        if (target, state) not in self._shared:
            self._shared[target, state] = await make(self._town, target, state)
            await self._town.shown()
        return self._shared[target, state]

    async def _send(self, page: PageRow, person: Person, about: Thing | None = None, *, may: bool = False) -> int:
        """The status; who may not has written nothing."""
        log, id = self._town.house.log, about.id.split()[0] if about and about.id else "nothing"
        where = page.path.replace("{position:int}", "1").format(
            id=id, area=EAST, name="app.css", n=1, act="ending", kind="needs", project="nothing", position=1,
            need="need-nothing", offer="offer-nothing",
        )  # fmt: skip
        before = (await log.head()).position
        form = page.form.replace("MEMBER", self._town.units[1]).replace("DIGEST", id)
        body = f"{form}&_key=form{self.asked}".encode() if page.method == "POST" else None
        where += f"?{page.form}" if page.method == "GET" and page.form else ""
        status, _ = await self._town.send(person, page.method, where, body, FORM, cookie=self._cookie(person))
        self.asked += 1
        if (await log.head()).position > before and (not may or status >= 400 or page.method == "GET"):
            self.wrong.append(f"{page}: {person} got {status}, yet something was written")
        return status

    def _cookie(self, person: Person) -> str | None:
        """Of a session that has not been busy yet."""
        if person.kind == "public":
            return None
        held, used = self._cookies.get(str(person), ("", A_SESSION))
        if used >= A_SESSION:
            held, used = token(self._town.house, person.kind, person.org, person.area), 0
        self._cookies[str(person)] = (held, used + 1)
        return held


def _for_pages(row: Row, page: PageRow) -> Row:
    return replace(row, cells={**row.cells, "public": "P" if "public" in page.who else ""})


def _agrees(due: frozenset[int], status: int, person: Person, page: PageRow) -> bool:
    """Who may is not turned away; who may not gets nothing done, and the public is led to the log-in."""
    looks = page.method == "GET"
    if person.kind == "public":
        return status in (((200,) if due == DONE else (404,)) if "public" in page.who else (303, 401, 404))
    if "parties" in page.who and person.kind not in (*CLIENTS, *TIERS):
        return status in (403, 404)
    if "see" in page.who and due == DONE:
        return status in (200, 403, 409)
    if due == DONE:
        return status not in TURNED_AWAY and status < 500
    return status == 404 if looks and due == {404} else 400 <= status < 500 or (looks and status == 200)
