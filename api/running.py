"""One command, one machine: API, pages, our own nats-server, relay, projector and clock in one process, stopped together."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import signal
import socket
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any

import uvicorn

from api.app import create_app
from api.first_officer import welcome
from api.settings import Settings
from api.wiring import District, Nats, open_district, open_log, relay_of, start_nats

logger = logging.getLogger("renling")
AGAIN_S = 1.0  # pause before a background part that failed is started again
GRACE_S = 3  # for requests under way when we stop
GARBAGE = (20_000, 20, 50)  # looked for as seldom as it is found; Python's (700, 10, 10) is felt in every answer

Prepare = Callable[[District], Awaitable[None]]


async def run(settings: Settings, prepare: Prepare, say: Callable[[str], None]) -> int:
    """Until SIGINT or SIGTERM. `prepare` fills an empty ledger. The port opens when the lists have reached the ledger's
    head. Raises OSError when the port is taken, DataFolderInUse when somebody else works on the data."""
    stop = asyncio.Event()
    for signum in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(signum, stop.set)
    async with contextlib.AsyncExitStack() as stack:
        log = await open_log(settings)  # before the port: a second start on the same data is told whose it is
        stack.push_async_callback(log.close)
        door = stack.enter_context(reserved(settings.host, settings.port))
        nats = await start_nats(settings)
        stack.push_async_callback(nats.stop)
        district = await open_district(settings, log, nats)
        stack.push_async_callback(district.close)
        if await _unless(stop, _ready(district, prepare)):
            await welcome(district, say)
            await _serve(district, nats, door, stop, say)
    return 0


async def _ready(district: District, prepare: Prepare) -> None:
    await prepare(district)
    await district.engine.projector.catch_up()


async def _serve(district: District, nats: Nats, door: socket.socket, stop: asyncio.Event, say: Callable[[str], None]) -> None:
    """Everything at work, until told to stop."""
    relay = relay_of(district, nats)
    parts = {"relay": relay.run, "projector": district.engine.projector.run, "clock": lambda: clock(district), **posted(district)}
    parts["forgetting"] = district.personal.forgetting.run
    await _serve_with(parts, district, relay, door, stop, say)


async def serve_alone(district: District, stop: asyncio.Event, say: Callable[[str], None]) -> None:
    """The API and its own read models, without relay and clock: they are other processes."""
    with reserved(district.settings.host, district.settings.port) as door:
        parts = {"projector": district.engine.projector.run, "forgetting": district.personal.forgetting.run}
        await _serve_with(parts, district, None, door, stop, say)


async def _serve_with(
    parts: Mapping[str, Callable[[], Awaitable[None]]], district: District, relay: object, door: socket.socket,
    stop: asyncio.Event, say: Callable[[str], None],
) -> None:  # fmt: skip
    tasks = [asyncio.create_task(kept(name, part), name=name) for name, part in parts.items()]
    app = create_app(district.engine, district.keys, district.settings, district.office, district.accounts)
    app.state.relay, app.state.post, app.state.personal = relay, district.post, district.personal
    host, port = door.getsockname()[:2]
    level = district.settings.log_level
    # A line for every request is put together even when nobody is to see it.
    config = uvicorn.Config(
        app, log_level=level, access_log=level in ("info", "debug", "trace"), timeout_graceful_shutdown=GRACE_S
    )
    server = Server(config, lambda: say(f"认领已就绪 / ready: http://{host}:{port}/"))
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GARBAGE)
    serving = asyncio.create_task(server.serve(sockets=[door]), name="server")
    waiting = asyncio.create_task(stop.wait())
    await asyncio.wait([serving, waiting], return_when=asyncio.FIRST_COMPLETED)
    app.state.closing.set()
    server.should_exit = True
    await serving
    await ended({*tasks, waiting})


async def ended(tasks: set[asyncio.Task[Any]]) -> None:
    """Cancelled, again and again until they are gone: one that is caught on its way by a part's own handling would be lost,
    and we should never stop."""
    while tasks:
        for task in tasks:
            task.cancel()
        _, tasks = await asyncio.wait(tasks, timeout=AGAIN_S)


class Server(uvicorn.Server):
    """uvicorn that says when it listens, without its own hand on the signals: one place decides when all parts stop."""

    def __init__(self, config: uvicorn.Config, listening: Callable[[], None]) -> None:
        super().__init__(config)
        self._listening = listening

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        if self.started:
            self._listening()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@contextlib.contextmanager
def reserved(host: str, port: int) -> Iterator[socket.socket]:
    """The port, taken but not yet open: callers are refused until the server listens on it."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP) as door:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        door.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # inherited; without it an answer waits 40 ms
        door.bind((host, port))
        yield door


async def kept(name: str, part: Callable[[], Awaitable[None]]) -> None:
    """A background part, started again whenever it fails."""
    while True:
        try:
            await part()
        except Exception:
            logger.exception("%s failed and is started again", name)
        await asyncio.sleep(AGAIN_S)


async def clock(district: District) -> None:
    """Ends what is due and tells whom the news suits, for ever."""
    while True:
        changed = await district.engine.clockwork.tick() + await district.engine.suggesting.tick(district.post.inbox.declined)
        await asyncio.sleep(0 if changed else district.settings.tick_seconds)


def posted(district: District) -> dict[str, Callable[[], Awaitable[None]]]:
    """Notices and webhooks are sent from the ledger; processes that do so at once do not do it twice."""
    post = district.post
    return {"notices": post.follower.run, "post": post.send, "webhooks": post.hooks.run}


async def _unless(stop: asyncio.Event, work: Awaitable[None]) -> bool:
    """Do the work; False when told to stop first."""
    doing = asyncio.ensure_future(work)
    waiting = asyncio.create_task(stop.wait())
    await asyncio.wait([doing, waiting], return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    if doing.done():
        await doing
        return True
    doing.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await doing
    return False
