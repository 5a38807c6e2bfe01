"""/audit: a board, a dashboard or an item as it was then, with what happened around that moment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request, Response
from starlette.responses import RedirectResponse

from api.pages.audit.events import told
from api.pages.audit.facts import facts_of
from api.pages.audit.moment import TYPED, Moment, days_beside, moment_of, position_of_step, step_of, typed_at
from api.pages.audit.subject import BOARDS, DASHBOARD, Subject, streets, subject_of, viewer_of
from api.pages.board import board_values
from api.pages.dashboard import dashboard_values
from api.pages.item import item_values
from api.pages.places import Standing, engine_of, rule_book, standing
from api.pages.site import Site, link, tongue
from api.pages.words import Tongue
from domain.access import Principal
from services import sight
from services.engine import Engine
from services.trail_search import Wanted

AROUND = 2  # events shown on either side of the moment, of a board or a dashboard
AROUND_ITEM = 15  # of an item: as a rule all of them


@dataclass(frozen=True, kw_only=True, slots=True)
class Slider:
    """A range field. `noun`: what its numbers count; `said`: what its present value means."""

    name: str
    least: int
    most: int
    value: int
    said: str


def install(router: APIRouter, site: Site) -> None:
    @router.api_route("/audit", methods=["GET", "HEAD"])
    async def replay(request: Request, what: str = "", area: str = "", item: str = "", at: str = "") -> Response:
        engine, say, viewer = engine_of(request), tongue(request), viewer_of(request)
        subject = await subject_of(engine, viewer, item or what, area, say)
        history = await engine.trail.records(subject.what) if subject.is_item else None
        typed = typed_at({name: request.query_params[name] for name in TYPED if name in request.query_params}, history)
        if (typed is not None or item) and "X-Fragment" not in request.headers:
            return RedirectResponse(subject.href(at=typed or at), 303)
        values = await _replay(engine, viewer, subject, typed if typed is not None else at, history, say)
        return site.page(request, "audit/replay", parts=("then",), **values)


async def _replay(
    engine: Engine, viewer: Principal, subject: Subject, at: str, history: Sequence[dict[str, Any]] | None, say: Tongue
) -> dict[str, Any]:
    moment, state = await moment_of(engine, at), await standing(engine)
    events, earlier, later = await _around(engine, viewer, subject, moment, history)
    shown_then = await _then(engine, viewer, subject, moment, say)
    return {
        **shown_then, "standing": state,
        "subject": subject, "moment": moment, "said_then": moment.said(say),
        "slider": _slider(subject, moment, history, say),
        "around": await told(engine, events, viewer, say), "n_events": len(history) if history else 0,
        "ways": _ways(subject, moment, state, earlier, later),
        "whats": [*((name, say(word)) for name, word in BOARDS.items()), (DASHBOARD, say("数据看板"))],
        "streets": await streets(engine),
    }  # fmt: skip


def _slider(subject: Subject, moment: Moment, history: Sequence[dict[str, Any]] | None, say: Tongue) -> Slider:
    """Over an item's own events; over all positions for boards and dashboards."""
    if history is None:
        return Slider(name="position", least=0, most=moment.head, value=moment.position, said=moment.said(say))
    step = step_of(moment.position, history)
    said = say("第 {step} 个事件，共 {n} 个；{moment}", step=step, n=len(history), moment=moment.said(say))
    return Slider(name="step", least=0, most=len(history), value=step, said=said)


async def _around(
    engine: Engine, viewer: Principal, subject: Subject, moment: Moment, history: Sequence[dict[str, Any]] | None
) -> tuple[list[dict[str, Any]], int | None, int | None]:
    """Events around the moment, newest first, and the positions that the steps back and forth lead to."""
    if history is not None:
        step = step_of(moment.position, history)
        around = [*history[max(step - AROUND_ITEM, 0) : step + AROUND_ITEM]][::-1]
        earlier = position_of_step(step - 1, history) if step else None
        return around, earlier, history[step]["position"] if step < len(history) else None
    wanted = Wanted(kinds=subject.kinds, area=subject.area)
    before = (await engine.search.before(viewer, wanted, moment.position + 1, AROUND)).items
    after = (await engine.search.after(viewer, wanted, moment.position, AROUND)).items
    return [*after, *before], before[0]["position"] - 1 if before else None, after[-1]["position"] if after else None


def _ways(
    subject: Subject, moment: Moment, state: Standing, earlier: int | None, later: int | None
) -> list[tuple[str, str, str]]:
    """(key, address, rel) of the links along time; an address of "" goes nowhere."""
    day_before, day_after = days_beside(subject, moment, state.today)
    return [
        ("earlier", subject.href(at=earlier) if earlier is not None else "", "prev"),
        ("later", subject.href(at=later) if later is not None else "", "next"),
        ("day_before", day_before, ""), ("day_after", day_after, ""),
        ("now", subject.href() if moment.at else "", ""),
        ("compare", link("/audit/compare", what=subject.what, area=subject.area, at=moment.position), ""),
    ]  # fmt: skip


async def _then(engine: Engine, viewer: Principal, subject: Subject, moment: Moment, say: Tongue) -> dict[str, Any]:
    """The values of the part that shows it, and that part's name; "" where it did not exist yet."""
    at = str(moment.position) if moment.at else ""
    if subject.kind == "board":
        asked = {"area": subject.area, "category": "", "status": "", "q": "", "at": at}
        values = await board_values(engine, subject.what, asked, "", say)
        return {**values, "part": "board_list.html", "here": link("/board", kind=subject.what, area=subject.area)}
    if subject.kind == DASHBOARD:
        book = await rule_book(engine)
        area = subject.area or (book.area if book else "")
        values = await dashboard_values(engine, area, at, say)
        return {**values, "part": "dashboard_now.html", "here": f"/dashboards/{area}"}
    return await _item_then(engine, viewer, subject, moment, at, say)


async def _item_then(
    engine: Engine, viewer: Principal, subject: Subject, moment: Moment, at: str, say: Tongue
) -> dict[str, Any]:
    item = await engine.trail.folded(subject.what, moment.position)
    if item is None or not await sight.may_see(engine.streams, viewer, item.state):
        return {"part": "", "here": ""}
    if subject.kind in ("need", "offer") and getattr(item.state, "public", False):
        values = await item_values(engine, subject.kind, subject.what, at, say)
        return {**values, "part": "item_now.html", "here": f"/{subject.kind}s/{subject.what}"}
    doc = await engine.trail.item_at(subject.what, moment.position) or {}
    facts = await facts_of(engine, doc, viewer, str(moment.position), say)
    return {"facts": facts, "doc": doc, "kind": subject.kind, "part": "audit/facts.html", "here": ""}
