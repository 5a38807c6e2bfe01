"""A town on a real SQLite ledger, asked through ASGI: things in every state, reached by the commands that people send."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from adapters.sqlite_store import SqliteStore
from api.settings import Settings
from domain.access import SYSTEM
from services.command import Ask
from services.register import AreaDraft, UnitDraft
from tests.support.engine import House, credit_code, opened_house
from tests.support.rights_copy import ADMINS, UNITS, Person
from tests.support.world import BOOK, DISTRICT, EAST, STREET, WEST

STREET_2, FAR = "310101002", "310101002001"
OFFICE = "street-office"
HERE = (EAST, STREET, DISTRICT)
MONEY = [{"kind": "志愿者", "quantity": 5, "unit": "人"}, {"kind": "帮扶资金", "quantity": 1000, "unit": "分"}]
FEW = [{"kind": "志愿者", "quantity": 5, "unit": "人"}]
SOON, OVER = "2026-03-05T01:00:00Z", {"start": "2026-03-03T09:00:00+08:00", "end": "2026-03-03T11:00:00+08:00"}


@dataclass
class Town:
    """The house with everybody's key. `units`: three of one street, one of another."""

    house: House
    units: list[str]
    keys: dict[str, str] = field(default_factory=dict)
    people: list[Person] = field(default_factory=list)
    numbers: Any = field(default_factory=lambda: itertools.count(1))
    codes: Any = field(default_factory=lambda: itertools.count(100))
    old: dict[str, list[str]] = field(default_factory=dict)  # what time has ended, used up one by one

    async def send(
        self, person: Person, method: str, path: str, body: Any = None, media: str = "application/json",
        cookie: str | None = None, behalf: str | None = None,
    ) -> tuple[int, bytes]:  # fmt: skip
        """One request straight into the application; a stream is left after its first word."""
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        path, _, query = path.partition("?")
        headers = [
            (b"host", b"renling.test"), (b"idempotency-key", b"k%d" % next(self.numbers)),
            (b"content-length", b"%d" % len(content)), (b"content-type", media.encode()),
        ]  # fmt: skip
        if behalf:
            headers += [(b"on-behalf-of", behalf.encode()), (b"basis", b"phone")]
        if cookie or not path.startswith("/v1/"):
            headers += [(b"cookie", f"sid={cookie}".encode()), (b"sec-fetch-site", b"same-origin")]
        elif key := self.keys.get(str(person)):
            headers.append((b"authorization", b"Bearer " + key.encode()))
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
            "path": path, "raw_path": path.encode(), "query_string": query.encode(), "root_path": "", "headers": headers,
            "client": (f"10.0.0.{next(self.numbers) % 250}", 1), "server": ("renling.test", 80), "state": {},
        }  # fmt: skip
        waiting, told, parts = [{"type": "http.request", "body": content, "more_body": False}], [], []

        async def receive() -> dict[str, Any]:
            return waiting.pop() if waiting else {"type": "http.disconnect"}

        async def hear(message: Any) -> None:
            if message["type"] == "http.response.start":
                told.append(message["status"])
            else:
                parts.append(message.get("body", b""))

        await self.house.app(scope, receive, hear)
        return told[0], b"".join(parts)

    def who(self, kind: str, relation: str = "own") -> Person:
        return next(person for person in self.people if (person.kind, person.relation) == (kind, relation))

    async def shown(self) -> None:
        """Waits until the lists have what was written so far."""
        projector, head = self.house.engine.projector, (await self.house.log.head()).position
        while projector.status.position < head:  # noqa: ASYNC110  it has no event to wait for
            await asyncio.sleep(0.005)

    async def did(self, kind: str, path: str, body: Any = None, relation: str = "own") -> dict[str, Any]:
        """A command that must succeed."""
        status, said = await self.send(self.who(kind, relation), "POST", path, body)
        assert status in (200, 201), (kind, relation, path, said.decode())
        found: dict[str, Any] = json.loads(said)
        return found


@asynccontextmanager
async def opened_town(folder: Path) -> AsyncIterator[Town]:
    settings = Settings(data=folder, requests_per_second=1_000_000, hook_networks="127.0.0.1")
    async with opened_house(folder, await SqliteStore.open(folder / "ledger.db"), settings) as house:
        town = Town(house, [*house.units[:3]])
        await _widen(town)
        for person in _people(town):
            town.people.append(person)
            if person.kind != "public":
                town.keys[str(person)] = house.keys.create(person.kind, person.org, person.area)
        await _age(town)
        yield town


async def _widen(town: Town) -> None:
    """Another street with its neighbourhood and unit; needs are endorsed before they open."""
    register, n = town.house.engine.register, itertools.count(1)

    def ask() -> Ask:
        return Ask(principal=SYSTEM, key=f"widen-{next(n)}", fingerprint="widen")

    await register.adopt(ask(), replace(BOOK, endorse_needs=True))
    for area, kind, parent in ((STREET_2, "street", DISTRICT), (FAR, "neighbourhood", STREET_2)):
        await register.open_area(ask(), AreaDraft(area=area, name=f"区域{area}", kind=kind, parent=parent))
    draft = UnitDraft(name="远处医院", code=credit_code(90), kind="医院", areas=(STREET_2,))
    town.units.append((await register.register_unit(ask(), draft)).id)


def _people(town: Town) -> list[Person]:
    """Every kind in every relation to the things of neighbourhood EAST and unit 0."""
    own, other, third, far = town.units
    found = [Person(kind="public", relation="none")]
    for kind in UNITS:
        found += [
            Person(kind=kind, relation="own", org=own), Person(kind=kind, relation="other unit", org=other),
            Person(kind=kind, relation="third unit", org=third), Person(kind=kind, relation="other street", org=far),
            Person(kind=kind, relation="other district", org="unit-ffffffffffff"),
        ]  # fmt: skip
    for relation, area in (
        ("own", EAST), ("other neighbourhood", WEST), ("other street", FAR), ("other district", "310104001001"),
    ):  # fmt: skip
        found.append(Person(kind="committee", relation=relation, org=area))
    for kind, relation, area in (
        ("street", "own", STREET), ("street", "other street", STREET_2), ("street", "other district", "310104001"),
        ("street", "none", None), ("district", "own", DISTRICT), ("district", "other district", "310104"),
    ):  # fmt: skip
        org = OFFICE if (kind, relation) == ("street", "own") else f"{kind}-office-{relation}"
        found.append(Person(kind=kind, relation=relation, org=org, area=area))
    for kind in ("auditor", *ADMINS):
        found += [
            Person(kind=kind, relation="none", org=kind), Person(kind=kind, relation="own", org=EAST, area=DISTRICT),
            Person(kind=kind, relation="own unit", org=own, area=DISTRICT),
        ]  # fmt: skip
    return found


async def _age(town: Town) -> None:
    """What only time can do: needs lapse, offers and proposals expire. Enough of each for all who may undo it."""
    needs = [await need(town, respond_by=SOON) for _ in range(12)]
    ended = await town.did("unit", "/v1/offers", {**offer(), "windows": [OVER]})
    open_need = await need(town)
    claim = await town.did("unit", "/v1/claims", {"need": open_need, "lines": FEW})
    engine = town.house.engine
    town.house.clock.advance(timedelta(days=30))
    for n, (act, item) in enumerate(
        [*((engine.needs.lapse, each) for each in needs), (engine.offers.expire, ended["id"]), (engine.claims.expire, claim["id"])]
    ):
        await act(Ask(principal=SYSTEM, key=f"age-{n}", fingerprint="age"), item)
    town.old = {"need": needs, "offer": [ended["id"]], "claim": [claim["id"]]}


def offer() -> dict[str, Any]:
    return {"title": "义诊志愿者队伍", "category": "service", "lines": FEW}


async def need(town: Town, kind: str = "committee", *, state: str = "open", **more: Any) -> str:
    body = {"title": "周末义诊", "category": "service", "area": EAST, "lines": MONEY, **more}
    posted: str = (await town.did(kind, "/v1/needs", {**body, "draft": state == "draft"}))["id"]
    if state == "open":
        await town.did("district", f"/v1/needs/{posted}/endorsement")
    return posted

