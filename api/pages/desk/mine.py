"""/desk/mine: one's own needs, offers, claims and projects, by status; drafts too."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response

from api.pages.board import rows
from api.pages.desk.home import MINE
from api.pages.forms import someone
from api.pages.places import category_words, engine_of, names, rule_book, standing
from api.pages.site import Site, link, tongue
from api.pages.words import STATUSES, Tongue
from domain.access import PARTIES, Principal, missing
from services.engine import Engine

ROWS = 20


def add_mine(router: APIRouter, site: Site) -> None:
    @router.api_route("/desk/mine", methods=["GET", "HEAD"])
    async def mine(request: Request, kind: str = "claim", status: str = "", cursor: str = "") -> Response:
        me = someone(request)
        if me.role not in PARTIES:
            raise missing()
        kind = kind if kind in MINE else "claim"
        values = await _values(engine_of(request), me, kind, status, cursor, tongue(request))
        return site.page(request, "desk/mine", parts=("list",), **values)


async def _values(engine: Engine, me: Principal, kind: str, status: str, cursor: str, say: Tongue) -> dict[str, Any]:
    page = await engine.boards.list(f"{kind}s", me, owner=me.org, status=status or None, limit=ROWS, cursor=cursor or None)
    words = category_words(await rule_book(engine), say)
    items = await rows(engine, kind, page.items, words, say, None) if kind in ("need", "offer") else page.items
    sides = [doc[side] for doc in page.items if kind not in ("need", "offer") for side in ("provider", "receiver")]
    asked = {"kind": kind, "status": status}
    return {
        "kind": kind, "chosen": status, "rows": items, "called": await names(engine, sides, None),
        "kinds": [(name, word, link("/desk/mine", kind=name)) for name, word in MINE.items()],
        "statuses": [(name, link("/desk/mine", kind=kind, status=name)) for name in STATUSES[kind]],
        "every": link("/desk/mine", kind=kind), "standing": await standing(engine), "live": "" if cursor else "*",
        "next": link("/desk/mine", **asked, cursor=page.next) if page.next else None,
    }  # fmt: skip
