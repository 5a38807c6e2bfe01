"""What notices need from the outside: a book that keeps them, somebody who words them, and ways to send them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

PACES = ("off", "now", "hour", "day")


@dataclass(frozen=True, kw_only=True, slots=True)
class Notice:
    """One thing that one reader is told. `to` is an organisation, or ROLE@AREA for whoever coordinates there. Titles and
    names are looked up when it is shown."""

    key: str  # the same fact told to the same reader has the same key, whoever finds it
    to: str
    kind: str  # one of services.notices.KINDS
    about: str  # the item; "" for what concerns no item
    at: datetime  # UTC
    number: str = ""
    lender: str | None = None  # the need or offer whose title it goes by
    by: str | None = None  # the organisation that acted
    position: int = 0  # of the fact; 0: the clock's
    due: datetime | None = None  # UTC
    items: tuple[str, ...] = ()  # of a summary: the first few; of a suggestion: the reader's own that it fits
    count: int = 0  # of a summary; of a suggestion its points, 0–1000
    seq: int = 0  # its number in the book
    read_at: datetime | None = None  # UTC


@dataclass(frozen=True, kw_only=True, slots=True)
class Near:
    """Something new on the board: a need in each area above it, an offer in its reach."""

    item: str
    kind: str  # need, offer
    areas: tuple[str, ...]
    position: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Deadline:
    """By when somebody has to do something about an item. Told `soon_at`, and again after `at` when `goes_over`."""

    item: str
    to: str
    at: datetime  # UTC
    soon_at: datetime | None  # UTC; None: the deadline was near from the start
    goes_over: bool
    number: str
    lender: str | None
    told: int = 0  # 0 nothing, 1 soon, 2 over


@dataclass(frozen=True, kw_only=True, slots=True)
class Manners:
    """How an organisation wants to be written to. Hours and minutes of Shanghai, as minutes of the day."""

    to: str
    lang: str = "zh"
    quiet_from: int | None = None
    quiet_until: int | None = None
    day_at: int = 8 * 60 + 30  # of the daily summary
    suggestions: bool = True  # whether it wants to hear what would fit


@dataclass(frozen=True, kw_only=True, slots=True)
class Channel:
    """One way out: an e-mail address or a robot's URL, and which groups of notices go there at which pace."""

    id: str
    to: str
    kind: str  # mail, wecom, dingtalk, feishu
    address: str
    secret: str = ""  # what DingTalk and Feishu sign with
    paces: Mapping[str, str] = field(default_factory=dict)  # group -> one of PACES
    near_from: int = 0  # position: what was near up to there has been told
    near_at: datetime | None = None  # UTC; when the next summary of what is near is due
    also: str = ""  # a second reader whose notices go there too: a coordinator's own organisation


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiting:
    """A notice that waits for a channel, not to be sent before `due`."""

    channel: str
    key: str  # of the notice
    due: datetime  # UTC


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivery:
    """One message under way: all that waited for the channel when it was made. Leased to one process at a time."""

    id: str
    channel: Channel
    notices: tuple[Notice, ...]
    attempts: int  # before this one
    lease: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Sent:
    """A delivery as administrators see it. state: queued, sent, dead."""

    id: str
    to: str
    kind: str
    address: str
    state: str
    attempts: int
    notices: int
    made_at: datetime
    next_at: datetime | None
    error: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Letter:
    """A message in words: a heading, and one sentence and link for each notice."""

    subject: str
    lines: tuple[tuple[str, str], ...]
    foot: tuple[str, str]  # what leads to the preferences
    more: str = "{n}"  # says that n lines were left out


class NotSent(Exception):
    """The message did not go out. `final`: it never will; `after_s`: the other side asks for this much patience."""

    def __init__(self, reason: str, *, final: bool = False, after_s: int = 0) -> None:
        super().__init__(reason)
        self.final, self.after_s = final, after_s


class Sender(Protocol):
    async def send(self, channel: Channel, letter: Letter, message_id: str) -> None:
        """Returns when the other side has taken it. Raises NotSent. The same message has the same id."""

    def check(self, channel: Channel) -> None:
        """Refused: channel.address, channel.host_not_allowed, channel.no_mail, for what can never be sent there."""


class Teller(Protocol):
    async def letter(self, to: str, lang: str, notices: Sequence[Notice]) -> Letter:
        """The notices in the reader's language, urgent ones first: titles, numbers and links, no contacts and no notes."""


class NoticeBook(Protocol):
    """Notices, and where the reading of the ledger stands; several processes share it. Raises StoreUnavailable."""

    async def position(self) -> int:
        """The last position that notices were taken from."""

    async def begin(self, head: int) -> int:
        """On the first start: what is up to `head` is history, kept but never sent. Returns where history ends."""

    async def take(
        self, after: int, upto: int, notices: Sequence[Notice], *, near: Sequence[Near] = (),
        deadlines: Mapping[str, Sequence[Deadline]] | None = None, waiting: Sequence[Waiting] = (),
    ) -> bool:  # fmt: skip
        """All of it and the new position in one transaction; False, and nothing at all, when the position is not `after`:
        another process was quicker. `deadlines` replaces those of each item it names."""

    async def due(self, at: datetime, limit: int) -> Sequence[Deadline]: ...

    async def tell(self, told: Sequence[tuple[Deadline, int]], notices: Sequence[Notice], waiting: Sequence[Waiting]) -> None:
        """Notices of the clock; each (deadline, what it is told now) in the same transaction."""

    async def add(self, notices: Sequence[Notice], waiting: Sequence[Waiting]) -> None:
        """Notices of the house itself. A key that is there already adds nothing."""

    def unread(self, to: Sequence[str]) -> int:
        """How many; at once, from an index."""

    async def inbox(
        self, to: Sequence[str], *, kinds: Sequence[str] = (), read: bool | None = None, before: int | None = None,
        limit: int = 50,
    ) -> Sequence[Notice]:  # fmt: skip
        """Newest first, those with a number below `before`; `read`: only those that are, or are not."""

    async def mark(self, to: Sequence[str], at: datetime, by: str, upto: int, seqs: Sequence[int] | None = None) -> int:
        """Read these (None: all up to number `upto`) of these readers' notices; returns how many were unread."""

    async def manners(self, to: Sequence[str]) -> Mapping[str, Manners]: ...

    async def set_manners(self, manners: Manners) -> None: ...

    async def channels(self, to: Sequence[str] | None = None) -> Sequence[Channel]:
        """Those that these readers' notices go to, or all."""

    async def keep_channel(self, channel: Channel) -> None:
        """Made, or changed as given."""

    async def drop_channel(self, channel: str, to: str) -> bool:
        """And all that waits for it."""

    async def near(self, kind: str, areas: Sequence[str], after: int, limit: int) -> tuple[int, Sequence[str], int]:
        """(how many, the newest few, position of the newest) of what came near these areas after a position."""

    async def near_told(self, channel: Channel, notice: Notice | None, waiting: Sequence[Waiting], now: datetime) -> bool:
        """The summary of what is near, if any, and the channel's new `near_from` and `near_at`; False when another
        process has moved it."""

    async def near_due(self, now: datetime) -> Sequence[Channel]:
        """Channels whose hour for a summary of what is near has come."""

    async def tried(self, channel: Channel, now: datetime, most: int) -> bool:
        """Counts one more try for its target; False when there were `most` within the minute."""

    async def lease(self, now: datetime, until: datetime, lease: str, limits: Mapping[str, int]) -> Delivery | None:
        """The next message to send, now this caller's until then: what is due for one channel, at most `limits` a minute
        to one target of that kind. A message whose lease has run out is given out again under its old id."""

    async def sent(self, delivery: Delivery, at: datetime) -> bool:
        """Marked, if the lease still holds."""

    async def failed(self, delivery: Delivery, at: datetime, next_at: datetime | None, error: str) -> bool:
        """Queued again for `next_at`, or dead when that is None; if the lease still holds."""

    async def deliveries(self, to: Sequence[str] | None, state: str | None, limit: int) -> Sequence[Sent]: ...

    async def tidy(self, before: datetime) -> int:
        """Forget messages that were made before then and are sent or dead; returns how many. Notices stay."""

    async def revive(self, delivery: str, now: datetime) -> bool:
        """A dead one is queued again."""
