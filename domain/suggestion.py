"""What was suggested to one organisation, and when: attention is scarce, so nobody is told twice, or of more than a few."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from domain.events import Event

SUGGESTION = "suggestion"  # the kind of their streams
ALGORITHM = "index/1"  # how the score came about: domain.matching.index
WEEK_MIN = 7 * 24 * 60


@dataclass(frozen=True, kw_only=True, slots=True)
class SuggestionIssued(Event):
    """Whoever has the ledger up to `position` can reckon the score again."""

    TYPE: ClassVar[str] = "suggestion.issued"
    to: str  # organisation
    item: str  # the need or offer that is suggested to it
    about: str  # its own offer or need, which the item fits
    score: int  # points, 0–1000
    position: int  # of the ledger, as it was looked at
    news: int  # position of the fact that gave cause to look
    at: int  # minutes since 1970 UTC
    policy: str  # digest
    algorithm: str = ALGORITHM


Names = tuple[str, str]  # item, about


@dataclass(frozen=True, kw_only=True, slots=True)
class SuggestionState:
    """All that one organisation was ever told."""

    id: str
    to: str
    issued: Mapping[Names, int] = field(default_factory=dict)  # -> when, minutes since 1970 UTC
    status: str = "issued"


def stream(org: str) -> str:
    return f"{SUGGESTION}-{org}"


def evolve(state: SuggestionState | None, event: Event, stream: str) -> SuggestionState:
    match event:
        case SuggestionIssued():
            before = state.issued if state else {}
            return SuggestionState(id=stream, to=event.to, issued={**before, (event.item, event.about): event.at})
        case _:
            raise TypeError(event)


def issue(state: SuggestionState | None, fact: SuggestionIssued, *, per_week: int, least: int) -> tuple[SuggestionIssued, ...]:
    """Nothing when it is not good enough (`least` points), when the same item was ever suggested to it for the same own
    item, or when it had `per_week` within the last seven days."""
    known = state is not None and (fact.item, fact.about) in state.issued
    if fact.score < least or known or recent(state, fact.at) >= per_week:
        return ()
    return (fact,)


def recent(state: SuggestionState | None, at: int) -> int:
    """How many it had within the seven days before this minute."""
    return sum(at - WEEK_MIN < when <= at for when in state.issued.values()) if state else 0
