"""Which acts a claim allows now, and to whom; the answer to every "why not?"."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from domain.claim import ClaimState
from domain.events import Event, Refused
from domain.need import NeedState
from domain.offer import OfferState

Changes = tuple[tuple[str, Event], ...]  # (stream, event)


@dataclass(frozen=True, kw_only=True, slots=True)
class Deal:
    """A claim with the items it names."""

    claim: ClaimState
    need: NeedState | None
    offer: OfferState | None


def legal(claim: ClaimState, org: str, at: datetime) -> tuple[str, ...]:
    """The acts that `org` may do now: acceptance, refusal, counter, withdrawal, release, reinstatement, members, lead,
    membership."""
    invited = any(m.org == org and m.status == "invited" for m in claim.terms.members)
    acts: list[str] = []
    if claim.status == "proposed" and at < claim.expires_at:
        if org in claim.awaiting and not invited:
            acts += ["acceptance", "refusal", "counter"]
        if invited:
            acts += ["membership"]
    if claim.status in ("proposed", "waitlisted") and _may_withdraw(claim, org):
        acts += ["withdrawal"]
    if claim.status in ("proposed", "waitlisted", "accepted") and org == claim.terms.provider:
        acts += ["lead"] if claim.terms.members else []
        acts += ["members"] if claim.status == "proposed" else []
    if claim.status == "accepted" and org in (claim.terms.provider, claim.terms.receiver):
        acts += ["release"]
    if claim.status == "released" and org in (claim.terms.provider, claim.terms.receiver):
        acts += ["reinstatement"] if org not in claim.reinstating else []
    return tuple(acts)


def _may_withdraw(claim: ClaimState, org: str) -> bool:
    """Who proposed it, and either side after its own yes; a member of a joint claim leaves it instead."""
    proposer = claim.proposed_by
    if org not in (claim.terms.provider, claim.terms.receiver):
        return org == proposer.org and proposer.role in ("tier", "matcher")
    return org == proposer.org or org not in claim.awaiting


def require(claim: ClaimState, act: str, org: str, at: datetime, states: tuple[str, ...]) -> None:
    """The act is legal now for org. Else: wrong state (409 with the legal acts), or not theirs to do (403)."""
    acts = legal(claim, org, at)
    if act in acts:
        return
    if claim.status == "proposed" and at >= claim.expires_at:
        raise Refused(
            "claim.expired", f"认领 {claim.number} 已过答复期限，可重新提出认领。",
            f"Claim {claim.number} is past its answer date; claim again.", legal=acts,
        )  # fmt: skip
    if claim.status not in states:
        raise Refused(
            "claim.wrong_state", f"认领 {claim.number} 现为“{claim.status}”，不能办理。可以办理：{_listed(acts)}。",
            f"Claim {claim.number} is {claim.status}; this is not possible now. Possible: {_listed(acts)}.", legal=acts,
        )  # fmt: skip
    raise Refused(
        "claim.not_yours", f"这一步不由您办理（等待 {_listed(claim.awaiting)}）。您可以办理：{_listed(acts)}。",
        f"This is not yours to do (awaiting {_listed(claim.awaiting)}). You may: {_listed(acts)}.",
        kind="forbidden", legal=acts,
    )  # fmt: skip


def _listed(words: tuple[str, ...]) -> str:
    return "、".join(words) or "—"
