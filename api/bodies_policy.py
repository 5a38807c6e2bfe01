"""What may be sent about the matching policy: drafts, adoptions, emergencies."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from api.fields import Body, Id, Moment, Words, whole
from domain.matching.policy import Nearness, Policy

Points = Annotated[int, Field(strict=True, ge=0, le=5000), BeforeValidator(whole)]
Table = Annotated[list[Points], Field(min_length=1, max_length=20)]


class WeightsIn(Body):
    """Points of the eight criteria, together 1000."""

    fit: Points | None = None
    near: Points | None = None
    time: Points | None = None
    urgency: Points | None = None
    skill: Points | None = None
    trust: Points | None = None
    waiting: Points | None = None
    vulnerable: Points | None = None


class NearnessIn(Body):
    """Points when the smallest area that holds both is of this kind."""

    kind: Id
    points: Points


class PolicyIn(Body):
    """What is left out stays as it is in force. `GET /v1/policy` says what each number is now."""

    weights: WeightsIn = WeightsIn()
    nearness: Annotated[list[NearnessIn], Field(min_length=1, max_length=20)] | None = None
    urgency: Table | None = None
    urgent_pct: Table | None = None
    vulnerable_pct: Points | None = None
    waiting_days: Points | None = None
    reward_cover: Points | None = None
    reward_full: Points | None = None
    partner_cost: Points | None = None
    partners: Points | None = None
    committee_bonus: Table | None = None
    deficit_bonus: Points | None = None
    unit_limit: Points | None = None
    unit_load: Points | None = None
    horizon_days: Points | None = None
    waves: Points | None = None
    steer_pct: Points | None = None
    notices_per_week: Points | None = None
    notice_score: Points | None = None
    every_days: Points | None = None

    def asked(self, usual: Policy) -> Policy:
        """Not checked yet."""
        apart = ("weights", "nearness")
        given: dict[str, Any] = {name: _table(value) for name, value in self if value is not None and name not in apart}
        if self.nearness is not None:
            given["nearness"] = tuple(Nearness(kind=near.kind, points=near.points) for near in self.nearness)
        weights = self.weights.model_dump(exclude_none=True)
        return replace(usual, weights=replace(usual.weights, **weights), **given)


class DraftIn(Body):
    """`variant`: the policy for normal times, or the one for emergencies."""

    policy: PolicyIn
    variant: Literal["matching", "emergency"] = "matching"
    note: Words | None = None


class AdoptionIn(Body):
    """`draft`: the digest of the draft that is meant, so that nobody adopts what they have not seen."""

    draft: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class EmergencyIn(Body):
    """`until`: at most thirty days ahead."""

    until: Moment
    reason: Annotated[Words, Field(min_length=1)]


class LiftingIn(Body):
    reason: Annotated[Words, Field(min_length=1)]


def _table(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value
