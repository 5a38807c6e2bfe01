"""What may be sent about the register: units and areas."""

from __future__ import annotations

from typing import Annotated

from pydantic import AliasChoices, BeforeValidator, Field

from api.bodies import ActIn
from api.fields import AreaId, Body, Day, FreeWord, Id, Name, People, whole
from domain.units import MOST_ENGAGEMENTS
from services.register import AreaDraft, UnitDraft

Degree = Annotated[int, Field(strict=True, ge=-180_000_000, le=180_000_000), BeforeValidator(whole)]
Engagements = Annotated[int, Field(strict=True, ge=0, le=MOST_ENGAGEMENTS), BeforeValidator(whole)]


class UnitIn(Body):
    """A stationed unit; `code` is its 统一社会信用代码, `kind` a free word; the first area is its home."""

    name: Name
    code: FreeWord = Field(examples=["91310101MA1FL00017"])
    kind: FreeWord = Field(default="单位", examples=["医院"])
    areas: list[Id] = Field(min_length=1, max_length=50)

    def asked(self) -> UnitDraft:
        return UnitDraft(name=self.name, code=self.code.upper(), kind=self.kind, areas=tuple(dict.fromkeys(self.areas)))


class UnitAreaIn(ActIn):
    area: Id


class UnitLimitIn(Body):
    """`engagements`: as many at once as the unit wants; 0: no limit of its own."""

    engagements: Engagements


class AreaIn(Body):
    """An area below another one; `kind` is a tier of the rule book, `centre` longitude and latitude in millionths."""

    id: AreaId = Field(validation_alias=AliasChoices("id", "area"))
    name: Name
    kind: Id
    parent: Id | None = None
    since: Day | None = None
    households: People = 0
    centre: tuple[Degree, Degree] | None = None

    def asked(self) -> AreaDraft:
        return AreaDraft(
            area=self.id, name=self.name, kind=self.kind, parent=self.parent, since=self.since,
            households=self.households, centre=self.centre,
        )  # fmt: skip
