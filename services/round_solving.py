"""Computing a round: the market at its cut-off, the policy that it names, the solver in a thread, the digests."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Protocol

from domain import rules
from domain.matching import flow
from domain.matching.digest import certificate_digest, digest, inputs_digest, result_digest
from domain.matching.network import TooLarge
from domain.matching.outcome import Outcome
from domain.matching.policy import Policy
from domain.matching.snapshot import Snapshot
from domain.matching.versions import version
from domain.round import PREFIX, Digests, RoundState
from domain.rules import RuleBook, RulesAdopted
from services.command import kind_of
from services.market import replayed
from services.ports import Codec, EventLog
from services.solver_ports import Solver

NEAR = 1000  # events after the cut-off that are looked through before everything is replayed
OWN = "own"  # the solver in the domain
KEPT = 3  # snapshots, for what people decide next


class LiveMarket(Protocol):
    """What `services.market.Market` promises."""

    async def catch_up(self) -> int: ...
    def snapshot(self, at: int) -> Snapshot: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Solved:
    outcome: Outcome
    digests: Digests
    backend: str


class Solving:
    """`backend` names the solver; any correct one gives the same pairs."""

    def __init__(
        self, log: EventLog, codec: Codec, market: LiveMarket, solver: Solver = flow.solve, backend: str = OWN
    ) -> None:
        self._log, self._codec, self._market, self._solver, self._backend = log, codec, market, solver, backend
        self._snapshots: OrderedDict[tuple[int, int], Snapshot] = OrderedDict()

    async def of(self, round: RoundState) -> Solved:
        """What comes out of a round, the same whenever it is asked. Raises network.TooLarge."""
        snapshot, policy = await self.snapshot(round.cutoff, round.at), await self.policy(round.policy)
        return await asyncio.to_thread(self._solved, snapshot, policy, round)

    async def policy(self, name: str) -> Policy:
        """By its digest: that of the rule book in force, or of one before. Raises LookupError."""
        for row in reversed(await self._log.read_stream(rules.STREAM)):
            if row.type == RulesAdopted.TYPE:
                event = self._codec.decode(row).event
                assert isinstance(event, RulesAdopted)
                for policy in _policies(event.book):
                    if digest(policy) == name:
                        return policy
        raise LookupError(f"no rule book has the policy {name}")

    async def snapshot(self, cutoff: int, at: int) -> Snapshot:
        """The market after the event `cutoff`. Rounds themselves do not move it, so the live one mostly serves."""
        known = self._snapshots.get((cutoff, at))
        if known is None:
            await self._market.catch_up()
            live = self._market.snapshot(at)
            if cutoff <= live.position <= cutoff + NEAR and await self._still(cutoff, live.position):
                known = replace(live, position=cutoff)
            else:
                known = await replayed(self._log, self._codec, cutoff, at)
            self._snapshots[cutoff, at] = known
            if len(self._snapshots) > KEPT:
                self._snapshots.popitem(last=False)
        return known

    async def _still(self, after: int, upto: int) -> bool:
        """Nothing but what rounds say of themselves has happened in between."""
        rows = await self._log.read_all(after, upto - after) if upto > after else ()
        return all(kind_of(row.stream) == PREFIX for row in rows)

    def _solved(self, snapshot: Snapshot, policy: Policy, round: RoundState) -> Solved:
        """In a thread: everything here is plain data."""
        outcome, backend = self._outcome(snapshot, policy, round)
        digests = Digests(
            inputs=inputs_digest(snapshot, round.scope), rules=round.policy, result=result_digest(outcome),
            certificate=certificate_digest(outcome.certificate),
        )  # fmt: skip
        return Solved(outcome=outcome, digests=digests, backend=backend)

    def _outcome(self, snapshot: Snapshot, policy: Policy, round: RoundState) -> tuple[Outcome, str]:
        """What another solver finds too large is left to our own, whose integers have no end."""
        solve = version(round.algorithm).solve
        if self._backend != OWN:
            with suppress(TooLarge):
                return solve(snapshot, round.scope, policy, round.key, self._solver), self._backend
        return solve(snapshot, round.scope, policy, round.key, flow.solve), OWN


def _policies(book: RuleBook) -> tuple[Policy, Policy]:
    return book.matching, book.emergency
