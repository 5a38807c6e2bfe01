"""What the services need from the outside, in words. Adapters keep these promises; contract tests check them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from domain.events import Event, Meta, Recorded, Sealed


@dataclass(frozen=True, slots=True)
class NewEvent:
    """One event to store. `version` counts from 1 within its stream, without holes."""

    stream: str
    version: int
    type: str  # the TYPE, e.g. "need.posted"
    state: bytes  # the bytes that are stored, hashed and published: JSON


@dataclass(frozen=True, slots=True)
class Stored:
    """One event as it lies in the ledger. `position` is gapless from 1; `leaf` is its RFC 6962 leaf hash (32 bytes)."""

    position: int
    stream: str
    version: int
    type: str
    state: bytes
    leaf: bytes


@dataclass(frozen=True, slots=True)
class Append:
    """All that one command writes and relies on; stored whole or not at all."""

    events: tuple[NewEvent, ...]
    command_id: str  # never used before, or the first answer comes back
    fingerprint: str  # of method, path and body: the same command id with another fingerprint is a misuse
    answer: bytes  # kept with the command id for ever, given back when it is repeated
    at_us: int  # the events' time, µs since 1970 UTC; must not be before the ledger's newest
    reads: tuple[tuple[str, int], ...] = ()  # (stream, version) that must still hold; 0 = absent
    cites: tuple[tuple[str, str], ...] = ()  # (target stream, citing stream): new entries of the citation index
    cited: tuple[tuple[str, int], ...] = ()  # (target, number of citations read) that must still hold
    numbers: tuple[tuple[str, int], ...] = ()  # (series, n) taken by this command; each can be taken once


@dataclass(frozen=True, slots=True)
class Receipt:
    """Proof of storage. first..last are the positions of the command's events; `leaf` is the last one's leaf hash."""

    first: int
    last: int
    leaf: bytes
    answer: bytes
    fingerprint: str
    repeated: bool = False  # True: the command id was known; nothing was written; this is the first answer


@dataclass(frozen=True, slots=True)
class Head:
    """The ledger's end: last position (= tree size), its time in µs, the last leaf hash (b"" when empty)."""

    position: int
    at_us: int
    leaf: bytes


class Conflict(Exception):
    """Something the decision relied on has changed: load again and decide again. Nothing was stored.

    what: "version", "read", "cited", "number" or "time".
    """

    def __init__(self, what: str, detail: str = "") -> None:
        super().__init__(f"{what}: {detail}")
        self.what = what


class StoreUnavailable(Exception):
    """The store cannot take or give anything now (disk full, connection lost, shutting down). Say why; retry is safe
    with the same command id."""

    def __init__(self, reason: str, *, full: bool = False) -> None:
        super().__init__(reason)
        self.full = full  # True: the disk is full (HTTP 507), else 503


class EventLog(Protocol):
    """The only truth: one ordered, sealed, append-only ledger per district."""

    store_id: str  # uuid text, made when the ledger was made

    async def append(self, change: Append) -> Receipt:
        """Store all of it or nothing, together with its Merkle leaves. Concurrent calls share one commit (group commit);
        a conflicting one is isolated and the others go on. Returns only after the data is on disk.
        Raises Conflict, StoreUnavailable. A known command id → its first Receipt with repeated=True (whatever else is
        in `change`). After a lost commit acknowledgement the command id decides whether it was stored."""

    async def command(self, command_id: str) -> Receipt | None:
        """The receipt of a stored command (repeated=True), or None."""

    async def read_stream(self, stream: str, after: int = 0) -> Sequence[Stored]:
        """Events of one stream with version > after, in order."""

    async def read_all(self, after: int = 0, limit: int = 1000) -> Sequence[Stored]:
        """Events with position > after, in ledger order, at most `limit`. A reader never sees N before N - 1 is visible."""

    async def citing(self, target: str) -> Sequence[str]:
        """Streams that cite `target`, in ledger order."""

    async def last_number(self, series: str) -> int:
        """The highest number taken in a series; 0 when none."""

    async def head(self) -> Head: ...

    async def position_at(self, at_us: int) -> int:
        """The last position whose time is ≤ at_us; 0 when none."""

    async def wait(self, after: int, timeout_s: float) -> int:
        """Returns the head position as soon as it is > after, else after timeout_s. In-process appends wake it at once."""

    async def close(self) -> None: ...


class Codec(Protocol):
    """Facts to bytes and back, through a closed list of TYPEs. Free text is sealed on the way in."""

    def seal(self, event: Event, *, stream: str, version: int, key: str) -> Event:
        """The same fact with every Plain text sealed under the item's key (AAD = stream/version/field)."""

    def key_of(self, event: Event) -> str | None:
        """The key that the event's text is sealed under; None when it holds no text."""

    def has_plain(self, event: Event) -> bool:
        """Whether it holds text that is not sealed yet."""

    def encode_meta(self, meta: Meta) -> bytes:
        """The envelope of all events of one command, but for the event id."""

    def encode_data(self, event: Event, envelope: bytes, event_id: str) -> bytes:
        """JSON an auditor can read. The event must hold no Plain text."""

    def decode(self, stored: Stored) -> Recorded: ...

    def peek(self, stored: Stored) -> dict[str, Any]:
        """The JSON as it lies there, envelope and "data": to count many events quickly. Nothing in it has been checked."""

    def pack(self, answer: Mapping[str, Any]) -> bytes:
        """An answer of texts, numbers and lists as it is kept with its command."""

    def unpack(self, packed: bytes) -> dict[str, Any]: ...


class Vault(Protocol):
    """Keys for free text, apart from the ledger: a key per item. Destroying the key erases the text, everywhere at once."""

    def new_key(self) -> str:
        """The ref of a fresh key that is already on disk."""

    def seal(self, key: str, plain: str, place: str) -> Sealed: ...

    def open(self, text: Sealed) -> str | None:
        """The text, or None when its key was destroyed. Raises ValueError when it was moved or changed."""

    def erase(self, key: str) -> None:
        """Destroy the key, on disk, before returning."""

    def erasures(self) -> int:
        """How often a key was destroyed, by any process."""


class Clock(Protocol):
    def now(self) -> datetime:
        """UTC, timezone-aware."""


class Ids(Protocol):
    def new(self, prefix: str) -> str:
        """`prefix-` and a time-ordered text of [0-9a-z], never the same twice."""

    def token(self) -> str:
        """An unguessable text (256 bit, URL-safe) for one-time links."""


class Standing(Protocol):
    """What the read models know about an organisation's standing; may lag by some events."""

    async def live_claims(self, org: str) -> int:
        """How many live claims it is a party of."""


class Links(Protocol):
    """Residents' one-time links: unforgeable without a look-up, spent in the ledger."""

    def sign(self, project: str, nonce: str) -> str:
        """A token of [A-Za-z0-9_-.], the project before its first dot, for one evaluation; until when is the project's."""

    def read(self, token: str) -> str | None:
        """The project of a genuine token, else None."""


class EventStream(Protocol):
    """The broker's copy of the ledger, read in order: sequence = position."""

    def batches(self, after: int, limit: int = 500) -> AsyncIterator[Sequence[Stored]]:
        """Whatever is there from after + 1 on, at most `limit` a batch, for ever. Never a hole, never twice; raises
        nothing for broker trouble (it waits and reconnects)."""
