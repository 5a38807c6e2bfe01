"""/v1/dashboards: the figures of an area and all below it."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from api.answers import hashed
from api.asking import engine, min_position
from api.errors import as_json
from api.v1.routes import At, ItemId, reading, stream_of

router = APIRouter(prefix="/v1/dashboards", tags=["dashboards 看板"])


class AreaName(BaseModel):
    id: str
    name: str
    kind: str


class Quantities(BaseModel):
    unit: str
    needed: int
    committed: int
    delivered: int


class Money(BaseModel):
    """In fen."""

    pledged_fen: int
    received_fen: int
    spent_fen: int


class Figures(BaseModel):
    """Every unit of count stands apart. `needs` … `units`: {total, and how many in each status}."""

    needs: dict[str, int]
    offers: dict[str, int]
    claims: dict[str, int]
    projects: dict[str, int]
    units: dict[str, int]
    needs_met: int
    offers_used: int
    claims_accepted: int
    projects_delivered: int
    items_claimed: int
    beneficiaries: int
    quantities: list[Quantities]
    money: Money
    cover_pct: int


class Child(BaseModel):
    area: AreaName
    figures: Figures


class OfCategory(BaseModel):
    category: str
    figures: Figures


class OfMonth(BaseModel):
    month: str
    needs: int
    offers: int
    claims: int
    delivered: int


class DashboardOut(BaseModel):
    area: AreaName
    path: list[AreaName]
    position: int
    at: str | None
    figures: Figures
    children: list[Child]
    by_category: list[OfCategory]
    by_month: list[OfMonth]


@reading(router, "/{area}", DashboardOut, "get_dashboard", 404)
async def get_dashboard(request: Request, area: ItemId, at: At = None) -> Response:
    """看板 / Figures of an area, of each area below it, by category and by month; also as of any moment."""
    stream_of("areas", area)
    found: dict[str, Any] = await engine(request).dashboards.of(area, at, min_position=min_position(request))
    return hashed(request, as_json(found))
