"""/audit/trail: the events of the ledger that the viewer may see, by actor, organisation, type, area and time."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request, Response

from api.pages import shown
from api.pages.audit.events import told
from api.pages.audit.subject import NOUNS, streets, viewer_of
from api.pages.places import engine_of
from api.pages.sentences import SENTENCES
from api.pages.site import Site, link, tongue
from domain.access import Principal
from domain.events import Refused
from services.asof import parse_at
from services.engine import Engine
from services.trail_search import Wanted

ROWS = 20
_ORG = re.compile(r"unit-[!-~]{1,190}|\d{6,20}", re.ASCII)
_ACTOR = re.compile(r"[!-~]{1,200}")
_NUMBER = re.compile(r"\d{1,15}", re.ASCII)


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """The filters as they were typed. `since` and `until`: days or positions, both included."""

    actor: str
    org: str
    type: str
    area: str
    since: str
    until: str
    delegated: str

    def href(self, **more: object) -> str:
        return link("/audit/trail", **{name: getattr(self, name) for name in self.__slots__}, **more)


def install(router: APIRouter, site: Site) -> None:
    @router.api_route("/audit/trail", methods=["GET", "HEAD"])
    async def trail(
        request: Request, actor: str = "", org: str = "", type: str = "", area: str = "", since: str = "",
        until: str = "", delegated: str = "", before: str = "",
    ) -> Response:  # fmt: skip
        engine, say, viewer = engine_of(request), tongue(request), viewer_of(request)
        asked = Asked(
            actor=actor.strip(), org=org.strip(), type=type, area=area, since=since.strip(), until=until.strip(),
            delegated=delegated,
        )  # fmt: skip
        wanted, called = await _wanted(engine, viewer, asked)
        end = int(before) if _NUMBER.fullmatch(before) else None
        found = await engine.search.before(viewer, wanted, end, ROWS) if wanted else None
        values: dict[str, Any] = {
            "asked": asked, "knows_accounts": viewer.role != "public", "streets": await streets(engine),
            "events": await told(engine, found.items, viewer, say) if found else [], "called": called,
            "next": asked.href(before=found.rest) if found and found.rest else None, "is_first": not before,
            "types": _types(), "nouns": {**NOUNS, "rules": "规则书", "suggestion": "推荐"},
            "looked": bool(found and found.rest and not found.items),
            "is_day": shown.is_day,
        }  # fmt: skip
        return site.page(request, "audit/trail", **values)


async def _wanted(engine: Engine, viewer: Principal, asked: Asked) -> tuple[Wanted | None, str]:
    """What to look for, and what the organisation is called; None when there is no such organisation."""
    org, called = await _organisation(engine, asked.org)
    if asked.org and not org:
        return None, ""
    actor = asked.actor if viewer.role != "public" and _ACTOR.fullmatch(asked.actor) else ""
    last = await _position(engine, asked.until)
    wanted = Wanted(
        actor=actor, org=org, type=asked.type, area=asked.area, delegated=bool(asked.delegated),
        first=await _first(engine, asked.since), last=last,
    )  # fmt: skip
    return wanted, called


async def _organisation(engine: Engine, asked: str) -> tuple[str, str]:
    """(id, name) by id or by name."""
    if not asked:
        return "", ""
    if _ORG.fullmatch(asked):
        return asked, (await engine.boards.names([asked])).get(asked, "")
    for kind in ("units", "areas"):
        for doc in (await engine.boards.public(kind, q=asked, limit=1)).items:
            return doc["id"], doc["title"]
    return "", ""


async def _first(engine: Engine, since: str) -> int:
    """The first position that counts: a number itself, or the first event of a day."""
    if shown.is_day(since):
        return (await parse_at(f"{since}T00:00:00+08:00", engine.log) or 0) + 1
    return await _position(engine, since) or 1


async def _position(engine: Engine, text: str) -> int | None:
    try:
        return await parse_at(text, engine.log)
    except Refused:
        if _NUMBER.fullmatch(text):
            return None  # beyond the end: no bound
        raise


def _types() -> dict[str, list[str]]:
    """Kind -> TYPEs."""
    found: dict[str, list[str]] = {}
    for type in SENTENCES:
        found.setdefault(type.partition(".")[0], []).append(type)
    return found
