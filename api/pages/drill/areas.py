"""The areas below, beside each other: a table that sorts by links, and how evenly things are spread."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from fastapi import APIRouter, Request, Response

from api.pages.drill.choice import Asked, asked_of, frame, one_of
from api.pages.places import engine_of
from api.pages.site import Site, tongue
from api.pages.words import Tongue
from services.drill import gini
from services.engine import Engine
from services.read_ports import Doc, Vector

PER = 1000  # households that needs met are told by
COLUMNS: tuple[tuple[str, str, str], ...] = (  # key, heading, figure behind it
    ("needs", "需求（项）", "needs/total"), ("claimed", "有人认领（项）", "needs_claimed"),
    ("met", "已办成（项）", "needs_met"), ("share", "办成率", ""), ("cover", "覆盖率", ""),
    ("per", "每千户办成", ""), ("delivered", "交付（个）", "projects_delivered"),
    ("reached", "惠及（人次）", "beneficiaries"),
)  # fmt: skip


def install(router: APIRouter, site: Site) -> None:
    @router.api_route("/dashboards/{area}/areas", methods=["GET", "HEAD"])
    async def areas(request: Request, area: str, tier: str = "", sort: str = "needs", up: str = "") -> Response:
        asked, engine, say = asked_of(request, area), engine_of(request), tongue(request)
        around = await frame(request, asked, "/areas")
        docs = await engine.dashboards.drill.areas(area, asked.at or None)
        below = [doc["kind"] for doc in docs if doc["id"] != area]
        tiers = [kind for kind in around["tier_words"] if kind in below]
        deepest = tiers[-1] if tiers else around["area"]["kind"]
        chosen = one_of(tier, tiers, tiers[0] if tiers else deepest)
        key = one_of(sort, ["name", *(name for name, _, _ in COLUMNS)], "needs")
        rows = await _rows(engine, asked, chosen, docs)
        even = _fairness(rows if chosen == deepest else await _rows(engine, asked, deepest, docs), say)
        shown = _sorted(rows, key, ascending=bool(up))
        more = {"tiers": tiers, "tier": chosen, "deepest": deepest, "sort": key, "up": up, "rows": _cells(shown, asked)}
        heads = _heads(asked, chosen, key, up, say)
        return site.page(request, "drill/areas", parts=("now",), **around, **more, heads=heads, even=even)


async def _rows(engine: Engine, asked: Asked, tier: str, docs: Sequence[Doc]) -> list[dict[str, Any]]:
    found = await engine.dashboards.drill.by_area(asked.choice, tier, asked.at or None, docs)
    return [_row(doc, n) for doc, n in found]


def _row(doc: Doc, n: Vector) -> dict[str, Any]:
    needs, met, asking, households = n.get("needs/total", 0), n.get("needs_met", 0), n.get("cover_count", 0), doc["households"]
    return {
        "id": doc["id"], "name": doc["name"], "households": households, "needs": needs, "met": met,
        "claimed": n.get("needs_claimed", 0), "share": 100 * met // needs if needs else None,
        "cover": n.get("cover_sum", 0) // asking if asking else None,
        "per": PER * 10 * met // households if households else None,  # tenths
        "delivered": n.get("projects_delivered", 0), "reached": n.get("beneficiaries", 0),
    }  # fmt: skip


def _sorted(rows: Sequence[dict[str, Any]], key: str, *, ascending: bool) -> list[dict[str, Any]]:
    """What has no value comes last either way."""
    if key == "name":
        return sorted(rows, key=lambda row: str(row["id"]), reverse=ascending)
    order: Callable[[dict[str, Any]], Any] = lambda row: (row[key] is None, row[key] if ascending else -(row[key] or 0), row["id"])  # noqa: E731 - one rule
    return sorted(rows, key=order)


def _cells(rows: Sequence[dict[str, Any]], asked: Asked) -> list[dict[str, Any]]:
    return [
        {
            "name": row["name"], "href": asked.href("/areas", area=row["id"]),
            "cells": [
                (_said(key, row[key]), asked.href("/events", area=row["id"], figure=figure) if figure and row[key] else "")
                for key, _, figure in COLUMNS
            ],
        }
        for row in rows
    ]  # fmt: skip


def _said(key: str, value: int | None) -> str:
    if value is None:
        return "—"
    return f"{value}%" if key in ("share", "cover") else f"{value // 10:,}.{value % 10}" if key == "per" else f"{value:,}"


def _heads(asked: Asked, tier: str, key: str, up: str, say: Tongue) -> list[tuple[str, str, str]]:
    """(words, address, aria-sort): a second click turns the order round."""
    found = []
    for name, zh, _ in (("name", "名称", ""), *COLUMNS):
        here = name == key
        turn = "1" if here and not up else ""
        is_up = bool(up) != (name == "name")
        said = ("ascending" if is_up else "descending") if here else "none"
        found.append((say(zh), asked.href("/areas", tier=tier, sort=name, up=turn), said))
    return found


def _fairness(rows: Sequence[dict[str, Any]], say: Tongue) -> list[dict[str, str]]:
    """How evenly what was met is spread over the areas of the lowest tier."""
    rates = [row["per"] for row in rows if row["per"] is not None]
    asking = [row for row in rows if row["needs"]]
    small, large = _halves(rows)
    bare = sum(1 for row in asking if not row["claimed"])
    return [
        {"label": say("没有发布过需求"), "value": say("{n} 个区域", n=len(rows) - len(asking)),
         "note": say("共 {n} 个；没有人问，不等于没有需要。", n=len(rows))},
        {"label": say("有需求而无人认领"), "value": say("{n} 个区域", n=bare),
         "note": say("发布过需求的 {n} 个区域中，一次认领也没有的。", n=len(asking))},
        {"label": say("每千户办成，最多与最少"), "value": " / ".join(_said("per", end(rates, default=None)) for end in (max, min)),
         "note": say("已办成的需求除以户数，再乘一千。")},
        {"label": say("每千户办成的基尼系数"), "value": _permille(gini(rates)) if rates else "—",
         "note": say("0 为处处一样，接近 1 为集中于一处。")},
        {"label": say("小居民区办成率"), "value": _rate(small), "note": say("户数较少的一半；较多的一半为 {n}。", n=_rate(large))},
    ]  # fmt: skip


def _halves(rows: Sequence[dict[str, Any]]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    ordered = sorted((row for row in rows if row["households"]), key=lambda row: (row["households"], row["id"]))
    return ordered[: len(ordered) // 2], ordered[len(ordered) // 2 :]


def _rate(rows: Sequence[dict[str, Any]]) -> str:
    needs = sum(row["needs"] for row in rows)
    return f"{100 * sum(row['met'] for row in rows) // needs}%" if needs else "—"


def _permille(n: int) -> str:
    return f"0.{n:03d}"
