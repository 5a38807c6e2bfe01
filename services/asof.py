"""What `?at=` means: a ledger position, or the last one at a time."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from domain.events import Refused
from services.command import to_us
from services.ports import EventLog
from services.read_ports import Behind, Progress, ReadDb

LOOK_S = 0.02  # between looks at a bookmark that another process moves
WAIT_S = 2.0  # for read-your-writes; then the caller is told that the lists are behind


async def parse_at(text: str | None, log: EventLog) -> int | None:
    """"1234" or "2026-03-01T00:00:00Z" (a day means its end, Shanghai time) -> a position; None for none.
    Refused: at.invalid, for anything else and for positions that do not exist yet."""
    if text is None or not text.strip():
        return None
    text = text.strip()
    head = (await log.head()).position
    if text.isascii() and text.isdigit() and len(text) <= 15:
        if int(text) > head:
            raise _invalid(f"总账目前到第 {head} 号", f"the ledger ends at {head}")
        return int(text)
    return min(await log.position_at(to_us(moment(text))), head)


async def reach(progress: Progress, position: int | None) -> None:
    """Wait until the read models have it. Raises Behind after two seconds."""
    if position:
        reached = await progress.wait_for(position, WAIT_S)
        if reached < position:
            raise Behind(position, reached)


class Bookmarked:
    """Progress of read models that a projector in another process writes."""

    def __init__(self, db: ReadDb) -> None:
        self._db = db

    async def wait_for(self, position: int, timeout_s: float) -> int:
        try:
            async with asyncio.timeout(timeout_s):
                while (await self._db.bookmark()).position < position:  # noqa: ASYNC110 - another process cannot call
                    await asyncio.sleep(LOOK_S)
        except TimeoutError:
            pass
        return (await self._db.bookmark()).position


def moment(text: str) -> datetime:
    """A time with its zone, or the end of a day (Shanghai time). Refused: at.invalid."""
    try:
        text = text.replace(" ", "+")  # a plus sign in an address that was not escaped
        at = datetime.fromisoformat(f"{text}T23:59:59.999999+08:00" if len(text) == 10 else text)
    except ValueError:
        raise _invalid("例如 1234 或 2026-03-01T08:00:00+08:00", "for example 1234 or 2026-03-01T08:00:00Z") from None
    if at.tzinfo is None:
        raise _invalid("时间须带时区", "a time needs its zone")
    return at.astimezone(UTC)


def _invalid(zh: str, en: str) -> Refused:
    return Refused(
        "at.invalid", f"at 须为序位或带时区的时间：{zh}。", f"`at` is a position or a time with its zone: {en}.",
        kind="invalid", field="at",
    )  # fmt: skip
