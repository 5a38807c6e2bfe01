"""What may be asked about needs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from domain import areas, need_acts
from domain.access import PARTIES, Facts, acting_org, decide, missing
from domain.calendar import Window
from domain.capacity import Line
from domain.events import Event, Refused
from domain.need import NeedAmended, NeedContent, NeedState
from domain.rules import RuleBook
from services import four_eyes, rivals
from services.command import Ask, Done
from services.common import home, named, open_word, series, skill, text, title
from services.streams import Streams
from services.work import Work

Act = Callable[[Work, NeedState], Awaitable[tuple[Event, ...]]]
Then = Callable[[Work, str], Awaitable[None]]


@dataclass(frozen=True, kw_only=True, slots=True)
class NeedDraft:
    """A need as it is asked for. urgency 0–3; beneficiaries in people; respond_by UTC."""

    title: str
    category: str
    area: str
    lines: tuple[Line, ...]
    urgency: int = 1
    windows: tuple[Window, ...] = ()
    beneficiaries: int = 0
    respond_by: datetime | None = None
    outside: str | None = None
    note: str | None = None
    skill: str | None = None
    vulnerable: bool = False
    group: str | None = None  # id or Chinese name


@dataclass(frozen=True, kw_only=True, slots=True)
class NeedChange:
    """Only what is to change is set; "" takes a skill or a group away."""

    title: str | None = None
    note: str | None = None
    lines: tuple[Line, ...] | None = None
    urgency: int | None = None
    windows: tuple[Window, ...] | None = None
    beneficiaries: int | None = None
    respond_by: datetime | None = None
    skill: str | None = None
    vulnerable: bool | None = None
    group: str | None = None


class Needs:
    def __init__(self, streams: Streams) -> None:
        self._streams = streams

    async def post(self, ask: Ask, draft: NeedDraft, *, as_draft: bool = False) -> Done:
        """A need of the asker's organisation in an area that it holds; at once posted unless it is a draft."""

        async def decide(work: Work) -> str:
            return await self.put(work, draft, as_draft=as_draft)

        return await self._streams.command(ask, decide)

    async def put(self, work: Work, draft: NeedDraft, *, as_draft: bool = False) -> str:
        """The same within a command that does more (an import)."""
        org, book = acting_org(work.ask), (await work.rules()).book
        await home(work, org)
        areas.still_open(await work.state(areas.stream(draft.area)), draft.area)
        path = await work.path(draft.area)
        await self._may_post(work, draft.area, path)
        content = NeedContent(
            owner=org, area=draft.area, category=book.category(draft.category).id, title=title(draft.title), lines=named(draft.lines),
            urgency=draft.urgency, windows=draft.windows, beneficiaries=draft.beneficiaries, respond_by=draft.respond_by,
            outside=open_word(draft.outside, "outside"), note=text(draft.note), skill=skill(draft.skill),
            vulnerable=draft.vulnerable, group=book.group(draft.group).id if draft.group else None,
        )  # fmt: skip
        stream = work.fresh("need")
        number = await work.number(series("XQ", work, book.area), stream)
        work.write(stream, *need_acts.post(content, number=number, draft=as_draft, at=work.at, book=book))
        return stream

    async def publish(self, ask: Ask, need: str) -> Done:
        async def act(work: Work, state: NeedState) -> tuple[Event, ...]:
            return need_acts.publish(state, at=work.at, book=(await work.rules()).book)

        return await self._act(ask, need, "need.publish", act)

    async def amend(self, ask: Ask, need: str, change: NeedChange) -> Done:
        async def act(work: Work, state: NeedState) -> tuple[Event, ...]:
            book = (await work.rules()).book
            return need_acts.amend(state, _amended(change, book), at=work.at, book=book)

        return await self._act(ask, need, "need.amend", act, then=rivals.reconsider)

    async def endorse(self, ask: Ask, need: str) -> Done:
        async def act(work: Work, state: NeedState) -> tuple[Event, ...]:
            return need_acts.endorse(state)

        return await self._act(ask, need, "need.endorse", act)

    async def reject(self, ask: Ask, need: str, *, reason: str | None = None) -> Done:
        async def act(work: Work, state: NeedState) -> tuple[Event, ...]:
            return need_acts.reject(state, reason=text(reason, "reason"))

        return await self._act(ask, need, "need.reject", act)

    async def withdraw(self, ask: Ask, need: str, *, reason: str | None = None) -> Done:
        """Open proposals are superseded with it."""

        async def act(work: Work, state: NeedState) -> tuple[Event, ...]:
            return need_acts.withdraw(state, reason=text(reason, "reason"))

        return await self._act(ask, need, "need.withdraw", act, supersede="need_withdrawn")

    async def reopen(self, ask: Ask, need: str, *, reason: str | None = None) -> Done:
        async def act(work: Work, state: NeedState) -> tuple[Event, ...]:
            return need_acts.reopen(state, reason=text(reason, "reason"))

        return await self._act(ask, need, "need.reopen", act)

    async def merge(self, ask: Ask, need: str, *, into: str, reason: str | None = None) -> Done:
        """Linked to the need that it repeats; its open proposals are superseded."""

        async def act(work: Work, state: NeedState) -> tuple[Event, ...]:
            other = await work.state(into) if into.startswith("need-") else None
            if other is None:
                raise Refused(
                    "need.unknown", f"没有需求“{into}”。", f"There is no need “{into}”.", kind="invalid", field="into"
                )
            return need_acts.merge(state, other, reason=text(reason, "reason"))

        return await self._act(ask, need, "need.merge", act, supersede="need_merged")

    async def lapse(self, ask: Ask, need: str) -> Done:
        """By the clock."""

        async def act(work: Work, state: NeedState) -> tuple[Event, ...]:
            return need_acts.lapse(state, at=work.at)

        return await self._act(ask, need, "need.lapse", act, supersede="need_lapsed")

    async def _act(
        self, ask: Ask, need: str, action: str, act: Act, supersede: str | None = None, then: Then | None = None
    ) -> Done:
        async def decide(work: Work) -> str:
            state: NeedState = await work.main(need, "need")
            judged = action in ("need.endorse", "need.reject")
            barred = (state.content.owner, *await four_eyes.authors(work, need)) if judged else ()
            parties = (state.content.owner,)
            await work.allow(action, parties=parties, area=state.content.area, public=state.public, barred=barred)
            events = await act(work, state)
            if events and supersede:
                await rivals.supersede_all(work, need, cause=supersede)
            work.write(need, *events)
            if events and then:
                await then(work, need)
            await rivals.promote_waiting(work, None)
            return need

        return await self._streams.command(ask, decide)

    async def _may_post(self, work: Work, area: str, path: tuple[str, ...]) -> None:
        """A unit posts where it is stationed and below, a committee in its neighbourhood, a tier below itself."""
        org = acting_org(work.ask)
        if work.ask.principal.role not in PARTIES:
            await work.allow("need.post", parties=(), area=area)
        own = org in path
        if org.startswith("unit-"):
            own = any(held in path for held in (await work.state(org)).areas)
        await work.allow("need.post", parties=(org,) if own else (), area=area)


def _amended(change: NeedChange, book: RuleBook) -> NeedAmended:
    return NeedAmended(
        title=title(change.title) if change.title is not None else None, note=text(change.note),
        lines=None if change.lines is None else named(change.lines),
        urgency=change.urgency, windows=change.windows, beneficiaries=change.beneficiaries, respond_by=change.respond_by,
        skill=skill(change.skill), vulnerable=change.vulnerable,
        group=book.group(change.group).id if change.group else change.group,
    )  # fmt: skip


async def visible(work: Work, need: str) -> NeedState:
    """A need that everybody may see; drafts and rejected needs do not exist for others."""
    state: NeedState = await work.found(need, "need")
    if decide(work.ask.principal, "need.see", Facts(parties=(state.content.owner,), public=state.public)) is not None:
        raise missing()
    return state
