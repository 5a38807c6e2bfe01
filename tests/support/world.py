"""A small district on an in-memory ledger, run through the real use cases: for specs and the state machine."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from adapters.codec import JsonCodec
from adapters.memory import MemoryStore
from adapters.system import SeededClock, SeededIds
from adapters.vault import open_vault
from domain import areas, units
from domain.access import SYSTEM, Principal
from domain.capacity import Line
from domain.claim_proposing import Invitation
from domain.rules import Category, Group, Limits, RuleBook, Tier
from services.claims import ClaimDraft, Claims
from services.command import Ask, Done
from services.joint_claims import JointClaims
from services.market import Market
from services.needs import NeedDraft, Needs
from services.offers import OfferDraft, Offers
from services.policies import Policies
from services.ports import EventLog, Vault
from services.projects import Projects
from services.register import AreaDraft, Register, UnitDraft
from services.round_solving import Solving
from services.rounds import Rounds
from services.streams import Streams

START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
DISTRICT, STREET, EAST, WEST = "310101", "310101001", "310101001001", "310101001002"
BOOK = RuleBook(
    district="huangpu", area=DISTRICT, zh="黄浦区", en="Huangpu",
    tiers=tuple(Tier(kind=k, zh=z, en=k) for k, z in (("district", "区"), ("street", "街道"), ("neighbourhood", "居民区"))),
    categories=(Category(id="service", zh="便民服务", en="Services"), Category(id="venue", zh="场地开放", en="Venues")),
    groups=(Group(id="elders", zh="老人", en="Older people"), Group(id="disabled", zh="残障人士", en="People with disabilities")),
)  # fmt: skip


class Links:
    """Tokens that name their project, for specs; the real signer is an adapter with tests of its own."""

    def sign(self, project: str, nonce: str) -> str:
        return f"{project}.{nonce}"

    def read(self, token: str) -> str | None:
        return token.partition(".")[0] if "." in token else None


class NobodyStands:
    """No live claims known: the limit never bites."""

    async def live_claims(self, org: str) -> int:
        return 0


class World:
    def __init__(
        self, folder: Path, log: EventLog | None = None, clock: SeededClock | None = None, vault: Vault | None = None
    ) -> None:
        self.clock = clock or SeededClock(START)
        self.log = log or MemoryStore()
        self.vault: Any = vault or open_vault(folder / "vault.db")
        self.codec = JsonCodec(self.vault)
        self.ids = SeededIds("world", self.clock.now)
        self.streams = Streams(self.log, self.codec, self.vault, self.clock, self.ids)
        self.serve("k")

    def serve(self, name: str) -> None:
        """The use cases, over the streams there are now; `name` begins the keys of what is asked here."""
        self.needs, self.offers = Needs(self.streams), Offers(self.streams)
        self.claims = Claims(self.streams, NobodyStands())
        self.joint, self.projects = JointClaims(self.claims), Projects(self.streams, Links())
        self.register, self.policies = Register(self.streams), Policies(self.streams)
        self.rounds = Rounds(self.streams, Solving(self.log, self.codec, Market(self.log, self.codec)))
        self._keys = (f"{name}{n}" for n in itertools.count(1))

    async def begin(self, hospital_count: int = 4) -> World:
        """A district with one street, two neighbourhoods and some hospitals stationed in the street."""
        await self.register.adopt(self.ask(SYSTEM), BOOK)
        tree = ((DISTRICT, "district", None), (STREET, "street", DISTRICT), (EAST, "neighbourhood", STREET))
        for area, kind, parent in (*tree, (WEST, "neighbourhood", STREET)):
            await self.register.open_area(self.ask(SYSTEM), AreaDraft(area=area, name=f"区域{area}", kind=kind, parent=parent))
        self.units = [await self.unit(n) for n in range(hospital_count)]
        return self

    async def unit(self, n: int) -> Principal:
        body = f"91310101MA1FL{n:04d}"
        draft = UnitDraft(name=f"第{n}医院", code=body + units.check_character(body), kind="医院", areas=(STREET,))
        done = await self.register.register_unit(self.ask(SYSTEM), draft)
        return Principal(id=f"key-{n}", role="unit", org=done.id)

    async def endorsing(self) -> None:
        """From now on the street endorses each need before it opens."""
        await self.register.adopt(self.ask(SYSTEM), replace(BOOK, endorse_needs=True))

    async def limiting(self, **limits: int) -> None:
        """From now on these limits of the rule book hold."""
        await self.register.adopt(self.ask(SYSTEM), replace(BOOK, limits=Limits(**limits)))

    async def close_area(self, area: str, successor: str | None = None) -> None:
        """The neighbourhood is closed from today on."""
        await self.register.close_area(self.ask(SYSTEM), area, successor=successor)

    def ask(self, who: Principal, key: str | None = None, if_match: int | None = None) -> Ask:
        return Ask(principal=who, key=key or next(self._keys), fingerprint="same", if_match=if_match)

    async def need(self, who: Principal, quantity: int = 20, *, as_draft: bool = False, **more: Any) -> Done:
        usual = {"title": "周末义诊志愿者", "category": "service", "area": EAST, "lines": people(quantity)}
        return await self.needs.post(self.ask(who), NeedDraft(**(usual | more)), as_draft=as_draft)

    async def offer(self, who: Principal, quantity: int = 50, *, as_draft: bool = False, **more: Any) -> Done:
        usual = {"title": "义诊志愿者队伍", "category": "service", "lines": people(quantity)}
        return await self.offers.post(self.ask(who), OfferDraft(**(usual | more)), as_draft=as_draft)

    async def claim(
        self, who: Principal, quantity: int = 20, *, need: str | None = None, offer: str | None = None,
        members: tuple[tuple[str, int], ...] = (), **more: Any,
    ) -> Done:  # fmt: skip
        invitations = tuple(Invitation(org=org, lines=people(n)) for org, n in members)
        lines = more.pop("lines", people(quantity))
        draft = ClaimDraft(need=need, offer=offer, lines=lines, members=invitations, **more)
        return await self.claims.propose(self.ask(who), draft)

    async def state(self, stream: str) -> Any:
        """From the store, not from memory."""
        held = await self.streams.committed(stream)
        assert held is not None
        return held.state

    async def types(self, stream: str) -> list[str]:
        return [row.type for row in await self.log.read_stream(stream)]

    def later(self, **delta: int) -> None:
        self.clock.advance(timedelta(**delta))


def people(quantity: int) -> tuple[Line, ...]:
    return (Line("志愿者", quantity, "人"),)


COMMITTEE = Principal(id="key-east", role="committee", org=EAST)
OTHER_COMMITTEE = Principal(id="key-west", role="committee", org=WEST)
STREET_OFFICE = Principal(id="key-street", role="street", org="street-office", area=STREET)
DISTRICT_OFFICE = Principal(id="key-district", role="district", org="district-office", area=DISTRICT)
AUDITOR = Principal(id="key-auditor", role="auditor", org="audit")
assert areas.stream(EAST) == f"area-{EAST}"
