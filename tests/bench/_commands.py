"""Whole commands in this process, 64 in flight, over raw one-row commits of the bytes that they store."""

from __future__ import annotations

import asyncio
import gc
import itertools
import sqlite3
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path

import psycopg

from api.settings import Settings
from api.wiring import District, open_district, open_log
from domain.access import SYSTEM, Principal
from domain.rules import RuleBook
from services.command import Ask, Done
from services.needs import NeedDraft
from services.ports import Append, EventLog, NewEvent
from services.register import AreaDraft
from services.rulebooks import load_pack
from tests.bench._rows import median, row
from tests.support.world import people

IN_FLIGHT = 64
EACH = 30  # of one round
RAW = 1500
NEIGHBOURHOOD = "bench-1"
COMMITTEE = Principal(id="bench", role="committee", org=NEIGHBOURHOOD)
_keys = itertools.count(1)

Act = Callable[[], Awaitable[object]]
Commit = Callable[[bytes], object]


async def commands(name: str, data: Path, dsn: str, commit: Commit, rounds: int) -> None:
    """In turn: raw commits, needs posted by the use case, and bare appends of the same bytes."""
    settings = Settings(data=data, store=dsn)
    log = await open_log(settings)
    district = await open_district(settings, log)
    book = await furnished(district)
    await in_flight(lambda: post(district, book), 5)
    gc.collect()
    gc.freeze()
    floors, ours, bare = [], [], []
    for _ in range(rounds):
        states = [stored.state for stored in await log.read_all((await log.head()).position - 200, 200)]
        floors.append(raw(commit, states))
        ours.append(await in_flight(lambda: post(district, book), EACH))
        bare.append(await in_flight(partial(append, log, states), EACH))
    await district.close()
    await log.close()
    ratio, appended = (median([a / b for a, b in zip(found, floors, strict=True)]) for found in (ours, bare))
    row(
        name, ratio, "ratio", 2, least=True, floor=1, samples=rounds, commands_s=round(median(ours)), fsync="on",
        raw_commits_s=round(median(floors)), raw_commit_us=round(1e6 / median(floors)), appends_s=round(median(bare)),
        appends_ratio=round(appended, 2), in_flight=IN_FLIGHT,
        what="whole use case: decided, text sealed, stored with leaf, command id and number; appends: the ledger alone",
    )  # fmt: skip


async def furnished(district: District) -> RuleBook:
    """The district's rule book, and one neighbourhood."""
    pack = load_pack(district.settings.district)
    register, book = district.engine.register, pack.book
    await register.adopt(Ask(principal=SYSTEM, key="book", fingerprint="f"), book)
    for id, tier, parent in ((book.area, book.tiers[0], None), (NEIGHBOURHOOD, book.tiers[-1], book.area)):
        area = AreaDraft(area=id, name="量测", kind=tier.kind, parent=parent)
        await register.open_area(Ask(principal=SYSTEM, key=f"area {id}", fingerprint="f"), area)
    return book


def post(district: District, book: RuleBook) -> Awaitable[Done]:
    category = book.categories[0].id
    draft = NeedDraft(title="周末义诊志愿者", category=category, area=NEIGHBOURHOOD, lines=people(20))
    return district.engine.needs.post(Ask(principal=COMMITTEE, key=f"k{next(_keys)}", fingerprint="f" * 64), draft)


def append(log: EventLog, states: Sequence[bytes]) -> Awaitable[object]:
    n = next(_keys)
    event = NewEvent(f"bare-{n}", 1, "need.posted", states[n % len(states)])
    return log.append(Append((event,), f"bare-{n}", "f" * 64, b"{}", at_us=time.time_ns() // 1000))


async def in_flight(act: Act, each: int) -> float:
    """Acts a second."""

    async def one() -> None:
        for _ in range(each):
            await act()

    started = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(IN_FLIGHT)))
    return IN_FLIGHT * each / (time.perf_counter() - started)


def raw(commit: Commit, states: Sequence[bytes]) -> float:
    """Commits a second, one after the other."""
    started = time.perf_counter()
    for n in range(RAW):
        commit(states[n % len(states)])
    return RAW / (time.perf_counter() - started)


def sqlite_commit(path: Path) -> Commit:
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    db.execute("CREATE TABLE raw (n INTEGER PRIMARY KEY, state BLOB)")
    return lambda state: db.execute("INSERT INTO raw (state) VALUES (?)", (state,))


def postgres_commit(dsn: str) -> Commit:
    db = psycopg.connect(dsn, autocommit=True)
    db.execute("CREATE TABLE IF NOT EXISTS raw (n bigserial PRIMARY KEY, state bytea)")
    return lambda state: db.execute("INSERT INTO raw (state) VALUES (%s)", (state,), prepare=True)
