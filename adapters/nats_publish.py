"""Appending ledger rows to the stream, each at the sequence that is its position or not at all.

`Nats-Expected-Last-Sequence` alone gives order, no duplicates, resuming without a cursor and fencing of two relays.
The server's "atomic" batches have been seen half applied on a full disk: they are used for speed, never relied on.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterator, Sequence

from adapters.nats_link import Link, Rejected
from adapters.nats_stream import headers_of, subject_of
from services.ports import Stored

ATOMIC_FROM = 50
BATCH_MOST = 1000  # the server's limit
BATCH_BYTES = 4 * 1024 * 1024
BREATH = 50  # messages between two turns of the loop, which others share

EXPECTED = "Nats-Expected-Last-Sequence"


async def append(link: Link, district: str, rows: Sequence[Stored]) -> int:
    """Append rows with consecutive positions; returns the last one. After any error the caller must look again:
    some of them may have been stored."""
    for part in _parts(rows):
        await (_batch if len(part) >= ATOMIC_FROM else _window)(link, district, part)
    return rows[-1].position


async def _window(link: Link, district: str, rows: Sequence[Stored]) -> None:
    """All at once; when the server loses or refuses one it refuses those after it too."""
    sent = []
    for row in rows:
        headers = {**headers_of(row), EXPECTED: str(row.position - 1)}
        sent.append(await link.send(subject_of(district, row.type), row.state, headers))
    for row, ack in zip(rows, await link.answers(sent), strict=True):
        _require(ack.get("seq") == row.position, f"{row.position} was stored as {ack.get('seq')}")


async def _batch(link: Link, district: str, rows: Sequence[Stored]) -> None:
    batch = secrets.token_hex(16)
    for n, row in enumerate(rows, 1):
        headers = {**headers_of(row), "Nats-Batch-Id": batch, "Nats-Batch-Sequence": str(n)}
        if n == 1:
            headers[EXPECTED] = str(row.position - 1)
        if n == len(rows):
            break
        await link.publish(subject_of(district, row.type), row.state, headers=headers)
        if n % BREATH == 0:
            await asyncio.sleep(0)
    headers["Nats-Batch-Commit"] = "1"
    ack = await link.request(subject_of(district, row.type), row.state, headers)
    whole = ack.get("seq") == row.position and ack.get("count") == len(rows)
    _require(whole, f"batch up to {row.position} was stored as {ack}")


def _parts(rows: Sequence[Stored]) -> Iterator[Sequence[Stored]]:
    """Cut to what one batch may hold."""
    start = size = 0
    for n, row in enumerate(rows):
        size += len(row.state)
        if n > start and (n - start >= BATCH_MOST or size > BATCH_BYTES):
            yield rows[start:n]
            start, size = n, len(row.state)
    yield rows[start:]


def _require(holds: bool, text: str) -> None:
    if not holds:
        raise Rejected(0, text)
