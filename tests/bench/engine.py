"""`./dev bench engine`: commands over HTTP and in process, how soon they are seen, rebuilding, starting, memory.

Floors run in the same call, in turn with what is measured: the endpoint that does nothing, raw one-row commits."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import psycopg

from adapters.postgres_store import PostgresStore
from adapters.sqlite_store import SqliteStore
from services.ports import Append, EventLog, NewEvent
from tests.bench import inside
from tests.bench.rows import median, row
from tests.support.postgres import postgres_server
from tests.support.running import District

ROUNDS = 5
IN_FLIGHT = 64
EVENT_BYTES = 475


def main() -> None:
    rounds = ROUNDS * (3 if "--full" in sys.argv else 1)
    with tempfile.TemporaryDirectory(prefix="renling-bench-") as folder, postgres_server(fsync="on") as url:
        base = Path(folder)
        parts = dict(word.split("=", 1) for word in url.split() if "=" in word)
        dsn = url if "://" in url else f"postgresql://{parts['user']}@/{parts['dbname']}?host={parts['host']}"
        http("http.sqlite", base / "lite", [], rounds, 0.60)
        http("http.pg", base / "pg", ["--store", dsn], rounds, 0.65)
        http("http.sqlite.full", base / "full", ["--full"], rounds, 0.40)
        asyncio.run(commands_sqlite(base, rounds))
        asyncio.run(commands_pg(dsn, rounds))
        asyncio.run(inside.visible(base))
        demonstration(base)


def http(name: str, data: Path, flags: list[str], rounds: int, goal: float) -> None:
    """POST /v1/needs over the no-op endpoint, 32 connections, the client in a process of its own."""
    with served(data, flags) as told, caller() as ask:
        body = {
            "title": "周末义诊志愿者", "category": told["category"], "area": told["area"], "urgency": 1,
            "lines": [{"kind": "志愿者", "quantity": 20, "unit": "人"}],
        }  # fmt: skip
        load = {"port": told["port"], "key": told["key"], "body": json.dumps(body)}
        ask({**load, "path": "/v1/needs", "seconds": 1.0})
        floors, ours = [], []
        for _ in range(rounds):
            floors.append(ask({**load, "path": "/v1/noop"}))
            ours.append(ask({**load, "path": "/v1/needs"}))
        floor, value = (median([o["answered"] / o["took_s"] for o in found]) for found in (floors, ours))
        shown = {"connections": 32, "commands_s": round(value), "noop_s": round(floor)}
        if name.endswith("full"):
            shown["process"] = "relay, projector and clock in the API's process, nats-server beside it"
            row("http.sqlite.full_ratio", value / floor, "ratio", goal, least=True, floor=1, samples=rounds, **shown)
            return
        row(f"{name}.ratio", value / floor, "ratio", goal, least=True, floor=1, samples=rounds, **shown)
        row(f"{name}.p99_ms", median([o["p99_ms"] for o in ours]), "ms", 20, least=False, samples=rounds,
            floor=median([o["p99_ms"] for o in floors]))  # fmt: skip


async def commands_sqlite(base: Path, rounds: int) -> None:
    log = await SqliteStore.open(base / "commands.db")
    raw = sqlite3.connect(base / "raw.db", isolation_level=None)
    raw.execute("PRAGMA journal_mode = WAL")
    raw.execute("PRAGMA synchronous = FULL")
    raw.execute("CREATE TABLE t (n INTEGER PRIMARY KEY, state BLOB)")

    def floor(count: int) -> float:
        started = time.perf_counter()
        for _ in range(count):
            raw.execute("INSERT INTO t (state) VALUES (?)", (b"x" * EVENT_BYTES,))
        return count / (time.perf_counter() - started)

    await _commands("commands.sqlite.ratio", log, floor, rounds)
    await log.close()


async def commands_pg(dsn: str, rounds: int) -> None:
    log = await PostgresStore.open(dsn, schema="bench")
    raw = psycopg.connect(dsn, autocommit=True)
    raw.execute("CREATE TABLE IF NOT EXISTS raw_rows (n bigserial PRIMARY KEY, state bytea)")

    def floor(count: int) -> float:
        started = time.perf_counter()
        for _ in range(count):
            raw.execute("INSERT INTO raw_rows (state) VALUES (%s)", (b"x" * EVENT_BYTES,), prepare=True)
        return count / (time.perf_counter() - started)

    await _commands("commands.pg.ratio", log, floor, rounds)
    await log.close()
    raw.close()


async def _commands(name: str, log: EventLog, floor: Any, rounds: int) -> None:
    """64 appends in flight over raw one-row commits of the same bytes, in turn."""
    gc.collect()
    gc.freeze()
    floors, ours = [], []
    for turn in range(rounds + 1):
        raw = floor(1500)
        started = time.perf_counter()
        await asyncio.gather(*(_appends(log, f"{turn}-{n}", 80) for n in range(IN_FLIGHT)))
        if turn:
            floors.append(raw)
            ours.append(IN_FLIGHT * 80 / (time.perf_counter() - started))
    value, least = median(ours), median(floors)
    row(name, value / least, "ratio", 2, least=True, floor=1, samples=rounds, commands_s=round(value), raw_s=round(least))


async def _appends(log: EventLog, name: str, count: int) -> None:
    for n in range(count):
        stream = f"need-{name}-{n}"
        event = NewEvent(stream, 1, "need.posted", b"x" * EVENT_BYTES)
        await log.append(Append((event,), f"{name}-{n}", "f", b"{}", at_us=time.time_ns() // 1000))


def demonstration(base: Path) -> None:
    """First start with the demonstration district, a later start, and what the one process then weighs."""
    started = time.perf_counter()
    district = District(base / "demo")
    first = time.perf_counter() - started
    loaded = [word for word in district.log().split() if word.replace(".", "").isdigit()]
    row("demo.load_s", float(loaded[-1]), "s", 20, least=False, first_start_s=round(first, 1))
    district.stop()
    started = time.perf_counter()
    district.start()
    row("start.s", time.perf_counter() - started, "s", 3, least=False)
    kib = int(Path(f"/proc/{district.process.pid}/status").read_text().split("VmRSS:")[1].split()[0])
    row("memory.mb", kib / 1024, "MB", 200, least=False, what="resident, API with all parts; nats-server is a child of its own")
    district.stop()
    asyncio.run(inside.rebuild(base / "demo"))


@contextlib.contextmanager
def served(data: Path, flags: list[str]) -> Iterator[dict[str, Any]]:
    command = [sys.executable, "-m", "tests.bench._served", str(data), *flags]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONUTF8": "1"})
    assert process.stdout is not None
    try:
        yield json.loads(process.stdout.readline())
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


@contextlib.contextmanager
def caller() -> Iterator[Any]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.bench._caller"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    sent, heard = process.stdin, process.stdout
    assert sent is not None
    assert heard is not None
    try:
        yield lambda load: _asked(sent, heard, load)
    finally:
        sent.close()
        process.wait(10)


def _asked(sent: IO[str], heard: IO[str], load: dict[str, Any]) -> dict[str, Any]:
    print(json.dumps(load), file=sent, flush=True)
    outcome: dict[str, Any] = json.loads(heard.readline())
    return outcome


if __name__ == "__main__":
    main()
