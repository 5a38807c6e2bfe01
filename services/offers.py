"""What may be asked about offers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from domain import areas, offer_acts
from domain.access import PARTIES, Facts, acting_org, decide, missing
from domain.calendar import Window
from domain.capacity import Line
from domain.events import Event, Refused
from domain.offer import OfferAmended, OfferContent, OfferState
from domain.rules import RuleBook
from services import rivals
from services.command import Ask, Done
from services.common import home, named, places, series, skill, text, title
from services.streams import Streams
from services.work import Work


@dataclass(frozen=True, kw_only=True, slots=True)
class OfferDraft:
    """An offer as it is asked for. `reach` is a tier of the rule book or an area id; default the whole district."""

    title: str
    category: str
    lines: tuple[Line, ...]
    reach: str = "district"
    windows: tuple[Window, ...] = ()
    note: str | None = None
    skills: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()  # ids or Chinese names
    minimum: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class OfferChange:
    """Only what is to change is set."""

    title: str | None = None
    note: str | None = None
    lines: tuple[Line, ...] | None = None
    windows: tuple[Window, ...] | None = None
    skills: tuple[str, ...] | None = None
    groups: tuple[str, ...] | None = None
    minimum: int | None = None


class Offers:
    def __init__(self, streams: Streams) -> None:
        self._streams = streams

    async def post(self, ask: Ask, draft: OfferDraft, *, as_draft: bool = False) -> Done:
        """An offer of the asker's organisation; at once published unless it is a draft."""

        async def decide(work: Work) -> str:
            return await self.put(work, draft, as_draft=as_draft)

        return await self._streams.command(ask, decide)

    async def put(self, work: Work, draft: OfferDraft, *, as_draft: bool = False) -> str:
        """The same within a command that does more (an import)."""
        org, book = acting_org(work.ask), (await work.rules()).book
        area = await home(work, org)
        mine = (org,) if work.ask.principal.role in PARTIES else ()
        await work.allow("offer.post", parties=mine, area=area)
        content = OfferContent(
            owner=org, area=area, category=book.category(draft.category).id, title=title(draft.title), lines=named(draft.lines),
            reach=await self._reach(work, area, draft.reach), windows=draft.windows, note=text(draft.note),
            skills=_skills(draft.skills), groups=_groups(book, draft.groups), minimum=draft.minimum,
        )  # fmt: skip
        stream = work.fresh("offer")
        number = await work.number(series("ZY", work, book.area), stream)
        work.write(stream, *offer_acts.post(content, number=number, draft=as_draft, book=book))
        return stream

    async def publish(self, ask: Ask, offer: str) -> Done:
        async def act(work: Work, state: OfferState) -> tuple[Event, ...]:
            return offer_acts.publish(state, book=(await work.rules()).book)

        return await self._act(ask, offer, "offer.publish", act)

    async def amend(self, ask: Ask, offer: str, change: OfferChange) -> Done:
        async def act(work: Work, state: OfferState) -> tuple[Event, ...]:
            book = (await work.rules()).book
            return offer_acts.amend(state, _amended(change, book), book=book)

        return await self._act(ask, offer, "offer.amend", act)

    async def pause(self, ask: Ask, offer: str, *, reason: str | None = None) -> Done:
        async def act(work: Work, state: OfferState) -> tuple[Event, ...]:
            return offer_acts.pause(state, reason=text(reason, "reason"))

        return await self._act(ask, offer, "offer.pause", act)

    async def resume(self, ask: Ask, offer: str) -> Done:
        async def act(work: Work, state: OfferState) -> tuple[Event, ...]:
            return offer_acts.resume(state)

        return await self._act(ask, offer, "offer.resume", act)

    async def retire(self, ask: Ask, offer: str, *, reason: str | None = None) -> Done:
        """Open proposals are superseded; accepted claims stay binding."""

        async def act(work: Work, state: OfferState) -> tuple[Event, ...]:
            return offer_acts.retire(state, reason=text(reason, "reason"))

        return await self._act(ask, offer, "offer.retire", act, supersede="offer_retired")

    async def expire(self, ask: Ask, offer: str) -> Done:
        """By the clock."""

        async def act(work: Work, state: OfferState) -> tuple[Event, ...]:
            return offer_acts.expire(state, at=work.at)

        return await self._act(ask, offer, "offer.expire", act, supersede="offer_expired")

    async def _act(self, ask: Ask, offer: str, action: str, act: Any, supersede: str | None = None) -> Done:
        async def decide(work: Work) -> str:
            state: OfferState = await work.main(offer, "offer")
            parties = (state.content.owner,)
            await work.allow(action, parties=parties, area=state.content.area, public=state.public)
            events = await act(work, state)
            if events and supersede:
                await rivals.supersede_all(work, offer, cause=supersede)
            work.write(offer, *events)
            await rivals.promote_waiting(work, None)
            return offer

        return await self._streams.command(ask, decide)

    async def _reach(self, work: Work, area: str, reach: str) -> str:
        """The id of the area within which the offer can be claimed."""
        if reach not in [tier.kind for tier in (await work.rules()).book.tiers]:
            return areas.still_open(await work.state(areas.stream(reach)), reach, field="reach").id
        for above in await work.path(area):
            state = await work.state(areas.stream(above))
            if state.kind == reach:
                return above
        return area


def _amended(change: OfferChange, book: RuleBook) -> OfferAmended:
    return OfferAmended(
        title=title(change.title) if change.title is not None else None, note=text(change.note),
        lines=None if change.lines is None else named(change.lines), windows=change.windows,
        skills=None if change.skills is None else _skills(change.skills),
        groups=None if change.groups is None else _groups(book, change.groups), minimum=change.minimum,
    )  # fmt: skip


def _skills(words: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(skill(word, "skills") or "" for word in words))


def _groups(book: RuleBook, groups: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(book.group(group, "groups").id for group in groups))


async def visible(work: Work, offer: str) -> OfferState:
    """An offer that everybody may see; drafts do not exist for others."""
    state: OfferState = await work.found(offer, "offer")
    if decide(work.ask.principal, "offer.see", Facts(parties=(state.content.owner,), public=state.public)) is not None:
        raise missing()
    return state


async def within_reach(work: Work, offer: OfferState, receiver: str, area: str) -> None:
    """The receiver belongs to an area that the offer reaches."""
    if offer.content.reach not in (*await work.path(area), *await places(work, receiver)):
        raise Refused(
            "claim.out_of_reach", "这项资源不面向您所在的区域。请选择面向全区或本街道的资源。",
            "This offer does not reach your area: choose one for the whole district or your street.", kind="forbidden",
        )  # fmt: skip
