"""What may stand in a district pack: its tables as TOML has them, each field checked."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from services.demonstration.words import Demonstration, Part, Word


class TierPart(Part):
    kind: Word
    zh: Word
    en: Word


class CategoryPart(Part):
    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,39}$")]
    zh: Word
    en: Word
    aid: bool = False
    example: bool = False


class GroupPart(Part):
    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,39}$")]
    zh: Word
    en: Word


class ClocksPart(Part):
    """Days."""

    answer_days: Annotated[int, Field(ge=1, le=365)] = 10
    delivery_days: Annotated[int, Field(ge=1, le=1000)] = 60
    confirm_days: Annotated[int, Field(ge=1, le=365)] = 10
    feedback_days: Annotated[int, Field(ge=1, le=365)] = 7
    link_days: Annotated[int, Field(ge=1, le=365)] = 14


class LimitsPart(Part):
    live_claims: Annotated[int, Field(ge=1)] = 200
    members: Annotated[int, Field(ge=2)] = 20
    links: Annotated[int, Field(ge=1)] = 200


class Suggestions(Part):
    kinds: tuple[Word, ...] = ()
    units: tuple[Word, ...] = ()
    skills: tuple[Word, ...] = ()


class TemplateLine(Part):
    kind: Word
    quantity: Annotated[int, Field(ge=1)]
    unit: Word


class Template(Part):
    """What a need or an offer may begin with; the one who posts it changes whatever differs. `of`: need, offer."""

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,39}$")]
    of: Annotated[tuple[Literal["need", "offer"], ...], Field(min_length=1)]
    zh: Word
    en: Word
    category: str
    lines: Annotated[tuple[TemplateLine, ...], Field(min_length=1)]
    note: Annotated[str, Field(max_length=400)] = ""
    skills: tuple[Word, ...] = ()  # a need takes the first one, like the first group
    groups: tuple[str, ...] = ()
    vulnerable: bool = False


class InnerArea(Part):
    id: Word
    name: Word
    households: Annotated[int, Field(ge=0)] = 0


class AreaPart(InnerArea):
    """An area below the district (or `parent`), with its own parts of the kind `inside`."""

    kind: str
    parent: str | None = None
    inside: str | None = None
    parts: tuple[InnerArea, ...] = ()


class UnitPart(Part):
    name: Word
    code: str
    kind: Word
    areas: Annotated[tuple[str, ...], Field(min_length=1)]
    joined: Annotated[int, Field(ge=0, le=20)] = 0  # in which year of the demonstration it was registered


class PackFile(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9]{0,19}$")]  # part of the broker's subjects
    area: Word
    zh: Word
    en: Word
    endorse_needs: bool = False
    clocks: ClocksPart = ClocksPart()
    limits: LimitsPart = LimitsPart()
    tiers: Annotated[tuple[TierPart, ...], Field(min_length=1)]
    categories: Annotated[tuple[CategoryPart, ...], Field(min_length=1)]
    groups: tuple[GroupPart, ...] = ()
    suggestions: Suggestions = Suggestions()
    templates: tuple[Template, ...] = ()
    areas: tuple[AreaPart, ...] = ()
    units: tuple[UnitPart, ...] = ()
    demonstration: Demonstration | None = None
