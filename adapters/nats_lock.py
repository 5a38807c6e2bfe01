"""One owner for a nats-server's store: a file lock that lives exactly as long as the server does.

nats-server does not lock its files; two of them start happily on one folder. The lock's descriptor is inherited by the
child, so that it survives our own death and a server left behind is recognised by it.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import signal
import time
from pathlib import Path

ORPHAN_TERM_S = 5.0  # an orphan that has not left after this long is killed
ORPHAN_WAIT_S = 15.0


class StoreInUse(Exception):
    """Another process works on this folder."""

    def __init__(self, root: Path, pid: int) -> None:
        super().__init__(f"{root}: 正由进程 {pid} 使用，请先停止它 / in use by process {pid}, stop that one first")
        self.pid = pid


class StoreLock:
    """An exclusive lock on a file that names the application and its server."""

    def __init__(self, path: Path) -> None:
        self._path = path.resolve()
        self.fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    @classmethod
    async def take(cls, path: Path) -> StoreLock:
        """The lock, after an orphan of a killed application was stopped. Raises StoreInUse with the owner's pid."""
        lock = cls(path)
        try:
            await lock._acquire()
        except BaseException:
            lock.release()
            raise
        lock.name_server(0)
        return lock

    def name_server(self, pid: int) -> None:
        """Write down whose lock this is; `pid` of the server, 0 while there is none."""
        text = json.dumps({"app": os.getpid(), "server": pid}).encode()
        os.pwrite(self.fd, text, 0)
        os.ftruncate(self.fd, len(text))

    def release(self) -> None:
        os.close(self.fd)

    async def _acquire(self) -> None:
        started = time.monotonic()
        asked = 0
        while not self._try():
            app, server = self._owners()
            if app == os.getpid() or self._holds(app):
                raise StoreInUse(self._path.parent, app)
            waited = time.monotonic() - started
            if waited > ORPHAN_WAIT_S:
                raise StoreInUse(self._path.parent, server or app)
            wanted = signal.SIGKILL if waited > ORPHAN_TERM_S else signal.SIGTERM
            if asked != wanted and self._holds(server):
                os.kill(server, wanted)
                asked = wanted
            await asyncio.sleep(0.02)

    def _try(self) -> bool:
        try:
            fcntl.flock(self.fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _owners(self) -> tuple[int, int]:
        try:
            said = json.loads(os.pread(self.fd, 200, 0))
            return int(said["app"]), int(said["server"])
        except (ValueError, KeyError):
            return 0, 0  # the new owner is about to write its name

    def _holds(self, pid: int) -> bool:
        """Whether the process has our file open: pids are re-used and the dead stay as zombies; alive is not enough."""
        if pid <= 0:
            return False
        folder = f"/proc/{pid}/fd"
        if not os.path.isdir("/proc/self/fd"):
            return _alive(pid)
        try:
            return any(_target(f"{folder}/{n}") == str(self._path) for n in os.listdir(folder))
        except PermissionError:
            return True  # somebody else's process: never ours to judge
        except OSError:
            return False


def _target(link: str) -> str:
    try:
        return os.readlink(link)
    except OSError:
        return ""


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
