"""The embedded broker: ours alone, back after a crash at the same address, gone when we are."""

import asyncio
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import nats
import pytest
from nats.errors import Error as NatsError

from adapters.nats_binary import ServerMissing, find_server
from adapters.nats_server import EmbeddedNats, ExternalNats, StoreInUse
from tests.support.nats import kill_server, until

REPO = Path(__file__).parents[2]
APP = """
import asyncio, sys
from pathlib import Path
import adapters.nats_server as module
if "kernel-does-not-help" in sys.argv:
    module._die_with = lambda parent: lambda: None
async def main():
    nats = await module.EmbeddedNats.start(Path(sys.argv[1]))
    print(nats.pid, flush=True)
    await asyncio.sleep(60)
asyncio.run(main())
"""


def app(root: Path, *flags: str) -> tuple[subprocess.Popen[str], int]:
    """Another application that has started a server, and that server's pid."""
    line = [sys.executable, "-c", APP, str(root), *flags]
    process = subprocess.Popen(line, cwd=REPO, stdout=subprocess.PIPE, text=True)
    return process, int(process.stdout.readline())


def running(pid: int) -> bool:
    """A zombie that nobody reaps does not run."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


async def answers(options: dict[str, object]) -> bool:
    try:
        client = await nats.connect(**{**options, "allow_reconnect": False, "max_reconnect_attempts": 1})
        await client.request("$JS.API.INFO", b"", timeout=2)
        await client.close()
    except (NatsError, OSError):
        return False
    return True


def script(path: Path, version: str) -> Path:
    path.write_text(f"#!/bin/sh\necho 'nats-server: {version}'\n")
    path.chmod(0o755)
    return path


async def test_a_server_answers_us_and_nobody_without_the_token(tmp_path):
    root = tmp_path / "数据 夹"
    server = await EmbeddedNats.start(root)
    try:
        assert await answers(server.connect_options())
        assert not await answers({**server.connect_options(), "token": "guess"})
        assert stat.S_IMODE((root / "nats.conf").stat().st_mode) == 0o600
        assert server.url.startswith("nats://127.0.0.1:")
        told = " ".join(Path(f"/proc/{server.pid}/cmdline").read_text().split("\0"))
        assert server.connect_options()["token"] not in told
    finally:
        await server.stop()


async def test_a_crashed_server_comes_back_at_the_same_address(tmp_path):
    server = await EmbeddedNats.start(tmp_path)
    try:
        options = server.connect_options()
        for _ in range(3):
            await kill_server(server)
            await until(lambda: answers(options))
        assert server.connect_options() == options
    finally:
        await server.stop()


async def test_a_server_that_hangs_is_replaced_by_a_restart(tmp_path):
    server = await EmbeddedNats.start(tmp_path)
    try:
        hung = server.pid
        os.kill(hung, signal.SIGSTOP)
        await server.restart()
        await until(lambda: server.pid not in (0, hung))
        await until(lambda: answers(server.connect_options()))
    finally:
        await server.stop()


async def test_the_server_comes_back_though_somebody_emptied_the_folder(tmp_path):
    root = tmp_path / "nats"
    server = await EmbeddedNats.start(root)
    try:
        subprocess.run(["rm", "-rf", root], check=True)
        await kill_server(server)
        await until(lambda: answers(server.connect_options()))
    finally:
        await server.stop()


async def test_a_second_start_on_the_same_folder_is_refused_with_the_first_ones_pid(tmp_path):
    first, server = await asyncio.to_thread(app, tmp_path)
    try:
        with pytest.raises(StoreInUse, match=str(first.pid)) as refused:
            await EmbeddedNats.start(tmp_path)
        assert refused.value.pid == first.pid
        assert running(server)
    finally:
        first.kill()
        first.wait()


async def test_a_second_start_by_ourselves_is_refused_too(tmp_path):
    server = await EmbeddedNats.start(tmp_path)
    try:
        with pytest.raises(StoreInUse):
            await EmbeddedNats.start(tmp_path)
    finally:
        await server.stop()


async def test_after_a_stop_nothing_runs_and_the_folder_is_free(tmp_path):
    server = await EmbeddedNats.start(tmp_path)
    pid = server.pid
    await server.stop()
    assert not running(pid)
    again = await EmbeddedNats.start(tmp_path)
    await again.stop()


async def test_a_stop_during_the_pause_after_a_crash_leaves_nothing(tmp_path):
    server = await EmbeddedNats.start(tmp_path)
    os.kill(server.pid, signal.SIGKILL)
    await until(lambda: server.pid == 0)
    await server.stop()
    assert server.pid == 0
    again = await EmbeddedNats.start(tmp_path)
    await again.stop()


async def test_no_server_is_left_when_its_application_is_killed(tmp_path):
    parent, server = await asyncio.to_thread(app, tmp_path)
    parent.kill()
    parent.wait()
    await until(lambda: not running(server))


async def test_a_server_left_behind_is_found_by_the_lock_and_stopped(tmp_path):
    parent, orphan = await asyncio.to_thread(app, tmp_path, "kernel-does-not-help")
    parent.kill()
    parent.wait()
    assert running(orphan)
    server = await EmbeddedNats.start(tmp_path)
    try:
        assert not running(orphan)
        assert await answers(server.connect_options())
    finally:
        await server.stop()


def test_an_old_server_on_the_path_is_passed_over(tmp_path, monkeypatch):
    old = script(tmp_path / "nats-server", "v2.9.10")
    monkeypatch.delenv("NATS_SERVER_BIN", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_server() != old


def test_a_new_server_on_the_path_comes_before_the_wheels(tmp_path, monkeypatch):
    new = script(tmp_path / "nats-server", "v2.12.0")
    monkeypatch.delenv("NATS_SERVER_BIN", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_server() == new


def test_an_old_server_that_was_named_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("NATS_SERVER_BIN", str(script(tmp_path / "mine", "v2.11.9")))
    with pytest.raises(ServerMissing, match=r"2\.12"):
        find_server()


async def test_a_program_that_is_no_server_fails_with_its_last_words(tmp_path, monkeypatch):
    monkeypatch.setenv("NATS_SERVER_BIN", str(script(tmp_path / "mine", "v2.15.1")))
    with pytest.raises(ServerMissing, match=r"nats-server: v2\.15\.1"):
        await EmbeddedNats.start(tmp_path / "root")


def test_an_external_broker_may_have_several_addresses():
    options = ExternalNats("nats://a:4222,nats://b:4222", token="t").connect_options()
    assert options["servers"] == ["nats://a:4222", "nats://b:4222"]
    assert options["token"] == "t"
    assert options["pending_size"] == 0
