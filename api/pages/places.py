"""Where things are and what they are called: the rule book's words, paths of areas, names of organisations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import Request

from api.pages import shown
from api.pages.words import Tongue
from domain import areas, rules
from domain.rules import RuleBook
from services.engine import Engine

Doc = dict[str, Any]
DEEPEST = 12  # levels of areas; a tree is never deeper


@dataclass(frozen=True, slots=True)
class Place:
    id: str
    name: str
    kind: str


@dataclass(frozen=True, slots=True)
class Standing:
    """How far the figures are: events not yet in them, and whether they have stopped."""

    position: int
    behind: int
    halted: bool
    today: str  # yyyy-MM-dd in Shanghai


def engine_of(request: Request) -> Engine:
    engine: Engine = request.app.state.engine
    return engine


async def rule_book(engine: Engine) -> RuleBook | None:
    """The book in force; None before a district has adopted one."""
    held = await engine.streams.load(rules.STREAM)
    return held.state.book if held else None


def category_words(book: RuleBook | None, say: Tongue) -> dict[str, str]:
    """id -> name, in the order of the book."""
    return {c.id: c.zh if say.lang == "zh" else c.en for c in book.categories} if book else {}


def group_words(book: RuleBook | None, say: Tongue) -> dict[str, str]:
    """Groups of residents, id -> name, in the order of the book."""
    return {group.id: group.zh if say.lang == "zh" else group.en for group in book.groups} if book else {}


def tier_words(book: RuleBook | None, say: Tongue) -> dict[str, str]:
    return {tier.kind: tier.zh if say.lang == "zh" else tier.en for tier in book.tiers} if book else {}


async def path_to(engine: Engine, area_id: str) -> tuple[Place, ...]:
    """The area and all above it as they are now, from the top; () when there is no such area."""
    found: list[Place] = []
    here: str | None = area_id
    while here and len(found) < DEEPEST:
        held = await engine.streams.load(areas.stream(here))
        if held is None:
            break
        found.insert(0, Place(held.state.id, held.state.name, held.state.kind))
        here = held.state.parent
    return tuple(found)


async def paths_to(engine: Engine, ids: Iterable[str | None]) -> Mapping[str, tuple[Place, ...]]:
    return {area: await path_to(engine, area) for area in dict.fromkeys(ids) if area}


async def names(engine: Engine, ids: Iterable[str | None], at: str | None) -> Mapping[str, str]:
    """id -> name; an organisation that is no unit and no area is called by its id."""
    wanted: Sequence[str] = [id for id in dict.fromkeys(ids) if id]
    return {**{id: id for id in wanted}, **await engine.boards.names(wanted, at)}


async def standing(engine: Engine) -> Standing:
    status = engine.projector.status
    head = (await engine.log.head()).position
    today = shown.day(engine.streams.clock.now().isoformat())
    return Standing(status.position, max(head - status.position, 0), status.halted_at is not None, today)
