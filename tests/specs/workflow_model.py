"""The reference model, whole: what is done after a yes, and what owners do with their items."""

from __future__ import annotations

from datetime import datetime

from tests.specs.workflow_handshake import Handshake
from tests.specs.workflow_state import LIVE, Claim, Codes, Item


class Model(Handshake):
    def release(self, claim: Claim, org: str, now: datetime) -> Codes:
        if claim.status != "accepted":
            return {"claim.wrong_state", "claim.expired"}
        if org not in (claim.provider, claim.receiver):
            return {"claim.not_yours"}
        if "active" not in (claim.stage, claim.before if claim.stage == "disputed" else ""):
            return {"claim.already_delivered"}
        claim.stage = "aborted"
        return self._end(claim, "released", now)

    def reinstate(self, claim: Claim, org: str, project: str, now: datetime) -> Codes:
        codes = set()
        if any(c is not claim and c.pair == claim.pair and c.status in LIVE for c in self.claims):
            codes.add("claim.duplicate")
        if claim.status != "released":
            return codes | {"claim.wrong_state", "claim.expired"}
        if org not in (claim.provider, claim.receiver) or org in claim.agreed_again:
            return codes | {"claim.not_yours"}
        if not codes and {claim.provider, claim.receiver} - {org} - claim.agreed_again:
            claim.agreed_again.add(org)
            return codes
        codes |= self._no_cover_for(claim)
        if claim.offer and claim.offer.phase != "published":
            codes.add("offer.not_open")
        if claim.offer and self.free(claim.offer, claim.names(claim.offer)) < claim.own.quantity:
            codes.add("claim.no_capacity")
        return codes or self._bind(claim, project, now)

    def report(self, claim: Claim, org: str, quantity: int) -> Codes:
        codes = set() if claim.stage == "active" else {"project.wrong_state"}
        codes |= set() if claim.side(org) == "provider" else {"project.not_yours"}
        codes |= {"project.over_promise"} if quantity > claim.total else set()
        if not codes:
            claim.stage, claim.reported = "reported", quantity
        return codes

    def confirm(self, claim: Claim, org: str, quantity: int, now: datetime) -> Codes:
        codes = set() if claim.stage == "reported" else {"project.wrong_state"}
        codes |= set() if org == claim.receiver else {"project.not_yours"}
        codes |= {"project.over_promise"} if quantity > claim.total else set()
        return codes or self._fulfil(claim, quantity, "confirmed", now)

    def dispute(self, claim: Claim, org: str) -> Codes:
        if claim.stage not in ("active", "reported", "confirmed"):
            return {"project.wrong_state"}
        claim.before, claim.stage, claim.disputed_by = claim.stage, "disputed", claim.side(org) or ""
        return set()

    def settle(self, claim: Claim, org: str, outcome: str, quantity: int, now: datetime) -> Codes:
        codes = set() if claim.stage == "disputed" else {"project.wrong_state"}
        codes |= {"project.own_dispute"} if claim.side(org) == claim.disputed_by else set()
        codes |= {"project.own_work"} if outcome == "delivered" and claim.side(org) == "provider" else set()
        codes |= {"project.already_confirmed"} if outcome != "resumed" and claim.before == "confirmed" else set()
        codes |= {"project.over_promise"} if outcome == "delivered" and quantity > claim.total else set()
        if codes:
            return codes
        if outcome == "delivered":
            return self._fulfil(claim, quantity, "settled", now)
        claim.stage = claim.before if outcome == "resumed" else "settled"
        if outcome == "failed":
            claim.failed = True
            self._end(claim, "failed", now)
        return set()

    def close(self, claim: Claim, now: datetime) -> Codes:
        if claim.stage == "closed":
            return set()
        if claim.stage not in ("confirmed", "settled"):
            return {"project.wrong_state"}
        claim.stage = "closed"
        need = claim.need
        if need and self.status(need) == "met" and all(
            other.stage == "closed" for other in self.on(need, "accepted", "fulfilled")
        ):
            need.phase = "closed"
            self._supersede(self.on(need, "proposed", "waitlisted"), now)
        return set()

    def book(self, claim: Claim, kind: str, amount: int, money: bool) -> Codes:
        codes = set() if money else {"project.no_money"}
        if claim.stage not in ("active", "reported", "confirmed", "settled", "disputed") or claim.failed:
            codes.add("project.wrong_state")
        if kind == "received" and claim.received + amount > claim.total:
            codes.add("project.over_pledged")
        if kind == "spent" and claim.spent + amount > claim.received:
            codes.add("project.over_received")
        if not codes and kind == "received":
            claim.received += amount
        elif not codes:
            claim.spent += amount
        return codes

    def amend(self, item: Item, quantity: int, now: datetime) -> Codes:
        is_need = item.phase not in ("published", "paused", "retired")
        if item.phase not in ("open", "published", "paused"):
            return {"need.wrong_state" if is_need else "offer.wrong_state"}
        most = max(item.quantity - self.used(item, name)[0] for name in [n for n, _ in item.times] or [""])
        if quantity < most:
            return {"need.below_committed" if is_need else "offer.below_held"}
        changed, item.quantity = item.quantity != quantity, quantity
        if changed and is_need:
            losers = [] if self.status(item) == "open" else [c for c in self.on(item, "proposed") if self._nothing_left(c)]
            self._supersede(losers, now, item)
        elif changed:
            self.move_up(None, [item], now)
        return set()

    def phase(self, item: Item, phase: str, allowed: tuple[str, ...], now: datetime) -> Codes:
        """pause, resume, retire, withdraw, reopen. An act that is already so changes nothing."""
        is_need = phase in ("withdrawn", "open")
        if item.phase == phase and not is_need:
            return set()
        if item.phase not in allowed:
            return {"need.wrong_state" if is_need else "offer.wrong_state"}
        if phase == "withdrawn" and (self.on(item, "accepted") or self.status(item) == "met"):
            return {"need.committed"}
        item.phase = phase
        if phase in ("withdrawn", "retired"):
            self._supersede(self.on(item, "proposed", "waitlisted"), now)
        if phase == "published":
            self.move_up(None, [item], now)
        return set()

