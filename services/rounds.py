"""What may be asked about rounds of matching: open, pin, prohibit, compute, publish, discard, go on to the next wave.

A round is opened on the ledger as it stands, with its lots fixed, before anything of it is read; what is computed follows
as a fact of its own, and so does each claim after it was published. Whoever dies in between leaves work to the clock."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn

from domain import areas, round_acts
from domain.access import COORDINATORS, SYSTEM, acting_org
from domain.events import Plain, Refused
from domain.matching.digest import digest
from domain.matching.network import TooLarge
from domain.matching.outcome import Scope
from domain.matching.times import minutes_of
from domain.round import PREFIX, Names, RoundState
from domain.rules import policy_in_force
from services import needs, offers
from services.command import Ask, Done, kind_of
from services.common import series, text
from services.round_pairs import propose
from services.round_solving import Solving
from services.streams import Streams
from services.work import Work

TRIES = 10  # of a round about which people decide while it is computed
TOGETHER = 8  # pairs that are proposed at once: they share a commit
Decision = Callable[..., round_acts.Changes]


@dataclass(frozen=True, kw_only=True, slots=True)
class RoundDraft:
    """A round as it is asked for: needs of an area and all below it, of one category or all."""

    area: str
    category: str | None = None  # its id or Chinese name
    pins: tuple[Names, ...] = ()
    prohibitions: tuple[Names, ...] = ()
    calendar: bool = False


class Rounds:
    def __init__(self, streams: Streams, solving: Solving) -> None:
        self._streams, self._solving = streams, solving
        self._computing, self._proposing = set[str](), set[str]()

    async def open(self, ask: Ask, draft: RoundDraft) -> Done:
        """By a coordinator of the area or above, or the calendar; then it is computed. Refused: round.too_large."""

        async def decide(work: Work) -> str:
            await work.allow("round.open", parties=(), area=draft.area)
            areas.still_open(await work.state(areas.stream(draft.area)), draft.area)
            book = (await work.rules()).book
            category = book.category(draft.category).id if draft.category else None
            for need, offer in (*draft.pins, *draft.prohibitions):
                await _both(work, draft.area, need, offer)
            stream = work.fresh(PREFIX)
            scope = Scope(area=draft.area, category=category, pins=draft.pins, prohibitions=draft.prohibitions)
            await self._write_opened(work, stream, scope, None, calendar=draft.calendar)
            return stream

        done = await self._streams.command(ask, decide)
        await self._computed(done.id)
        return done

    async def pin(self, ask: Ask, round: str, *, need: str, offer: str, reason: str | None) -> Done:
        """The pair must come about. The round is computed again: the same cut-off, the same lots."""
        return await self._decided(ask, round, round_acts.pin, need, offer, reason)

    async def prohibit(self, ask: Ask, round: str, *, need: str, offer: str, reason: str | None) -> Done:
        """The pair must not come about. The round is computed again."""
        return await self._decided(ask, round, round_acts.prohibit, need, offer, reason)

    async def compute(self, ask: Ask, round: str) -> Done:
        """Once more; what comes out is recorded only if it differs."""

        async def decide(work: Work) -> str:
            round_acts.may_compute(await _allowed(work, round, "round.compute"))
            return round

        done = await self._streams.command(ask, decide)
        await self._computed(round)
        return done

    async def publish(self, ask: Ask, round: str) -> Done:
        """From here on both sides of each pair are asked: a claim a pair, through the ordinary door."""

        async def decide(work: Work) -> str:
            state = await _allowed(work, round, "round.publish")
            waves, above = (await self._solving.policy(state.policy)).waves, await _above(work, state.area)
            work.write_all((round, e) for e in round_acts.publish(state, by=acting_org(ask), waves=waves, above=above))
            return round

        done = await self._streams.command(ask, decide)
        await self._proposed(round)
        return done

    async def discard(self, ask: Ask, round: str, *, reason: str | None) -> Done:
        async def decide(work: Work) -> str:
            state = await _allowed(work, round, "round.discard")
            work.write_all((round, e) for e in round_acts.discard(state, reason=text(reason, "reason")))
            return round

        return await self._streams.command(ask, decide)

    async def wave(self, ask: Ask, round: str) -> Done:
        """The same matter once more, after answers: what was declined is not proposed again. A wave that is open already
        is the answer."""

        async def decide(work: Work) -> str:
            state = await _allowed(work, round, "round.wave")
            scope = round_acts.next_scope(state, waves=(await self._solving.policy(state.policy)).waves)
            child, known = await _next_wave(work, round)
            if not known:
                await self._write_opened(work, child, scope, state)
            return child

        done = await self._streams.command(ask, decide)
        await self._computed(done.id)
        return done

    async def finish(self, round: str) -> bool:
        """What somebody's death has left undone: computing, or proposing the pairs. True when that changed something."""
        before = await self._streams.load(round)
        if before is None or round in self._computing | self._proposing:
            return False
        await self._computed(round)
        await self._proposed(round)
        after = await self._streams.load(round)
        return after is not None and after.version > before.version

    async def _decided(
        self, ask: Ask, round: str, act: Decision, need: str, offer: str, reason: str | None
    ) -> Done:
        """One decision about a pair, and the round after it."""

        async def decide(work: Work) -> str:
            state = await _allowed(work, round, "round.pin")
            await _both(work, state.area, need, offer)
            events = act(state, need=need, offer=offer, reason=text(reason, "reason"))
            work.write_all((round, event) for event in events)
            return round

        done = await self._streams.command(ask, decide)
        await self._computed(round)
        return done

    async def _write_opened(
        self, work: Work, stream: str, scope: Scope, parent: RoundState | None, *, calendar: bool = False
    ) -> None:
        rules = await work.rules()
        policy, mode = policy_in_force(rules, work.at)
        number = await work.number(series("PP", work, rules.book.area), stream)
        work.write(stream, *round_acts.open(
            number=number, scope=scope, cutoff=(await self._streams.log.head()).position, at=minutes_of(work.at),
            policy=digest(policy), mode=mode, district=rules.book.district, parent=parent, calendar=calendar,
        ))  # fmt: skip

    async def _computed(self, round: str) -> None:
        """Until the round has the result of what is decided now. Nothing for one that is published or discarded."""
        if round in self._computing:
            return
        self._computing.add(round)
        try:
            for _ in range(TRIES):
                held = await self._streams.load(round)
                if held is None or not await self._compute_once(held.state, held.version):
                    return
        finally:
            self._computing.discard(round)

    async def _compute_once(self, state: RoundState, version: int) -> bool:
        """True when people have decided something meanwhile, so that it must be done again."""
        if "computation" not in round_acts.legal(state):
            return False
        try:
            solved = await self._solving.of(state)
        except TooLarge:
            await self._give_up(state)

        async def decide(work: Work) -> str:
            now: RoundState = await work.found(state.id, PREFIX)
            if "computation" in round_acts.legal(now):
                events = round_acts.compute(
                    now, scope=state.scope, outcome=solved.outcome, digests=solved.digests, backend=solved.backend
                )
                work.write_all((state.id, event) for event in events)
            return state.id

        key = f"{state.id}|{version}|{solved.digests.result}"
        done = await self._streams.command(Ask(principal=SYSTEM, key=key, fingerprint="a round is computed"), decide)
        return done.status == "opened"

    async def _give_up(self, state: RoundState) -> NoReturn:
        """More pairs are possible than can be solved at once: it is discarded. Refused: round.too_large."""
        zh = f"轮次 {state.number} 的需求和资源太多，一次算不完：已放弃。请按街道或类别分开匹配。"

        async def decide(work: Work) -> str:
            now: RoundState = await work.found(state.id, PREFIX)
            if "discard" in round_acts.legal(now):
                work.write_all((state.id, event) for event in round_acts.discard(now, reason=Plain(zh)))
            return state.id

        await self._streams.command(Ask(principal=SYSTEM, key=f"{state.id}|large", fingerprint="a round is too large"), decide)
        raise Refused(
            "round.too_large", zh,
            f"Round {state.number} is too large to be solved at once and was discarded: match by street or by category.",
            kind="invalid", field="area",
        )  # fmt: skip

    async def _proposed(self, round: str) -> None:
        """A claim, or the code of the refusal, for every pair of a published round. Nothing for another one."""
        if round in self._proposing:
            return
        self._proposing.add(round)
        try:
            held = await self._streams.load(round)
            pending = held.state.pending if held else ()
            for n in range(0, len(pending), TOGETHER):
                await asyncio.gather(*(propose(self._streams, round, pair) for pair in pending[n : n + TOGETHER]))
        finally:
            self._proposing.discard(round)


async def _allowed(work: Work, round: str, action: str) -> RoundState:
    state: RoundState = await work.main(round, PREFIX)
    await work.allow(action, parties=(), area=state.area, public=False)
    return state


async def _above(work: Work, area: str) -> str | None:
    """The next area above that has coordinators; None above the district."""
    for above in (await work.path(area))[1:]:
        state = await work.state(areas.stream(above))
        if state is not None and state.kind in COORDINATORS:
            return above
    return None


async def _both(work: Work, area: str, need: str, offer: str) -> None:
    """A need of the area and an offer, both of which everybody may see."""
    wanted = await needs.visible(work, need) if kind_of(need) == "need" else None
    given = await offers.visible(work, offer) if kind_of(offer) == "offer" else None
    if wanted is None or given is None or area not in await work.path(wanted.content.area):
        raise Refused(
            "round.not_in_scope", "请写明本轮范围内的一项需求（need）和一项资源（offer）。",
            "Name a need inside the area of the round, and an offer.", kind="invalid", field="need",
        )  # fmt: skip


async def _next_wave(work: Work, round: str) -> tuple[str, bool]:
    """The stream of the next wave, and whether it is there already. Its name is made from the round, so two at once are
    one; after one that was discarded there may be another."""
    attempt = 1
    while True:
        stream = f"{PREFIX}-" + hashlib.sha256(f"{round}|{attempt}".encode()).hexdigest()[:26]
        state: RoundState | None = await work.state(stream)
        if state is None or state.status != "discarded":
            return stream, state is not None
        attempt += 1
