"""The two-way claim told a second time, as small as can be: what every act does, from what each claim is now.

Nothing here is shared with the rules under test. What is used of an item is not kept but added up from its claims; an act
answers with the codes that it may be refused with (any of them will do), or with none when it must succeed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

LIVE = ("proposed", "waitlisted", "accepted")
ANSWER_DAYS = 10
Codes = set[str]


@dataclass(eq=False)
class Item:
    """A need (open, withdrawn, closed) or an offer (published, paused, retired)."""

    id: str
    owner: str
    quantity: int
    phase: str
    times: tuple[tuple[str, datetime], ...] = ()  # occurrences: name, end; none = one total


@dataclass
class Part:
    org: str
    quantity: int
    status: str  # invited, joined, declined, left


@dataclass(eq=False)
class Claim:
    id: str
    need: Item | None
    offer: Item | None
    provider: str
    receiver: str
    proposer: str
    role: str
    parts: list[Part]
    time: int | None
    status: str
    awaiting: set[str]
    expires: datetime
    agreed_again: set[str] = field(default_factory=set)
    project: str | None = None
    stage: str = ""  # of the project
    before: str = ""  # of its dispute
    disputed_by: str = ""
    reported: int = 0
    confirmed: int = 0
    failed: bool = False
    received: int = 0
    spent: int = 0
    promoted: bool = False  # and not answered yet: its places are kept for it

    @property
    def active(self) -> list[Part]:
        return [part for part in self.parts if part.status in ("invited", "joined")]

    @property
    def total(self) -> int:
        return sum(part.quantity for part in self.active)

    @property
    def own(self) -> Part:
        return next(part for part in self.parts if part.org == self.provider)

    @property
    def pair(self) -> tuple[str, str]:
        if self.need and self.offer:
            return self.need.id, self.offer.id
        return (self.need.id, self.provider) if self.need else (self.offer.id if self.offer else "", self.receiver)

    def side(self, org: str) -> str | None:
        if any(part.org == org for part in self.active):
            return "provider"
        return "receiver" if org == self.receiver else None

    def names(self, item: Item) -> list[str]:
        """The occurrences of the item that the claim is about."""
        every = [name for name, _ in item.times] or [""]
        return every if self.time is None or not item.times else [every[self.time]]


class Ledger:
    def __init__(self) -> None:
        self.items: list[Item] = []
        self.claims: list[Claim] = []

    def used(self, item: Item, name: str) -> tuple[int, int, int, int]:
        """(free, held, committed, delivered)."""
        held = committed = delivered = 0
        for claim in self.on(item):
            if name in claim.names(item):
                mine = claim.own.quantity if item is claim.offer else claim.total
                held += mine if claim.status == "proposed" and item is claim.offer else 0
                committed += mine if claim.status == "accepted" else 0
                delivered += min(mine, claim.confirmed) if claim.status == "fulfilled" else 0
        return item.quantity - held - committed - delivered, held, committed, delivered

    def free(self, item: Item, names: Iterable[str]) -> int:
        return min(self.used(item, name)[0] for name in names)

    def on(self, item: Item, *statuses: str) -> list[Claim]:
        found = [claim for claim in self.claims if item in (claim.need, claim.offer)]
        return [claim for claim in found if not statuses or claim.status in statuses]

    def status(self, item: Item) -> str:
        used = [self.used(item, name) for name in [name for name, _ in item.times] or [""]]
        if item.phase == "published":
            return "published" if any(free > 0 for free, *_ in used) else "exhausted"
        if item.phase != "open":
            return item.phase
        if all(delivered >= item.quantity for *_, delivered in used):
            return "met"
        return "covered" if all(free <= 0 for free, *_ in used) else "open"

    def move_up(self, need: Item | None, offers: list[Item], now: datetime) -> None:
        """The wait lists, first come first."""
        needs = [need] if need else []
        for offer in dict.fromkeys(offers):
            needs += [claim.need for claim in self.on(offer, "waitlisted") if claim.need]
        for each in dict.fromkeys(needs):
            for claim in self.on(each, "waitlisted") if self.status(each) == "open" else ():
                fits = self._room_beside_the_promoted(claim)
                if fits and not self._over(claim, claim.time, now) and self._offer_has_room(claim):
                    claim.status, claim.expires, claim.promoted = "proposed", self._expiry(claim, now), True

    def _room_beside_the_promoted(self, claim: Claim) -> bool:
        need = claim.need
        assert need is not None
        kept = [c for c in self.on(need, "proposed") if c.promoted]
        return all(
            self.used(need, name)[0] - sum(c.total for c in kept if name in c.names(need)) >= claim.total
            for name in claim.names(need)
        )

    def _no_cover_for(self, claim: Claim) -> Codes:
        need, codes = claim.need, set()
        if need and self.status(need) not in ("open", "covered"):
            codes.add("need.not_open")
        if need and self.free(need, claim.names(need)) < claim.total:
            codes.add("claim.no_capacity")
        return codes

    def _bind(self, claim: Claim, project: str, now: datetime) -> Codes:
        if codes := self._no_cover_for(claim):
            return codes
        claim.status, claim.project, claim.stage = "accepted", project, "active"
        claim.awaiting, claim.agreed_again = set(), set()
        claim.reported = claim.confirmed = claim.received = claim.spent = 0
        losers = [other for other in self.on(claim.need, "proposed") if self._nothing_left(other)] if claim.need else []
        self._supersede(losers, now, claim.need)
        return set()

    def _fulfil(self, claim: Claim, quantity: int, stage: str, now: datetime) -> Codes:
        claim.stage, claim.confirmed = stage, quantity
        return self._end(claim, "fulfilled", now)

    def _end(self, claim: Claim, status: str, now: datetime) -> Codes:
        roomy = [claim.offer] if claim.offer and claim.status in ("proposed", "accepted") else []
        claim.status, claim.awaiting = status, set()
        self.move_up(claim.need, roomy, now)
        return set()

    def _supersede(self, claims: list[Claim], now: datetime, need: Item | None = None) -> None:
        roomy = [claim.offer for claim in claims if claim.offer and claim.status == "proposed"]
        for claim in claims:
            claim.status, claim.awaiting = "superseded", set()
        self.move_up(need, roomy, now)

    def _last_answer(self, claim: Claim, part: Part, was: str, project: str, now: datetime) -> Codes:
        before = set(claim.awaiting)
        claim.awaiting.discard(part.org)
        binds = claim.status == "proposed" and not claim.awaiting and now < claim.expires
        if binds and (codes := self._bind(claim, project, now)):
            part.status, claim.awaiting = was, before
            return codes
        self.move_up(claim.need, [], now)
        return set()

    def _may(self, claim: Claim, org: str, who: str, statuses: tuple[str, ...], now: datetime) -> Codes:
        if claim.status not in statuses:
            return {"claim.wrong_state", "claim.expired"}
        return set() if org == who else {"claim.not_yours", "claim.expired"}

    def _may_answer(self, claim: Claim, org: str, now: datetime) -> Codes:
        if claim.status != "proposed":
            return {"claim.wrong_state"}
        if now >= claim.expires:
            return {"claim.expired"}
        invited = any(part.org == org and part.status == "invited" for part in claim.parts)
        return set() if org in claim.awaiting and not invited else {"claim.not_yours"}

    def _unclaimable(self, claim: Claim) -> Codes:
        codes = set()
        if claim.need and self.status(claim.need) not in ("open", "covered"):
            codes.add("need.not_open")
        if claim.offer and claim.offer.phase != "published":
            codes.add("offer.not_open")
        return codes

    def _over(self, claim: Claim, time: int | None, now: datetime) -> Codes:
        item = claim.need if claim.need and claim.need.times else claim.offer
        return {"window.over"} if time is not None and item and item.times[time][1] <= now else set()

    def _expiry(self, claim: Claim, now: datetime) -> datetime:
        item = claim.need if claim.need and claim.need.times else claim.offer
        usual = now + timedelta(days=ANSWER_DAYS)
        return min(usual, item.times[claim.time][1]) if claim.time is not None and item and item.times else usual

    def _nothing_left(self, claim: Claim) -> bool:
        return claim.need is not None and all(self.used(claim.need, n)[0] <= 0 for n in claim.names(claim.need))

    def _offer_has_room(self, claim: Claim) -> bool:
        offer = claim.offer
        return offer is None or (
            offer.phase == "published" and self.free(offer, claim.names(offer)) >= claim.own.quantity
        )

    def _free_without(self, claim: Claim, item: Item, held: dict[str, int]) -> int:
        return min(self.used(item, name)[0] + held.get(name, 0) for name in claim.names(item))

    def _names_at(self, claim: Claim, item: Item, time: int | None) -> list[str]:
        was, claim.time = claim.time, time
        names = claim.names(item)
        claim.time = was
        return names
