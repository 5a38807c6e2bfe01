"""kill -9 of the whole and of the broker under load: nothing acknowledged is lost, nothing is applied twice."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.journeys.conftest import EAST, Town, settle
from tests.support.running import District, line, running

MINUTES = float(os.environ.get("TORTURE_MINUTES", "5"))
CLIENTS = 4
NO_LIMIT = {"RENLING_REQUESTS_PER_SECOND": "1000000"}


@dataclass
class Book:
    """What the clients know: the answers they were given, by key, and what they sent and heard nothing of."""

    answered: dict[str, dict[str, Any]] = field(default_factory=dict)
    unanswered: dict[str, dict[str, Any]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)


def test_the_whole_killed_under_load_loses_no_answer_and_doubles_none(tmp_path: Path):
    with running(tmp_path / "data", "--empty", env=NO_LIMIT) as district:
        _rounds(district, settle(district), rounds=3, seed=1)


def test_the_broker_killed_and_wiped_under_load_leaves_lists_that_equal_a_replay(tmp_path: Path):
    with running(tmp_path / "data", "--empty", env=NO_LIMIT) as district:
        town = settle(district)
        book, stop, clients = _load(town)
        for wipe in (False, True):
            time.sleep(1.5)
            _kill_broker(district, wipe=wipe)
        time.sleep(2)
        _finish(town, book, stop, clients)
        position = max(answer["position"] for answer in book.answered.values())
        listed = _listed(town, position)
        assert listed == len(book.answered)
        _must_equal_a_replay(district)


def test_the_harness_catches_a_server_that_answers_before_the_commit(tmp_path: Path):
    early = running(tmp_path / "data", "--empty", env=NO_LIMIT, module="tests.torture.reply_early")
    with early as district, pytest.raises(AssertionError, match="acknowledged and lost"):
        _rounds(district, settle(district), rounds=3, seed=2)


@pytest.mark.torture
def test_many_kills(tmp_path: Path):
    until, seed, rounds = time.monotonic() + 60 * MINUTES, int(os.environ.get("TORTURE_SEED", "7")), 0
    with running(tmp_path / "data", "--empty", env=NO_LIMIT) as district:
        town = settle(district)
        while time.monotonic() < until:
            _rounds(district, town, rounds=5, seed=seed + rounds)
            rounds += 5
    print(f"kills: {rounds}, lost 0, doubled 0")


def _rounds(district: District, town: Town, *, rounds: int, seed: int) -> None:
    chance, total = random.Random(seed), 0
    for _ in range(rounds):
        book, stop, clients = _load(town)
        time.sleep(0.5 + chance.random())
        district.process.send_signal(signal.SIGKILL)
        district.process.wait(10)
        stop.set()
        for client in clients:
            client.join(15)
        _each_once(district, book)
        district.start()
        _resend(town, book)
        _each_once(district, book)
        total += len(book.answered)
    assert total > 50, "there was no load to speak of"
    _must_equal_a_replay(district)


def _load(town: Town) -> tuple[Book, threading.Event, list[threading.Thread]]:
    book, stop = Book(), threading.Event()
    key = town.district.key("committee", EAST)
    clients = [threading.Thread(target=_client, args=(town.district, key, n, book, stop)) for n in range(CLIENTS)]
    for client in clients:
        client.start()
    return book, stop, clients


def _client(district: District, key: str, number: int, book: Book, stop: threading.Event) -> None:
    """Posts needs one after the other, each with its own key, and writes down what it hears."""
    name = f"{number}-{time.monotonic_ns()}"
    with httpx.Client(base_url=district.url, timeout=10) as http:
        for n in range(100_000):
            if stop.is_set():
                return
            _post(http, key, f"{name}-{n}", book)


def _post(http: httpx.Client, key: str, command: str, book: Book) -> None:
    body = {"title": f"需求 {command}", "category": "service", "area": EAST, "lines": line(5), "urgency": 1}
    headers = {"Authorization": f"Bearer {key}", "Idempotency-Key": command}
    with book.lock:
        book.unanswered[command] = body
    try:
        reply = http.post("/v1/needs", json=body, headers=headers)
    except httpx.HTTPError:
        return
    if reply.status_code == 201:
        with book.lock:
            book.answered[command] = reply.json()
            del book.unanswered[command]


def _resend(town: Town, book: Book) -> None:
    """What was not answered is asked again with the same key; what was answered gives the same answer."""
    key = town.district.key("committee", EAST)
    again = random.Random(0).sample(sorted(book.answered), min(20, len(book.answered)))
    with httpx.Client(base_url=town.district.url, timeout=10) as http:
        for command in list(book.unanswered):
            _post(http, key, command, book)
        assert not book.unanswered
        for command in again:
            before = book.answered[command]
            _post(http, key, command, book)
            assert book.answered[command] == before


def _each_once(district: District, book: Book) -> None:
    """Read from the ledger file itself: each answered command is there, where its answer says, and only once."""
    with sqlite3.connect(f"file:{district.data / 'ledger.db'}?mode=ro", uri=True) as db:
        rows = db.execute("SELECT rowid, originator_id, state FROM stored_events WHERE topic = 'need.posted'")
        posted = {stream: (position, json.loads(state)) for position, stream, state in rows.fetchall()}
    lost = [command for command, answer in book.answered.items() if answer["id"] not in posted]
    assert not lost, f"acknowledged and lost: {lost[:5]}"
    for answer in book.answered.values():
        assert posted[answer["id"]][0] == answer["position"]
    commands = Counter(state["command_id"] for _, state in posted.values())
    assert max(commands.values()) == 1, "a command was applied twice"


def _kill_broker(district: District, *, wipe: bool) -> None:
    found = subprocess.run(["pgrep", "-P", str(district.process.pid), "-f", "nats-server"], capture_output=True, text=True)
    for pid in found.stdout.split():
        os.kill(int(pid), signal.SIGKILL)
    assert found.stdout.split(), "no broker to kill"
    if wipe:
        for folder in (district.data / "nats").glob("*"):
            if folder.is_dir():
                shutil.rmtree(folder, ignore_errors=True)


def _finish(town: Town, book: Book, stop: threading.Event, clients: list[threading.Thread]) -> None:
    stop.set()
    for client in clients:
        client.join(15)
    _resend(town, book)


def _listed(town: Town, position: int) -> int:
    """How many needs the board shows once it has caught up, page by page."""
    until = time.monotonic() + 30
    while True:
        try:
            town.east.caught_up(position, "/v1/needs", limit=1)
            break
        except AssertionError:
            assert time.monotonic() < until, "the lists have not caught up"
    count, cursor = 0, None
    while True:
        page = town.east.get("/v1/needs", limit=200, **({"cursor": cursor} if cursor else {}))
        count, cursor = count + len(page["items"]), page["next"]
        if cursor is None:
            return count


def _must_equal_a_replay(district: District) -> None:
    assert district.stop() == 0
    compared = district.command("verify")
    assert compared.returncode == 0, compared.stdout + compared.stderr
    district.start()
