"""What webhooks need from the outside: a book of addresses, each with its place in the ledger, and a way to call them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, kw_only=True, slots=True)
class Endpoint:
    """One address of an organisation's own system. Everything up to `cursor` has arrived there, or did not concern it."""

    id: str
    org: str
    role: str  # of the key that it was registered with: it is told what that key may see
    area: str | None
    url: str
    types: tuple[str, ...]  # TYPEs, or beginnings such as "claim."; () = all
    secret: str  # whsec_…
    old_secret: str = ""  # signs beside the new one until `old_until`
    old_until: datetime | None = None
    cursor: int  # position
    made_at: datetime
    made_by: str
    active: bool = True
    failing_since: datetime | None = None
    attempts: int = 0  # in a row that failed
    next_at: datetime | None = None
    last_at: datetime | None = None  # of the last call
    last_status: int = 0  # HTTP; 0 = no answer
    last_error: str = ""
    lease: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class HookChange:
    """What a command does to one endpoint; exactly one of these."""

    add: Endpoint | None = None
    drop: str | None = None
    rotate: tuple[str, str, datetime] | None = None  # id, new secret, until when the old one signs too
    replay: tuple[str, int] | None = None  # id, the position to go on after; it is active again


@dataclass(frozen=True, slots=True)
class Answer:
    """`body` is cut off."""

    status: int
    body: bytes
    retry_after_s: int


class Unreachable(Exception):
    """No answer came. `refused`: the address is one that we do not speak to."""

    def __init__(self, reason: str, *, refused: bool = False) -> None:
        super().__init__(reason)
        self.refused = refused


class Outward(Protocol):
    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """One call, no redirects. Raises Unreachable."""

    async def check(self, url: str) -> str | None:
        """Why that address is not called: "address", "insecure", "unknown", "private"; None when it is."""


class HookBook(Protocol):
    """Endpoints and answers to commands about them. Raises StoreUnavailable."""

    async def answer(self, command_id: str) -> tuple[str, bytes] | None:
        """(fingerprint, answer) of a command that was carried out."""

    async def change(
        self, change: HookChange | None, command_id: str, fingerprint: str, answer: bytes, at: datetime
    ) -> bool:
        """The change and its answer in one transaction; False, and nothing, when the command id is known."""

    async def endpoints(self, org: str) -> Sequence[Endpoint]:
        """Oldest first."""

    async def lease(self, now: datetime, until: datetime, lease: str, head: int) -> Endpoint | None:
        """An active endpoint that is behind `head`, due and held by nobody, now this caller's until then."""

    async def arrived(self, endpoint: Endpoint, cursor: int, at: datetime, until: datetime, status: int | None) -> bool:
        """Everything up to `cursor` is done with; the lease goes on until then. False when it is no longer ours, or has
        been moved. `status` None: nothing was called."""

    async def failed(
        self, endpoint: Endpoint, at: datetime, next_at: datetime | None, status: int, error: str
    ) -> bool:
        """Not before `next_at` again; None: never, it is disabled. The lease ends."""

    async def release(self, endpoint: Endpoint) -> None:
        """The lease ends."""
