"""What the matcher knows at one ledger position: plain facts, all integers and texts, sorted by id. Its digest names it."""

from __future__ import annotations

from dataclasses import dataclass

from domain.calendar import Window


@dataclass(frozen=True, kw_only=True, slots=True)
class Left:
    """One line of an item and how much of it is taken, by occurrence ("" without windows): committed, held, delivered;
    of a need also what live proposals ask for."""

    kind: str
    unit: str
    quantity: int  # per occurrence
    used: tuple[tuple[str, int], ...] = ()  # occurrence -> taken, sorted; those with nothing taken are left out


@dataclass(frozen=True, kw_only=True, slots=True)
class NeedFacts:
    """An open need."""

    id: str
    owner: str  # organisation that asks
    area: str
    category: str
    urgency: int  # 0–3
    lines: tuple[Left, ...]
    windows: tuple[Window, ...] = ()
    vulnerable: bool = False
    skill: str | None = None
    group: str | None = None
    since: int = 0  # local day (proleptic ordinal) it was first put on the board
    partners: tuple[str, ...] = ()  # organisations with a live claim on it, sorted
    refused: tuple[str, ...] = ()  # offers that were tried and did not come about; organisations too, that claimed without one


@dataclass(frozen=True, kw_only=True, slots=True)
class OfferFacts:
    """A published offer."""

    id: str
    owner: str  # organisation that gives
    area: str  # its home
    reach: str  # area within which it can be claimed
    category: str
    lines: tuple[Left, ...]
    windows: tuple[Window, ...] = ()
    skills: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()  # only for these; empty: for everybody
    minimum: int = 0  # fewer are not worth coming for


@dataclass(frozen=True, kw_only=True, slots=True)
class GiverFacts:
    """An organisation that has offers. `live`: engagements it is bound by or asked for now."""

    id: str
    live: int = 0
    limit: int = 0  # its own; 0: the policy's
    kept: int = 0  # promises delivered and confirmed
    done: int = 0  # promises that have ended, kept or not


@dataclass(frozen=True, kw_only=True, slots=True)
class AskerFacts:
    """An organisation that has had needs: how many, and for how many somebody has committed."""

    id: str
    asked: int = 0
    served: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class AreaFacts:
    id: str
    kind: str
    parent: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Snapshot:
    """Everything a round or a suggestion depends on. All tuples are sorted by id."""

    position: int  # the last event that is in it
    at: int  # its time in minutes since 1970 UTC
    areas: tuple[AreaFacts, ...] = ()
    needs: tuple[NeedFacts, ...] = ()
    offers: tuple[OfferFacts, ...] = ()
    givers: tuple[GiverFacts, ...] = ()
    askers: tuple[AskerFacts, ...] = ()
