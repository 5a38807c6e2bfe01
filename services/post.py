"""Everything about notices and webhooks that a district can be asked, in one place."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from services.notice_follower import Follower
from services.notice_inbox import Inbox
from services.notice_outbox import Outbox
from services.notice_ports import NoticeBook
from services.webhook_sending import HookSending
from services.webhooks import Webhooks

PAUSE_S = 1.0  # between two looks when nothing waits


@dataclass(frozen=True, kw_only=True)
class Post:
    book: NoticeBook
    follower: Follower
    inbox: Inbox
    outbox: Outbox
    webhooks: Webhooks
    hooks: HookSending
    files: Sequence[Callable[[], None]]  # what closes them

    def close(self) -> None:
        for shut in self.files:
            shut()

    async def send(self) -> None:
        """What the clock tells and what waits, until cancelled."""
        while True:
            await self.follower.tick()
            await self.outbox.tick()
            if not await self.outbox.step():
                await asyncio.sleep(PAUSE_S)
