"""The handshake of the reference model: propose, answer, counter, withdraw; members of joint claims."""

from __future__ import annotations

from datetime import datetime

from tests.specs.workflow_state import LIVE, Claim, Codes, Ledger, Part


class Handshake(Ledger):
    def propose(self, claim: Claim, now: datetime) -> Codes:
        codes = self._unclaimable(claim) | self._over(claim, claim.time, now)
        if any(other.pair == claim.pair and other.status in LIVE for other in self.claims):
            codes.add("claim.duplicate")
        if claim.need and claim.total > claim.need.quantity:
            codes.add("claim.exceeds_need")
        if claim.offer and claim.offer.times and claim.time is None:
            return codes | {"claim.window_needed"}
        if claim.offer and self.free(claim.offer, claim.names(claim.offer)) < claim.own.quantity:
            codes.add("claim.no_capacity")
        if not codes:
            waits = claim.need is not None and not self._room_beside_the_promoted(claim)
            claim.status = "waitlisted" if waits else "proposed"
            claim.expires = self._expiry(claim, now)
            self.claims.append(claim)
        return codes

    def accept(self, claim: Claim, org: str, project: str, now: datetime) -> Codes:
        if codes := self._may_answer(claim, org, now):
            return codes
        if claim.awaiting - {org}:
            claim.awaiting.discard(org)
            return set()
        return self._bind(claim, project, now)

    def refuse(self, claim: Claim, org: str, now: datetime) -> Codes:
        if codes := self._may_answer(claim, org, now):
            return codes
        return self._end(claim, "declined", now)

    def withdraw(self, claim: Claim, org: str, now: datetime) -> Codes:
        if claim.status not in ("proposed", "waitlisted"):
            return {"claim.wrong_state"}
        speaks = org in (claim.provider, claim.receiver) and (org == claim.proposer or org not in claim.awaiting)
        if not speaks and not (org == claim.proposer and claim.role == "tier"):
            return {"claim.not_yours", "claim.expired"}
        return self._end(claim, "withdrawn", now)

    def expire(self, claim: Claim, now: datetime) -> Codes:
        if claim.status == "proposed" and now >= claim.expires:
            self._end(claim, "expired", now)
        return set()

    def counter(self, claim: Claim, org: str, quantity: int | None, time: int | None, now: datetime) -> Codes:
        if codes := self._may_answer(claim, org, now):
            return codes
        joint, time = len(claim.parts) > 1, claim.time if time is None else time
        codes = {"claim.joint_lines"} if joint and quantity else set()
        if quantity in (None, claim.own.quantity) and time == claim.time:
            codes.add("claim.nothing_countered")
        if time != claim.time:
            codes |= self._over(claim, time, now)
        new, was = quantity or claim.own.quantity, claim.time
        held = dict.fromkeys(claim.names(claim.offer), claim.own.quantity) if claim.offer else {}
        claim.time = time
        if claim.need and self._free_without(claim, claim.need, {}) < (claim.total if joint else new):
            codes.add("claim.no_capacity")
        if claim.offer:
            claim.time, names = was, self._names_at(claim, claim.offer, time)
            if min(self.used(claim.offer, name)[0] + held.get(name, 0) for name in names) < new:
                codes.add("claim.no_capacity")
        claim.time = was if codes else time
        if not codes:
            claim.own.quantity = new
            for part in claim.active:
                part.status = "joined" if part.org == claim.provider else "invited"
            others = {part.org for part in claim.active} - {claim.provider}
            claim.awaiting = {claim.receiver if claim.side(org) == "provider" else claim.provider} | others
            claim.expires = self._expiry(claim, now)
            self.move_up(claim.need, [claim.offer] if claim.offer else [], now)
        return codes

    def invite(self, claim: Claim, by: str, org: str, quantity: int, now: datetime) -> Codes:
        if codes := self._may(claim, by, claim.provider, ("proposed",), now):
            return codes
        codes = set()
        if claim.need is None or claim.role != "provider":
            codes.add("claim.not_joint")
        if claim.side(org):
            codes.add("claim.bad_members")
        if claim.need and claim.total + quantity > claim.need.quantity:
            codes.add("claim.exceeds_need")
        if not codes:
            claim.parts = [part for part in claim.parts if part.org != org] + [Part(org, quantity, "invited")]
            claim.awaiting |= {claim.receiver, org}
        return codes

    def answer(self, claim: Claim, org: str, yes: bool, project: str, now: datetime) -> Codes:
        """A member joins or declines."""
        part = next((p for p in claim.active if p.org == org and p.status == "invited"), None)
        if part is None or claim.status != "proposed" or now >= claim.expires:
            return {"claim.not_yours", "claim.wrong_state", "claim.expired"}
        part.status = "joined" if yes else "declined"
        return self._last_answer(claim, part, "invited", project, now)

    def leave(self, claim: Claim, org: str, project: str, now: datetime) -> Codes:
        part = next((p for p in claim.parts if p.org == org), None)
        if part is None or len(claim.parts) == 1:
            return {"claim.not_a_member"}
        if claim.status not in LIVE or part.status not in ("joined", "invited"):
            return {"claim.wrong_state"}
        if org == claim.provider:
            return {"claim.lead_leaves"}
        if claim.status == "accepted" and "active" not in (claim.stage, claim.before if claim.stage == "disputed" else ""):
            return {"claim.already_delivered"}
        was, part.status = part.status, "left"
        return self._last_answer(claim, part, was, project, now)

    def lead(self, claim: Claim, by: str, org: str) -> Codes:
        if claim.status not in LIVE or by != claim.provider or len(claim.parts) == 1:
            return {"claim.not_yours", "claim.wrong_state", "claim.expired"}
        part = next((p for p in claim.parts if p.org == org), None)
        if part is None:
            return {"claim.not_a_member"}
        if org == claim.provider:
            return set()
        if part.status != "joined" or claim.offer:
            return {"claim.not_lead"}
        if any(c is not claim and c.status in LIVE and c.pair == (claim.need and claim.need.id, org) for c in self.claims):
            return {"claim.duplicate"}
        claim.awaiting = {org if each == claim.provider else each for each in claim.awaiting}
        claim.provider = org
        return set()

