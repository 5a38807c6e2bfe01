"""The API in this process over real parts: an in-memory ledger, codec, vault, read tables, projector, keys; no broker."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI

from adapters.keys import KeyStore
from adapters.log_stream import LogStream
from adapters.memory import MemoryStore
from adapters.office import SpreadsheetOffice
from adapters.read_db import SqliteReadDb
from adapters.system import SeededClock, SeededIds
from adapters.vault import open_vault
from api.app import create_app
from api.settings import Settings
from api.wiring import build, open_accounts, open_personal, open_post
from domain import units
from domain.access import SYSTEM
from services.accounts import Accounts
from services.command import Ask
from services.engine import Engine
from services.ports import EventLog
from services.register import AreaDraft, UnitDraft
from tests.support.world import BOOK, DISTRICT, EAST, START, STREET, WEST

HOST = "http://renling.test"


@dataclass(kw_only=True)
class House:
    """A district with one street, two neighbourhoods and four hospitals, its API, and a key for everybody."""

    engine: Engine
    app: FastAPI
    clock: SeededClock
    keys: KeyStore
    log: EventLog
    data: Path
    accounts: Accounts
    units: list[str] = field(default_factory=list)
    callers: dict[str, Caller] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Caller:
        return self.callers[name]


class Caller:
    """Somebody with a key, over HTTP in this process."""

    def __init__(self, app: FastAPI, org: str, key: str | None) -> None:
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=True)
        self.org, self.key = org, key
        self.http = httpx.AsyncClient(transport=transport, base_url=HOST, headers=headers)
        self._keys = itertools.count(1)

    async def post(self, path: str, body: Any = None, *, key: str | None = None, **headers: str) -> httpx.Response:
        return await self.act("POST", path, body, key=key, **headers)

    async def act(self, method: str, path: str, body: Any, *, key: str | None = None, **headers: str) -> httpx.Response:
        named = {"Idempotency-Key": key or f"{self.org}-{next(self._keys)}"}
        more = {name.replace("_", "-"): value for name, value in headers.items()}
        content = {} if body is None else {"json": body}
        return await self.http.request(method, path, headers={**named, **more}, **content)  # type: ignore[arg-type]

    async def get(self, path: str, *, headers: dict[str, str] | None = None, **query: Any) -> httpx.Response:
        return await self.http.get(path, params=query or None, headers=headers or {})

    async def did(self, path: str, body: Any = None, **headers: str) -> dict[str, Any]:
        """A command that must succeed."""
        answer = await self.post(path, body, **headers)
        assert answer.status_code in (200, 201), answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def sees(self, path: str, since: int = 0, **query: Any) -> dict[str, Any]:
        """A read that must succeed; lists as new as the position `since`."""
        answer = await self.get(path, headers={"Min-Position": str(since)}, **query)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found


@asynccontextmanager
async def opened_house(folder: Path, log: EventLog | None = None, settings: Settings | None = None) -> AsyncIterator[House]:
    log = log or MemoryStore()
    clock = SeededClock(START)
    vault, read_db = open_vault(folder / "vault.db"), SqliteReadDb.open(folder / "read")
    ids = SeededIds("house", clock.now)
    engine = build(log, vault, read_db, LogStream(log), clock=clock, ids=ids, links=folder / "links.key")
    keys = KeyStore(folder / "keys.db")
    settings = settings or Settings(data=folder, requests_per_second=100_000)
    accounts = open_accounts(settings.model_copy(update={"data": folder}), clock)
    app = create_app(engine, keys, settings, SpreadsheetOffice(), accounts)
    app.state.personal = open_personal(settings.model_copy(update={"data": folder}), engine, accounts)
    app.state.post = open_post(settings.model_copy(update={"data": folder}), engine)
    made = House(engine=engine, app=app, clock=clock, keys=keys, log=log, data=folder, accounts=accounts)
    await _furnish(made)
    projecting = asyncio.create_task(_projected(engine))
    try:
        yield made
    finally:
        app.state.closing.set()
        projecting.cancel()
        with suppress(asyncio.CancelledError):
            await projecting
        for caller in made.callers.values():
            await caller.http.aclose()
        await read_db.close()
        vault.close()
        keys.close()
        accounts.store.close()
        app.state.post.close()
        app.state.personal.close()
        await log.close()


async def _projected(engine: Engine) -> None:
    await engine.projector.catch_up()
    await engine.projector.run()


async def _furnish(made: House) -> None:
    register, n = made.engine.register, itertools.count(1)

    def ask() -> Ask:
        return Ask(principal=SYSTEM, key=f"furnish-{next(n)}", fingerprint="furnish")

    await register.adopt(ask(), BOOK)
    for area, kind, parent in (
        (DISTRICT, "district", None), (STREET, "street", DISTRICT), (EAST, "neighbourhood", STREET),
        (WEST, "neighbourhood", STREET),
    ):  # fmt: skip
        await register.open_area(ask(), AreaDraft(area=area, name=f"区域{area}", kind=kind, parent=parent))
    for i in range(4):
        draft = UnitDraft(name=f"第{i}医院", code=credit_code(i), kind="医院", areas=(STREET,))
        made.units.append((await register.register_unit(ask(), draft)).id)
    roles = [
        ("east", "committee", EAST, None), ("west", "committee", WEST, None), ("street", "street", "street-office", STREET),
        ("district", "district", "district-office", None), ("auditor", "auditor", "audit", None),
        *((f"unit{i}", "unit" if i else "unit_system", unit, None) for i, unit in enumerate(made.units)),
    ]  # fmt: skip
    for name, role, org, area in roles:
        made.callers[name] = Caller(made.app, org, made.keys.create(role, org, area))
    made.callers["nobody"] = Caller(made.app, "nobody", None)


def credit_code(n: int) -> str:
    body = f"91310101MA1FL{n:04d}"
    return body + units.check_character(body)


def people(quantity: int) -> list[dict[str, Any]]:
    return [{"kind": "志愿者", "quantity": quantity, "unit": "人"}]


def need(quantity: int = 20, **more: Any) -> dict[str, Any]:
    return {"title": "周末义诊志愿者", "category": "service", "area": EAST, "lines": people(quantity), **more}


def offer(quantity: int = 50, **more: Any) -> dict[str, Any]:
    return {"title": "义诊志愿者队伍", "category": "service", "lines": people(quantity), **more}

