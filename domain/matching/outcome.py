"""What a round asks, and what comes out of it: plain data, stored whole in the ledger, the same whoever solves it."""

from __future__ import annotations

from dataclasses import dataclass

from domain.calendar import Window
from domain.capacity import Line

ALGORITHM = "exact-flow/1"  # rounds say which version they were solved by; old versions stay


@dataclass(frozen=True, kw_only=True, slots=True)
class Scope:
    """What a round is about: needs in an area (and below), of one category or all; what people decided beforehand."""

    area: str
    category: str | None = None
    pins: tuple[tuple[str, str], ...] = ()  # (need, offer) that must come about
    prohibitions: tuple[tuple[str, str], ...] = ()  # (need, offer) that must not


@dataclass(frozen=True, kw_only=True, slots=True)
class Pair:
    """A proposal. `lines` are per occurrence of the window; `parts` the eight products in the order of CRITERIA."""

    need: str
    offer: str
    unit: str
    lines: tuple[Line, ...]
    window: Window | None = None
    score: int
    parts: tuple[int, ...]
    tier: str  # kind of the smallest area that holds both
    halves: int  # common half-days
    cover: int  # thousandths of the need
    by: str  # flow, fill (pieced together from what the flow gave), pin


@dataclass(frozen=True, kw_only=True, slots=True)
class Unserved:
    """A need that is left without any pair: how many offers each rule refused, LOST_IN_ROUND among them."""

    need: str
    reasons: tuple[tuple[str, int], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Shares:
    """How evenly things have fallen so far. A share: needs that somebody came for, of all ever asked, in thousandths."""

    askers: int  # with a need in the round that somebody could serve
    nothing: int  # of them, those that nobody has ever come for
    small: int  # share of the askers with the fewest needs (the lower half), taken together
    large: int  # of the others
    gini: int  # of all their shares, thousandths; 0 is even
    worst: int  # the smallest share of any of them
    givers: int  # with an offer that somebody could use
    idle: int  # of them, those with no engagement
    busiest: int  # most engagements of one giver


@dataclass(frozen=True, kw_only=True, slots=True)
class Certificate:
    """What it takes to rebuild the network and to see that its solution is best: room for partners of each need, for
    needs of each group of an offer, the candidates chosen, and the price of every node."""

    bits: int  # of the tickets
    slots: tuple[int, ...]  # of the needs that have candidates, in order of id
    rooms: tuple[int, ...]  # of the groups, in their order
    chosen: tuple[int, ...]  # by their number among all candidates, in order of need and offer
    prices: tuple[int, ...]
    unique: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    algorithm: str
    pairs: tuple[Pair, ...]  # sorted by need, offer
    unserved: tuple[Unserved, ...]
    refused_pins: tuple[tuple[str, str, str], ...]  # need, offer, code
    needs: int  # in the round
    candidates: int
    value: int  # points
    proven: bool  # the certificate proves all of it best; else that of the flow from which quantities were pieced together
    served: int  # needs with a pair
    full: int  # needs with nothing left open
    before: Shares  # as it stood, nothing proposed
    after: Shares
    certificate: Certificate
    marks: tuple[tuple[str, int], ...]  # (offer, points): what its place would have been worth to others, where it would
