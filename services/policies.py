"""What may be asked about the matching policy: drafts, their comparison and adoption, and emergencies."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from domain import policy_draft, rules
from domain.events import Event, Plain, Recorded, Refused, Sealed, Text
from domain.matching.digest import digest
from domain.matching.flow import solve as solve_ourselves
from domain.matching.network import TooLarge
from domain.matching.policy import Policy
from domain.policy_draft import Draft, DraftState
from domain.rules import Emergency, RulesState
from services import register
from services.command import Ask, Done
from services.common import text
from services.four_eyes import drafter
from services.policy_comparison import Comparison, Moments, compared, moments
from services.ports import Stored
from services.solver_ports import Solver
from services.streams import Streams
from services.work import Work

KEPT = 8  # comparisons in memory; the summary of each is in the ledger
EmergencyAct = Callable[[RulesState, Plain, datetime], tuple[Event, ...]]


class Compared(NamedTuple):
    """What a comparison is of: digests of the two policies, and the moments."""

    draft: str
    adopted: str
    at: Moments


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """The policy as it stands, with its words opened (None where there are none, or they were erased). `emergency` is None
    when none is in force. `adopted_at`, `position`, `by`: when the rule book in force was adopted, where that stands in the
    ledger, and which account did it; `drafted_by`: the account that wrote the draft."""

    state: RulesState
    policy: Policy
    mode: str
    emergency: Emergency | None
    reason: str | None
    draft: Draft | None
    note: str | None
    drafted_by: str | None
    adopted_at: datetime
    position: int
    by: str
    version: tuple[int, int]  # of the rule book's stream, and of the drafts'

    @property
    def compared(self) -> bool:
        """Whether the draft was compared with what is in force now."""
        return self.draft is not None and policy_draft.is_ready(self.draft, self.state.book)


class Policies:
    """`solver`: who solves both sides of a comparison."""

    def __init__(self, streams: Streams, solver: Solver = solve_ourselves) -> None:
        self._streams, self._solver = streams, solver
        self._kept: dict[Compared, Comparison] = {}

    async def draft(self, ask: Ask, policy: Policy, *, variant: str, note: str | None = None) -> Done:
        """In the place of the one before. Refused: policy.invalid, policy.variant, policy.unchanged."""

        async def decide(work: Work) -> str:
            state, held = await self._both(work, "policy.draft")
            words = text(note)
            work.write(
                policy_draft.STREAM, *policy_draft.draft(held, state.book, policy=policy, variant=variant, note=words)
            )
            return policy_draft.STREAM

        return await self._streams.command(ask, decide)

    async def drop(self, ask: Ask) -> Done:
        """The draft is given up. Refused: policy.no_draft."""

        async def decide(work: Work) -> str:
            _, held = await self._both(work, "policy.draft")
            policy_draft.drafted(held)
            work.write(policy_draft.STREAM, *policy_draft.drop(held))
            return policy_draft.STREAM

        return await self._streams.command(ask, decide)

    async def compare(self, ask: Ask) -> Done:
        """Solves the last quarter under both policies, beside everybody else's requests; `comparison` has what came out.
        Refused: policy.no_draft, policy.draft_changed, policy.too_large."""
        at = await moments(self._streams.log, self._streams.clock.now())

        async def decide(work: Work) -> str:
            state, held = await self._both(work, "policy.draft")
            draft = policy_draft.drafted(held)
            found = await self._compared(state, draft, at)
            work.write(
                policy_draft.STREAM, *policy_draft.compared(held, state.book, cuts=found.cuts, of=draft.digest)
            )
            return policy_draft.STREAM

        return await self._streams.command(ask, decide)

    async def adopt(self, ask: Ask, *, draft: str) -> Done:
        """The draft of this digest becomes part of the rule book. Refused: policy.no_draft, policy.not_compared,
        policy.draft_changed; access.own_work to who wrote it."""

        async def decide(work: Work) -> str:
            state, held = await self._both(work, "policy.adopt")
            policy_draft.drafted(held)
            barred = await drafter(work)
            await work.allow("policy.adopt", parties=(), area=state.book.area, barred=barred)
            book = policy_draft.adopted(state.book, policy_draft.ready(held, state.book, of=draft))
            named = register.digest(book)
            work.write(rules.STREAM, *rules.adopt(state, digest=named, book=book))
            work.write(policy_draft.STREAM, *policy_draft.drop(held, adopted=named))
            return rules.STREAM

        return await self._streams.command(ask, decide)

    async def declare_emergency(self, ask: Ask, *, until: datetime, reason: str) -> Done:
        """Matching goes by the emergency policy until then. Refused: policy.emergency_until, policy.reason."""
        return await self._emergency(ask, reason, lambda s, r, at: rules.declare_emergency(s, until=until, reason=r, at=at))

    async def lift_emergency(self, ask: Ask, *, reason: str) -> Done:
        """Where none is in force nothing changes. Refused: policy.reason."""
        return await self._emergency(ask, reason, lambda s, r, at: rules.lift_emergency(s, reason=r, at=at))

    async def standing(self) -> Standing:
        """As it is on disk. Refused: rules.none."""
        log, at = self._streams.log, self._streams.clock.now()
        rows = await log.read_stream(rules.STREAM)
        written = await log.read_stream(policy_draft.STREAM)
        held, drafts = self._streams.fold(rules.STREAM, rows), self._streams.fold(policy_draft.STREAM, written)
        if held is None:
            raise Refused("rules.none", "尚未采用规则书。", "No rule book has been adopted yet.")
        adoption = self._last(rows, rules.RulesAdopted)
        policy, mode = rules.policy_in_force(held.state, at)
        emergency, draft = rules.emergency_at(held.state, at), drafts.state.draft if drafts else None
        return Standing(
            state=held.state, policy=policy, mode=mode, emergency=emergency,
            reason=self._opened(emergency.reason if emergency else None),
            draft=draft, note=self._opened(draft.note if draft else None),
            drafted_by=self._last(written, policy_draft.PolicyDrafted).meta.actor if draft else None,
            adopted_at=adoption.meta.at, position=adoption.position, by=adoption.meta.actor,
            version=(held.version, drafts.version if drafts else 0),
        )  # fmt: skip

    def comparison(self, standing: Standing) -> Comparison | None:
        """Of the draft with what is in force: for whom it differs. None where it was not made since this process began."""
        draft = standing.draft
        if draft is None or draft.compared is None:
            return None
        wanted = (draft.digest, digest(getattr(standing.state.book, draft.variant)))
        return next((found for key, found in reversed(self._kept.items()) if key[:2] == wanted), None)

    def _last(self, rows: Sequence[Stored], kind: type[Event]) -> Recorded:
        return self._streams.codec.decode(next(row for row in reversed(rows) if row.type == kind.TYPE))

    def _opened(self, words: Text | None) -> str | None:
        return self._streams.vault.open(words) if isinstance(words, Sealed) else None

    async def _both(self, work: Work, action: str) -> tuple[RulesState, DraftState | None]:
        """The rule book and the draft, of those who may do this."""
        state = await work.rules()
        held: DraftState | None = await work.state(policy_draft.STREAM)
        await work.allow(action, parties=(), area=state.book.area)
        return state, held

    async def _compared(self, state: RulesState, draft: Draft, at: Moments) -> Comparison:
        """From memory where it was made already: the decision may have to be made again."""
        adopted = getattr(state.book, draft.variant)
        key = Compared(draft.digest, digest(adopted), at)
        found = self._kept.pop(key, None)
        if found is None:
            found = await self._solved(state.book.area, adopted, draft.policy, at)
        self._kept[key] = found
        while len(self._kept) > KEPT:
            del self._kept[next(iter(self._kept))]
        return found

    async def _solved(self, area: str, adopted: Policy, draft: Policy, at: Moments) -> Comparison:
        try:
            return await compared(self._streams.log, self._streams.codec, area, adopted, draft, at, self._solver)
        except TooLarge:
            raise Refused(
                "policy.too_large", "同时在册的需求和资源太多，无法整体比较。",
                "There are too many needs and offers at once to compare all of them.",
            ) from None  # fmt: skip

    async def _emergency(self, ask: Ask, reason: str, act: EmergencyAct) -> Done:
        async def decide(work: Work) -> str:
            state = await work.rules()
            await work.allow("policy.emergency", parties=(), area=state.book.area)
            words = text(reason, "reason")
            if words is None:
                raise Refused(
                    "policy.reason", "请写明启用或结束应急状态的理由。", "Say why the emergency is declared or lifted.",
                    kind="invalid", field="reason",
                )  # fmt: skip
            work.write(rules.STREAM, *act(state, words, work.at))
            return rules.STREAM

        return await self._streams.command(ask, decide)
