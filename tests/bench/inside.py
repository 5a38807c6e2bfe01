"""What is measured in this process: commit to board through the real broker, and read models made anew."""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
import time
from pathlib import Path

from api.loading import found
from api.running import kept
from api.settings import Settings
from api.wiring import open_district, open_log, relay_of, start_nats
from domain.access import SYSTEM, Principal
from services.command import Ask
from services.needs import NeedDraft
from services.register import AreaDraft
from services.rulebooks import load_pack
from tests.bench.rows import row
from tests.support.world import people

RATE = 200  # commands a second
COMMANDS = 2000


async def visible(base: Path) -> None:
    """From the commit's answer to the row on the board."""
    settings = Settings(data=base / "visible")
    log, nats = await open_log(settings), await start_nats(settings)
    district = await open_district(settings, log, nats)
    pack = load_pack(settings.district)
    await found(district, pack)
    area = AreaDraft(area="bench-1", name="量测", kind=pack.book.tiers[-1].kind, parent=pack.book.area)
    await district.engine.register.open_area(Ask(principal=SYSTEM, key="area", fingerprint="f"), area)
    await district.engine.projector.catch_up()
    parts = [kept("relay", relay_of(district, nats).run), kept("projector", district.engine.projector.run)]
    tasks = [asyncio.create_task(part) for part in parts]
    who, took = Principal(id="bench", role="committee", org="bench-1"), list[float]()

    async def one(n: int) -> None:
        draft = NeedDraft(title=f"第 {n} 项", category=pack.book.categories[0].id, area="bench-1", lines=people(3))
        done = await district.engine.needs.post(Ask(principal=who, key=f"k{n}", fingerprint="f"), draft)
        committed = time.perf_counter()
        await district.engine.projector.wait_for(done.position, 10)
        took.append((time.perf_counter() - committed) * 1000)

    started, under_way = time.perf_counter(), []
    for n in range(COMMANDS):
        under_way.append(asyncio.create_task(one(n)))
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


async def rebuild(data: Path) -> None:
    """All read models from the store, over the same rows written by executemany."""
    settings = Settings(data=data)
    log = await open_log(settings)
    district = await open_district(settings, log)
    started = time.perf_counter()
    position = await district.engine.projector.rebuild()
    ours = time.perf_counter() - started
    await district.close()
    await log.close()
    floor, rows = _written_again(data)
    row("rebuild.ratio", floor / ours, "ratio", 0.4, least=True, floor=1, events_s=round(position / ours), rows=rows,
        floor_s=round(floor, 2))  # fmt: skip


def _written_again(data: Path) -> tuple[float, int]:
    """Seconds to write every row of every table of the read database into an empty one, and how many there were."""
    current = data / "read" / (data / "read" / "current").read_text().strip()
    took, count = 0.0, 0
    with tempfile.TemporaryDirectory() as folder, sqlite3.connect(f"file:{current}?mode=ro", uri=True) as db:
        new = sqlite3.connect(Path(folder) / "again.db", isolation_level=None)
        new.execute("PRAGMA journal_mode = WAL")
        new.execute("PRAGMA synchronous = NORMAL")
        made = "SELECT sql FROM sqlite_master WHERE sql NOT NULL AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'terms%'"
        for (sql,) in db.execute(made):
            new.execute(sql)
        tables = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'terms%'"
        for (table,) in db.execute(tables).fetchall():
            rows = db.execute(f"SELECT * FROM {table}").fetchall()
            count += len(rows)
            if rows:
                started = time.perf_counter()
                new.execute("BEGIN")
                new.executemany(f"INSERT OR REPLACE INTO {table} VALUES ({','.join('?' * len(rows[0]))})", rows)
                new.execute("COMMIT")
                took += time.perf_counter() - started
        new.close()
    return took, count
