"""One claim: a handshake about a need, an offer or both. proposed, waitlisted -> accepted -> fulfilled;
off: declined, withdrawn, expired, superseded; after acceptance: released, failed (released -> reinstated)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from domain.calendar import Window
from domain.capacity import Line
from domain.events import Event, Text

LIVE = ("proposed", "waitlisted", "accepted")


@dataclass(frozen=True, kw_only=True, slots=True)
class Proposer:
    org: str
    role: str  # provider, receiver, tier, matcher


@dataclass(frozen=True, kw_only=True, slots=True)
class Member:
    """A unit in a joint claim with what it commits."""

    org: str
    lines: tuple[Line, ...]
    status: str  # invited, joined, declined, left
    lead: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Terms:
    """What a claim is about. `lines` are the provider's own (the lead's, in a joint claim)."""

    need: str | None = None
    offer: str | None = None
    provider: str
    receiver: str
    area: str  # the need's area, else the receiver's: where it counts
    category: str
    lines: tuple[Line, ...]
    window: Window | None = None
    members: tuple[Member, ...] = ()  # the lead first; empty when one unit claims alone


@dataclass(frozen=True, kw_only=True, slots=True)
class ClaimProposed(Event):
    TYPE: ClassVar[str] = "claim.proposed"
    number: str
    terms: Terms
    proposed_by: Proposer
    awaiting: tuple[str, ...]
    expires_at: datetime  # UTC
    note: Text | None = None
    round: str | None = None  # that it is a pair of


@dataclass(frozen=True, kw_only=True, slots=True)
class ClaimWaitlisted(Event):
    """The need is covered; the claim keeps its place in the queue."""

    TYPE: ClassVar[str] = "claim.waitlisted"


@dataclass(frozen=True, kw_only=True, slots=True)
class ClaimPromoted(Event):
    TYPE: ClassVar[str] = "claim.promoted"
    expires_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class ClaimCountered(Event):
    """An answer that changes lines or window: now the other side answers."""

    TYPE: ClassVar[str] = "claim.countered"
    by: str
    lines: tuple[Line, ...]
    window: Window | None = None
    awaiting: tuple[str, ...]
    expires_at: datetime
    note: Text | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ClaimAccepted(Event):
    """One side's yes; `final` when nobody is awaited any more and the promise binds."""

    TYPE: ClassVar[str] = "claim.accepted"
    by: str
    final: bool
    project: str | None = None  # set when final
    note: Text | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ClaimDeclined(Event):
    TYPE: ClassVar[str] = "claim.declined"
    by: str
    reason: Text | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ClaimWithdrawn(Event):
    TYPE: ClassVar[str] = "claim.withdrawn"
    by: str
    reason: Text | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ClaimExpired(Event):
    TYPE: ClassVar[str] = "claim.expired"


@dataclass(frozen=True, kw_only=True, slots=True)
class ClaimSuperseded(Event):
    TYPE: ClassVar[str] = "claim.superseded"
    cause: str  # covered, need_withdrawn, need_merged, need_lapsed, need_closed, offer_retired, offer_expired
    by: str | None = None  # the claim or item that took its place


@dataclass(frozen=True, kw_only=True, slots=True)
class ClaimReleased(Event):
    TYPE: ClassVar[str] = "claim.released"
    by: str
    reason: Text | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ClaimFailed(Event):
    TYPE: ClassVar[str] = "claim.failed"
    cause: str  # not_delivered, settled
    reason: Text | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ClaimFulfilled(Event):
    TYPE: ClassVar[str] = "claim.fulfilled"
    lines: tuple[Line, ...]  # what was confirmed


@dataclass(frozen=True, kw_only=True, slots=True)
class ClaimReinstated(Event):
    """One side says the release was a mistake; `final` when both do and the promise binds again."""

    TYPE: ClassVar[str] = "claim.reinstated"
    by: str
    final: bool
    project: str | None = None  # the new project, set when final
    reason: Text | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class MemberInvited(Event):
    """The other side, if it had said yes already, is asked again: there is more in the claim now."""

    TYPE: ClassVar[str] = "claim.member_invited"
    org: str
    lines: tuple[Line, ...]
    awaiting: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class MemberJoined(Event):
    TYPE: ClassVar[str] = "claim.member_joined"
    org: str


@dataclass(frozen=True, kw_only=True, slots=True)
class MemberDeclined(Event):
    TYPE: ClassVar[str] = "claim.member_declined"
    org: str
    reason: Text | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class MemberLeft(Event):
    TYPE: ClassVar[str] = "claim.member_left"
    org: str
    reason: Text | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class LeadChanged(Event):
    TYPE: ClassVar[str] = "claim.lead_changed"
    org: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ClaimState:
    id: str
    number: str
    terms: Terms
    proposed_by: Proposer
    status: str
    awaiting: tuple[str, ...]
    expires_at: datetime
    note: Text | None = None
    project: str | None = None
    reinstating: tuple[str, ...] = ()  # who has said that the release was a mistake
    counters: int = 0
    round: str | None = None  # that the matcher proposed it in
    promoted: bool = False  # it came from the wait list: what it asks for is kept for it until it is answered

    @property
    def parties(self) -> tuple[str, ...]:
        """Everybody bound by it: provider, receiver, members who have not left."""
        return tuple(dict.fromkeys((self.terms.provider, self.terms.receiver, *(m.org for m in self.active))))

    @property
    def active(self) -> tuple[Member, ...]:
        """Members who are invited or have joined."""
        return tuple(m for m in self.terms.members if m.status in ("invited", "joined"))

    @property
    def shares(self) -> tuple[tuple[str, tuple[Line, ...]], ...]:
        """Who commits what: each joined member, or the provider alone."""
        if not self.terms.members:
            return ((self.terms.provider, self.terms.lines),)
        return tuple((m.org, m.lines) for m in self.terms.members if m.status == "joined")

    @property
    def lines(self) -> tuple[Line, ...]:
        """The sum over the active members, or the provider's lines."""
        if not self.terms.members:
            return self.terms.lines
        total: dict[tuple[str, str], int] = {}
        for member in self.active:
            for line in member.lines:
                total[line.kind, line.unit] = total.get((line.kind, line.unit), 0) + line.quantity
        return tuple(Line(kind, quantity, unit) for (kind, unit), quantity in total.items())

    def side_of(self, org: str) -> str | None:
        """"provider" (members too) or "receiver"; None for anybody else."""
        if org == self.terms.provider or any(m.org == org for m in self.active):
            return "provider"
        return "receiver" if org == self.terms.receiver else None
