"""A process that runs one lane of a race after the other, told on stdin: a job, "go", a job, "go" …"""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from adapters.postgres_store import PostgresStore
from services.ports import Append
from services.work import Work
from tests.support.races import Act, a_world, run_lane

CHANGE = Work.change


def trusting(self: Work, primary: str) -> Append:
    """The fault that races must catch: what was only read is not checked again."""
    return replace(CHANGE(self, primary), reads=())


async def race(job: dict[str, Any]) -> dict[str, str]:
    lane = [Act(**act) for act in job["lane"]]
    log = await PostgresStore.open(job["url"], job["schema"], allow_unsafe=True)
    world = a_world(log, Path(job["folder"]), shared=True, late_s=lane[0].late_s if lane else 0)
    try:
        await world.streams.load("rules-book")
        for name in {name for act in lane for name in (act.item, act.who) if "-" in name}:
            await world.streams.load(name)  # as a process that has served it before
        if job.get("fault") == "trusts its memory":
            Work.change = trusting  # type: ignore[method-assign]
        print(json.dumps("ready"), flush=True)
        assert json.loads(sys.stdin.readline()) == "go"
        return await run_lane(world, lane)
    finally:
        Work.change = CHANGE  # type: ignore[method-assign]
        world.vault.close()
        await log.close()


for line in sys.stdin:
    print(json.dumps(asyncio.run(race(json.loads(line)))), flush=True)
