"""A district that does anything at all, in any order, and is compared with the reference model after every step."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from adapters.system import SeededIds
from domain.claim_proposing import Invitation
from services.claims import ClaimDraft
from services.needs import NeedChange
from services.offers import OfferChange
from services.streams import Streams
from tests.specs.workflow_checks import check
from tests.specs.workflow_state import LIVE, Claim, Item, Part
from tests.specs.workflow_town import ON_THE_WAY, SPANS, TIMES, Town, run
from tests.support.world import COMMITTEE, DISTRICT_OFFICE, EAST, OTHER_COMMITTEE, START, WEST, World

HOW_OFTEN = {
    "propose": 7, "accept": 8, "turn_down": 1, "counter": 2, "invite": 2, "join": 4, "leave": 3, "lead": 1, "undo": 3,
    "report": 3, "confirm": 3, "close": 2, "quarrel": 1, "settle": 2, "book": 1, "amend": 1, "set_aside": 1, "back": 2,
    "time_passes": 1, "expire": 1,
}  # fmt: skip
CHANCE = st.integers(0, 2**32).map(Random)


class Workflow(Town, RuleBasedStateMachine):
    def __init__(self) -> None:
        Town.__init__(self)
        RuleBasedStateMachine.__init__(self)

    @initialize(amounts=st.lists(st.integers(1, 8), min_size=4, max_size=4), windows=st.booleans(), money=st.booleans())
    def items(self, amounts: list[int], windows: bool, money: bool) -> None:
        """Two needs and two offers; one of each by appointment; all of people or all of money."""
        self.unit = "分" if money else "人"
        spans = SPANS if windows else ()
        for who, area, quantity, when in ((COMMITTEE, EAST, amounts[0], ()), (OTHER_COMMITTEE, WEST, amounts[1], spans)):
            done = run(self.world.need(who, lines=self.lines(quantity), windows=when, area=area))
            self.model.items.append(Item(done.id, who.org, quantity, "open", TIMES if when else ()))
        for who, quantity, when in zip(self.world.units, amounts[2:], ((), spans), strict=False):
            done = run(self.world.offer(who, lines=self.lines(quantity), windows=when))
            self.model.items.append(Item(done.id, who.org, quantity, "published", TIMES if when else ()))

    @rule(act=st.sampled_from(list(HOW_OFTEN)), chance=CHANCE)
    def one_act(self, act: str, chance: Random) -> None:
        self.somewhere(chance)
        getattr(self, act)(chance)

    @rule(chance=CHANCE)
    def a_busy_week(self, chance: Random) -> None:
        for act in chance.choices(list(HOW_OFTEN), list(HOW_OFTEN.values()), k=8):
            self.somewhere(chance)
            getattr(self, act)(chance)
            self.everything_is_as_the_model_says()

    def somewhere(self, chance: Random) -> None:
        """There is but one process."""

    @invariant()
    def everything_is_as_the_model_says(self) -> None:
        check(self.world, self.model, self.unit, self.replay)

    # ---- the handshake

    def propose(self, chance: Random) -> None:
        need, offer, asker, role = self.sides(chance)
        provider, receiver = offer.owner if offer else asker, need.owner if need else asker
        if provider == receiver:
            return
        time = self.time(chance, need, offer)
        quantity = chance.randint(1, 6)
        invited = self.invitations(chance, provider) if role == "provider" and need else []
        claim = Claim(
            id="", need=need, offer=offer, provider=provider, receiver=receiver, proposer=asker, role=role, time=time,
            parts=[Part(provider, quantity, "joined"), *(Part(org, n, "invited") for org, n in invited)],
            status="", awaiting={o for o in (provider, receiver) if o != asker} | {org for org, _ in invited}, expires=START,
        )  # fmt: skip
        draft = ClaimDraft(
            need=need and need.id, offer=offer and offer.id, lines=self.lines(quantity), window=self.span(time),
            members=tuple(Invitation(org=org, lines=self.lines(n)) for org, n in invited),
        )  # fmt: skip
        expected = self.model.propose(claim, self.now)
        done = self.ask(self.world.claims.propose, asker, draft, expected=expected)
        claim.id = done.id if done else ""

    def accept(self, chance: Random) -> None:
        if chosen := self.claim(chance, "proposed"):
            org = self.answerer(chance, chosen)
            expected = self.model.accept(chosen, org, "next", self.now)
            self.ask(self.world.claims.accept, org, chosen.id, expected=expected)

    def turn_down(self, chance: Random) -> None:
        if chosen := self.claim(chance, "proposed", "waitlisted"):
            act, org = chance.choice(["refuse", "withdraw"]), self.party(chance, chosen)
            expected = getattr(self.model, act)(chosen, org, self.now)
            self.ask(getattr(self.world.claims, act), org, chosen.id, expected=expected)

    def counter(self, chance: Random) -> None:
        if chosen := self.claim(chance, "proposed"):
            org, time = self.answerer(chance, chosen), self.time(chance, chosen.need, chosen.offer)
            quantity = chance.choice([None, *range(1, 7)])
            expected = self.model.counter(chosen, org, quantity, time, self.now)
            terms = {"lines": quantity and self.lines(quantity), "window": self.span(time)}
            self.ask(self.world.claims.counter, org, chosen.id, expected=expected, **terms)

    def expire(self, chance: Random) -> None:
        if chosen := self.claim(chance, "proposed"):
            expected = self.model.expire(chosen, self.now)
            self.ask(self.world.claims.expire, "system", chosen.id, expected=expected)

    def undo(self, chance: Random) -> None:
        act = chance.choice(["release", "reinstate", "reinstate"])
        if chosen := self.claim(chance, "accepted" if act == "release" else "released"):
            org = self.party(chance, chosen)
            expected = getattr(self.model, act)(chosen, org, *(() if act == "release" else ("next",)), self.now)
            self.ask(getattr(self.world.claims, act), org, chosen.id, expected=expected)

    # ---- joint claims

    def invite(self, chance: Random) -> None:
        if chosen := self.claim(chance, "proposed"):
            by = chance.choice([chosen.provider] * 4 + [chosen.receiver])
            org, quantity = self.a_unit(chance), chance.randint(1, 4)
            expected = self.model.invite(chosen, by, org, quantity, self.now)
            lines = self.lines(quantity)
            self.ask(self.world.joint.invite, by, chosen.id, expected=expected, org=org, lines=lines)

    def join(self, chance: Random) -> None:
        joint = [c for c in self.model.claims if any(p.status == "invited" for p in c.parts) and c.status == "proposed"]
        if chosen := (chance.choice(joint) if joint else self.claim(chance, "proposed")):
            invited = [part.org for part in chosen.parts if part.status == "invited"]
            org = chance.choice(invited) if invited else self.party(chance, chosen)
            yes = chance.random() < 0.8
            expected = self.model.answer(chosen, org, yes, "next", self.now)
            act = self.world.joint.join if yes else self.world.joint.refuse
            self.ask(act, org, chosen.id, expected=expected, org=org)

    def leave(self, chance: Random) -> None:
        if chosen := self.claim(chance, *LIVE):
            org = self.party(chance, chosen)
            expected = self.model.leave(chosen, org, "next", self.now)
            self.ask(self.world.joint.leave, org, chosen.id, expected=expected, org=org)

    def lead(self, chance: Random) -> None:
        if chosen := self.claim(chance, *LIVE):
            by, org = chance.choice([chosen.provider] * 4 + [chosen.receiver]), self.a_unit(chance)
            expected = self.model.lead(chosen, by, org)
            self.ask(self.world.joint.change_lead, by, chosen.id, expected=expected, org=org)

    # ---- projects

    def report(self, chance: Random) -> None:
        if chosen := self.project(chance, "active"):
            org, quantity = self.party(chance, chosen), chance.randint(1, chosen.total + 1)
            expected = self.model.report(chosen, org, quantity)
            self.ask(self.world.projects.report, org, chosen.project, expected=expected, lines=self.lines(quantity))

    def confirm(self, chance: Random) -> None:
        if chosen := self.project(chance, "reported"):
            org = chance.choice([chosen.receiver] * 3 + [chosen.provider])
            quantity = chosen.total if chance.random() < 0.6 else chance.randint(1, chosen.total + 1)
            expected = self.model.confirm(chosen, org, quantity, self.now)
            self.ask(self.world.projects.confirm, org, chosen.project, expected=expected, lines=self.lines(quantity))

    def close(self, chance: Random) -> None:
        if chosen := self.project(chance, "confirmed", "settled"):
            expected = self.model.close(chosen, self.now)
            self.ask(self.world.projects.close, chosen.receiver, chosen.project, expected=expected, reason="办结")

    def quarrel(self, chance: Random) -> None:
        if chosen := self.project(chance, "active", "reported", "confirmed"):
            org = self.party(chance, chosen)
            expected = self.model.dispute(chosen, org)
            self.ask(self.world.projects.dispute, org, chosen.project, expected=expected, reason="不符")

    def settle(self, chance: Random) -> None:
        if chosen := self.project(chance, "disputed"):
            org = chance.choice([self.party(chance, chosen), DISTRICT_OFFICE.org])
            outcome, quantity = chance.choice(["resumed", "delivered", "failed"]), chance.randint(1, chosen.total + 1)
            expected = self.model.settle(chosen, org, outcome, quantity, self.now)
            lines = self.lines(quantity) if outcome == "delivered" else None
            self.ask(self.world.projects.settle, org, chosen.project, expected=expected, outcome=outcome, lines=lines)

    def book(self, chance: Random) -> None:
        if chosen := self.project(chance, *ON_THE_WAY):
            kind, amount, org = chance.choice(["received", "spent"]), chance.randint(1, 4), self.party(chance, chosen)
            expected = self.model.book(chosen, kind, amount, money=self.unit == "分")
            act = self.world.projects.receive_funds if kind == "received" else self.world.projects.spend_funds
            self.ask(act, org, chosen.project, expected=expected, amount_fen=amount)

    # ---- needs and offers

    def amend(self, chance: Random) -> None:
        which, quantity = chance.randrange(4), chance.randint(1, 9)
        chosen, lines = self.model.items[which], self.lines(quantity)
        expected = self.model.amend(chosen, quantity, self.now)
        change = NeedChange(lines=lines) if which < 2 else OfferChange(lines=lines)
        service: Any = self.world.needs if which < 2 else self.world.offers
        self.ask(service.amend, chosen.owner, chosen.id, change, expected=expected)

    def set_aside(self, chance: Random) -> None:
        self._phase(chance, chance.choice(["withdraw", "pause", "pause", "retire"] if chance.random() < 0.4 else ["pause"]))

    def back(self, chance: Random) -> None:
        self._phase(chance, chance.choice(["reopen", "resume"]))

    def _phase(self, chance: Random, act: str) -> None:
        needs = {"withdraw": ("withdrawn", ("open",)), "reopen": ("open", ("withdrawn", "closed"))}
        offers = {"pause": ("paused", ("published",)), "resume": ("published", ("paused",)),
                  "retire": ("retired", ("published", "paused"))}  # fmt: skip
        chosen = self.model.items[chance.randrange(2) + (0 if act in needs else 2)]
        phase, allowed = needs.get(act) or offers[act]
        expected = self.model.phase(chosen, phase, allowed, self.now)
        service: Any = self.world.needs if act in needs else self.world.offers
        self.ask(getattr(service, act), chosen.owner, chosen.id, expected=expected)

    def time_passes(self, chance: Random) -> None:
        self.world.later(days=chance.choice([1, 1, 2, 3, 11]))


class WorkflowInTwoProcesses(Workflow):
    """Each act is asked of one of two processes, which remember what they have seen and share nothing but the ledger."""

    def __init__(self) -> None:
        super().__init__()
        here, there = self.world, self.another_process()
        here.streams = Streams(here.log, here.codec, here.vault, here.clock, here.ids, shared=True)
        here.serve("here")
        self.worlds = (here, there)

    def another_process(self) -> World:
        there = World(Path(), self.world.log, self.world.clock, self.world.vault)
        there.ids, there.units = SeededIds("there", there.clock.now), self.world.units
        there.streams = Streams(there.log, there.codec, there.vault, there.clock, there.ids, shared=True)
        there.serve("there")
        return there

    def somewhere(self, chance: Random) -> None:
        self.world = chance.choice(self.worlds)
