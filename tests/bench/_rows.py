"""A row of a measurement: one line of JSON, always with its goal and what it was measured on."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any


def row(
    name: str, value: float, unit: str, goal: float, *, least: bool, floor: float | None = None, samples: int = 1,
    **config: Any,
) -> None:  # fmt: skip
    """`least`: the goal is the least that is good; else the most."""
    good = value >= goal if least else value <= goal
    told = {
        "name": name, "value": round(value, 3), "unit": unit, "floor": None if floor is None else round(floor, 3),
        "goal": goal, "samples": samples, "config": config, "ok": good,
    }  # fmt: skip
    print(json.dumps(told, ensure_ascii=False), flush=True)


def median(values: Sequence[float]) -> float:
    return sorted(values)[len(values) // 2]
