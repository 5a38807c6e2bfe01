"""The stream under fire: servers, relays and readers are killed, stopped and wiped while the ledger grows.

Two relays and two readers run at once as processes of their own. At the end every event must have been applied once,
in order, with its own bytes, and the stream must be the ledger. $TORTURE_MINUTES and $TORTURE_SEED set the long run.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from adapters.nats_server import EmbeddedNats
from adapters.sqlite_store import SqliteStore
from services.ports import Append, NewEvent
from tests.support.nats import collect, reader, until
from tests.torture.stream_part import digest, open_seen

REPO = Path(__file__).parents[2]


@dataclass
class Fire:
    """Everything that runs, and what was done to it."""

    root: Path
    server: EmbeddedNats
    log: SqliteStore
    chance: random.Random
    fault: bool = False
    parts: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    done: Counter[str] = field(default_factory=Counter)

    def start(self, name: str) -> None:
        options = self.server.connect_options()
        told = {"url": self.server.url, "token": options["token"], "fault": self.fault}
        told |= {"ledger": str(self.root / "ledger.db"), "seen": str(self.root / "seen.db")}
        line = [sys.executable, "-m", "tests.torture.stream_part", name.split("-")[0]]
        environment = {**os.environ, "STREAM_PART": json.dumps(told)}
        self.parts[name] = subprocess.Popen(line, cwd=REPO, env=environment, stdin=subprocess.PIPE)

    def end(self, name: str) -> None:
        part = self.parts.pop(name)
        part.kill()
        part.wait()
        assert part.stdin is not None
        part.stdin.close()

    async def kill_server(self) -> None:
        await self._kill(lambda: None)

    async def wipe_server(self) -> None:
        await self._kill(lambda: shutil.rmtree(self.root / "nats" / "jetstream", ignore_errors=True))

    async def cut_a_block(self) -> None:
        def cut() -> None:
            for block in (self.root / "nats").rglob("*.blk"):
                if "EVENTS" in str(block):
                    os.truncate(block, self.chance.randrange(block.stat().st_size + 1))

        await self._kill(cut)

    async def stop_server_for_a_while(self) -> None:
        pid = self.server.pid
        if pid:
            os.kill(pid, signal.SIGSTOP)
            await asyncio.sleep(self.chance.uniform(0.2, 2.5))
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)

    async def kill_a_part(self) -> None:
        name = self.chance.choice(sorted(self.parts))
        self.end(name)
        self.start(name)

    async def _kill(self, then_harm: object) -> None:
        pid = self.server.pid
        if pid:
            os.kill(pid, signal.SIGKILL)
            then_harm()  # type: ignore[operator]
            await until(lambda: self.server.pid not in (0, pid))


async def write(log: SqliteStore, chance: random.Random) -> None:
    """Bursts of one to a hundred and fifty events, a few hundred a second."""
    position = 0
    while True:
        count = chance.choice([1, 1, 2, 5, 60, 150])
        names = range(position + 1, position + count + 1)
        pad = "x" * chance.randrange(400)
        events = tuple(NewEvent(f"need-{n}", 1, "need.posted", f'{{"n":{n},"pad":"{pad}"}}'.encode()) for n in names)
        await log.append(Append(events, f"command-{position}", "", b"", position + 1))
        position += count
        await asyncio.sleep(chance.uniform(0, 0.2))


async def harm(fire: Fire, seconds: float) -> None:
    acts = [fire.kill_server, fire.wipe_server, fire.cut_a_block, fire.stop_server_for_a_while]
    acts += [fire.kill_a_part] * 6
    until_s = time.monotonic() + seconds
    while time.monotonic() < until_s:
        await asyncio.sleep(fire.chance.uniform(0, 0.4))
        act = fire.chance.choice(acts)
        await act()
        fire.done[act.__name__] += 1


async def burn(root: Path, seconds: float, seed: int, *, fault: bool = False, patience_s: float = 60) -> str | None:
    """What went wrong, or None."""
    server = await EmbeddedNats.start(root / "nats")
    log = await SqliteStore.open(root / "ledger.db")
    fire = Fire(root, server, log, random.Random(seed), fault)
    open_seen(root / "seen.db").close()
    started = time.monotonic()
    try:
        for name in ("relay-1", "relay-2", "reader-1", "reader-2"):
            fire.start(name)
        writing = asyncio.create_task(write(log, random.Random(seed + 1)))
        await harm(fire, seconds)
        writing.cancel()
        await asyncio.wait([writing])
        wrong = await compare(fire, patience_s)
    finally:
        for name in list(fire.parts):
            fire.end(name)
        end = (await log.head()).position
        await log.close()
        await server.stop()
    took = round(time.monotonic() - started, 1)
    print(json.dumps({"chaos": "stream", "seed": seed, "events": end, "seconds": took, **fire.done, "wrong": wrong}))
    return wrong


async def compare(fire: Fire, patience_s: float) -> str | None:
    rows = await fire.log.read_all(0, 10_000_000)
    seen = open_seen(fire.root / "seen.db")
    with contextlib.closing(seen):
        deadline = time.monotonic() + patience_s
        while (at := seen.execute("SELECT seq FROM cursor").fetchone()[0]) != len(rows):
            if at > len(rows):  # what was cancelled had been handed over already, and was stored after we had read
                rows = await fire.log.read_all(0, 10_000_000)
            if time.monotonic() > deadline:
                return f"readers are at {at} of {len(rows)}"
            await asyncio.sleep(0.05)
        applied = seen.execute("SELECT position, digest FROM seen ORDER BY _rowid_").fetchall()
    if applied != [(row.position, digest(row)) for row in rows]:
        return "what the readers applied is not the ledger"
    if await collect(reader(fire.server), len(rows)) != rows:
        return "the stream is not the ledger"
    return None


async def test_ten_seconds_of_faults_lose_and_double_nothing(tmp_path, capfd):
    seed = random.SystemRandom().randrange(1_000_000)
    wrong = await burn(tmp_path, 10, seed)
    assert wrong is None, f"{wrong}; seed {seed}"


async def test_a_relay_that_does_not_say_what_it_expects_is_caught(tmp_path):
    assert await burn(tmp_path, 4, 7, fault=True, patience_s=3) is not None


@pytest.mark.torture
async def test_minutes_of_faults_lose_and_double_nothing(tmp_path):
    minutes = float(os.environ.get("TORTURE_MINUTES", "5"))
    seed = int(os.environ.get("TORTURE_SEED", random.SystemRandom().randrange(1_000_000)))
    wrong = await burn(tmp_path, minutes * 60, seed)
    assert wrong is None, f"{wrong}; seed {seed}"
