"""What is looked at: a board, the dashboard of an area, or one item by its number or id; and who looks."""

from __future__ import annotations

import re
from dataclasses import dataclass

from fastapi import Request

from api.auth import person
from api.pages.places import Place, path_to, rule_book
from api.pages.site import link
from api.pages.words import Tongue
from domain.access import PUBLIC, Principal, missing
from services import sight
from services.boards import KINDS as LISTS
from services.command import kind_of
from services.engine import Engine
from services.items import KINDS

BOARDS = {"needs": "需求板", "offers": "资源板"}
NOUNS = {"need": "需求", "offer": "资源", "claim": "认领", "project": "项目", "unit": "单位", "area": "区域", "round": "统一匹配"}
DASHBOARD = "dashboard"
_NUMBER = re.compile(r"[A-Z]{2}-[0-9A-Z]+(?:-[0-9]+){1,2}", re.ASCII)
_ID = re.compile(r"[!-~]{1,200}")


@dataclass(frozen=True, slots=True)
class Subject:
    """`what` names it in addresses: needs, offers, dashboard or an item's id. `kind`: board, dashboard, or the item's
    kind. `area`: of boards and dashboards, "" for the whole district."""

    what: str
    kind: str
    area: str
    title: str

    @property
    def is_item(self) -> bool:
        return self.kind in KINDS

    def href(self, path: str = "/audit", **more: object) -> str:
        return link(path, what=self.what, area=self.area, **more)

    @property
    def kinds(self) -> tuple[str, ...]:
        """Kinds of items whose events change it."""
        if self.kind == "board":
            return (self.what.removesuffix("s"),)
        return ("need", "offer", "claim", "project", "unit") if self.kind == DASHBOARD else (self.kind,)


def viewer_of(request: Request) -> Principal:
    return person(request) or PUBLIC


async def subject_of(engine: Engine, viewer: Principal, what: str, area: str, say: Tongue) -> Subject:
    """Refused: item.not_found, also when it is there but not for this viewer."""
    what = what.strip() or "needs"
    if what in BOARDS:
        name = (await _place(engine, area)).name if area else ""
        return Subject(what, "board", area, " · ".join(part for part in (say(BOARDS[what]), name) if part))
    if what == DASHBOARD:
        place = await _place(engine, area or await _district(engine))
        return Subject(what, DASHBOARD, area, say("{area}数据看板", area=place.name))
    return await _item(engine, viewer, what, say)


async def streets(engine: Engine) -> list[tuple[str, str]]:
    """(id, name) of the areas right below the district, as far as the lists know them."""
    book = await rule_book(engine)
    if book is None or not await engine.boards.names([book.area]):
        return []
    children = (await engine.dashboards.of(book.area))["children"]
    return sorted((child["area"]["id"], child["area"]["name"]) for child in children)


async def _item(engine: Engine, viewer: Principal, asked: str, say: Tongue) -> Subject:
    if not _ID.fullmatch(asked):
        raise missing()
    id = await _numbered(engine, viewer, asked.upper()) if _NUMBER.fullmatch(asked.upper()) else asked
    kind = kind_of(id)
    if kind not in KINDS:
        raise missing()
    await sight.seen(engine.streams, viewer, id, kind)
    doc = await engine.trail.item(id)
    if doc is None:
        raise missing()
    name = doc["title"] or (say(NOUNS[kind]) if kind in ("claim", "project", "round") else say("（文字已删除）"))
    return Subject(id, kind, "", f"{doc['number']} · {name}")


async def _numbered(engine: Engine, viewer: Principal, number: str) -> str:
    """The id of the item with a number."""
    for list in LISTS:
        for doc in (await engine.boards.list(list, viewer, q=number, limit=5)).items:
            if doc["number"] == number:
                return str(doc["id"])
    raise missing()


async def _place(engine: Engine, area: str) -> Place:
    found = await path_to(engine, area) if _ID.fullmatch(area) else ()
    if not found:
        raise missing()
    return found[-1]


async def _district(engine: Engine) -> str:
    book = await rule_book(engine)
    if book is None:
        raise missing()
    return book.area
