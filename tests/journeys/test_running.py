"""Starting, stopping and being killed: one command, no orphans, no second start on the same data."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from api.running import ended
from tests.support.running import ROOT, District, running


def test_a_second_start_on_the_same_data_is_refused_with_the_first_ones_pid(tmp_path: Path):
    with running(tmp_path / "data", "--empty") as district:
        for port in (0, district.port):
            second = _start(tmp_path / "data", "--empty", port=port)
            assert second.returncode == 1
            assert str(district.process.pid) in second.stderr
            assert len(second.stderr.strip().splitlines()) == 1


def test_a_taken_port_is_said_in_one_line_with_what_helps(tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        started = _start(tmp_path / "data", "--empty", port=taken.getsockname()[1])
    assert started.returncode == 1
    assert "--port" in started.stderr
    assert len(started.stderr.strip().splitlines()) == 1


def test_a_data_folder_that_cannot_be_written_is_said_in_one_line(tmp_path: Path):
    (tmp_path / "file").write_text("not a folder")
    started = _start(tmp_path / "file", "--empty")
    assert started.returncode == 1
    assert "--data" in started.stderr
    assert len(started.stderr.strip().splitlines()) == 1


def test_sigterm_to_the_first_process_alone_stops_all_of_it(tmp_path: Path):
    for signum in (signal.SIGTERM, signal.SIGINT):
        district = District(tmp_path / "data", "--empty")
        children = _children(district.process.pid)
        assert children, "the broker is a child"
        assert district.stop(signum) == 0
        assert not [pid for pid in children if _alive(pid)]


def test_no_orphan_is_left_when_the_parent_is_killed_and_the_next_start_goes_on(tmp_path: Path):
    district = District(tmp_path / "data", "--empty")
    children = _children(district.process.pid)
    district.stop(signal.SIGKILL)
    _until(lambda: not [pid for pid in children if _alive(pid)])
    district.start()
    assert district.http.get("/healthz").json()["status"] == "ok"
    assert district.stop() == 0


def test_a_crashed_broker_is_started_again_and_people_go_on_working_meanwhile(tmp_path: Path):
    with running(tmp_path / "data", "--empty") as district:
        office = district.someone("district", "office", "310101")
        (first,) = _children(district.process.pid)
        os.kill(first, signal.SIGKILL)
        done = office.post("/v1/areas", {"id": "310101001", "name": "外滩街道", "kind": "street", "parent": "310101"})
        _until(lambda: [pid for pid in _children(district.process.pid) if pid != first])
        _until(lambda: district.http.get("/healthz").json()["lists"] >= done["position"])


def test_a_stopped_broker_blocks_nobody_and_the_lists_catch_up_when_it_is_back(tmp_path: Path):
    with running(tmp_path / "data", "--empty") as district:
        office = district.someone("district", "office", "310101")
        (broker,) = _children(district.process.pid)
        os.kill(broker, signal.SIGSTOP)
        try:
            for n in range(1, 6):
                area = {"id": f"31010100{n}", "name": f"第{n}街道", "kind": "street", "parent": "310101"}
                done = office.post("/v1/areas", area)
                assert office.get(f"/v1/areas/31010100{n}")["name"] == f"第{n}街道"
        finally:
            os.kill(broker, signal.SIGCONT)
        assert office.get("/v1/areas", limit=1)["position"] <= done["position"]
        _until(lambda: district.http.get("/healthz").json()["lists"] >= done["position"], 60)


def test_a_key_made_by_the_command_line_works_on_the_very_next_request(tmp_path: Path):
    with running(tmp_path / "data", "--empty") as district:
        made = district.command("key", "--role", "auditor", "--org", "audit")
        assert re.fullmatch(r"rl_\w{8}_\w{43}\n", made.stdout)
        headers = {"Authorization": f"Bearer {made.stdout.strip()}"}
        assert district.http.get("/v1/areas", headers=headers).status_code == 200
        assert district.command("keys", "--revoke", made.stdout[3:11]).returncode == 0
        assert district.http.get("/v1/areas", headers=headers).status_code == 401
        assert district.http.get("/").status_code == 200


def _start(data: Path, *flags: str, port: int = 0) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "api", "run", "--port", str(port), "--data", str(data), *flags]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)


def _children(pid: int) -> list[int]:
    found = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True)
    return [int(word) for word in found.stdout.split()]


def _alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def _until(true: object, patience_s: float = 20) -> None:
    assert callable(true)
    end = time.monotonic() + patience_s
    while not true():
        assert time.monotonic() < end, "it did not come true"
        time.sleep(0.05)


async def test_a_part_that_loses_a_cancellation_is_ended_all_the_same():
    lost = []

    async def part() -> None:
        while len(lost) < 2:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                lost.append("cancellation")

    async def forever() -> None:
        await asyncio.sleep(60)

    tasks = {asyncio.create_task(part()), asyncio.create_task(forever())}
    await asyncio.sleep(0)
    async with asyncio.timeout(10):
        await ended(tasks)
    assert len(lost) == 2
    assert all(task.done() for task in tasks)
