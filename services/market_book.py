"""What the market shows: all facts of one position by id, and what changed from one position to the next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from domain.matching.snapshot import AreaFacts, AskerFacts, GiverFacts, NeedFacts, OfferFacts, Snapshot

F = TypeVar("F")


class Listener(Protocol):
    """Follows the market. Called in the order areas, givers, offers, needs; must neither raise nor wait."""

    def put_areas(self, areas: tuple[AreaFacts, ...], /) -> None:
        """All of them, whenever one changed."""

    def put_giver(self, facts: GiverFacts, /) -> None:
        """New or changed. When its last offer goes it is not taken back: nothing of it is left to be matched."""

    def put_offer(self, facts: OfferFacts, /) -> None: ...

    def drop_offer(self, id: str, /) -> None: ...

    def put_need(self, facts: NeedFacts, /) -> None: ...

    def drop_need(self, id: str, /) -> None: ...


@dataclass(frozen=True, slots=True)
class News:
    """Facts by id; None: it is not there any more."""

    needs: dict[str, NeedFacts | None] = field(default_factory=dict)
    offers: dict[str, OfferFacts | None] = field(default_factory=dict)
    givers: dict[str, GiverFacts | None] = field(default_factory=dict)
    askers: dict[str, AskerFacts | None] = field(default_factory=dict)
    areas: dict[str, AreaFacts | None] = field(default_factory=dict)


class Book:
    def __init__(self) -> None:
        self._needs: dict[str, NeedFacts] = {}
        self._offers: dict[str, OfferFacts] = {}
        self._givers: dict[str, GiverFacts] = {}
        self._askers: dict[str, AskerFacts] = {}
        self._areas: dict[str, AreaFacts] = {}
        self._offered: Counter[str] = Counter()  # offers by owner

    def owners(self, offers: Mapping[str, OfferFacts | None]) -> set[str]:
        """Who owns these offers, as they are now or were before."""
        known = (facts or self._offers.get(id) for id, facts in offers.items())
        return {facts.owner for facts in known if facts is not None}

    def put(self, news: News) -> News:
        """Takes the news over and gives back what is new in it. Of givers only those with offers are kept."""
        for id, facts in news.offers.items():
            if (before := self._offers.get(id)) is not None:
                self._offered[before.owner] -= 1
            if facts is not None:
                self._offered[facts.owner] += 1
        givers = {org: facts if self._offered[org] else None for org, facts in news.givers.items()}
        return News(
            _replaced(self._needs, news.needs), _replaced(self._offers, news.offers), _replaced(self._givers, givers),
            _replaced(self._askers, news.askers), _replaced(self._areas, news.areas),
        )  # fmt: skip

    def everything(self) -> News:
        return News(
            {**self._needs}, {**self._offers}, {**self._givers}, {**self._askers}, {**self._areas}
        )

    def areas(self) -> tuple[AreaFacts, ...]:
        return _sorted(self._areas)

    def snapshot(self, position: int, at: int) -> Snapshot:
        return Snapshot(
            position=position, at=at, areas=_sorted(self._areas), needs=_sorted(self._needs), offers=_sorted(self._offers),
            givers=_sorted(self._givers), askers=_sorted(self._askers),
        )  # fmt: skip


def tell(listener: Listener, news: News, areas: tuple[AreaFacts, ...]) -> None:
    """The news in an order in which nothing is named before it is known. `areas`: all that there are now."""
    if news.areas:
        listener.put_areas(areas)
    for giver in _there(news.givers.values()):
        listener.put_giver(giver)
    for id, offer in news.offers.items():
        if offer is None:
            listener.drop_offer(id)
        else:
            listener.put_offer(offer)
    for id, need in news.needs.items():
        if need is None:
            listener.drop_need(id)
        else:
            listener.put_need(need)


def _replaced(known: dict[str, F], new: Mapping[str, F | None]) -> dict[str, F | None]:
    """What differs from what is known, put in its place."""
    changed = {id: facts for id, facts in new.items() if facts != known.get(id)}
    for id, facts in changed.items():
        if facts is None:
            del known[id]
        else:
            known[id] = facts
    return changed


def _sorted(known: Mapping[str, F]) -> tuple[F, ...]:
    return tuple(known[id] for id in sorted(known))


def _there(found: Iterable[F | None]) -> Iterable[F]:
    return (facts for facts in found if facts is not None)
