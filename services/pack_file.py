"""What may stand in a district pack: its tables as TOML has them, each field checked."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from domain.matching.policy import Nearness, Policy
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


class WeightsPart(Part):
    """Points of the criteria; those left out are as usual, and together they are 1000."""

    fit: int | None = None
    near: int | None = None
    time: int | None = None
    urgency: int | None = None
    skill: int | None = None
    trust: int | None = None
    waiting: int | None = None
    vulnerable: int | None = None


class NearnessPart(Part):
    kind: Word
    points: int


class PolicyPart(Part):
    """What matching goes by; whatever is left out is as usual. `domain.matching.policy` says what may be meant."""

    weights: WeightsPart = WeightsPart()
    nearness: tuple[NearnessPart, ...] | None = None
    urgency: tuple[int, ...] | None = None
    urgent_pct: tuple[int, ...] | None = None
    vulnerable_pct: int | None = None
    waiting_days: int | None = None
    reward_cover: int | None = None
    reward_full: int | None = None
    partner_cost: int | None = None
    partners: int | None = None
    committee_bonus: tuple[int, ...] | None = None
    deficit_bonus: int | None = None
    unit_limit: int | None = None
    unit_load: int | None = None
    horizon_days: int | None = None
    waves: int | None = None
    steer_pct: int | None = None
    notices_per_week: int | None = None
    notice_score: int | None = None
    every_days: int | None = None

    def policy(self, usual: Policy) -> Policy:
        """Not checked yet."""
        given = self.model_dump(exclude={"weights", "nearness"}, exclude_none=True)
        if self.nearness is not None:
            given["nearness"] = tuple(Nearness(kind=near.kind, points=near.points) for near in self.nearness)
        return replace(usual, weights=replace(usual.weights, **self.weights.model_dump(exclude_none=True)), **given)


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
    matching: PolicyPart = PolicyPart()
    emergency: PolicyPart = PolicyPart()
    tiers: Annotated[tuple[TierPart, ...], Field(min_length=1)]
    categories: Annotated[tuple[CategoryPart, ...], Field(min_length=1)]
    groups: tuple[GroupPart, ...] = ()
    suggestions: Suggestions = Suggestions()
    templates: tuple[Template, ...] = ()
    areas: tuple[AreaPart, ...] = ()
    units: tuple[UnitPart, ...] = ()
    demonstration: Demonstration | None = None
