"""Whether a demonstration was begun and finished, and for which day: known without making its plan."""

from __future__ import annotations

from datetime import date, timedelta

from domain.access import SYSTEM
from services.demonstration.cast import committee
from services.demonstration.moments import local_day
from services.demonstration.script import asked
from services.rulebooks import Pack
from services.streams import Streams

LAST = "last"  # the need that ends every script, posted by the pack's first committee


async def interrupted(streams: Streams, pack: Pack) -> date | None:
    """The day to play again when the ledger holds a demonstration that was never finished, else None."""
    if pack.demonstration is None:
        return None
    first = asked(SYSTEM, "rules.1.rules.adopt", "rules.adopt")
    begun = await streams.log.command(first.command_id)
    author = next(area.area for area in pack.areas if area.kind == pack.book.tiers[-1].kind)
    last = asked(committee(author), f"{LAST}.1.need.post", "need.post")
    if begun is None or await streams.log.command(last.command_id) is not None:
        return None
    row = (await streams.log.read_all(begun.first - 1, 1))[0]
    return local_day(streams.codec.decode(row).meta.at) + timedelta(days=365 * pack.demonstration.years)
