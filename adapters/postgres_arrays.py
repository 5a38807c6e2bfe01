"""Whole columns as PostgreSQL's binary arrays: psycopg's own lists take most of a commit's time, item by item."""

from __future__ import annotations

from collections.abc import Sequence
from struct import Struct, pack

from psycopg.abc import AdaptContext
from psycopg.adapt import Dumper
from psycopg.pq import Format

_LENGTH = Struct("!i").pack


class Texts(bytes):
    """text[]"""


class Ints(bytes):
    """bigint[]"""


class Blobs(bytes):
    """bytea[]"""


def texts(values: Sequence[str]) -> Texts:
    return Texts(_array(25, [value.encode() for value in values]))


def blobs(values: Sequence[bytes]) -> Blobs:
    return Blobs(_array(17, values))


def ints(values: Sequence[int]) -> Ints:
    each_with_its_size = [part for value in values for part in (8, value)]
    return Ints(_head(20, len(values)) + pack("!" + "iq" * len(values), *each_with_its_size))


def _array(element: int, items: Sequence[bytes]) -> bytes:
    parts = [part for item in items for part in (_LENGTH(len(item)), item)]
    return _head(element, len(items)) + b"".join(parts)


def _head(element: int, count: int) -> bytes:
    # dimensions, has nulls, the elements' type; then for the one dimension how many and from which number
    return pack("!iiIii", 1, 0, element, count, 1) if count else pack("!iiI", 0, 0, element)


class _AsItIs(Dumper):
    format = Format.BINARY

    def dump(self, obj: bytes) -> bytes:
        return obj


class _TextsDumper(_AsItIs):
    oid = 1009


class _IntsDumper(_AsItIs):
    oid = 1016


class _BlobsDumper(_AsItIs):
    oid = 1001


def register(context: AdaptContext) -> None:
    """Teach a connection or cursor to pass these columns on."""
    for column, dumper in ((Texts, _TextsDumper), (Ints, _IntsDumper), (Blobs, _BlobsDumper)):
        context.adapters.register_dumper(column, dumper)
