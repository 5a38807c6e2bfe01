"""What may be asked about claims: the handshake, from either side."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from domain import claim_answers, claim_endings
from domain.access import COORDINATORS, PARTIES, acting_org
from domain.calendar import Window
from domain.capacity import Line
from domain.claim import ClaimState
from domain.claim_answers import NewProject
from domain.claim_legal import Changes, Deal
from domain.claim_proposing import Invitation, Sides, pair, propose, sides
from domain.events import Refused
from domain.need import NeedState
from domain.offer import OfferState
from domain.project import ProjectState
from services import four_eyes, needs, offers, rivals
from services.command import Ask, Done
from services.common import home, known, series, taking_part, text
from services.ports import Standing
from services.streams import Streams
from services.work import Work


@dataclass(frozen=True, kw_only=True, slots=True)
class ClaimDraft:
    """A claim as it is asked for. `lines` are the asker's own; each invitation adds another unit's."""

    need: str | None = None
    offer: str | None = None
    lines: tuple[Line, ...] = ()
    window: Window | None = None
    note: str | None = None
    members: tuple[Invitation, ...] = ()
    respond_by: datetime | None = None


Act = Callable[[Work, Deal], Awaitable[Changes]]


class Claims:
    def __init__(self, streams: Streams, standing: Standing) -> None:
        self._streams, self._standing = streams, standing

    async def propose(self, ask: Ask, draft: ClaimDraft) -> Done:
        """A unit claims a need, a committee an offer, a tier brings both together."""

        async def decide(work: Work) -> str:
            need = await needs.visible(work, draft.need) if draft.need else None
            offer = await offers.visible(work, draft.offer) if draft.offer else None
            if ask.principal.role not in PARTIES:
                await work.allow("claim.provide", parties=(), area=(await work.rules()).book.area)
            org, tier = acting_org(ask), ask.principal.role in COORDINATORS and ask.on_behalf_of is None
            between = sides(need, offer, org, tier=tier)
            area = await self._area(work, need, between)
            await self._may_propose(work, between, area)
            if offer is not None:
                await offers.within_reach(work, offer, between.receiver, area)
            await self._taking_part(work, org, between, draft)
            claim = await rivals.free_pair(work, pair(draft.need, draft.offer, between.provider, between.receiver), draft.need)
            await self._write(work, claim, draft, need, offer, between, area)
            return claim

        return await self._streams.command(ask, decide)

    async def accept(
        self, ask: Ask, claim: str, *, note: str | None = None, lines: tuple[Line, ...] | None = None,
        window: Window | None = None,
    ) -> Done:  # fmt: skip
        """Yes. With other lines or another window it is a counter instead."""

        async def act(work: Work, deal: Deal) -> Changes:
            terms, org = deal.claim.terms, acting_org(ask)
            if (lines and lines != deal.claim.lines and lines != terms.lines) or (window and window != terms.window):
                book = (await work.rules()).book
                return claim_answers.counter(deal, org=org, lines=lines, window=window, note=text(note), at=work.at, book=book)
            await taking_part(work, deal.claim.parties)
            return claim_answers.accept(
                deal, await self._rivals(work, deal), org=org, note=text(note), project=await new_project(work),
                at=work.at, book=(await work.rules()).book,
            )  # fmt: skip

        return await self.act(ask, claim, "claim.accept", act)

    async def refuse(self, ask: Ask, claim: str, *, reason: str | None = None) -> Done:
        async def act(work: Work, deal: Deal) -> Changes:
            return claim_answers.decline(deal, org=acting_org(ask), reason=text(reason, "reason"), at=work.at)

        return await self.act(ask, claim, "claim.refuse", act)

    async def counter(
        self, ask: Ask, claim: str, *, lines: tuple[Line, ...] | None = None, window: Window | None = None,
        note: str | None = None,
    ) -> Done:  # fmt: skip
        async def act(work: Work, deal: Deal) -> Changes:
            book = (await work.rules()).book
            return claim_answers.counter(
                deal, org=acting_org(ask), lines=lines, window=window, note=text(note), at=work.at, book=book
            )

        return await self.act(ask, claim, "claim.counter", act)

    async def withdraw(self, ask: Ask, claim: str, *, reason: str | None = None) -> Done:
        async def act(work: Work, deal: Deal) -> Changes:
            return claim_answers.withdraw(deal, org=acting_org(ask), reason=text(reason, "reason"), at=work.at)

        return await self.act(ask, claim, "claim.withdraw", act)

    async def release(self, ask: Ask, claim: str, *, reason: str | None = None) -> Done:
        """Out of an accepted claim before delivery; the wait list moves up."""

        async def act(work: Work, deal: Deal) -> Changes:
            project = await bound_project(work, deal)
            return claim_endings.release(
                deal, project, org=acting_org(ask), reason=text(reason, "reason"), at=work.at
            )

        return await self.act(ask, claim, "claim.release", act)

    async def reinstate(self, ask: Ask, claim: str, *, reason: str | None = None) -> Done:
        async def act(work: Work, deal: Deal) -> Changes:
            terms = deal.claim.terms
            await taking_part(work, deal.claim.parties)
            await rivals.free_pair(work, pair(terms.need, terms.offer, terms.provider, terms.receiver), terms.need, but=claim)
            return claim_answers.reinstate(
                deal, await self._rivals(work, deal), org=acting_org(ask), reason=text(reason, "reason"), at=work.at,
                project=await new_project(work), book=(await work.rules()).book,
            )  # fmt: skip

        return await self.act(ask, claim, "claim.reinstate", act)

    async def expire(self, ask: Ask, claim: str) -> Done:
        """By the clock."""

        async def act(work: Work, deal: Deal) -> Changes:
            return claim_answers.expire(deal, at=work.at)

        return await self.act(ask, claim, "claim.expire", act)

    async def act(self, ask: Ask, claim: str, action: str, act: Act) -> Done:
        """One act on one claim: load it with its items, ask whether this principal may, decide, move the wait list up."""

        async def decide(work: Work) -> str:
            state: ClaimState = await work.main(claim, "claim")
            barred = await four_eyes.other_side(work, action, state)
            parties = state.parties + _invited(state)
            await work.allow(action, parties=parties, area=state.terms.area, public=False, barred=barred)
            changes = await act(work, await rivals.deal(work, state))
            work.write_all(changes)
            if changes:
                await rivals.promote_waiting(work, state.terms.need)
            return claim

        return await self._streams.command(ask, decide)

    async def _write(
        self, work: Work, claim: str, draft: ClaimDraft, need: NeedState | None, offer: OfferState | None, between: Sides,
        area: str,
    ) -> None:  # fmt: skip
        book = (await work.rules()).book
        number = await work.number(series("RL", work, book.area), claim)
        changes = propose(
            claim=claim, number=number, need=need, offer=offer, org=acting_org(work.ask), between=between, area=area,
            lines=draft.lines, window=draft.window, invitations=draft.members, note=text(draft.note),
            respond_by=draft.respond_by, at=work.at, book=book, kept=await rivals.kept(work, need) if need else (),
        )  # fmt: skip
        for item in (draft.need, draft.offer):
            if item:
                await work.cite(item, claim)
        work.write_all(changes)

    async def _rivals(self, work: Work, deal: Deal) -> list[Deal]:
        return await rivals.of(work, deal.need.id, "proposed") if deal.need else []

    async def _area(self, work: Work, need: NeedState | None, between: Sides) -> str:
        return need.content.area if need else await home(work, between.receiver)

    async def _may_propose(self, work: Work, between: Sides, area: str) -> None:
        action = {"provider": "claim.provide", "receiver": "claim.receive", "tier": "claim.match"}[between.role]
        mine = work.ask.principal.role in PARTIES and between.role != "tier"
        await work.allow(action, parties=(acting_org(work.ask),) if mine else (), area=area)

    async def _taking_part(self, work: Work, org: str, between: Sides, draft: ClaimDraft) -> None:
        """All who would be bound are registered and not suspended, and the asker is below its limit of live claims."""
        await taking_part(work, (org, between.provider, between.receiver))
        for invitation in draft.members:
            await known(work, invitation.org, field="members")
        limit = (await work.rules()).book.limits.live_claims
        if await self._standing.live_claims(org) >= limit:
            raise Refused(
                "claim.too_many", f"贵单位进行中的认领已达 {limit} 项，请先办结一些。",
                f"You have {limit} live claims: finish some first.",
            )  # fmt: skip


async def bound_project(work: Work, deal: Deal) -> ProjectState | None:
    """The project of an accepted claim."""
    project: ProjectState | None = await work.state(deal.claim.project) if deal.claim.project else None
    return project


async def new_project(work: Work) -> NewProject:
    """Ids for a project that this command may open; its number is taken only if it does."""
    book = (await work.rules()).book
    project = work.fresh("project")
    return NewProject(id=project, number=await work.number(series("XM", work, book.area), project))


def _invited(state: ClaimState) -> tuple[str, ...]:
    return tuple(m.org for m in state.terms.members)
