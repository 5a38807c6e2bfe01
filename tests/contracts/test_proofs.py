"""Proofs from every kind of ledger: whoever has a root can check any event, and a changed one does not pass."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from adapters.memory import MemoryStore
from domain.events import Refused
from domain.ledger import Tree, includes
from services.ports import Append, EventLog, NewEvent
from services.proofs import BLOCK, Proofs


async def grown(log: EventLog, n: int, streams: int = 7) -> None:
    """n events in a few streams, several to a command."""
    have = (await log.head()).position
    versions: dict[str, int] = {}
    for row in await log.read_all(0, have):
        versions[row.stream] = row.version
    events = []
    for i in range(have, have + n):
        stream = f"need-{i % streams}"
        versions[stream] = versions.get(stream, 0) + 1
        events.append(NewEvent(stream, versions[stream], "need.posted", b'{"n":%d}' % i))
    for i in range(0, n, 100):
        await log.append(Append(tuple(events[i : i + 100]), f"c-{have + i}", "f", b"", have + i + 1))


async def test_every_event_is_proven_under_the_root_of_the_whole_tree(log: EventLog):
    proofs = Proofs(log)
    for more in (1, 9, BLOCK - 10, 1, 300):
        await grown(log, more)
        rows = await log.read_all(0, 2000)
        tree = Tree(row.leaf for row in rows)
        for position in {1, len(rows), *Random(more).sample(range(1, len(rows) + 1), min(len(rows), 12))}:
            proof = await proofs.of(position)
            assert proof.holds
            assert (proof.root, proof.path) == (tree.root(), tree.inclusion(position - 1))
            assert includes(rows[position - 1].leaf, position - 1, len(rows), proof.path, tree.root())


async def test_a_root_that_was_written_down_long_ago_still_proves_what_it_covered():
    log = MemoryStore()
    await grown(log, 700)
    proofs, rows = Proofs(log), await log.read_all(0, 700)
    for size in (700, 1, 2, 255, 256, 257, 511, 512, 513):
        proof = await proofs.of(size, size)
        assert proof.holds
        assert proof.root == Tree(row.leaf for row in rows[:size]).root()
    with pytest.raises(Refused):
        await proofs.of(257, 256)
    with pytest.raises(Refused):
        await proofs.of(701)


async def test_a_changed_event_or_path_does_not_pass():
    log = MemoryStore()
    await grown(log, 300)
    proof = await Proofs(log).of(123)
    forged = replace(proof, row=replace(proof.row, state=b'{"n":0}'))
    assert (forged.leaf_holds, forged.holds) == (False, False)
    moved = replace(proof, index=proof.index + 1)
    assert not moved.path_holds
    other = replace(proof, path=(*proof.path[:-1], bytes(32)))
    assert (other.leaf_holds, other.path_holds) == (True, False)
    assert not replace(proof, prev=bytes(31) + b"\1").leaf_holds
