"""`./dev bench engine`: commands over HTTP and in process, how soon they are seen, rebuilding, starting, memory.

Floors run in the same call, in turn with what is measured: the endpoint that does nothing, raw one-row commits."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlencode
from urllib.request import urlopen

import psycopg

from api.console import fast_loop
from tests.bench._commands import commands, postgres_commit, sqlite_commit
from tests.bench._inside import rebuild, visible
from tests.bench._rows import median, row
from tests.support.postgres import postgres_server
from tests.support.running import District

ROUNDS = 5


def main() -> None:
    rounds = ROUNDS * (3 if "--full" in sys.argv else 1)
    with tempfile.TemporaryDirectory(prefix="renling-bench-") as folder, postgres_server(fsync="on") as url:
        base = Path(folder)
        http("http.sqlite", base / "lite", [], rounds, 0.60)
        http("http.pg", base / "pg", ["--store", database(url, "http")], rounds, 0.65)
        http("http.sqlite.full", base / "full", ["--full"], rounds, 0.40)
        lite, dsn = sqlite_commit(base / "raw.db"), database(url, "commands")
        looped(commands("commands.sqlite.ratio", base / "commands", "", lite, rounds))
        looped(commands("commands.pg.ratio", base / "commands_pg", dsn, postgres_commit(dsn), rounds))
        looped(visible(base))
        demonstration(base, rounds)


def database(url: str, name: str) -> str:
    """An empty database of a server whose fsync is on."""
    with psycopg.connect(url, autocommit=True) as db:
        db.execute(f"CREATE DATABASE {name}")
    info = psycopg.conninfo.conninfo_to_dict(url)
    return f"postgresql:///{name}?" + urlencode({k: str(v) for k, v in info.items() if k != "dbname"})


def http(name: str, data: Path, flags: list[str], rounds: int, goal: float) -> None:
    """POST /v1/needs over the no-op endpoint in turn, 32 connections, the client in a process of its own."""
    with served(data, flags) as told, caller() as ask:
        body = {
            "title": "周末义诊志愿者", "category": told["category"], "area": told["area"], "urgency": 1,
            "lines": [{"kind": "志愿者", "quantity": 20, "unit": "人"}],
        }  # fmt: skip
        load = {"port": told["port"], "key": told["key"], "body": json.dumps(body, ensure_ascii=False)}
        ask({**load, "path": "/v1/needs", "seconds": 1.0})
        full, floors, ours, behind = name.endswith("full"), [], [], []
        for _ in range(rounds):
            floors.append(ask({**load, "path": "/v1/noop"}))
            ours.append(ask({**load, "path": "/v1/needs"}))
            behind.append(caught_up(told["port"]) if full else 0)
    ratio = median([per_s(one) / per_s(floor) for one, floor in zip(ours, floors, strict=True)])
    shown: dict[str, Any] = {
        "connections": 32, "commands_s": round(median([*map(per_s, ours)])), "noop_s": round(median([*map(per_s, floors)])),
        "noop": "the same door, key check, body and answer model, on FastAPI's own way", "cpus": os.cpu_count(),
        "load_1m": round(os.getloadavg()[0], 1), "fsync": "on",
    }  # fmt: skip
    if full:
        process = "relay, projector and clock in the API's process, nats-server a child"
        shown |= {"process": process, "lists_behind": median(behind), "p99_ms": round(median([o["p99_ms"] for o in ours]), 1)}
        row("http.sqlite.full_ratio", ratio, "ratio", goal, least=True, floor=1, samples=rounds, **shown)
        return
    row(f"{name}.ratio", ratio, "ratio", goal, least=True, floor=1, samples=rounds, **shown)
    p50, p99, floor = (median([o[which] for o in found]) for which, found in (("p50_ms", ours), ("p99_ms", ours), ("p99_ms", floors)))
    row(f"{name}.p99_ms", p99, "ms", 20, least=False, floor=floor, samples=rounds, p50_ms=round(p50, 1), **shown)


def per_s(outcome: dict[str, float]) -> float:
    return outcome["answered"] / outcome["took_s"]


def caught_up(port: int) -> int:
    """Waits until the lists show everything; by how many events they were behind."""
    behind = None
    while True:
        with urlopen(f"http://127.0.0.1:{port}/healthz") as answer:
            said = json.load(answer)
        left: int = said["position"] - said["lists"]
        behind = left if behind is None else behind
        if left == 0:
            return behind
        time.sleep(0.05)


def demonstration(base: Path, rounds: int) -> None:
    """First start with the demonstration district, a later start, and what the one process then weighs."""
    started = time.perf_counter()
    district = District(base / "demo")
    first = time.perf_counter() - started
    loaded = re.findall(r"events\s+([\d.]+) s", district.log())
    row("demo.load_s", float(loaded[-1]), "s", 20, least=False, first_start_s=round(first, 1))
    district.stop()
    started = time.perf_counter()
    district.start()
    row("start.s", time.perf_counter() - started, "s", 3, least=False)
    kib = int(Path(f"/proc/{district.process.pid}/status").read_text().split("VmRSS:")[1].split()[0])
    row("memory.mb", kib / 1024, "MB", 200, least=False, what="resident, API with all parts; nats-server is a child of its own")
    district.stop()
    looped(rebuild(base / "demo", rounds))


def looped(work: Coroutine[Any, Any, None]) -> None:
    with asyncio.Runner(loop_factory=fast_loop()) as runner:
        runner.run(work)


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
