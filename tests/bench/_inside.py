"""What is measured in this process: commit to board through the real broker, and read models made anew."""

from __future__ import annotations

import asyncio
import gc
import tempfile
import time
from pathlib import Path

from adapters import read_sqlite_schema
from api.running import kept
from api.settings import Settings
from api.wiring import open_district, open_log, relay_of, start_nats
from tests.bench._commands import furnished, post
from tests.bench._rows import median, row

RATE = 200  # commands a second
COMMANDS = 2000


async def visible(base: Path) -> None:
    """From the commit's answer to the row on the board."""
    settings = Settings(data=base / "visible")
    log, nats = await open_log(settings), await start_nats(settings)
    district = await open_district(settings, log, nats)
    book = await furnished(district)
    await district.engine.projector.catch_up()
    parts = [kept("relay", relay_of(district, nats).run), kept("projector", district.engine.projector.run)]
    tasks = [asyncio.create_task(part) for part in parts]
    took = list[float]()

    async def one() -> None:
        done = await post(district, book)
        committed = time.perf_counter()
        await district.engine.projector.wait_for(done.position, 10)
        took.append((time.perf_counter() - committed) * 1000)

    started, under_way = time.perf_counter(), []
    for n in range(COMMANDS):
        under_way.append(asyncio.create_task(one()))
        await asyncio.sleep(max(0.0, started + (n + 1) / RATE - time.perf_counter()))
    await asyncio.gather(*under_way)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await nats.stop()
    await district.close()
    await log.close()
    took.sort()
    row("visible.p50_ms", took[len(took) // 2], "ms", 5, least=False, samples=len(took), rate_s=RATE)
    row("visible.p99_ms", took[len(took) * 99 // 100], "ms", 25, least=False, samples=len(took), rate_s=RATE)


async def rebuild(data: Path, rounds: int) -> None:
    """All read models from the store, in turn with the same rows written by executemany."""
    settings = Settings(data=data)
    log = await open_log(settings)
    district = await open_district(settings, log)
    gc.collect()
    gc.freeze()
    ours, floors, position, rows = [], [], 0, 0
    for _ in range(rounds):
        started = time.perf_counter()
        position = await district.engine.projector.rebuild()
        ours.append(time.perf_counter() - started)
        floor, rows = _written_again(data / "read")
        floors.append(floor)
    await district.close()
    await log.close()
    row(
        "rebuild.ratio", median(floors) / median(ours), "ratio", 0.4, least=True, floor=1, samples=rounds, rows=rows,
        events=position, events_s=round(position / median(ours)), floor_rows_s=round(rows / median(floors)),
        what="demonstration; the floor writes the final rows of every table, search index included",
    )  # fmt: skip


def _written_again(folder: Path) -> tuple[float, int]:
    """Seconds to write every row of every table of the read database into an empty one, and how many there were."""
    live = read_sqlite_schema.connect(folder / (folder / "current").read_text().strip(), writes=False)
    took, count = 0.0, 0
    with tempfile.TemporaryDirectory() as empty:
        path = Path(empty) / "again.db"
        read_sqlite_schema.create(path)
        again = read_sqlite_schema.connect(path, writes=True)
        for table, query in _TABLES.items():
            rows = live.execute(query).fetchall()
            columns = "terms (rowid, tokens)" if table == "terms" else table
            started = time.perf_counter()
            again.execute("BEGIN")
            again.executemany(f"INSERT INTO {columns} VALUES ({', '.join('?' * len(rows[0]))})", rows)
            again.execute("COMMIT")
            took, count = took + time.perf_counter() - started, count + len(rows)
        again.close()
    live.close()
    return took, count


_WORDS_NOW = "SELECT seq << 20 | rewordings, words FROM live ORDER BY seq"  # as the search index has them
_TABLES = {**read_sqlite_schema.DUMPED, "terms": _WORDS_NOW}
