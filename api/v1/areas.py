"""/v1/areas: the tree of the district; and /v1/rules, the book it runs by."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from api.answers import done, tagged
from api.asking import asking, engine
from api.bodies_register import AreaIn
from api.errors import as_json
from api.v1.routes import command, reading, reads
from domain import rules
from domain.access import missing

router = APIRouter(prefix="/v1", tags=["areas 区域"])
areas = APIRouter(prefix="/v1/areas", tags=router.tags)


class RulesOut(BaseModel):
    """The rule book in force; every decision cites its digest."""

    digest: str
    version: int
    book: dict[str, Any]


@command(areas, "POST", "", creates=True)
async def open_area(request: Request, body: AreaIn) -> Response:
    """设立区域 / By a coordinator above it. The same area again changes nothing."""
    return done(await engine(request).register.open_area(await asking(request), body.asked()), 201)


@reading(router, "/rules", RulesOut, "get_rules", 404)
async def get_rules(request: Request) -> Response:
    """规则书 / Categories, tiers, clocks and limits of this district."""
    held = await engine(request).streams.committed(rules.STREAM)
    if held is None:
        raise missing()
    body = as_json({"digest": held.state.digest, "version": held.version, "book": asdict(held.state.book)})
    return tagged(request, body, f'"{held.version}"')


reads(areas, "areas")
router.routes.extend(areas.routes)
