"""The same district as processes of their own: two API processes, relay and clock on one PostgreSQL and one NATS."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from adapters.nats_server import EmbeddedNats
from tests.journeys.conftest import DISTRICT, EAST, STREET, settle
from tests.support.postgres import postgres_server
from tests.support.running import ROOT, District, line, running


@pytest.fixture(scope="module")
def postgres() -> Iterator[str]:
    """A server that keeps what it acknowledges: the product refuses any other."""
    with postgres_server(fsync="on") as url:
        parts = dict(word.split("=", 1) for word in url.split() if "=" in word)
        yield url if url.startswith("postgres") else f"postgresql://{parts['user']}@/{parts['dbname']}?host={parts['host']}"


async def test_two_api_processes_share_one_ledger_and_never_give_away_more_than_there_is(tmp_path: Path, postgres: str):
    nats = await EmbeddedNats.start(tmp_path / "nats")
    env = {"RENLING_STORE": postgres, "NATS_URL": nats.url.replace("nats://", f"nats://{nats.connect_options()['token']}@")}
    try:
        with _parts(tmp_path / "data", env, "relay", "clock", "project") as parts:
            first = running(tmp_path / "data", env=env, verb="api", port=_free_port())
            with first as one, running(tmp_path / "data", env=env, verb="api", port=_free_port()) as two:
                offer = _race(one, two)
                _killed_one_by_one(one, offer, parts)
    finally:
        await nats.stop()


def _killed_one_by_one(district: District, offer: str, parts: dict[str, Part]) -> None:
    """Each part dies without a word under work; started again it goes on where the others are."""
    office = district.someone("district", "office", DISTRICT)
    claims = office.get("/v1/claims", limit=200, status="proposed")["items"]
    (unit,) = {claim["provider"] for claim in claims}
    provider = district.someone("unit", unit)
    for claim, part in zip(claims, parts.values(), strict=False):
        part.process.kill()
        part.process.wait()
        done = provider.post(f"/v1/claims/{claim['id']}/acceptance")
        part.start()
        _until(lambda at=done["position"]: district.http.get("/healthz").json()["lists"] >= at)
    held = provider.get(f"/v1/offers/{offer}")["lines"][0]
    assert (held["held"], held["committed"]) == (20 - len(parts), len(parts))


def _race(one: District, two: District) -> str:
    """Thirty committees claim the last twenty places through two processes at once."""
    town = settle(one)
    for n in range(3, 31):
        area = {"id": f"{STREET}{n:03d}", "name": f"居民区 {n}", "kind": "neighbourhood", "parent": STREET}
        town.office.post("/v1/areas", area)
    offer = town.units[0].post("/v1/offers", {"title": "义诊", "category": "service", "lines": line(20)})["id"]
    body = {"offer": offer, "lines": line(1)}
    people = [(one if n % 2 else two).someone("committee", f"{STREET}{n:03d}") for n in range(1, 31)]

    def claim(n: int) -> str:
        return str(people[n].told("/v1/claims", body))

    with ThreadPoolExecutor(10) as pool:
        told = list(pool.map(claim, range(30)))
    assert (told.count("proposed"), told.count("claim.no_capacity")) == (20, 10)
    for district in (one, two):
        held = district.someone("committee", EAST).get(f"/v1/offers/{offer}")["lines"][0]
        assert (held["held"], held["free"]) == (20, 0)
        office = district.someone("district", "office", DISTRICT)
        _until(lambda office=office: len(office.get("/v1/claims", limit=200)["items"]) == 20)
    return str(offer)


def _until(true: Callable[[], bool]) -> None:
    """Each process's own lists reach the ledger's head through the broker."""
    until = time.monotonic() + 30
    while not true():
        assert time.monotonic() < until, "the lists have not caught up"
        time.sleep(0.1)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as door:
        port: int = door.getsockname()[1]
        return port


class Part:
    """One process of the district, which can be killed and started again."""

    def __init__(self, data: Path, env: dict[str, str], name: str) -> None:
        self._command = [sys.executable, "-m", "api", name, "--data", str(data)]
        self._env = {**os.environ, **env}
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(self._command, cwd=ROOT, env=self._env, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        assert "started" in self.process.stdout.readline()


@contextmanager
def _parts(data: Path, env: dict[str, str], *names: str) -> Iterator[dict[str, Part]]:
    data.mkdir(parents=True, exist_ok=True)
    started = {name: Part(data, env, name) for name in names}
    try:
        yield started
    finally:
        for part in started.values():
            part.process.terminate()
        assert [part.process.wait(20) for part in started.values()] == [0] * len(started)
