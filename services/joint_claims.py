"""What may be asked about joint claims: invite, join, decline, leave, hand over the lead."""

from __future__ import annotations

from domain import claim_members
from domain.access import acting_org
from domain.capacity import Line
from domain.claim_legal import Changes, Deal
from domain.claim_proposing import pair
from domain.events import Refused
from services import rivals
from services.claims import Claims, bound_project, new_project
from services.command import Ask, Done
from services.common import known, taking_part, text
from services.work import Work


class JointClaims:
    def __init__(self, claims: Claims) -> None:
        self._claims = claims

    async def invite(self, ask: Ask, claim: str, *, org: str, lines: tuple[Line, ...]) -> Done:
        async def act(work: Work, deal: Deal) -> Changes:
            await known(work, org, field="org")
            book = (await work.rules()).book
            return claim_members.invite(deal, org=org, by=acting_org(ask), lines=lines, at=work.at, book=book)

        return await self._claims.act(ask, claim, "claim.invite", act)

    async def join(self, ask: Ask, claim: str, *, org: str) -> Done:
        async def act(work: Work, deal: Deal) -> Changes:
            await taking_part(work, deal.claim.parties)
            return claim_members.join(
                deal, await self._rivals(work, deal), org=self._own(ask, org), at=work.at,
                project=await new_project(work), book=(await work.rules()).book,
            )  # fmt: skip

        return await self._claims.act(ask, claim, "claim.join", act)

    async def refuse(self, ask: Ask, claim: str, *, org: str, reason: str | None = None) -> Done:
        async def act(work: Work, deal: Deal) -> Changes:
            return claim_members.refuse(
                deal, await self._rivals(work, deal), org=self._own(ask, org), reason=text(reason, "reason"), at=work.at,
                project=await new_project(work), book=(await work.rules()).book,
            )  # fmt: skip

        return await self._claims.act(ask, claim, "claim.decline", act)

    async def leave(self, ask: Ask, claim: str, *, org: str, reason: str | None = None) -> Done:
        """The wait list moves up when cover comes back."""

        async def act(work: Work, deal: Deal) -> Changes:
            return claim_members.leave(
                deal, await bound_project(work, deal), await self._rivals(work, deal), org=self._own(ask, org),
                reason=text(reason, "reason"), at=work.at, project=await new_project(work), book=(await work.rules()).book,
            )  # fmt: skip

        return await self._claims.act(ask, claim, "claim.leave", act)

    async def change_lead(self, ask: Ask, claim: str, *, org: str) -> Done:
        async def act(work: Work, deal: Deal) -> Changes:
            changes = claim_members.change_lead(deal, org=org, by=acting_org(ask), at=work.at)
            if changes:
                terms = deal.claim.terms
                await rivals.free_pair(work, pair(terms.need, terms.offer, org, terms.receiver), terms.need, but=claim)
            return changes

        return await self._claims.act(ask, claim, "claim.lead", act)

    async def _rivals(self, work: Work, deal: Deal) -> list[Deal]:
        return await rivals.of(work, deal.need.id, "proposed") if deal.need else []

    @staticmethod
    def _own(ask: Ask, org: str) -> str:
        """A member speaks for itself alone."""
        if org != acting_org(ask):
            raise Refused(
                "claim.not_yours", "成员单位的答复只能由该单位自己作出。", "A member's answer is the member's own.",
                kind="forbidden",
            )  # fmt: skip
        return org
