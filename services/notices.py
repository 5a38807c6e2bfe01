"""Who is told what: a pure function from one fact, and what is known of its item, to notices. No text, no contacts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from domain import claim, delegation, need, offer, project, suggestion, units
from domain.claim import ClaimState
from domain.events import Event, Meta, Recorded
from domain.need import NeedState
from domain.offer import OfferState
from domain.project import ProjectState
from services.items import Item, State, about
from services.notice_ports import Near, Notice

# kind -> (group that preferences are about, urgency: 2 somebody waits, 1 worth knowing today, 0 when there is time)
KINDS: dict[str, tuple[str, int]] = {
    "answer_asked": ("answer", 2), "membership_asked": ("answer", 2), "countered": ("answer", 2),
    "reinstatement_asked": ("answer", 2), "endorsement_asked": ("answer", 2), "confirmation_asked": ("answer", 2),
    "settlement_asked": ("answer", 2),
    "accepted": ("outcome", 1), "declined": ("outcome", 1), "withdrawn": ("outcome", 1), "expired": ("outcome", 1),
    "superseded": ("outcome", 1), "promoted": ("outcome", 1), "reinstated": ("outcome", 1), "released": ("outcome", 2),
    "failed": ("outcome", 2), "member_joined": ("outcome", 0), "member_declined": ("outcome", 1),
    "member_left": ("outcome", 1), "lead_changed": ("outcome", 1), "endorsed": ("outcome", 1),
    "rejected": ("outcome", 1), "reopened": ("outcome", 1), "need_lapsed": ("outcome", 1),
    "offer_expired": ("outcome", 0),
    "confirmed": ("project", 1), "disputed": ("project", 2), "settled": ("project", 1), "slipped": ("project", 1),
    "fed_back": ("project", 1), "evaluated": ("project", 0), "closed": ("project", 0),
    "due_soon": ("due", 1), "overdue": ("due", 2),
    "suggested_need": ("suggestion", 0), "suggested_offer": ("suggestion", 0),
    "near": ("near", 0),
    "behalf": ("behalf", 2), "objected": ("behalf", 2), "suspended": ("behalf", 2), "resumed": ("behalf", 1),
    "webhook_disabled": ("system", 2), "undelivered": ("system", 1),
}  # fmt: skip
GROUPS = tuple(dict.fromkeys(group for group, _ in KINDS.values()))
TELLING = frozenset(  # TYPEs that may tell somebody something; the others are passed without being read
    cls.TYPE
    for cls in (
        claim.ClaimProposed, claim.ClaimPromoted, claim.ClaimCountered, claim.ClaimAccepted, claim.ClaimDeclined,
        claim.ClaimWithdrawn, claim.ClaimExpired, claim.ClaimSuperseded, claim.ClaimReleased, claim.ClaimFailed,
        claim.ClaimReinstated, claim.MemberInvited, claim.MemberJoined, claim.MemberDeclined, claim.MemberLeft,
        claim.LeadChanged, claim.ClaimFulfilled, claim.ClaimWaitlisted, project.ProjectOpened, project.MilestoneSlipped,
        project.DeliveryReported, project.DeliveryConfirmed, project.Disputed, project.Settled, project.ResultFedBack,
        project.Evaluated, project.ProjectClosed, project.ProjectAborted, need.NeedPosted, need.NeedEndorsed,
        need.NeedRejected, need.NeedLapsed, need.NeedReopened, need.NeedAmended, need.NeedCommitted, need.NeedWithdrawn,
        need.NeedMerged, need.NeedClosed, offer.OfferPublished, offer.OfferExpired, units.UnitSuspended,
        units.UnitResumed, delegation.ObjectionRaised, suggestion.SuggestionIssued,
    )
)  # fmt: skip


def group_of(kind: str) -> str:
    return KINDS[kind][0]


def urgency_of(kind: str) -> int:
    return KINDS[kind][1]


def kinds_in(group: str) -> tuple[str, ...]:
    """All kinds of a group; none for a group that there is not."""
    return tuple(kind for kind, (of, _) in KINDS.items() if of == group)


def notices_for(recorded: Recorded, item: Item, tier: str | None) -> list[Notice]:
    """What this fact tells whom. `item` as it was after the whole command; `tier`: the coordinators above it. Nobody is
    told of their own act, unless somebody else did it in their name."""
    event, meta, state = recorded.event, recorded.meta, item.state
    actor, told = _by(event, state), dict[tuple[str, str], Notice]()
    for kind, orgs, due in _told(event, state, tier):
        for org in orgs:
            if org != actor:
                told[org, kind] = Notice(
                    key=f"{recorded.position}/{org}/{kind}", to=org, kind=kind, about=_id(state, recorded.stream),
                    number=getattr(state, "number", ""), lender=lender_of(state, recorded.stream), by=actor,
                    position=recorded.position, at=meta.at, due=due,
                )  # fmt: skip
    return [*told.values(), *_behalf(recorded, state, meta)]


def objection_of(recorded: Recorded, item: Item, tier: str | None) -> list[Notice]:
    """An objection to what was done in somebody's name is told to the coordinators above the item."""
    event, state = recorded.event, item.state
    if tier is None or not isinstance(event, delegation.ObjectionRaised):
        return []
    return [Notice(
        key=f"{recorded.position}/{tier}/objected", to=tier, kind="objected", about=_id(state, item.stream),
        number=getattr(state, "number", ""), lender=lender_of(state, item.stream), by=event.org,
        position=recorded.position, at=recorded.meta.at,
    )]  # fmt: skip


def suggestion_of(recorded: Recorded, item: Item) -> list[Notice]:
    """An item that fits one of the reader's own is told with both, and how well it fits."""
    event, state = recorded.event, item.state
    if not isinstance(event, suggestion.SuggestionIssued):
        return []
    kind = f"suggested_{item.kind}"
    return [Notice(
        key=f"{recorded.position}/{event.to}/{kind}", to=event.to, kind=kind, about=event.item,
        number=getattr(state, "number", ""), lender=event.item, position=recorded.position, at=recorded.meta.at,
        items=(event.about,), count=event.score,
    )]  # fmt: skip


def near_of(recorded: Recorded, item: Item, path: tuple[str, ...]) -> Near | None:
    """What the board has new since this fact; `path` is the item's area and all above it."""
    event, state = recorded.event, item.state
    opens = isinstance(event, need.NeedEndorsed) or (isinstance(event, need.NeedPosted) and event.opens)
    if opens and isinstance(state, NeedState):
        return Near(item=state.id, kind="need", areas=path, position=recorded.position)
    if isinstance(event, offer.OfferPublished) and isinstance(state, OfferState):
        return Near(item=state.id, kind="offer", areas=(state.content.reach,), position=recorded.position)
    return None


def lender_of(state: State, stream: str) -> str | None:
    """The item whose title it goes by."""
    return about(state) if isinstance(state, ClaimState | ProjectState) else stream


def _told(event: Event, state: State, tier: str | None) -> Iterator[tuple[str, Iterable[str], datetime | None]]:
    """(kind, to whom, by when) of one fact."""
    match state:
        case ClaimState():
            yield from _of_claim(event, state)
        case ProjectState():
            yield from _of_project(event, state, tier)
        case NeedState():
            yield from _of_need(event, state, tier)
        case OfferState() if isinstance(event, offer.OfferExpired):
            yield "offer_expired", (state.content.owner,), None
    match event:
        case units.UnitSuspended():
            yield "suspended", (_id(state, ""),), None
        case units.UnitResumed():
            yield "resumed", (_id(state, ""),), None


def _of_claim(event: Event, state: ClaimState) -> Iterator[tuple[str, Iterable[str], datetime | None]]:
    everybody = tuple(dict.fromkeys((*state.parties, state.proposed_by.org)))
    match event:
        case claim.ClaimProposed() if state.status == "proposed":
            invited = {m.org for m in event.terms.members if m.status == "invited"}
            yield "membership_asked", [org for org in event.awaiting if org in invited], event.expires_at
            yield "answer_asked", [org for org in event.awaiting if org not in invited], event.expires_at
        case claim.ClaimPromoted():
            yield "answer_asked", state.awaiting, event.expires_at
            yield "promoted", [org for org in everybody if org not in state.awaiting], event.expires_at
        case claim.ClaimCountered():
            yield "countered", event.awaiting, event.expires_at
        case claim.MemberInvited():
            yield "membership_asked", (event.org,), state.expires_at
        case claim.ClaimReinstated() if not event.final:
            yield "reinstatement_asked", [org for org in state.parties if org not in state.reinstating], None
        case claim.ClaimAccepted() if not event.final:
            return
        case claim.LeadChanged():
            yield "lead_changed", (event.org,), None
        case claim.MemberJoined() | claim.MemberDeclined() | claim.MemberLeft():
            yield _OUTCOMES[type(event)], (state.terms.provider, state.terms.receiver), None
        case _ if type(event) in _OUTCOMES:
            yield _OUTCOMES[type(event)], everybody, None


_OUTCOMES: dict[type[Event], str] = {
    claim.ClaimAccepted: "accepted", claim.ClaimDeclined: "declined", claim.ClaimWithdrawn: "withdrawn",
    claim.ClaimExpired: "expired", claim.ClaimSuperseded: "superseded", claim.ClaimReleased: "released",
    claim.ClaimFailed: "failed", claim.ClaimReinstated: "reinstated", claim.MemberJoined: "member_joined",
    claim.MemberDeclined: "member_declined", claim.MemberLeft: "member_left",
}  # fmt: skip


def _of_project(
    event: Event, state: ProjectState, tier: str | None
) -> Iterator[tuple[str, Iterable[str], datetime | None]]:
    givers = tuple(dict.fromkeys((state.provider, *state.members)))
    match event:
        case project.DeliveryReported():
            yield "confirmation_asked", (state.receiver,), None
        case project.DeliveryConfirmed():
            yield "confirmed", givers, None
        case project.Disputed():
            other = (state.receiver,) if state.side_of(event.by) == "provider" else givers
            yield "disputed", other, None
            yield "settlement_asked", (tier,) if tier else (), None
        case project.Settled():
            yield "settled", (*givers, state.receiver), None
        case project.MilestoneSlipped():
            yield "slipped", (state.receiver,), None
        case project.ResultFedBack():
            yield "fed_back", givers, None
        case project.Evaluated():
            yield "evaluated", givers if event.role != "provider" else (state.receiver,), None
        case project.ProjectClosed():
            yield "closed", (*givers, state.receiver), None


def _of_need(event: Event, state: NeedState, tier: str | None) -> Iterator[tuple[str, Iterable[str], datetime | None]]:
    owner = (state.content.owner,)
    match event:
        case need.NeedPosted() if not event.opens:
            yield "endorsement_asked", (tier,) if tier else (), state.content.respond_by
        case need.NeedEndorsed():
            yield "endorsed", owner, None
        case need.NeedRejected():
            yield "rejected", owner, None
        case need.NeedLapsed():
            yield "need_lapsed", owner, None
        case need.NeedReopened() if event.cause != "owner":
            yield "reopened", owner, None


def _behalf(recorded: Recorded, state: State, meta: Meta) -> list[Notice]:
    """The represented party learns of every act in its name, once a command."""
    if meta.on_behalf_of is None:
        return []
    return [Notice(
        key=f"{meta.command_id}/{meta.on_behalf_of}/behalf", to=meta.on_behalf_of, kind="behalf",
        about=_id(state, recorded.stream), number=getattr(state, "number", ""), lender=lender_of(state, recorded.stream),
        position=recorded.position, at=meta.at, due=delegation.until(meta.at),
    )]  # fmt: skip


def _by(event: Event, state: State) -> str | None:
    """The organisation that acted, as far as the fact says so."""
    if isinstance(event, claim.ClaimProposed):
        return event.proposed_by.org
    if isinstance(event, claim.MemberJoined | claim.MemberDeclined | claim.MemberLeft):
        return event.org
    if isinstance(event, claim.MemberInvited) and isinstance(state, ClaimState):
        return state.terms.provider
    if isinstance(event, need.NeedPosted) and isinstance(state, NeedState):
        return state.content.owner
    found: str | None = getattr(event, "by", None)
    return None if isinstance(event, claim.ClaimSuperseded) else found


def _id(state: State, stream: str) -> str:
    return str(getattr(state, "id", stream))
