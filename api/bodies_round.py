"""What may be sent about rounds of matching."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from api.fields import Body, Id, Words
from domain.round_acts import MOST_DECISIONS
from services.rounds import RoundDraft


class PairIn(Body):
    need: Id = Field(examples=["need-0mh2k8"])
    offer: Id = Field(examples=["offer-0mh2k9"])


Pairs = Annotated[list[PairIn], Field(max_length=MOST_DECISIONS)]


class RoundIn(Body):
    """`area` means all below it too; without `category` all are matched. Pins must come about, prohibitions must not."""

    area: Id = Field(examples=["310101001"])
    category: Id | None = Field(default=None, examples=["health"])
    pins: Pairs = Field(default=[])
    prohibitions: Pairs = Field(default=[])

    def asked(self) -> RoundDraft:
        return RoundDraft(
            area=self.area, category=self.category, pins=tuple((pair.need, pair.offer) for pair in self.pins),
            prohibitions=tuple((pair.need, pair.offer) for pair in self.prohibitions),
        )  # fmt: skip


class DecisionIn(PairIn):
    """What somebody decides about a pair, and why."""

    reason: Words = Field(min_length=1, examples=["双方去年合作过"])
