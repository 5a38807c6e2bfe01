"""The broker: a nats-server of our own as a supervised child, or one that somebody else runs.

The child listens on loopback with a token, keeps its port for as long as we live, is restarted after a crash, and never
outlives us: the kernel stops it when we are killed, and the store's lock finds it if even that failed.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import json
import logging
import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from adapters.nats_binary import ServerMissing, find_server
from adapters.nats_lock import StoreInUse, StoreLock

__all__ = ["EmbeddedNats", "ExternalNats", "ServerMissing", "StoreInUse"]

READY_S = 30.0
STOP_S = 10.0
PAUSE_FIRST_S, PAUSE_MOST_S, CALM_S = 0.1, 5.0, 60.0
MAX_PAYLOAD = 8 * 1024 * 1024
# Below the range from which the kernel picks outgoing ports: a client that knocks on a free port of that range
# can be connected to itself, and then holds the very port that the server needs.
PORTS = range(20_000, 32_000)

logger = logging.getLogger(__name__)


class ExternalNats:
    """A broker that somebody else runs (NATS_URL; several addresses with commas). We delete nothing there."""

    owned = False

    def __init__(self, url: str, *, replicas: int = 1, **options: Any) -> None:
        self.url = url
        self.replicas = replicas
        self._options = options

    def connect_options(self) -> dict[str, Any]:
        return {**CONNECT, "servers": self.url.split(","), **self._options}

    async def restart(self) -> None:
        logger.error("the broker at %s does not answer; it is not ours to restart", self.url)

    async def stop(self) -> None:
        """It goes on: others use it."""


CONNECT: dict[str, Any] = {
    "max_reconnect_attempts": -1,
    "reconnect_time_wait": 0.2,
    "ping_interval": 5,
    "max_outstanding_pings": 2,
    "connect_timeout": 2,
    "pending_size": 0,  # what is published while disconnected fails at once instead of overtaking what was lost
}


class EmbeddedNats:
    """A running child. Make it with `start`, from the loop that will also stop it."""

    owned = True
    replicas = 1

    def __init__(self, root: Path, binary: Path, lock: StoreLock) -> None:
        self._root, self._binary, self._lock = root, binary, lock
        self._token = secrets.token_urlsafe(32)
        self._name = f"renling-{secrets.token_hex(8)}"
        self._port = 0
        self._child: asyncio.subprocess.Process | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._stopping = False
        self._hurry = asyncio.Event()

    @classmethod
    async def start(cls, root: Path) -> EmbeddedNats:
        """A server that answers. Raises StoreInUse (with the owner's pid) and ServerMissing.

        The kernel stops the server with the thread that started it: run this on the main thread's loop.
        """
        binary = await asyncio.to_thread(find_server)
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        nats = cls(root.resolve(), binary, await StoreLock.take(root / "nats.lock"))
        try:
            await nats._first_start()
        except BaseException:
            await nats.stop()
            raise
        nats._keeper = asyncio.create_task(nats._keep(), name="nats-server")
        return nats

    @property
    def url(self) -> str:
        return f"nats://127.0.0.1:{self._port}"

    @property
    def pid(self) -> int:
        """Of the server now running; 0 between two of them."""
        return self._child.pid if self._child is not None and self._child.returncode is None else 0

    def connect_options(self) -> dict[str, Any]:
        """For `nats.connect`, token included."""
        return {**CONNECT, "servers": [self.url], "token": self._token}

    async def restart(self) -> None:
        """Stop the server and start it at once: the only cure when its disk was full."""
        logger.warning("nats-server %d is restarted: it does not answer", self.pid)
        self._hurry.set()
        await self._end(3.0)

    async def stop(self) -> None:
        """Ends the server and frees the store. Clients should have closed before."""
        self._stopping = True
        self._hurry.set()
        await self._end(STOP_S)
        if self._keeper is not None:
            await self._keeper
        self._lock.release()
        with contextlib.suppress(FileNotFoundError):
            self._config.unlink()

    @property
    def _config(self) -> Path:
        return self._root / "nats.conf"

    async def _first_start(self) -> None:
        for _ in range(20):
            self._port = _free_port()
            await self._spawn()
            if await self._ready():
                return
            await self._end(1.0)
        raise ServerMissing(f"nats-server 无法启动 / does not start: {self._last_words()}")

    async def _keep(self) -> None:
        pause = PAUSE_FIRST_S
        while True:
            started = time.monotonic()
            assert self._child is not None
            code = await self._child.wait()
            if self._stopping:
                return
            pause = PAUSE_FIRST_S if time.monotonic() - started > CALM_S else pause
            logger.warning("nats-server ended with %s; next start in %.1f s: %s", code, pause, self._last_words())
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._hurry.wait(), pause)
            if self._stopping:
                return
            self._hurry.clear()
            pause = min(pause * 2, PAUSE_MOST_S)
            await self._spawn_again(pause)
            if self._stopping:
                await self._end(STOP_S)
                return

    async def _spawn_again(self, pause: float) -> None:
        while not self._stopping:
            try:
                await self._spawn()
                return
            except OSError as e:
                logger.error("nats-server cannot be started: %s", e)
                await asyncio.sleep(pause)

    async def _spawn(self) -> None:
        self._write_config()  # each time: somebody may have emptied the folder
        err = os.open(self._root / "nats.err", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            self._child = await asyncio.create_subprocess_exec(
                str(self._binary),
                "-c",
                str(self._config),
                stdin=subprocess.DEVNULL,
                stdout=err,
                stderr=err,
                pass_fds=(self._lock.fd,),
                start_new_session=True,  # Ctrl-C is for us; the server goes after its clients
                preexec_fn=_die_with(os.getpid()),
            )
        finally:
            os.close(err)
        self._lock.name_server(self._child.pid)

    async def _end(self, patience_s: float) -> None:
        child = self._child
        if child is None or child.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            child.terminate()
        try:
            await asyncio.wait_for(child.wait(), patience_s)
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                child.kill()
            await child.wait()

    async def _ready(self) -> bool:
        """True when our server answers on our port; False when it ended or another one sits there."""
        deadline = time.monotonic() + READY_S
        while self.pid and time.monotonic() < deadline:
            name = await _name_behind(self._port)
            if name is not None:
                return name == self._name
            await asyncio.sleep(0.01)
        return False

    def _write_config(self) -> None:
        self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
        room = _room(self._root)
        text = "\n".join(
            (
                f'listen: "127.0.0.1:{self._port}"',
                f"server_name: {_quote(self._name)}",
                f"authorization {{ token: {_quote(self._token)} }}",
                f"max_payload: {MAX_PAYLOAD}",
                f"log_file: {_quote(str(self._root / 'nats.log'))}",
                "logfile_size_limit: 10MB",
                "logfile_max_num: 3",
                # No sync_interval: the copy is rebuildable and must not compete with the ledger for the disk.
                f"jetstream {{ store_dir: {_quote(str(self._root))}, max_memory_store: 64MB, max_file_store: {room} }}",
                "",
            )
        )
        self._config.unlink(missing_ok=True)
        with open(os.open(self._config, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(text)

    def _last_words(self) -> str:
        for name in ("nats.err", "nats.log"):
            with contextlib.suppress(OSError):
                words = (self._root / name).read_text("utf-8", "replace").strip()
                if words:
                    return words.splitlines()[-1][-300:]
        return ""


def _quote(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _room(root: Path) -> int:
    """Bytes the copy may have: what it has and three quarters of what is free, so that the ledger can go on when the
    disk fills. The server's own guess forgets what it has, and a large copy could not grow after a restart."""
    has = sum(block.stat().st_size for block in root.rglob("*.blk"))
    return has + shutil.disk_usage(root).free // 4 * 3


def _free_port() -> int:
    while True:
        port = secrets.choice(PORTS)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


async def _name_behind(port: int) -> str | None:
    """The server's name in the greeting on this port, or None while nobody greets."""
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return None
    try:
        greeting = await asyncio.wait_for(reader.readline(), 2)
        return str(json.loads(greeting.removeprefix(b"INFO "))["server_name"])
    except (OSError, TimeoutError, ValueError, KeyError):
        return None
    finally:
        writer.close()


def _die_with(parent: int) -> Callable[[], None]:
    """For the child, between fork and exec: be stopped by the kernel when the parent's thread ends (Linux)."""
    prctl = getattr(ctypes.CDLL(None), "prctl", None)

    def before_exec() -> None:
        if prctl is not None:
            prctl(1, signal.SIGTERM)
        if os.getppid() != parent:
            os._exit(1)

    return before_exec
