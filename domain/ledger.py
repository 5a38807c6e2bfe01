"""The sealed ledger: every fact is a leaf of one RFC 6962 Merkle tree and links to the fact before it in its stream."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from struct import Struct

NO_LEAF = bytes(32)  # stands for "the leaf before" of a stream's first fact
_FORMAT = b"\x00tc1\n"
_INDEX_AND_LENGTH = Struct(">QH")

Digest = Callable[[bytes], bytes]


def digest(algorithm: str) -> Digest:
    """The hash function of a ledger: "sha256" or, where 商用密码 is asked for, "sm3". ValueError for any other name."""
    if algorithm == "sha256":
        return lambda data: hashlib.sha256(data).digest()
    if algorithm == "sm3":
        return lambda data: hashlib.new("sm3", data).digest()
    raise ValueError(f"unknown hash algorithm {algorithm!r}: use sha256 or sm3")


def leaf_hash(
    prev: bytes, index: int, stream: str, version: int, type: str, state: bytes, hash: Digest = digest("sha256")
) -> bytes:
    """The leaf of one fact: H(0 ‖ "tc1\\n" ‖ prev ‖ index ‖ stream ‖ version ‖ type ‖ state).

    Numbers are u64; lengths stand before texts, u16 for stream and type, u32 for state; all big-endian. prev: the leaf
    before it in its stream (NO_LEAF for the first); index counts the whole ledger from 0.
    """
    name, kind = stream.encode(), type.encode()
    head = _INDEX_AND_LENGTH.pack(index, len(name)) + name + _INDEX_AND_LENGTH.pack(version, len(kind)) + kind
    return hash(_FORMAT + prev + head + len(state).to_bytes(4, "big") + state)


def data_leaf(data: bytes, hash: Digest = digest("sha256")) -> bytes:
    """The leaf of any bytes, as RFC 6962 2.1 has it."""
    return hash(b"\x00" + data)


def _node(hash: Digest, left: bytes, right: bytes) -> bytes:
    return hash(b"\x01" + left + right)


@dataclass(frozen=True, slots=True)
class Frontier:
    """All that must be kept to go on sealing: the roots of the complete subtrees, largest first (≤ 64 hashes)."""

    size: int = 0
    peaks: tuple[bytes, ...] = ()
    algorithm: str = "sha256"

    def append(self, leaf: bytes) -> Frontier:
        return self.extend((leaf,))

    def extend(self, leaves: Iterable[bytes]) -> Frontier:
        """The frontier after these leaves."""
        hash, peaks, size = digest(self.algorithm), list(self.peaks), self.size
        for leaf in leaves:
            rest = size
            while rest & 1:
                leaf = _node(hash, peaks.pop(), leaf)
                rest >>= 1
            peaks.append(leaf)
            size += 1
        return Frontier(size, tuple(peaks), self.algorithm)

    def root(self) -> bytes:
        """The Merkle tree hash of all leaves so far."""
        hash = digest(self.algorithm)
        if not self.peaks:
            return hash(b"")
        root = self.peaks[-1]
        for peak in reversed(self.peaks[:-1]):
            root = _node(hash, peak, root)
        return root

    def to_bytes(self) -> bytes:
        return b"".join(self.peaks)

    @staticmethod
    def from_bytes(size: int, data: bytes, algorithm: str = "sha256") -> Frontier:
        """The frontier kept as `to_bytes`. ValueError when the bytes do not fit the size."""
        if len(data) != 32 * size.bit_count():
            raise ValueError(f"a frontier of {size} has {size.bit_count()} hashes of 32 bytes, not {len(data)} bytes")
        return Frontier(size, tuple(data[i : i + 32] for i in range(0, len(data), 32)), algorithm)


class Tree:
    """Every complete node of the tree (64 bytes a leaf), so that roots and proofs of any size cost O(log n)."""

    def __init__(self, leaves: Iterable[bytes] = (), algorithm: str = "sha256") -> None:
        self._hash = digest(algorithm)
        self._levels: list[list[bytes]] = [[]]
        for leaf in leaves:
            self.append(leaf)

    def __len__(self) -> int:
        return len(self._levels[0])

    def append(self, leaf: bytes) -> None:
        level = 0
        self._levels[0].append(leaf)
        while len(self._levels[level]) % 2 == 0:
            left, right = self._levels[level][-2:]
            level += 1
            if level == len(self._levels):
                self._levels.append([])
            self._levels[level].append(_node(self._hash, left, right))

    def root(self, size: int | None = None) -> bytes:
        """The root over the first `size` leaves (all by default). ValueError when there are fewer."""
        size = len(self) if size is None else size
        self._must_have(0 <= size <= len(self))
        return self._subtree(0, size) if size else self._hash(b"")

    def inclusion(self, index: int, size: int | None = None) -> tuple[bytes, ...]:
        """The audit path of leaf `index` in the tree of `size` leaves (RFC 6962 2.1.1)."""
        size = len(self) if size is None else size
        self._must_have(0 <= index < size <= len(self))
        path, low, high = [], 0, size
        while high - low > 1:
            middle = low + _left_part(high - low)
            if index < middle:
                path.append(self._subtree(middle, high))
                high = middle
            else:
                path.append(self._subtree(low, middle))
                low = middle
        return tuple(reversed(path))

    def consistency(self, old: int, new: int | None = None) -> tuple[bytes, ...]:
        """Proof that the tree of `old` leaves is the beginning of the tree of `new` leaves (RFC 6962 2.1.2)."""
        new = len(self) if new is None else new
        self._must_have(0 <= old <= new <= len(self))
        if old in (0, new):
            return ()
        path, low, high = [], 0, new
        while high != old:
            middle = low + _left_part(high - low)
            if old <= middle:
                path.append(self._subtree(middle, high))
                high = middle
            else:
                path.append(self._subtree(low, middle))
                low = middle
        return tuple(reversed([*path, self._subtree(low, high)] if low else path))

    def _subtree(self, low: int, high: int) -> bytes:
        size = high - low
        if size & (size - 1) == 0:
            level = size.bit_length() - 1
            return self._levels[level][low >> level]
        middle = low + _left_part(size)
        return _node(self._hash, self._subtree(low, middle), self._subtree(middle, high))

    @staticmethod
    def _must_have(holds: bool) -> None:
        if not holds:
            raise ValueError("the tree has no such leaf or size")


def _left_part(size: int) -> int:
    """The largest power of two below `size`: how many leaves the left subtree has."""
    return 1 << ((size - 1).bit_length() - 1)


def includes(
    leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes, *, algorithm: str = "sha256"
) -> bool:
    """Whether `proof` shows that `leaf` is number `index` of the `size` leaves under `root`."""
    if not 0 <= index < size or any(len(node) != 32 for node in proof):
        return False
    hash, nodes, last = digest(algorithm), iter(proof), size - 1
    for node in nodes:
        if last == 0:
            return False
        if index & 1 or index == last:
            leaf = _node(hash, node, leaf)
            while not index & 1 and index:
                index, last = index >> 1, last >> 1
        else:
            leaf = _node(hash, leaf, node)
        index, last = index >> 1, last >> 1
    return last == 0 and leaf == root


def extends(
    old: int, old_root: bytes, new: int, new_root: bytes, proof: Sequence[bytes], *, algorithm: str = "sha256"
) -> bool:
    """Whether `proof` shows that the ledger of `new` leaves begins with the ledger of `old` leaves."""
    hash = digest(algorithm)
    if not 0 <= old <= new or any(len(node) != 32 for node in proof):
        return False
    if old in (0, new):
        return not proof and old_root == (new_root if old else hash(b""))
    nodes = list(proof) if old & (old - 1) else [old_root, *proof]
    if not nodes:
        return False
    index, last = old - 1, new - 1
    while index & 1:
        index, last = index >> 1, last >> 1
    before = after = nodes[0]
    for node in nodes[1:]:
        if last == 0:
            return False
        if index & 1 or index == last:
            before, after = _node(hash, node, before), _node(hash, node, after)
            while not index & 1 and index:
                index, last = index >> 1, last >> 1
        else:
            after = _node(hash, after, node)
        index, last = index >> 1, last >> 1
    return last == 0 and before == old_root and after == new_root
