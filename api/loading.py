"""What happens before the door opens: an empty ledger gets its rule book and the demonstration; read models anew."""

from __future__ import annotations

import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from typing import Any

from api.app import create_app
from api.settings import Settings
from api.wiring import District, demonstration, open_district, open_log
from domain.access import SYSTEM
from domain.rules import STREAM
from services.command import Ask
from services.demonstration.bounds import interrupted
from services.register import AreaDraft
from services.rulebooks import Pack, load_pack

Say = Callable[[str], None]


async def prepare(district: District, *, empty: bool, today: date | None, say: Say) -> None:
    """The rule book of the district's pack is adopted; an empty ledger gets the demonstration unless `empty`."""
    pack = load_pack(district.settings.district)
    fresh = (await district.log.head()).position == 0
    unfinished = await interrupted(district.engine.streams, pack)
    if unfinished or (fresh and not empty):
        await _demonstrate(district, pack, unfinished or today or datetime.now(UTC).date(), say)
    elif fresh or await district.engine.streams.committed(STREAM) is None:
        await found(district, pack)


async def found(district: District, pack: Pack) -> None:
    """A district without anybody in it: its rule book and its own area."""
    register, book = district.engine.register, pack.book
    await register.adopt(Ask(principal=SYSTEM, key="first rules", fingerprint="first"), book)
    area = AreaDraft(area=book.area, name=book.zh, kind=book.tiers[0].kind, parent=None)
    await register.open_area(Ask(principal=SYSTEM, key="first area", fingerprint="first"), area)


async def rebuild(settings: Settings, say: Say) -> int:
    async with alone(settings) as district:
        started = time.monotonic()
        position = await district.engine.projector.rebuild()
        say(f"读模型已重建 / rebuilt to position {position} in {time.monotonic() - started:.1f} s")
    return 0


async def verify(settings: Settings, say: Say) -> int:
    """Exit code 1 when a row differs from a fresh replay."""
    async with alone(settings) as district:
        await district.engine.projector.catch_up()
        differences = await district.engine.projector.verify()
        for line in differences:
            say(line)
        say(f"与重放不同的行 / rows that differ from a replay: {len(differences)}")
    return 1 if differences else 0


async def described(settings: Settings) -> dict[str, Any]:
    """The API's OpenAPI document."""
    async with alone(settings) as district:
        return create_app(district.engine, district.keys, settings, district.office).openapi()


@asynccontextmanager
async def alone(settings: Settings) -> AsyncIterator[District]:
    """The district's stores without broker and door."""
    log = await open_log(settings)
    try:
        district = await open_district(settings, log)
        try:
            yield district
        finally:
            await district.close()
    finally:
        await log.close()


async def _demonstrate(district: District, pack: Pack, today: date, say: Say) -> None:
    """Eight years of an invented district, played through the real commands by a clock of its own."""
    from services.demonstration.play import play  # only a first start needs it

    say(f"首次启动：载入演示区 {pack.book.zh} / first start: loading the demonstration district {pack.book.en}")
    started = time.monotonic()
    engine, clock = demonstration(district)
    shown = -1

    def progress(done: int, total: int) -> None:
        nonlocal shown
        percent = 100 * done // max(total, 1)
        if percent != shown and (sys.stdout.isatty() or percent % 20 == 0):
            shown = percent
            end = "\r" if sys.stdout.isatty() and percent < 100 else "\n"
            print(f"  {percent:3d} %  {done}/{total}", end=end, flush=True)

    summary = await play(engine, pack, today=today, set_clock=clock.set, progress=progress)
    district.engine.streams.forget()
    say(f"  {summary}  {time.monotonic() - started:.1f} s")
