"""For tests of the market: a ledger that seems to end earlier, a follower that writes down what it is told, and comparing."""

from __future__ import annotations

from typing import Any

from domain.matching.snapshot import AreaFacts, GiverFacts, NeedFacts, OfferFacts, Snapshot
from domain.matching.times import minutes_of
from services.market import Market, replayed
from services.ports import Codec, EventLog, Head
from tests.support.world import START, World


async def known(world: World) -> Snapshot:
    """What a market that begins now shows."""
    market = Market(world.log, world.codec)
    await market.catch_up()
    return market.snapshot(minutes_of(START))


class UpTo:
    """A ledger whose head is `position`; what came after it can still be read, as when it arrives meanwhile."""

    def __init__(self, log: EventLog, position: int = 0) -> None:
        self._log, self.position = log, position
        self.read_stream = log.read_stream
        self.read_all = log.read_all

    async def head(self) -> Head:
        return Head(self.position, 0, b"")


class Follower:
    """Knows the market only by what it is told."""

    def __init__(self) -> None:
        self.areas: tuple[AreaFacts, ...] = ()
        self.givers: dict[str, GiverFacts] = {}
        self.offers: dict[str, OfferFacts] = {}
        self.needs: dict[str, NeedFacts] = {}
        self.told: list[str] = []

    def put_areas(self, areas: tuple[AreaFacts, ...]) -> None:
        self.areas = areas
        self.told.append("areas")

    def put_giver(self, facts: GiverFacts) -> None:
        self.givers[facts.id] = facts
        self.told.append(facts.id)

    def put_offer(self, facts: OfferFacts) -> None:
        self.offers[facts.id] = facts
        self.told.append(facts.id)

    def drop_offer(self, id: str) -> None:
        self.offers.pop(id, None)
        self.told.append(f"no {id}")

    def put_need(self, facts: NeedFacts) -> None:
        self.needs[facts.id] = facts
        self.told.append(facts.id)

    def drop_need(self, id: str) -> None:
        self.needs.pop(id, None)
        self.told.append(f"no {id}")

    def agrees_with(self, snapshot: Snapshot) -> None:
        """Of givers it may know more: who has no offers any more is not taken back."""
        assert self.areas == snapshot.areas
        assert tuple(self.needs[id] for id in sorted(self.needs)) == snapshot.needs
        assert tuple(self.offers[id] for id in sorted(self.offers)) == snapshot.offers
        assert [self.givers[giver.id] for giver in snapshot.givers] == list(snapshot.givers)


class Compared:
    """One market that follows the ledger step by step, compared with others that begin anew."""

    def __init__(self, log: EventLog, codec: Codec) -> None:
        self._log, self._codec = UpTo(log), codec
        self._follower = Follower()
        self._followed = self._begun()
        self._followed.subscribe(self._follower)

    async def at(self, position: int) -> Snapshot:
        """What all of them know at the position, which is not before the last one."""
        self._log.position = position
        minute = 29_500_000 + position
        anew = self._begun()
        assert (await self._followed.catch_up(), await anew.catch_up()) == (position, position)
        followed = self._followed.snapshot(minute)
        _same(followed, anew.snapshot(minute))
        _same(followed, await replayed(self._log, self._codec, position, minute))  # type: ignore[arg-type]
        self._follower.agrees_with(followed)
        return followed

    def _begun(self) -> Market:
        return Market(self._log, self._codec)  # type: ignore[arg-type]


def _same(one: Snapshot, other: Snapshot) -> None:
    """Part by part: a difference is then told in few words."""
    for part in Snapshot.__slots__:
        mine: Any = getattr(one, part)
        theirs: Any = getattr(other, part)
        if isinstance(mine, tuple):
            assert [each for each in mine if each not in theirs] == [each for each in theirs if each not in mine], part
        assert mine == theirs, part
