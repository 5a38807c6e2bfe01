"""/v1/desk and /v1/me: what waits for the one who asks, and who that is."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from api.answers import JSON, hashed
from api.asking import engine, min_position
from api.auth import viewer
from api.errors import as_json, refusals
from api.v1.routes import reading

router = APIRouter(prefix="/v1", tags=["desk 工作台"])


class ToDo(BaseModel):
    """`item` is the row of the list; `due` a time or null."""

    act: str
    kind: str
    item: dict[str, Any]
    due: str | None
    overdue: bool


class DeskOut(BaseModel):
    """waiting: others wait for my answer; due: my own work in seven days or overdue; mine: kind, status, how many."""

    waiting: list[ToDo]
    due: list[ToDo]
    mine: dict[str, dict[str, int]]
    position: int


class MeOut(BaseModel):
    id: str
    role: str
    org: str
    area: str | None


@reading(router, "/desk", DeskOut, "get_desk")
async def get_desk(request: Request) -> Response:
    """工作台 / What waits for my answer, what falls due, what I have."""
    desk = await engine(request).desks.of(viewer(request), min_position=min_position(request))
    return hashed(request, as_json(desk))


@router.get("/me", response_model=None, responses={200: {"model": MeOut}, **refusals()})
async def get_me(request: Request) -> Response:
    """这个密钥是谁 / Whose key this is."""
    who = viewer(request)
    return Response(as_json({"id": who.id, "role": who.role, "org": who.org, "area": who.area}), media_type=JSON)
