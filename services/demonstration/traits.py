"""What needs ask of those who come, and what offers say of their people: by dice of their own, so no story falls otherwise."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from services.demonstration.dice import Dice
from services.demonstration.stage import Stage
from services.demonstration.words import Thing, Want
from services.needs import NeedDraft
from services.offers import OfferDraft

ASKS_SKILL, HAS_SKILL, SECOND_SKILL = 300, 800, 400  # in a thousand, where the thing has such skills
FOR_A_GROUP, ONLY_FOR_GROUPS, WITH_MINIMUM = 450, 150, 220


def asked(stage: Stage, name: str, want: Want, draft: NeedDraft) -> NeedDraft:
    """The need with a skill, a group of residents, or marked as for people in difficulty."""
    return replace(draft, **asks(stage.dice("traits", name), want)) if isinstance(want, Thing) else draft


def given(stage: Stage, name: str, thing: Thing, draft: OfferDraft) -> OfferDraft:
    """The offer with what its people can do, whom it is only for, and the least that is worth coming for."""
    return replace(draft, **gives(stage.dice("traits", name), thing, draft.lines[0].quantity))


def asks(dice: Dice, thing: Thing) -> dict[str, Any]:
    """Of a need: skill, group, vulnerable."""
    skill = dice.pick(thing.skills) if thing.skills and dice.happens(ASKS_SKILL) else None
    group = dice.pick(thing.groups) if thing.groups and dice.happens(FOR_A_GROUP) else None
    return {"skill": skill, "group": group, "vulnerable": dice.happens(thing.vulnerable)}


def gives(dice: Dice, thing: Thing, quantity: int) -> dict[str, Any]:
    """Of an offer of so many: skills, groups, minimum."""
    skills = dice.some(thing.skills, 2 if dice.happens(SECOND_SKILL) else 1) if dice.happens(HAS_SKILL) else ()
    groups = dice.some(thing.groups, 2) if dice.happens(ONLY_FOR_GROUPS) else ()
    least = min(thing.asks[0], quantity)
    return {"skills": skills, "groups": groups, "minimum": least if least > 1 and dice.happens(WITH_MINIMUM) else 0}
