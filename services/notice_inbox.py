"""What a reader does with notices: look, mark as read, and say by which way and at which pace to be told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from domain.access import Principal
from domain.events import Refused
from services.notice_outbox import Outbox
from services.notice_ports import PACES, Channel, Manners, Notice, NoticeBook, NotSent, Sender, Sent
from services.notice_timing import send_at
from services.notices import GROUPS, kinds_in
from services.ports import Clock, Ids

MOST = 50  # notices of one page
MOST_CHANNELS = 10  # of one reader
MOST_TESTS = 3  # a minute to one address
BOUND = ("unit", "unit_manager", "unit_system", "committee", "street", "district")  # who speaks for an organisation
USUAL = {
    "answer": "now", "outcome": "hour", "project": "hour", "due": "now", "suggestion": "day", "near": "day", "behalf": "now",
    "system": "now",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    notices: Sequence[Notice]
    unread: int
    next: int | None  # `before` of the page after this one
    next_unread: bool = False  # which goes on with what is unread


class Inbox:
    def __init__(
        self, book: NoticeBook, outbox: Outbox, senders: Mapping[str, Sender], clock: Clock, ids: Ids
    ) -> None:
        self._book, self._outbox, self._senders, self._clock, self._ids = book, outbox, senders, clock, ids

    def unread(self, who: Principal | None) -> int:
        """For the head of every page: an index, no waiting."""
        return self._book.unread(readers(who)) if who is not None and readers(who) else 0

    async def page(self, who: Principal, *, group: str = "", unread: bool = False, before: int | None = None) -> Page:
        """What is unread first, then the rest, each newest first; of one group or all."""
        to, kinds = readers(who), kinds_in(group)
        if not to:
            return Page(notices=(), unread=0, next=None)
        new: list[Notice] = []
        if unread or before is None:
            new = [*await self._book.inbox(to, kinds=kinds, read=False, before=before, limit=MOST + 1)]
        if len(new) > MOST:
            return Page(notices=new[:MOST], unread=self.unread(who), next=new[MOST - 1].seq, next_unread=True)
        room = 0 if unread else MOST - len(new)
        old = await self._book.inbox(to, kinds=kinds, read=True, before=before, limit=room + 1) if not unread else ()
        more = len(old) > room
        last = old[room - 1].seq if more and room else None
        return Page(notices=[*new, *old[:room]], unread=self.unread(who), next=last)

    async def mark(self, who: Principal, upto: int, seqs: Sequence[int] | None = None) -> int:
        """Read: these, or all up to the newest that was on the page. For everybody in the organisation."""
        return await self._book.mark(readers(who), self._clock.now(), who.id, upto, seqs) if readers(who) else 0

    async def settings(self, who: Principal) -> tuple[Manners, Sequence[Channel]]:
        to = speaks_for(who)
        return (await self._book.manners([to])).get(to, Manners(to=to)), await self._own(to)

    async def set_manners(self, who: Principal, manners: Manners) -> None:
        """A coordinator's are those of its own office too."""
        speaks_for(who)
        for reader in readers(who):
            await self._book.set_manners(replace(manners, to=reader))

    async def declined(self, orgs: Sequence[str]) -> frozenset[str]:
        """Those of them that want no suggestions."""
        return frozenset(org for org, manners in (await self._book.manners(orgs)).items() if not manners.suggestions)

    async def add_channel(self, who: Principal, kind: str, address: str, secret: str) -> Channel:
        """With the usual paces. Refused: channel.too_many, and whatever the sender says of the address."""
        to = speaks_for(who)
        if len(await self._own(to)) >= MOST_CHANNELS:
            raise Refused(
                "channel.too_many", f"最多设置 {MOST_CHANNELS} 个接收方式，请先删除不用的。",
                f"At most {MOST_CHANNELS} channels: remove one first.", field="address",
            )  # fmt: skip
        channel = Channel(
            id=self._ids.new("channel"), to=to, kind=kind, address=address.strip(), secret=secret.strip(), paces=USUAL,
            also=who.org if who.org != to else "",
        )  # fmt: skip
        sender = self._senders.get(kind)
        if sender is None:
            raise Refused(
                "channel.unknown", "没有这种接收方式。", "There is no such channel.", kind="invalid", field="kind"
            )
        sender.check(channel)
        made = await self._paced(channel, USUAL)
        await self._book.keep_channel(made)
        return made

    async def set_paces(self, who: Principal, channel: str, paces: Mapping[str, str]) -> None:
        """Groups that are not named keep theirs; what is near is only ever summarised."""
        known = await self.channel(who, channel)
        chosen = {group: paces[group] for group in GROUPS if paces.get(group) in PACES}
        if chosen.get("near") == "now":
            chosen["near"] = "hour"
        await self._book.keep_channel(await self._paced(known, {**known.paces, **chosen}))

    async def drop_channel(self, who: Principal, channel: str) -> None:
        await self._book.drop_channel((await self.channel(who, channel)).id, speaks_for(who))

    async def test(self, who: Principal, channel: str) -> str:
        """Send a greeting now; "" when it was taken, else why not."""
        known = await self.channel(who, channel)
        now = self._clock.now()
        if not await self._book.tried(known, now, MOST_TESTS):
            raise Refused(
                "channel.too_often", "一分钟内试得太多了，请稍候再试。", "Too many tests within a minute: wait a little.", kind="many"
            )
        try:
            await self._outbox.send(known, await self._outbox.letter(known.to, ()), self._ids.new("msg"))
        except NotSent as trouble:
            return str(trouble) or f"{now:%H:%M}"
        return ""

    async def channel(self, who: Principal, channel: str) -> Channel:
        """One of one's own. Refused: channel.not_found."""
        for known in await self._own(speaks_for(who)):
            if known.id == channel:
                return known
        raise Refused("channel.not_found", "没有这个接收方式。", "There is no such channel.", kind="missing")

    async def deliveries(self, who: Principal, state: str | None) -> Sequence[Sent]:
        """What was sent, waits or is dead: of one's own organisation; administrators see everybody's."""
        to = None if who.role == "system_admin" else [speaks_for(who)]
        return await self._book.deliveries(to, state, MOST)

    async def revive(self, who: Principal, delivery: str) -> None:
        """A dead message is tried again."""
        if any(sent.id == delivery for sent in await self.deliveries(who, "dead")):
            await self._book.revive(delivery, self._clock.now())

    async def _own(self, to: str) -> list[Channel]:
        return [channel for channel in await self._book.channels([to]) if channel.to == to]

    async def _paced(self, channel: Channel, paces: Mapping[str, str]) -> Channel:
        """With the hour of its next summary of what is near."""
        manners = (await self._book.manners([channel.to])).get(channel.to, Manners(to=channel.to))
        pace, now = paces.get("near", "off"), self._clock.now()
        near_at: datetime | None = send_at(now, pace, manners) if pace in ("hour", "day") else None
        begins = channel.near_from or await self._book.position()
        return replace(channel, paces=dict(paces), near_at=near_at, near_from=begins)


def readers(who: Principal | None) -> tuple[str, ...]:
    """Whose notices somebody reads: the organisation's, and as a coordinator those of the area's coordinators."""
    if who is None or who.role not in BOUND:
        return ()
    tier = (f"{who.role}@{who.area}",) if who.role in ("street", "district") and who.area else ()
    return tuple(reader for reader in (who.org, *tier) if reader)


def speaks_for(who: Principal) -> str:
    """The reader whose preferences somebody may change. Refused: notices.nobody."""
    found = readers(who)
    if not found:
        raise Refused(
            "notices.nobody", "当前身份不代表单位、居民区或街道、区，没有消息设置。",
            "You act for no organisation here: there is nothing to set.", kind="forbidden",
        )  # fmt: skip
    return found[-1]
