"""A district served for a measurement: the real application and, beside its first route, an endpoint that does nothing.

python -m tests.bench._served DATA [--store postgresql://…] [--full]   prints the port and two keys as one line of JSON
"""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
from collections.abc import Callable
from pathlib import Path

from fastapi import FastAPI
from starlette.requests import Request

from api import running
from api.answers import DoneOut, Receipt
from api.app import create_app
from api.bodies import NeedIn
from api.console import fast_loop
from api.loading import found
from api.settings import Settings
from api.wiring import District, open_district, open_log
from domain.access import SYSTEM
from services.command import Ask
from services.register import AreaDraft
from services.rulebooks import load_pack

NEIGHBOURHOOD = "bench-1"
NOTHING = DoneOut(
    id="need-06eao3p6g3vmshebdsvju37h04", number="XQ-310101-2026-000091", version=1, status="open", position=91,
    receipt=Receipt(index=90, leaf="00" * 32),
)  # fmt: skip


def with_noop(app: FastAPI) -> FastAPI:
    """The floor: the same door and key check, body model and response model; it is matched before any other route."""

    @app.post("/v1/noop", status_code=201, response_model=DoneOut, include_in_schema=False)
    async def noop(request: Request, body: NeedIn) -> DoneOut:
        return NOTHING

    app.router.routes.insert(0, app.router.routes.pop())
    return app


async def furnished(district: District) -> None:
    """The district's rule book and one neighbourhood, with a key for its committee."""
    pack = load_pack(district.settings.district)
    await found(district, pack)
    kind = pack.book.tiers[-1].kind
    area = AreaDraft(area=NEIGHBOURHOOD, name="量测居民区", kind=kind, parent=pack.book.area)
    await district.engine.register.open_area(Ask(principal=SYSTEM, key="bench area", fingerprint="first"), area)


def key_of(district: District) -> str:
    return district.keys.create("committee", NEIGHBOURHOOD)


async def lean(settings: Settings) -> None:
    """The API and its ledger alone."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    log = await open_log(settings)
    district = await open_district(settings, log)
    await furnished(district)
    with running.reserved(settings.host, settings.port) as door:
        say = announce(district, door.getsockname()[1])
        await running._serve_with({}, district, None, door, stop, say)
    await district.close()
    await log.close()


async def full(settings: Settings) -> None:
    """All that `./dev run` starts, in this process: relay, projector, clock, and the broker as its child."""
    opened: list[District] = []

    async def prepare(district: District) -> None:
        await furnished(district)
        opened.append(district)

    def say(text: str) -> None:
        if "ready:" not in text:
            return  # what a first start says to people
        announce(opened[0], int(text.rsplit(":", 1)[1].strip("/")))(text)

    await running.run(settings, prepare, say)


def announce(district: District, port: int) -> Callable[[str], None]:
    """What is said when the port listens."""
    key = key_of(district)
    book = load_pack(district.settings.district).book
    told = {"port": port, "key": key, "category": book.categories[0].id, "area": NEIGHBOURHOOD}
    return lambda _: print(json.dumps(told), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    parser.add_argument("--store", default="")
    parser.add_argument("--full", action="store_true")
    given = parser.parse_args()
    running.create_app = lambda *parts: with_noop(create_app(*parts))  # type: ignore[attr-defined]
    settings = Settings(data=given.data, store=given.store, port=0, requests_per_second=10**6)
    with asyncio.Runner(loop_factory=fast_loop()) as runner:
        runner.run((full if given.full else lean)(settings))


if __name__ == "__main__":
    main()
