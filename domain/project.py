"""One project: what an accepted claim becomes. active -> reported -> confirmed -> closed; disputed -> settled; aborted.
Nobody confirms their own work; pledged, received and spent money are three figures."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import ClassVar

from domain.capacity import MONEY_UNITS, Line
from domain.events import Event, Text


@dataclass(frozen=True, kw_only=True, slots=True)
class ProjectOpened(Event):
    TYPE: ClassVar[str] = "project.opened"
    number: str
    claim: str
    need: str | None = None
    offer: str | None = None
    provider: str  # the lead unit of a joint claim
    members: tuple[str, ...]  # all who contribute, the provider included
    receiver: str
    area: str
    category: str
    lines: tuple[Line, ...]  # what was promised
    due_at: datetime  # UTC


@dataclass(frozen=True, kw_only=True, slots=True)
class MilestonePlanned(Event):
    TYPE: ClassVar[str] = "project.milestone_planned"
    milestone: int  # 1, 2, …
    title: Text
    due: date | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class MilestoneMet(Event):
    TYPE: ClassVar[str] = "project.milestone_met"
    milestone: int
    note: Text | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class MilestoneSlipped(Event):
    TYPE: ClassVar[str] = "project.milestone_slipped"
    milestone: int
    due: date | None = None
    note: Text | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class DeliveryReported(Event):
    TYPE: ClassVar[str] = "project.delivery_reported"
    by: str
    lines: tuple[Line, ...]
    note: Text | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class DeliveryConfirmed(Event):
    TYPE: ClassVar[str] = "project.delivery_confirmed"
    by: str
    lines: tuple[Line, ...]
    beneficiaries: int = 0
    links_until: datetime | None = None  # residents may evaluate through a link until then, UTC
    note: Text | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Disputed(Event):
    TYPE: ClassVar[str] = "project.disputed"
    by: str
    reason: Text


@dataclass(frozen=True, kw_only=True, slots=True)
class Settled(Event):
    """outcome: resumed (back to where it was), delivered (`lines` count as confirmed), failed (nothing does)."""

    TYPE: ClassVar[str] = "project.settled"
    by: str
    outcome: str
    lines: tuple[Line, ...] = ()
    links_until: datetime | None = None
    reason: Text | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class FundsReceived(Event):
    TYPE: ClassVar[str] = "project.funds_received"
    amount_fen: int
    voucher: str | None = None  # sha256 of the voucher
    note: Text | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class FundsSpent(Event):
    TYPE: ClassVar[str] = "project.funds_spent"
    amount_fen: int
    voucher: str | None = None
    note: Text | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ResultFedBack(Event):
    TYPE: ClassVar[str] = "project.result_fed_back"
    by: str
    note: Text


@dataclass(frozen=True, kw_only=True, slots=True)
class Evaluated(Event):
    """role: provider, receiver or resident; score 1–5. A resident has no `by`."""

    TYPE: ClassVar[str] = "project.evaluated"
    role: str
    score: int
    by: str | None = None
    link: str | None = None  # sha256 of the one-time token
    note: Text | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ProjectClosed(Event):
    TYPE: ClassVar[str] = "project.closed"
    by: str
    waiver: Text | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ProjectAborted(Event):
    TYPE: ClassVar[str] = "project.aborted"
    cause: str  # released, failed


@dataclass(frozen=True, kw_only=True, slots=True)
class Milestone:
    id: int
    title: Text
    due: date | None = None
    status: str  # planned, met, slipped


@dataclass(frozen=True, kw_only=True, slots=True)
class ProjectState:
    id: str
    number: str
    claim: str
    need: str | None = None
    offer: str | None = None
    provider: str
    members: tuple[str, ...]
    receiver: str
    area: str
    category: str
    lines: tuple[Line, ...]
    due_at: datetime
    status: str = "active"
    before_dispute: str | None = None
    disputed_by: str | None = None
    disputing_side: str | None = None  # also when the member who spoke for it has left since
    outcome: str | None = None  # of a settlement
    links_until: datetime | None = None
    reported: tuple[Line, ...] = ()
    confirmed: tuple[Line, ...] = ()
    reporter: str | None = None
    beneficiaries: int = 0
    received_fen: int = 0
    spent_fen: int = 0
    fed_back: bool = False
    milestones: tuple[Milestone, ...] = ()
    evaluations: tuple[tuple[str, int], ...] = ()  # (role, score)
    used_links: tuple[str, ...] = ()

    @property
    def pledged_fen(self) -> int:
        return sum(line.quantity for line in self.lines if line.unit in MONEY_UNITS)

    def side_of(self, org: str) -> str | None:
        if org in self.members or org == self.provider:
            return "provider"
        return "receiver" if org == self.receiver else None


def evolve(state: ProjectState | None, event: Event, stream: str) -> ProjectState:
    if isinstance(event, ProjectOpened):
        return ProjectState(
            id=stream, number=event.number, claim=event.claim, need=event.need, offer=event.offer,
            provider=event.provider, members=event.members, receiver=event.receiver, area=event.area,
            category=event.category, lines=event.lines, due_at=event.due_at,
        )  # fmt: skip
    assert state is not None
    match event:
        case MilestonePlanned() | MilestoneMet() | MilestoneSlipped():
            return replace(state, milestones=_milestones(state.milestones, event))
        case DeliveryReported():
            return replace(state, status="reported", reported=event.lines, reporter=event.by)
        case DeliveryConfirmed():
            return _confirmed(replace(state, beneficiaries=event.beneficiaries), event)
        case Disputed():
            side = state.side_of(event.by)
            return replace(
                state, status="disputed", before_dispute=state.status, disputed_by=event.by, disputing_side=side
            )
        case Settled() if event.outcome == "resumed":
            return replace(state, status=state.before_dispute or "active", disputed_by=None, disputing_side=None)
        case Settled():
            return replace(_confirmed(state, event), status="settled", outcome=event.outcome)
        case FundsReceived():
            return replace(state, received_fen=state.received_fen + event.amount_fen)
        case FundsSpent():
            return replace(state, spent_fen=state.spent_fen + event.amount_fen)
        case ResultFedBack():
            return replace(state, fed_back=True)
        case Evaluated():
            links = (*state.used_links, event.link) if event.link else state.used_links
            return replace(state, evaluations=(*state.evaluations, (event.role, event.score)), used_links=links)
        case ProjectClosed():
            return replace(state, status="closed")
        case ProjectAborted():
            return replace(state, status="aborted")
        case _:
            raise TypeError(event)


def _confirmed(state: ProjectState, event: DeliveryConfirmed | Settled) -> ProjectState:
    return replace(state, status="confirmed", confirmed=event.lines, links_until=event.links_until)


def _milestones(
    milestones: tuple[Milestone, ...], event: MilestonePlanned | MilestoneMet | MilestoneSlipped
) -> tuple[Milestone, ...]:
    if isinstance(event, MilestonePlanned):
        return (*milestones, Milestone(id=event.milestone, title=event.title, due=event.due, status="planned"))
    status, due = ("met", None) if isinstance(event, MilestoneMet) else ("slipped", event.due)
    return tuple(replace(m, status=status, due=due or m.due) if m.id == event.milestone else m for m in milestones)
