"""`./dev bench pages`: what a page weighs and takes, how many a second, and what one live reader costs, in a full district.

The floor is the health check: the same server, door and connection, and next to nothing to say."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import http.client
import json
import re
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.bench._crowded import crowded
from tests.bench._rows import median, row
from tests.bench.engine import looped
from tests.support.running import District, running

SIZES = (10_000, 100_000)  # items
SAMPLES = 40
SERVED_S, CONNECTIONS = 4.0, 8
READERS = 400
MOST_KB, MOST_MS, MOST_READER_KB = 10, 15, 64
PLAIN = {"Accept-Language": "zh-CN", "Accept-Encoding": "gzip"}


def main() -> None:
    for items in SIZES[:1] if "--short" in sys.argv else SIZES:
        with tempfile.TemporaryDirectory(prefix="renling-bench-") as folder:
            data = Path(folder) / "data"
            looped(_fill(data, items))
            with running(data, "--empty", env={"RENLING_REQUESTS_PER_SECOND": "1000000"}) as district:
                measure(district, items)


async def _fill(data: Path, items: int) -> None:
    async with crowded(data, items) as district:
        at = (await district.log.head()).position
    print(json.dumps({"filled": items, "events": at}), flush=True)


def measure(district: District, items: int) -> None:
    of = "" if items == SIZES[0] else f".{items // 1000}k"
    pages = {"home": "/", "board": "/board", "search": "/board?q=%E5%BF%97%E6%84%BF", "dashboard": "/dashboards"}
    pages["item"] = _found(district, "/board?status=met,covered,closed", r'/needs/need-[^"?]+')
    pages["street"] = _found(district, "/dashboards", r'/dashboards/[^"?]+')
    floor = _times(district, "/healthz")
    kept = {name: round(median(_times(district, path, fresh=False)), 2) for name, path in pages.items()}
    took = {name: _times(district, path) for name, path in pages.items()}
    sizes = {name: _kb(district, path) for name, path in pages.items()}
    for name in ("board", "dashboard"):
        row(f"page.{name}.kb{of}", sizes[name], "kB", MOST_KB, least=False, items=items, packed="gzip")
        per_s = _per_s(district, pages[name])
        shown = {"items": items, "connections": CONNECTIONS, "what": "the same page for everybody, drawn once a change"}
        row(f"page.{name}.per_s{of}", per_s, "1/s", 1000 / MOST_MS, least=True, **shown)
    worst = max(took, key=lambda name: median(took[name]))
    row(
        f"page.server_ms{of}", median(took[worst]), "ms", MOST_MS, least=False, floor=median(floor), samples=SAMPLES,
        items=items, worst=worst, median_ms={name: round(median(each), 2) for name, each in took.items()},
        p90_ms={name: round(sorted(each)[-len(each) // 10], 2) for name, each in took.items()}, kb=sizes,
        kept_ms=kept,
    )  # fmt: skip
    row(f"client.kb{of}", _reader_kb(district), "kB", MOST_READER_KB, least=False, samples=READERS, items=items)


def _found(district: District, page: str, pattern: str) -> str:
    found = re.search(pattern, district.http.get(page).text)
    assert found, f"no {pattern} on {page}"
    return found[0]


def _times(district: District, path: str, *, fresh: bool = True) -> list[float]:
    """Milliseconds of whole answers, one after the other on one connection. `fresh`: none of them was kept from before,
    because each has an address of its own."""
    connection, took = http.client.HTTPConnection("127.0.0.1", district.port), []
    for n in range(SAMPLES + 3):
        asked = f"{path}{'&' if '?' in path else '?'}n={n}" if fresh else path
        started = time.perf_counter()
        connection.request("GET", asked, headers=PLAIN)
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 200, f"{path}: {answer.status}"
        took += [(time.perf_counter() - started) * 1000] if n >= 3 else []
    connection.close()
    return took


def _kb(district: District, path: str) -> float:
    return round(len(gzip.compress(district.http.get(path, headers=PLAIN).content, 6)) / 1000, 2)


def _per_s(district: District, path: str) -> float:
    async def one(until: float) -> int:
        reader, writer = await asyncio.open_connection("127.0.0.1", district.port)
        head, count = "".join(f"{name}: {value}\r\n" for name, value in PLAIN.items()), 0
        while time.perf_counter() < until:
            writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{head}\r\n".encode())
            answer = await reader.readuntil(b"\r\n\r\n")
            length = re.search(rb"content-length: (\d+)", answer, re.IGNORECASE)
            assert length, answer[:200]
            await reader.readexactly(int(length[1]))
            count += 1
        writer.close()
        return count

    async def all_of_them() -> int:
        until = time.perf_counter() + SERVED_S
        return sum(await asyncio.gather(*(one(until) for _ in range(CONNECTIONS))))

    return asyncio.run(all_of_them()) / SERVED_S


def _reader_kb(district: District) -> float:
    """Memory that a reader with an open stream costs the server."""
    before = _resident_kb(district)
    with contextlib.ExitStack() as stack:
        for _ in range(READERS):
            stack.enter_context(_listening(district.port))
        time.sleep(1.0)
        return (_resident_kb(district) - before) / READERS


@contextlib.contextmanager
def _listening(port: int) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", port)) as opened:
        opened.sendall(b"GET /live HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n\r\n")
        assert b"200 OK" in opened.recv(4096)
        yield opened


def _resident_kb(district: District) -> int:
    status = Path(f"/proc/{district.process.pid}/status").read_text()
    found: Any = re.search(r"VmRSS:\s+(\d+) kB", status)
    return int(found[1])


if __name__ == "__main__":
    main()
