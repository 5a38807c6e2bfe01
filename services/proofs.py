"""Proof that one event lies in the ledger, and in its place: leaf, inclusion path and root (RFC 6962), for anybody."""

from __future__ import annotations

from dataclasses import dataclass

from domain.access import missing
from domain.ledger import NO_LEAF, Tree, includes, leaf_hash
from domain.ledger import digest as digest_of
from services.ports import EventLog, Stored

BLOCK = 256  # leaves under one remembered node: a power of two, so that blocks are whole subtrees
ALGORITHMS = ("sha256", "sm3")


@dataclass(frozen=True, kw_only=True, slots=True)
class Proof:
    """Event number `row.position` as leaf `index` of the first `size` leaves. `prev`: the leaf before it in its stream."""

    row: Stored
    prev: bytes
    index: int
    size: int
    root: bytes
    path: tuple[bytes, ...]
    algorithm: str

    @property
    def leaf_holds(self) -> bool:
        """The stored bytes still give the leaf that was sealed."""
        row, hash = self.row, digest_of(self.algorithm)
        return leaf_hash(self.prev, self.index, row.stream, row.version, row.type, row.state, hash) == row.leaf

    @property
    def path_holds(self) -> bool:
        return includes(self.row.leaf, self.index, self.size, self.path, self.root, algorithm=self.algorithm)

    @property
    def holds(self) -> bool:
        return self.leaf_holds and self.path_holds


class Proofs:
    """Remembers one node for every 256 events; a proof reads at most 512 events beside the event's own."""

    def __init__(self, log: EventLog) -> None:
        self._log = log
        self._roots: list[bytes] = []
        self._algorithm = ""

    async def of(self, position: int, size: int | None = None) -> Proof:
        """In the ledger as it was with `size` events, by default as it is. Refused: item.not_found."""
        head = (await self._log.head()).position
        size = head if size is None else size
        if not 1 <= position <= size <= head:
            raise missing()
        (row,) = await self._log.read_all(position - 1, 1)
        before = await self._log.read_stream(row.stream, row.version - 2) if row.version > 1 else ()
        algorithm = await self._known_algorithm()
        root, path = await self._path(position - 1, size, algorithm)
        return Proof(
            row=row, prev=before[0].leaf if before else NO_LEAF, index=position - 1, size=size, root=root, path=path,
            algorithm=algorithm,
        )  # fmt: skip

    async def _path(self, index: int, size: int, algorithm: str) -> tuple[bytes, tuple[bytes, ...]]:
        """Within its block, then among the blocks: the last one may be smaller, the tree is the same."""
        block, whole = index // BLOCK, size // BLOCK
        await self._remember(whole, algorithm)
        roots = self._roots[:whole]
        if size % BLOCK:
            roots = [*roots, (await self._block(whole, size, algorithm)).root()]
        inside, blocks = await self._block(block, size, algorithm), Tree(roots, algorithm)
        return blocks.root(), (*inside.inclusion(index % BLOCK), *blocks.inclusion(block))

    async def _block(self, number: int, size: int, algorithm: str) -> Tree:
        first = number * BLOCK
        rows = await self._log.read_all(first, min(BLOCK, size - first))
        return Tree((row.leaf for row in rows), algorithm)

    async def _remember(self, whole: int, algorithm: str) -> None:
        while (known := len(self._roots)) < whole:
            root = (await self._block(known, whole * BLOCK, algorithm)).root()
            if len(self._roots) == known:  # else another request was quicker
                self._roots.append(root)

    async def _known_algorithm(self) -> str:
        """The one that gives the first event's leaf; the first one when neither does, and then nothing holds."""
        if not self._algorithm:
            (row,) = await self._log.read_all(0, 1)
            fits = [a for a in ALGORITHMS if Proof(
                row=row, prev=NO_LEAF, index=0, size=1, root=row.leaf, path=(), algorithm=a).leaf_holds]  # fmt: skip
            self._algorithm = fits[0] if fits else ALGORITHMS[0]
        return self._algorithm
