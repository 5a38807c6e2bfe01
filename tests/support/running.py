"""A whole district as people run it: `python -m api run` in a process of its own, spoken to over HTTP only."""

from __future__ import annotations

import fcntl
import itertools
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from adapters.keys import KeyStore

ROOT = Path(__file__).parents[2]
START_S = 90  # for a first start with the demonstration on a busy machine
_counter = itertools.count(1)


class District:
    """One running process. `url` is where it listens."""

    def __init__(
        self, data: Path, *flags: str, env: dict[str, str] | None = None, module: str = "api", verb: str = "run", port: int = 0
    ) -> None:
        self._log = data.with_name(f"{data.name}-{verb}-{port}.log")
        self.data, self._flags, self._module, self._verb = data, flags, module, verb
        self._env = {**os.environ, **(env or {}), "PYTHONUTF8": "1"}
        self._keys: dict[tuple[str, str, str | None], str] = {}
        self.port = port
        self.start()

    def start(self) -> None:
        command = [sys.executable, "-m", self._module, self._verb, "--port", str(self.port), "--data", str(self.data)]
        command += self._flags
        self._output = open(self._log, "a+")  # noqa: SIM115  closed in stop
        seen = self._output.seek(0, os.SEEK_END)
        self.process = subprocess.Popen(command, cwd=ROOT, env=self._env, stdout=self._output, stderr=subprocess.STDOUT)
        self.url = self._ready(seen)
        self.port = int(self.url.rsplit(":", 1)[1].strip("/"))
        self.http = httpx.Client(base_url=self.url, timeout=30)

    def stop(self, signum: int = signal.SIGTERM) -> int:
        self.http.close()
        if self.process.poll() is None:
            self.process.send_signal(signum)
        code = self.process.wait(60)
        self._output.close()
        return code

    def log(self) -> str:
        return self._log.read_text()

    def key(self, role: str, org: str, area: str | None = None) -> str:
        """A key made while the server runs, in the file that the command line writes."""
        known = (role, org, area)
        if known not in self._keys:
            store = KeyStore(self.data / "keys.db")
            self._keys[known] = store.create(role, org, area)
            store.close()
        return self._keys[known]

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """The command line on this district's data."""
        line = [sys.executable, "-m", "api", *words, "--data", str(self.data)]
        return subprocess.run(line, cwd=ROOT, env=self._env, capture_output=True, text=True)

    def someone(self, role: str, org: str, area: str | None = None) -> Someone:
        return Someone(self, self.key(role, org, area))

    def _ready(self, seen: int) -> str:
        until = time.monotonic() + START_S
        while time.monotonic() < until:
            text = self._log.read_bytes()[seen:].decode()
            if found := re.search(r"ready: (http://\S+)", text):
                return found[1]
            if self.process.poll() is not None:
                raise AssertionError(f"did not start: {text}")
            time.sleep(0.05)
        raise AssertionError(f"not ready after {START_S} s: {self.log()}")


class Someone:
    """Somebody with a key. Commands carry a fresh Idempotency-Key unless one is given."""

    def __init__(self, district: District, key: str) -> None:
        self._district, self._key = district, key

    def post(self, path: str, body: Any = None, *, key: str | None = None, expect: int | None = None, **headers: str) -> Any:
        """The answer's JSON; any 2xx is expected unless a status is named."""
        sent = {"Authorization": f"Bearer {self._key}", "Idempotency-Key": key or f"k{next(_counter)}-{secrets.token_hex(4)}"}
        reply = self._district.http.post(path, json=body if body is not None else {}, headers={**sent, **headers})
        return _checked(reply, expect)

    def told(self, path: str, body: Any) -> str:
        """The status a command led to, or the code it was refused with."""
        sent = {"Authorization": f"Bearer {self._key}", "Idempotency-Key": f"k{next(_counter)}-{secrets.token_hex(4)}"}
        answer: dict[str, str] = self._district.http.post(path, json=body, headers=sent).json()
        return answer.get("code") or answer["status"]

    def get(self, path: str, *, expect: int | None = None, **query: Any) -> Any:
        reply = self._district.http.get(path, params=query, headers={"Authorization": f"Bearer {self._key}"})
        return _checked(reply, expect)

    def caught_up(self, position: int, path: str, **query: Any) -> Any:
        """A list or dashboard that has seen that position."""
        sent = {"Authorization": f"Bearer {self._key}", "Min-Position": str(position)}
        return _checked(self._district.http.get(path, params=query, headers=sent), None)


@contextmanager
def running(
    data: Path, *flags: str, env: dict[str, str] | None = None, module: str = "api", verb: str = "run", port: int = 0
) -> Iterator[District]:
    """`module`: another program with the same command line, for seeded faults. The demonstration is loaded once a run of
    the tests, and copied for each that wants it."""
    if verb == "run" and "--empty" not in flags and not data.exists():
        _demonstration_in(data)
    district = District(data, *flags, env=env, module=module, verb=verb, port=port)
    try:
        yield district
    finally:
        district.stop()


def _demonstration_in(data: Path) -> None:
    base = next((folder for folder in data.parents if re.fullmatch(r"pytest-\d+", folder.name)), data.parent)
    with (base / "demonstration.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        loaded = base / "demonstration"
        if not loaded.exists():
            District(base / "loading").stop()
            (base / "loading").rename(loaded)
    shutil.copytree(loaded, data, ignore=shutil.ignore_patterns("nats", "*.lock"))


def line(quantity: int, kind: str = "志愿者", unit: str = "人") -> list[dict[str, Any]]:
    return [{"kind": kind, "quantity": quantity, "unit": unit}]


def _checked(reply: httpx.Response, expect: int | None) -> Any:
    good = reply.is_success if expect is None else reply.status_code == expect
    assert good, f"{reply.request.method} {reply.request.url} -> {reply.status_code}: {reply.text}"
    return reply.json() if reply.content else None
