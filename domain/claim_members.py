"""Joint claims: several units, one lead. Accepted when every member has confirmed and the other side has said yes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from domain.capacity import Line, check_lines, shortage
from domain.claim import (
    ClaimAccepted,
    ClaimState,
    LeadChanged,
    Member,
    MemberDeclined,
    MemberInvited,
    MemberJoined,
    MemberLeft,
)
from domain.claim_answers import NewProject, bind
from domain.claim_endings import give_back, not_yet_delivered
from domain.claim_evolution import evolve
from domain.claim_legal import Changes, Deal, require
from domain.claim_proposing import need_amounts
from domain.events import Refused, Text
from domain.project import ProjectState
from domain.rules import RuleBook


def invite(deal: Deal, *, org: str, by: str, lines: tuple[Line, ...], at: datetime, book: RuleBook) -> Changes:
    """The lead asks one more unit, while the claim is still proposed."""
    claim = deal.claim
    require(claim, "members", by, at, ("proposed",))
    check_lines(lines)
    if deal.need is None or claim.proposed_by.role != "provider":
        raise Refused(
            "claim.not_joint", "只有单位认领需求时可以联合其他单位。",
            "Only a unit's claim of a need can be joined by other units.",
        )  # fmt: skip
    if claim.side_of(org) is not None:
        raise Refused(
            "claim.bad_members", "该单位已在联合认领中，或就是接收方。",
            "That unit is in the joint claim already, or is the receiver.", kind="invalid", field="org",
        )  # fmt: skip
    if max(len(claim.active), 1) >= book.limits.members:
        raise Refused(
            "claim.too_many_members", f"联合认领最多 {book.limits.members} 个单位。",
            f"A joint claim has at most {book.limits.members} units.", kind="invalid", field="org",
        )  # fmt: skip
    awaiting = tuple(dict.fromkeys((*claim.awaiting, claim.terms.receiver, org)))
    event = MemberInvited(org=org, lines=lines, awaiting=awaiting)
    asked = need_amounts(deal.need, evolve(claim, event, claim.id).lines, claim.terms.window)
    if shortage(replace(deal.need.capacity, used={}), asked):
        raise Refused(
            "claim.exceeds_need", "成员的数量加起来超过了需求。", "Together the members give more than the need asks for.",
            kind="invalid", field="lines",
        )  # fmt: skip
    return ((claim.id, event),)


def join(
    deal: Deal, rivals: Sequence[Deal], *, org: str, project: NewProject, at: datetime, book: RuleBook
) -> Changes:
    """A member confirms; if it was the last answer awaited, the claim binds."""
    claim = deal.claim
    require(claim, "membership", org, at, ("proposed",))
    joined = MemberJoined(org=org)
    return ((claim.id, joined), *_last_answer(deal, evolve(claim, joined, claim.id), rivals, project, at, book))


def refuse(
    deal: Deal, rivals: Sequence[Deal], *, org: str, reason: Text | None, project: NewProject, at: datetime, book: RuleBook
) -> Changes:
    """A member says no; the others go on with what is left."""
    claim = deal.claim
    require(claim, "membership", org, at, ("proposed",))
    declined = MemberDeclined(org=org, reason=reason)
    return ((claim.id, declined), *_last_answer(deal, evolve(claim, declined, claim.id), rivals, project, at, book))


def leave(
    deal: Deal, bound: ProjectState | None, rivals: Sequence[Deal], *, org: str, reason: Text | None, project: NewProject,
    at: datetime, book: RuleBook,
) -> Changes:  # fmt: skip
    """A member steps out; after acceptance (`bound`: the project) its part is open again, unless delivery has been
    reported. The lead hands over first."""
    claim = deal.claim
    member = _member(claim, org)
    if claim.status not in ("proposed", "waitlisted", "accepted") or member.status not in ("joined", "invited"):
        raise Refused(
            "claim.wrong_state", f"认领 {claim.number} 现为“{claim.status}”，成员不能退出。",
            f"Claim {claim.number} is {claim.status}; a member cannot leave it now.",
        )  # fmt: skip
    if member.lead:
        raise Refused(
            "claim.lead_leaves", "牵头单位退出前，请先移交牵头（lead）；或解除整个认领（release）。",
            "The lead hands over first (lead), or releases the whole claim (release).", legal=("lead", "release"),
        )  # fmt: skip
    left = MemberLeft(org=org, reason=reason)
    if bound is not None and claim.status == "accepted":
        not_yet_delivered(bound)
        return ((claim.id, left), *give_back(deal, cause="member_left", only=org))
    return ((claim.id, left), *_last_answer(deal, evolve(claim, left, claim.id), rivals, project, at, book))


def change_lead(deal: Deal, *, org: str, by: str, at: datetime) -> Changes:
    """Another joined member speaks for all from now on. A lead whose own offer is used stays the lead."""
    claim = deal.claim
    require(claim, "lead", by, at, ("proposed", "waitlisted", "accepted"))
    member = _member(claim, org)
    if member.lead:
        return ()
    if member.status != "joined" or deal.offer is not None:
        raise Refused(
            "claim.not_lead", "只能移交给已确认的成员；认领若引用了牵头单位的资源，则不能移交。",
            "Only a member who has confirmed can lead; a claim that uses the lead's own offer keeps its lead.",
        )  # fmt: skip
    return ((claim.id, LeadChanged(org=org)),)


def _member(claim: ClaimState, org: str) -> Member:
    for member in claim.terms.members:
        if member.org == org:
            return member
    raise Refused(
        "claim.not_a_member", f"“{org}”不在这个联合认领中。", f"“{org}” is not a member of this joint claim.", kind="missing"
    )


def _last_answer(
    deal: Deal, after: ClaimState, rivals: Sequence[Deal], project: NewProject, at: datetime, book: RuleBook
) -> Changes:
    """The binding of a claim nobody is awaited for any more."""
    if after.awaiting or after.status != "proposed" or at >= after.expires_at:
        return ()
    final = ClaimAccepted(by=after.terms.receiver, final=True, project=project.id)
    return ((after.id, final), *bind(replace(deal, claim=after), rivals, project=project, at=at, book=book, held=True))
