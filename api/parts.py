"""One part a process: several API processes, a relay and a clock on one PostgreSQL and one NATS cluster."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Awaitable, Callable, Coroutine
from datetime import UTC, datetime
from typing import Any

from api.first_officer import hint
from api.loading import Say, found
from api.running import clock, ended, kept, posted, serve_alone
from api.settings import Settings
from api.wiring import District, Nats, open_district, open_log, relay_of, start_nats
from domain.rules import STREAM
from services.rulebooks import load_pack

Part = Callable[[District, Nats, asyncio.Event, Say], Awaitable[None]]


async def _relay(district: District, nats: Nats, stop: asyncio.Event, say: Say) -> None:
    await _until(stop, kept("relay", relay_of(district, nats).run))


async def _project(district: District, nats: Nats, stop: asyncio.Event, say: Say) -> None:
    await district.engine.projector.catch_up()
    parts = {"projector": district.engine.projector.run, "forgetting": district.personal.forgetting.run}
    await _until(stop, *(kept(name, part) for name, part in parts.items()))


async def _clock(district: District, nats: Nats, stop: asyncio.Event, say: Say) -> None:
    await district.engine.projector.catch_up()
    parts = {"projector": district.engine.projector.run, "clock": lambda: clock(district), **posted(district)}
    parts["forgetting"] = district.personal.forgetting.run
    await _until(stop, *(kept(name, part) for name, part in parts.items()))


async def _api(district: District, nats: Nats, stop: asyncio.Event, say: Say) -> None:
    await district.engine.projector.catch_up()
    await hint(district, say)
    await serve_alone(district, stop, say)


def _part(name: str, part: Part) -> Callable[[Settings, Say], Coroutine[Any, Any, int]]:
    async def start(settings: Settings, say: Say) -> int:
        stop = asyncio.Event()
        for signum in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(signum, stop.set)
        async with contextlib.AsyncExitStack() as stack:
            log = await open_log(settings)
            stack.push_async_callback(log.close)
            nats = await start_nats(settings)
            stack.push_async_callback(nats.stop)
            district = await open_district(settings, log, nats, f"api-{settings.port}" if name == "api" else name)
            stack.push_async_callback(district.close)
            if await district.engine.streams.committed(STREAM) is None:
                await found(district, load_pack(settings.district))
            say(f"{name} 已启动 / started {datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}")
            await part(district, nats, stop, say)
        return 0

    return start


PARTS = {
    name: _part(name, part) for name, part in (("api", _api), ("relay", _relay), ("project", _project), ("clock", _clock))
}


async def _until(stop: asyncio.Event, *work: Awaitable[None]) -> None:
    tasks = [asyncio.ensure_future(each) for each in work]
    await stop.wait()
    await ended(set(tasks))
