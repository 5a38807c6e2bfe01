"""A map without a map: one tile for each place, in blocks by what lies above, the blocks as they lie to each other."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from api.pages.charts import Tile, tiles
from api.pages.words import Tongue
from services.drill import Choice
from services.engine import Engine
from services.read_ports import Doc, Vector

BY_PLACE = "neighbourhood"  # the tier drawn as tiles
BLOCKS = 5  # in a row, as in the style sheet
MODES = {"open": "待认领", "cover": "覆盖率"}
RAMPS = {"open": "t", "cover": "c"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    name: str
    parent: str
    waiting: int
    cover: int | None  # whole per cent; None: nothing is asked for


@dataclass(frozen=True, kw_only=True, slots=True)
class Drawn:
    """`href` leads to a place (by its id); `area` is what the whole drawing is of."""

    area: str
    mode: str
    at: str
    category: str
    href: Callable[[str], str]


async def cartogram(engine: Engine, drawn: Drawn, say: Tongue) -> dict[str, Any] | None:
    """The places below an area, coloured by needs that wait, or by cover; None where there are none below."""
    at = drawn.at or None
    docs = await engine.dashboards.drill.areas(drawn.area, at)
    choice = Choice(area=drawn.area, category=drawn.category or None)
    found = await engine.dashboards.drill.by_area(choice, BY_PLACE, at, docs)
    if not found or (len(found) == 1 and found[0][0]["id"] == drawn.area):
        return None
    places = {doc["id"]: _place(doc, n) for doc, n in found}
    most = max(place.waiting for place in places.values()) if drawn.mode == "open" else 100
    blocks = [_block(doc, places, most, drawn, say) for doc in laid_out(_parents(docs, places))]
    return {"groups": blocks, "most": most, "mode": drawn.mode, "ramp": RAMPS[drawn.mode], "what": say(MODES[drawn.mode])}


def laid_out(docs: Sequence[Doc], columns: int = BLOCKS) -> list[Doc]:
    """In rows from north to south, each from west to east, where all centres are known; else by id. The same areas always
    lie the same way."""
    by_id = sorted(docs, key=lambda doc: str(doc["id"]))
    if not all(doc["centre"] for doc in by_id):
        return by_id
    by_north = sorted(by_id, key=lambda doc: -doc["centre"][1])
    rows = [by_north[i : i + columns] for i in range(0, len(by_north), columns)]
    return [doc for row in rows for doc in sorted(row, key=lambda doc: doc["centre"][0])]


def _parents(docs: Sequence[Doc], places: Mapping[str, Place]) -> list[Doc]:
    """What lies right above a place."""
    above = {place.parent for place in places.values()}
    return [doc for doc in docs if doc["id"] in above]


def _place(doc: Doc, n: Vector) -> Place:
    asking = n.get("cover_count", 0)
    return Place(
        name=doc["name"], parent=doc["parent"] or "", waiting=n.get("needs/open", 0) + n.get("needs/posted", 0),
        cover=n.get("cover_sum", 0) // asking if asking else None,
    )  # fmt: skip


def _block(above: Doc, places: Mapping[str, Place], most: int, drawn: Drawn, say: Tongue) -> dict[str, Any]:
    inside = {id: place for id, place in sorted(places.items()) if place.parent == above["id"]}
    cells = [_tile(drawn.href(id), place, drawn.mode) for id, place in inside.items()]
    return {
        "name": above["name"], "href": drawn.href(above["id"]), "n": sum(place.waiting for place in inside.values()),
        "svg": tiles(cells, most, title=above["name"], ramp=RAMPS[drawn.mode]),
        "cells": [
            (cell.href, place.name, place.waiting, "—" if place.cover is None else f"{place.cover}%")
            for cell, place in zip(cells, inside.values(), strict=True)
        ],
    }  # fmt: skip


def _tile(href: str, place: Place, mode: str) -> Tile:
    """Where nothing is asked for there is no cover: the palest tile, with nothing in it."""
    if mode == "open":
        return Tile(href, place.name, place.waiting)
    if place.cover is None:
        return Tile(href, place.name, 0, "—")
    return Tile(href, place.name, max(place.cover, 1), f"{place.cover}%")
