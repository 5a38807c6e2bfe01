"""The ledger of a line, and the needs of an area, as bars."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from api.pages import shown
from api.pages.charts import Part, stack
from api.pages.words import Tongue
from domain.matching.policy import WHOLE

PLACES = (("delivered", "done"), ("committed", "bound"), ("held", "new"), ("free", "rest"))
WORDS = {"delivered": "已交付", "committed": "已认领", "held": "预留中"}
STAGES = (("open", "open"), ("covered", "bound"), ("met", "done"), ("closed", "shut"), ("other", "off"))


def line_words(kind: str, say: Tongue) -> dict[str, str]:
    """What the four places of a line are called; free is what a need still lacks and an offer still has."""
    return {place: say(WORDS.get(place, "尚缺" if kind == "need" else "还可认领")) for place, _ in PLACES}


def line_bar(line: Mapping[str, Any], words: Mapping[str, str]) -> Markup:
    parts = [Part(tone, line[place], words[place]) for place, tone in PLACES]
    return stack(parts, line["quantity"], numbers=False)


def line_legend(line: Mapping[str, Any], words: Mapping[str, str], say: Tongue) -> list[tuple[str, str, str]]:
    """(tone, word, amount) of the places that hold something; what is free always."""
    return [
        (tone, words[place], shown.amount(line, say, line[place]))
        for place, tone in PLACES
        if line[place] or place == "free"
    ]


def stages(figures: Mapping[str, Any], say: Tongue) -> list[Part]:
    """The needs of an area by how far they are; all of them, whatever their status."""
    needs = figures["needs"]
    counted = {stage: needs.get(stage, 0) for stage in ("covered", "met", "closed")}
    counted["open"] = needs["open"] + needs.get("posted", 0)
    counted["other"] = needs["total"] - sum(counted.values())
    words = stage_words(say)
    return [Part(tone, counted[stage], words[stage]) for stage, tone in STAGES]


def stage_words(say: Tongue) -> dict[str, str]:
    said = {"open": "待认领", "covered": "已认满", "met": "已办成", "closed": "已办结", "other": "其他"}
    return {stage: say(zh) for stage, zh in said.items()}


def points_bar(parts: Sequence[tuple[str, int]]) -> Markup:
    """The parts of a score, of a thousand."""
    return stack([Part(f"p{n % 2}", points, word) for n, (word, points) in enumerate(parts)], WHOLE, numbers=False)
