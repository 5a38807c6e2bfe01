"""What may be asked about projects: from the first milestone to the closing."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from datetime import date, datetime

from domain import claim_endings, need_acts, project_acts
from domain.access import SYSTEM, acting_org, missing
from domain.capacity import Line
from domain.events import Event, Refused
from domain.need import NeedFedBack
from domain.project import ProjectState, Settled
from services import four_eyes, rivals
from services.command import Ask, Done
from services.common import text, title
from services.ports import Links
from services.streams import Streams
from services.work import Work

Act = Callable[[Work, ProjectState], Awaitable[tuple[Event, ...]]]


class Projects:
    def __init__(self, streams: Streams, links: Links) -> None:
        self._streams, self._links = streams, links

    async def plan(self, ask: Ask, project: str, *, what: str, due: date | None) -> Done:
        async def act(work: Work, state: ProjectState) -> tuple[Event, ...]:
            return project_acts.plan(state, title=title(what), due=due)

        return await self._act(ask, project, "project.plan", act)

    async def mark(
        self, ask: Ask, project: str, *, milestone: int, met: bool, due: date | None = None, note: str | None = None
    ) -> Done:
        async def act(work: Work, state: ProjectState) -> tuple[Event, ...]:
            return project_acts.mark(state, milestone=milestone, met=met, due=due, note=text(note))

        return await self._act(ask, project, "project.mark", act)

    async def report(self, ask: Ask, project: str, *, lines: tuple[Line, ...] | None = None, note: str | None = None) -> Done:
        """The provider: it is delivered."""

        async def act(work: Work, state: ProjectState) -> tuple[Event, ...]:
            return project_acts.report(state, org=acting_org(ask), lines=lines, note=text(note))

        return await self._act(ask, project, "project.report", act)

    async def confirm(
        self, ask: Ask, project: str, *, lines: tuple[Line, ...] | None = None, beneficiaries: int = 0, note: str | None = None
    ) -> Done:
        """The receiver: it has arrived. The claim is fulfilled; what is missing reopens the need."""

        async def act(work: Work, state: ProjectState) -> tuple[Event, ...]:
            events = project_acts.confirm(
                state, org=acting_org(ask), lines=lines, beneficiaries=beneficiaries, note=text(note), at=work.at,
                book=(await work.rules()).book,
            )  # fmt: skip
            arrived = lines or state.reported
            await self._fulfil(work, state, arrived)
            return events

        return await self._act(ask, project, "project.confirm", act)

    async def dispute(self, ask: Ask, project: str, *, reason: str | None) -> Done:
        async def act(work: Work, state: ProjectState) -> tuple[Event, ...]:
            return project_acts.dispute(state, org=acting_org(ask), reason=text(reason, "reason"))

        return await self._act(ask, project, "project.dispute", act)

    async def settle(
        self, ask: Ask, project: str, *, outcome: str | None = None, lines: tuple[Line, ...] | None = None,
        reason: str | None = None,
    ) -> Done:  # fmt: skip
        """A settlement as failed returns capacity and reopens the need; as delivered it fulfils the claim."""

        async def act(work: Work, state: ProjectState) -> tuple[Event, ...]:
            events = project_acts.settle(
                state, by=acting_org(ask), outcome=outcome, lines=lines, reason=text(reason, "reason"), at=work.at,
                book=(await work.rules()).book,
            )  # fmt: skip
            settled = events[0]
            assert isinstance(settled, Settled)
            if settled.outcome == "delivered":
                await self._fulfil(work, state, settled.lines)
            if settled.outcome == "failed":
                claim = await work.state(state.claim)
                deal = await rivals.deal(work, claim)
                work.write_all(claim_endings.fail(deal, cause="settled", reason=text(reason, "reason")))
                await rivals.promote_waiting(work, state.need)
            return events

        return await self._act(ask, project, "project.settle", act)

    async def receive_funds(
        self, ask: Ask, project: str, *, amount_fen: int, voucher: str | None = None, note: str | None = None
    ) -> Done:
        async def act(work: Work, state: ProjectState) -> tuple[Event, ...]:
            return project_acts.receive_funds(state, amount_fen=amount_fen, voucher=voucher, note=text(note))

        return await self._act(ask, project, "project.funds", act)

    async def spend_funds(
        self, ask: Ask, project: str, *, amount_fen: int, voucher: str | None = None, note: str | None = None
    ) -> Done:
        async def act(work: Work, state: ProjectState) -> tuple[Event, ...]:
            return project_acts.spend_funds(state, amount_fen=amount_fen, voucher=voucher, note=text(note))

        return await self._act(ask, project, "project.funds", act)

    async def feed_back(self, ask: Ask, project: str, *, note: str | None) -> Done:
        """The asker has been told."""

        async def act(work: Work, state: ProjectState) -> tuple[Event, ...]:
            events = project_acts.feed_back(state, org=acting_org(ask), note=text(note))
            if events and state.need:
                await work.state(state.need)
                work.write(state.need, NeedFedBack(project=project))
            return events

        return await self._act(ask, project, "project.feedback", act)

    async def evaluate(self, ask: Ask, project: str, *, score: int, note: str | None = None) -> Done:
        async def act(work: Work, state: ProjectState) -> tuple[Event, ...]:
            return project_acts.evaluate(state, org=acting_org(ask), score=score, note=text(note))

        return await self._act(ask, project, "project.evaluate", act)

    async def close(self, ask: Ask, project: str, *, reason: str | None = None) -> Done:
        """The need is closed with its last project."""

        async def act(work: Work, state: ProjectState) -> tuple[Event, ...]:
            waiver = text(reason, "reason")
            events = project_acts.close(state, by=acting_org(ask), waiver=waiver)
            if events and state.need and await self._others_closed(work, state):
                closed = need_acts.close(await work.state(state.need), waiver=waiver)
                if closed:
                    await rivals.supersede_all(work, state.need, cause="need_closed")
                work.write_all(closed)
                await rivals.promote_waiting(work, None)
            return events

        return await self._act(ask, project, "project.close", act)

    async def issue_links(self, ask: Ask, project: str, *, count: int) -> tuple[tuple[str, ...], datetime]:
        """One-time links for residents, and until when they work. The same key gives the same links."""
        held = await self._streams.committed(project)
        if held is None or not project.startswith("project-"):
            raise missing()
        state: ProjectState = held.state
        work = Work(self._streams, ask, self._streams.clock.now())
        parties = (state.provider, state.receiver, *state.members)
        await work.allow("project.links", parties=parties, area=state.area, public=False)
        project_acts.may_invite_residents(state, org=acting_org(ask))
        limit = (await work.rules()).book.limits.links
        if not 1 <= count <= limit:
            raise Refused(
                "links.count", f"一次可发 1–{limit} 个链接。", f"Between 1 and {limit} links.", kind="invalid", field="count"
            )
        until = state.links_until
        assert until is not None
        tokens = tuple(self._links.sign(project, f"{ask.command_id}{i}") for i in range(count))
        return tokens, until

    async def evaluate_by_link(self, *, token: str, score: int, note: str | None = None) -> Done:
        """A resident's word; the link is spent."""
        project = self._links.read(token)
        if project is None:
            raise missing()
        link = hashlib.sha256(token.encode()).hexdigest()
        ask = Ask(principal=SYSTEM, key=self._streams.ids.new("link"), fingerprint=link)

        async def act(work: Work, state: ProjectState) -> tuple[Event, ...]:
            book = (await work.rules()).book
            return project_acts.evaluate_by_link(state, link=link, score=score, note=text(note), at=work.at, book=book)

        return await self._act(ask, project, "project.resident", act)

    async def _act(self, ask: Ask, project: str, action: str, act: Act) -> Done:
        async def decide(work: Work) -> str:
            opened: ProjectState = await work.main(project, "project")
            state = project_acts.as_bound(opened, await work.state(opened.claim))
            parties = (state.provider, state.receiver, *state.members)
            barred = await four_eyes.other_side(work, action, state)
            await work.allow(action, parties=parties, area=state.area, public=False, barred=barred)
            work.write(project, *await act(work, state))
            return project

        return await self._streams.command(ask, decide)

    async def _fulfil(self, work: Work, state: ProjectState, arrived: tuple[Line, ...]) -> None:
        claim = await work.state(state.claim)
        work.write_all(claim_endings.fulfil(await rivals.deal(work, claim), confirmed=arrived))
        await rivals.promote_waiting(work, state.need)

    async def _others_closed(self, work: Work, state: ProjectState) -> bool:
        """No other claim on the need is still on its way, and every other project is closed."""
        assert state.need is not None
        for other in await rivals.of(work, state.need, "accepted", "fulfilled"):
            if other.claim.id != state.claim and other.claim.project:
                project = await work.state(other.claim.project)
                if project.status != "closed":
                    return False
        return True
