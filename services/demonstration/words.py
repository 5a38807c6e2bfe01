"""What a district pack says about its demonstration: things to give and to ask for, and the words they are told in."""

from __future__ import annotations

from collections.abc import Iterator
from string import Formatter
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Word = Annotated[str, Field(min_length=1, max_length=60)]
Words = Annotated[tuple[Word, ...], Field(min_length=1)]
Range = tuple[Annotated[int, Field(ge=1)], Annotated[int, Field(ge=1)]]  # the least and the most
Permille = Annotated[int, Field(ge=0, le=1000)]

# what people write: the pack must have at least one sentence of each
SAYINGS = (
    *("need_note", "offer_note", "claim_note", "decline", "withdraw", "counter", "release", "reinstate", "leave"),
    *("dispute", "settle", "report", "confirm", "feedback", "evaluation", "resident", "close", "pause", "retire"),
    *("need_withdrawn", "merged", "milestone", "funds"),
)


GIVEN = ("topic", "place", "street", "region")  # slots that the story fills


class Part(BaseModel):
    """A table of the pack: nothing in it may be misspelled or of another type."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Want(Part):
    """Something that is asked for; `kind` and `unit` are its line."""

    category: str
    kind: Word
    unit: Word
    asks: Range
    topic: Words
    needs: Words


class Thing(Want):
    """Something that is given as well: by which kinds of units ("committee": also by neighbourhoods)."""

    gives: Range
    by: Words
    offers: Words
    windows: Literal["", "weekly", "span"] = ""
    skills: tuple[Word, ...] = ()  # that it may take
    groups: tuple[str, ...] = ()  # of residents that it may be for
    vulnerable: Permille = 0  # of its needs are for people in difficulty


class Goods(Part):
    kind: Word
    unit: Word
    asks: Range


class Aid(Part):
    category: str
    topic: Words
    needs: Words
    goods: tuple[Goods, ...] = ()
    vulnerable: Permille = 0


class Demonstration(Part):
    seed: Word
    years: Annotated[int, Field(ge=1, le=20)]
    regions: Words
    touches: Words  # what may follow an offer's title
    fillers: dict[str, Words]
    things: Annotated[tuple[Thing, ...], Field(min_length=1)]
    wants: Annotated[tuple[Want, ...], Field(min_length=1)]
    aid: Annotated[tuple[Aid, ...], Field(min_length=1)]
    sayings: dict[str, Words]

    @model_validator(mode="after")
    def _everything_is_said(self) -> Demonstration:
        if missing := [name for name in SAYINGS if name not in self.sayings]:
            raise ValueError(f"sayings 缺少 {'、'.join(missing)} / sayings lack {', '.join(missing)}")
        for title in self._titles():
            for _, slot, _, _ in Formatter().parse(title):
                if slot is not None and slot not in (*GIVEN, *self.fillers):
                    raise ValueError(f"“{title}”里的 {{{slot}}} 没有词可填 / no fillers for {{{slot}}} in “{title}”")
        return self

    def _titles(self) -> Iterator[str]:
        yield from self.touches
        for thing in self.things:
            yield from (*thing.offers, *thing.needs)
        for want in self.wants:
            yield from want.needs
        for aid in self.aid:
            yield from aid.needs
