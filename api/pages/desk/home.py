"""/desk: what waits for my answer, what falls due, what is new near me, and how my own things stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import APIRouter, Request, Response

from api.pages.board import KINDS, rows
from api.pages.claims.told import days_left
from api.pages.forms import seen, someone
from api.pages.places import Doc, category_words, engine_of, names, rule_book, standing
from api.pages.site import Site, link, tongue
from api.pages.words import STATUSES, Tongue
from api.posted import unread_of
from domain.access import COORDINATORS, PARTIES, Principal
from services.engine import Engine
from services.nearby import near, overdue

ACTS = {  # what is to be done -> (what the desk calls it, the act of the item's page)
    "acceptance": ("答复认领", "acceptance"), "membership": ("确认联合认领", "joining"),
    "reinstatement": ("答复恢复要求", "reinstatement"), "confirmation": ("确认交付", "confirmation"),
    "settlement": ("裁定争议", "settlement"), "endorsement": ("审核需求", ""), "delivery": ("报告交付", "delivery"),
    "feedback": ("反馈结果", "feedback"), "evaluations": ("评价对方", "evaluations"), "response": ("等待认领，期限将到", ""),
    "escalation": ("下级没有配上的需求", ""),
}  # fmt: skip
MINE = {"need": "需求", "offer": "资源", "claim": "认领", "project": "项目"}
FIRST = 30  # entries of a part of the desk; the rest is told in number
MOST_AREAS = 12
MOST_ROUNDS = 5
ROLES = {
    "unit": "单位经办", "unit_manager": "单位负责人", "unit_system": "单位系统", "committee": "居委会", "street": "街道协调员",
    "district": "区协调员", "auditor": "审计员", "system_admin": "系统管理员", "security_admin": "安全管理员",
}  # fmt: skip


def add_home(router: APIRouter, site: Site) -> None:
    @router.api_route("/desk", methods=["GET", "HEAD"])
    async def desk(request: Request) -> Response:
        me, engine, say = someone(request), engine_of(request), tongue(request)
        values = await _values(engine, me, say, seen(request))
        return site.page(request, "desk/desk", parts=("now",), unread=unread_of(request), **values)


async def _values(engine: Engine, me: Principal, say: Tongue, position: int | None) -> dict[str, Any]:
    found = await engine.desks.of(me, min_position=position)
    stand, words = await standing(engine), category_words(await rule_book(engine), say)
    party = me.role in PARTIES
    kind, newest = await near(engine.boards, engine.streams, me) if party else ("needs", [])
    late = await overdue(engine.boards, me, engine.streams.clock.now())
    quiet = await engine.desks.quiet(me.area) if me.role in COORDINATORS and me.area else []
    sides = [e["item"].get(side) for e in (*found["waiting"], *found["due"]) for side in ("provider", "receiver", "owner")]
    called = await names(engine, [me.org, me.area, *sides, *(p["provider"] for p in late)], None)
    return {
        "standing": stand, "live": "*", "org": called[me.org], "role": ROLES.get(me.role, me.role), "party": party,
        "where": called.get(me.area or "") if me.role in COORDINATORS else None, "is_tier": me.role in COORDINATORS,
        "waiting": _entries(found["waiting"], me, called, stand.today), "due": _entries(found["due"], me, called, stand.today),
        "more": [max(len(found[part]) - FIRST, 0) for part in ("waiting", "due")],
        "near_kind": kind, "near": await rows(engine, KINDS[kind], newest, words, say, None) if newest else [],
        "mine": _mine(found["mine"]), "late": [{**doc, "left": days_left(doc["due_at"], stand.today)} for doc in late],
        "called": called, "quiet": quiet[:MOST_AREAS], "quiet_n": len(quiet), "undecided": await _undecided(engine, me),
    }  # fmt: skip


async def _undecided(engine: Engine, me: Principal) -> list[tuple[Doc, str]]:
    """(round, name of its area) of those that a coordinator could publish, newest first."""
    if me.role not in COORDINATORS:
        return []
    found = (await engine.boards.list("rounds", me, status="computed", limit=MOST_ROUNDS)).items
    called = await names(engine, [doc["area"] for doc in found], None)
    return [(doc, called[doc["area"]]) for doc in found]


def _entries(found: Sequence[Doc], me: Principal, called: Mapping[str, str], today: str) -> list[dict[str, Any]]:
    """What is to be done, with whom, until when, and where its form is."""
    shown = []
    for entry in found[:FIRST]:
        doc, (word, act) = entry["item"], ACTS[entry["act"]]
        others = [doc.get("provider"), doc.get("receiver")] if entry["kind"] != "need" else [doc["owner"]]
        shown.append({
            "word": word, "title": doc["title"] or doc["number"], "number": doc["number"], "kind": entry["kind"],
            "with": [called[org] for org in dict.fromkeys(others) if org and org != me.org], "status": doc["status"],
            "href": link(f"/{entry['kind']}s/{doc['id']}", act=act), "due": entry["due"], "overdue": entry["overdue"],
            "left": days_left(entry["due"], today),
        })  # fmt: skip
    return shown


def _mine(counts: Mapping[str, Mapping[str, int]]) -> list[tuple[str, str, list[tuple[str, int]]]]:
    """(kind, word, [(status, how many)] in the order of its life) of what there is."""
    return [
        (kind, word, [(status, counts[kind][status]) for status in STATUSES[kind] if counts[kind].get(status)])
        for kind, word in MINE.items()
        if counts.get(kind)
    ]
