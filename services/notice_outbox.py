"""Sends what waits: one message a channel for all that is due, again after a failure, never too many to one target."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from domain import areas
from domain.areas import AreaState
from domain.units import UnitState
from services.notice_follower import Follower, near_notice
from services.notice_ports import Channel, Delivery, Letter, Manners, Notice, NoticeBook, NotSent, Sender, Teller
from services.notice_timing import TRIES, again_after_s, send_at
from services.ports import Clock, Ids
from services.streams import Streams

LEASE = timedelta(minutes=2)  # longer than any sending takes; a process that dies in between lets go after this
NEAR_SHOWN = 5
KEPT = timedelta(days=180)  # what was sent, for whoever asks; logs are kept for six months
A_MINUTE: Mapping[str, int] = {"mail": 60, "wecom": 20, "dingtalk": 20, "feishu": 60}  # what the vendors allow, or less

logger = logging.getLogger(__name__)


class Outbox:
    def __init__(
        self, streams: Streams, book: NoticeBook, follower: Follower, senders: Mapping[str, Sender], teller: Teller,
        limits: Mapping[str, int] = A_MINUTE,
    ) -> None:  # fmt: skip
        self._streams, self._book, self._follower = streams, book, follower
        self._senders, self._teller, self._limits = senders, teller, limits
        self._clock: Clock = streams.clock
        self._ids: Ids = streams.ids
        self._tidied: datetime | None = None

    async def step(self) -> bool:
        """Send one message; False when nothing may be sent now."""
        now = self._clock.now()
        delivery = await self._book.lease(now, now + LEASE, self._ids.token(), self._limits)
        if delivery is None:
            return False
        try:
            await self.send(delivery.channel, await self.letter(delivery.channel.to, delivery.notices), delivery.id)
        except NotSent as trouble:
            await self._again(delivery, trouble)
        else:
            await self._book.sent(delivery, self._clock.now())
        return True

    async def letter(self, to: str, notices: tuple[Notice, ...]) -> Letter:
        manners = (await self._book.manners([to])).get(to, Manners(to=to))
        return await self._teller.letter(to, manners.lang, notices)

    async def send(self, channel: Channel, letter: Letter, message_id: str) -> None:
        """Raises NotSent."""
        sender = self._senders.get(channel.kind)
        if sender is None:
            raise NotSent(f"nothing here sends {channel.kind}", final=True)
        await sender.send(channel, letter, message_id)

    async def tick(self) -> None:
        """Summaries of what is near, for channels whose hour has come; once a day what is too old is forgotten."""
        now = self._clock.now()
        for channel in await self._book.near_due(now):
            await self._near(channel)
        if self._tidied is None or now - self._tidied >= timedelta(days=1):
            self._tidied = now
            await self._book.tidy(now - KEPT)

    async def _near(self, channel: Channel) -> None:
        now, pace = self._clock.now(), channel.paces.get("near", "off")
        manners = (await self._book.manners([channel.to])).get(channel.to, Manners(to=channel.to))
        kind, around = await self._around(channel.to)
        count, items, upto = await self._book.near(kind, around, channel.near_from, NEAR_SHOWN) if around else (0, (), 0)
        notice = near_notice(channel, kind, count, items, upto, now) if count and pace != "off" else None
        waiting = await self._follower.waiting([notice]) if notice else []
        moved = replace(
            channel, near_from=max(upto, channel.near_from),
            near_at=send_at(now, pace, manners) if pace in ("hour", "day") else None,
        )  # fmt: skip
        await self._book.near_told(moved, notice, [replace(w, due=now) for w in waiting if w.channel == channel.id], now)

    async def _around(self, org: str) -> tuple[str, tuple[str, ...]]:
        """What interests an organisation (needs a unit, offers a neighbourhood) and in which areas."""
        held = await self._streams.load(org if org.startswith("unit-") else areas.stream(org))
        state = held.state if held else None
        if isinstance(state, AreaState):
            return "offer", await self._streams.path(org)
        if isinstance(state, UnitState):
            return "need", tuple(dict.fromkeys([await self._street(area) for area in state.areas] + [*state.areas]))
        return "need", ()

    async def _street(self, area: str) -> str:
        """The street that an area lies in, else itself."""
        for above in await self._streams.path(area):
            held = await self._streams.load(areas.stream(above))
            if held is not None and held.state.kind == "street":
                return above
        return area

    async def _again(self, delivery: Delivery, trouble: NotSent) -> None:
        now, tried = self._clock.now(), delivery.attempts + 1
        seconds = max(trouble.after_s, again_after_s(tried, delivery.id))
        final = trouble.final or tried >= TRIES
        logger.warning("message %s to a %s was not sent: %s", delivery.id, delivery.channel.kind, trouble)
        await self._book.failed(delivery, now, None if final else now + timedelta(seconds=seconds), str(trouble))
        if final:
            undelivered = Notice(
                key=f"{delivery.id}/undelivered", to=delivery.channel.to, kind="undelivered", about="",
                number=delivery.channel.kind, at=now, count=len(delivery.notices),
            )  # fmt: skip
            await self._book.add([undelivered], ())  # to the inbox alone: sent, it would come back the same way
