"""/audit/compare: what differs between two moments of an item, a board or a dashboard. Nothing is replayed for it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from fastapi import APIRouter, Request, Response

from api.pages import shown
from api.pages.audit.difference import figure_rows, shift_rows
from api.pages.audit.events import told
from api.pages.audit.facts import FIELDS, fields_for, writer
from api.pages.audit.moment import Moment, moment_of
from api.pages.audit.subject import BOARDS, DASHBOARD, Subject, streets, subject_of, viewer_of
from api.pages.places import Doc, engine_of, rule_book, standing
from api.pages.site import Site, link, tongue
from api.pages.words import Tongue
from domain.access import Principal
from services import comparing, sight
from services.comparing import Shift
from services.engine import Engine

EVENTS = 20  # listed between the two moments of an item
SPANS = ((1, "昨天"), (7, "一周前"), (30, "一个月前"), (365, "一年前"))
LINE_PLACES = {"quantity": "数量", "delivered": "已交付", "committed": "已认领", "held": "预留中", "free": "余量"}


def install(router: APIRouter, site: Site) -> None:
    @router.api_route("/audit/compare", methods=["GET", "HEAD"])
    async def compare(
        request: Request, what: str = "", area: str = "", item: str = "", at: str = "", to: str = "", only: str = "",
        cursor: str = "",
    ) -> Response:  # fmt: skip
        engine, say, viewer = engine_of(request), tongue(request), viewer_of(request)
        subject = await subject_of(engine, viewer, item or what, area, say)
        today = (await standing(engine)).today
        then, now = await moment_of(engine, at or _before(today, 7)), await moment_of(engine, to)
        page = await _differences(engine, viewer, subject, (then, now), (_shift(only), cursor), say)
        values = {
            "subject": subject, "then": then, "now": now, "only": only, "streets": await streets(engine), "today": today,
            "whats": [*((name, say(word)) for name, word in BOARDS.items()), (DASHBOARD, say("数据看板"))],
            "spans": [(say(word), subject.href("/audit/compare", at=_before(today, days))) for days, word in SPANS],
            "between": _between(subject, then, now), **page,
        }  # fmt: skip
        return site.page(request, "audit/compare", **values)


async def _differences(
    engine: Engine, viewer: Principal, subject: Subject, moments: tuple[Moment, Moment],
    asked: tuple[Shift | None, str], say: Tongue,
) -> dict[str, Any]:  # fmt: skip
    if subject.is_item:
        return {"kind": "item", **await _item(engine, viewer, subject, moments, say)}
    if subject.kind == DASHBOARD:
        return {"kind": DASHBOARD, **await _dashboard(engine, subject, moments, say)}
    return {"kind": "board", **await _board(engine, subject, moments, asked, say)}


async def _item(
    engine: Engine, viewer: Principal, subject: Subject, moments: tuple[Moment, Moment], say: Tongue
) -> dict[str, Any]:
    then, now = [await _seen_then(engine, viewer, subject.what, moment.position) for moment in moments]
    write = await writer(engine, [then, now], None, say)
    changed = comparing.fields(then, now, fields_for(viewer))
    low, high = sorted(moment.position for moment in moments)
    between = [each for each in await engine.trail.records(subject.what) if low < each["position"] <= high]
    return {
        "was_there": then is not None, "is_there": now is not None,
        "fields": [(say(FIELDS[each.name]), write(then, each.name), write(now, each.name)) for each in changed],
        "lines": _lines(then, now, say), "n_between": len(between),
        "events": await told(engine, between[: -EVENTS - 1 : -1], viewer, say),
    }  # fmt: skip


async def _seen_then(engine: Engine, viewer: Principal, stream: str, position: int) -> Doc | None:
    """None when it was not there, or was not for this viewer to see."""
    item = await engine.trail.folded(stream, position)
    if item is None or not await sight.may_see(engine.streams, viewer, item.state):
        return None
    return await engine.trail.item_at(stream, position)


def _lines(then: Doc | None, now: Doc | None, say: Tongue) -> list[tuple[str, list[tuple[str, str, str]]]]:
    """(line, (place, then, now) of what differs)."""
    return [
        (kind, [
            (say(LINE_PLACES[each.name]), shown.amount({"unit": unit}, say, each.then), shown.amount({"unit": unit}, say, each.now))
            for each in places
        ])
        for (kind, unit), places in comparing.lines(then, now)
    ]  # fmt: skip


async def _board(
    engine: Engine, subject: Subject, moments: tuple[Moment, Moment], asked: tuple[Shift | None, str], say: Tongue
) -> dict[str, Any]:
    kind, (only, cursor) = subject.what.removesuffix("s"), asked
    before = int(cursor) if cursor.isascii() and cursor.isdigit() and len(cursor) <= 15 else None
    at, to = (moment.position for moment in moments)
    found = await engine.comparing.boards(kind, at, to, area=subject.area, only=only, before=before)

    def here(**more: object) -> str:
        return subject.href("/audit/compare", at=moments[0].at or at, to=moments[1].at, **more)

    return {
        "noun": kind, "shifts": shift_rows(kind, found, here, say), "same": found.same,
        "rows": [
            {
                "doc": row.now or row.then, "was": row.shift[0], "is": row.shift[1],
                "href": link("/audit/compare", what=(row.now or row.then or {})["id"], at=at, to=to),
            }
            for row in found.rows
        ],
        "next": here(only=_named(only), cursor=found.next) if found.next else None, "all": here() if only else "",
    }  # fmt: skip


async def _dashboard(
    engine: Engine, subject: Subject, moments: tuple[Moment, Moment], say: Tongue
) -> dict[str, Any]:
    book = await rule_book(engine)
    area = subject.area or (book.area if book else "")
    then, now = [(await engine.dashboards.of(area, str(moment.position)))["figures"] for moment in moments]
    low, high = sorted(moment.position for moment in moments)
    return {"groups": figure_rows(comparing.figures(then, now), area, (low + 1, high), say)}


def _between(subject: Subject, then: Moment, now: Moment) -> str:
    """Where all events between the two moments are listed."""
    low, high = sorted((then.position, now.position))
    if subject.is_item or low == high:
        return ""
    kind = subject.kinds[0] if len(subject.kinds) == 1 else None
    return link("/audit/trail", type=kind, area=subject.area, since=low + 1, until=high)


def _before(today: str, days: int) -> str:
    return (date.fromisoformat(today) - timedelta(days=days)).isoformat()


def _shift(only: str) -> Shift | None:
    """"open>met"; "" on either side is "not on the board"."""
    was, arrow, now = only.partition(">")
    return (was or None, now or None) if arrow else None


def _named(shift: Sequence[str | None] | None) -> str:
    return ">".join(status or "" for status in shift) if shift else ""
