"""One project, as its two sides, the coordinators above and auditors see it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from fastapi import APIRouter, Request, Response

from api.pages.acts import Panel, Seat, meanwhile, panel, seat_of
from api.pages.claims import terms
from api.pages.claims.timeline import timeline
from api.pages.forms import Form, answered, asking_by_form, blank, form_of, someone
from api.pages.personal.beside import people_beside
from api.pages.places import Doc, engine_of, names, path_to, standing
from api.pages.projects.acts import DO, PROJECT, WAYS, Do
from api.pages.projects.told import evaluations, next_up, said, steps
from api.pages.sentences import people_in
from api.pages.site import Site, link, tongue
from api.pages.words import Tongue
from domain.project import ProjectState
from services import sight
from services.rehearsal import Rehearsal, rehearsal
from services.rehearsal_bound import of_project

NEXT = ("delivery", "confirmation", "settlement", "feedback", "evaluations")  # opens by itself when it is one's turn
OUTCOMES = {"resumed": "继续实施", "delivered": "视为已交付", "failed": "未交付，项目中止"}


def add_pages(router: APIRouter, site: Site) -> None:
    """GET /projects/{id}, and a POST for each act."""

    @router.api_route("/projects/{id}", methods=["GET", "HEAD"])
    async def project(request: Request, id: str, act: str = "") -> Response:
        values = await _values(request, id, act, None)
        return site.page(request, "projects/project", parts=("head", "now", "acts"), **values)

    for name, do in DO.items():
        _add(router, site, name, do)


def _add(router: APIRouter, site: Site, name: str, do: Do) -> None:
    async def route(request: Request, id: str) -> Response:
        form, engine = await form_of(request), engine_of(request)

        async def again(typed: Form, status: int) -> Response:
            return site.page(request, "projects/project", status=status, **await _values(request, id, name, typed))

        return await answered(
            request, form, lambda: do(engine, asking_by_form(request, form), id, form),
            then=lambda done: f"/projects/{id}", again=again, said="done",
        )  # fmt: skip

    router.add_api_route(f"/projects/{{id}}/{name}", route, methods=["POST"])


async def _values(request: Request, id: str, act: str, form: Form | None) -> dict[str, Any]:
    engine, say, me = engine_of(request), tongue(request), someone(request)
    state = await sight.seen(engine.streams, me, id, "project")
    assert isinstance(state, ProjectState)
    doc, history = await engine.trail.item(id), await engine.trail.history(id)
    stand = await standing(engine)
    assert doc is not None
    orgs = [org for entry in history for org in people_in(entry)]
    called = await names(engine, [*orgs, state.provider, state.receiver, *state.members], None)
    events = timeline(history, called, say)
    wanted = form["_for"] if form else request.query_params.get("for", "")
    seat = await seat_of(engine, me, state, f"/projects/{id}", wanted, act, called)
    rehearsed = await rehearsal(engine.streams, me, seat.org)
    assert rehearsed is not None
    return {
        "project": doc, "called": called, "places": await path_to(engine, doc["area"]), "standing": stand,
        "steps": steps(doc), "next_up": next_up(doc, history, called, rehearsed.book, stand.today, say),
        "events": events, "evaluations": evaluations(history, called, say),
        "feedback": said(history, "project.result_fed_back"), "live": f"{id} {state.claim}",
        "others": [called[org] for org in state.members if org != state.provider], "outcome_words": OUTCOMES,
        **await _acts(rehearsed, seat, state, doc, act, form, events, say), **await people_beside(request, id),
    }  # fmt: skip


async def _acts(
    rehearsed: Rehearsal, seat: Seat, state: ProjectState, doc: Doc, act: str, form: Form | None,
    events: list[dict[str, Any]], say: Tongue,
) -> dict[str, Any]:  # fmt: skip
    verdicts = await of_project(rehearsed, state)
    turn = next((name for name in NEXT if verdicts[name] is None), "")
    open_panel = panel(
        "project", PROJECT, verdicts, doc, say, form=form, chosen=act, turn=turn, fields="projects/fields.html",
        meanwhile=meanwhile(form, events) if form else (), seat=seat,
    )  # fmt: skip
    elsewhere = {"中止（解除认领）": link(f"/claims/{doc['claim']}", act="release", **{"for": seat.org}) + "#acts"}
    offered = [{**each, "href": elsewhere.get(each["word"], each["href"])} for each in open_panel.offered]
    open_panel = replace(open_panel, offered=offered)
    return {
        "panel": open_panel if form else _filled(open_panel, doc), "panel_acts": PROJECT, "rows": terms.rows(doc["lines"]),
        "marks": _marks(doc), "ways": [(key, say(word)) for key, word in WAYS.items()],
        "outcomes": [(key, say(word)) for key, word in OUTCOMES.items()], "missing": _missing(doc),
    }  # fmt: skip


def _filled(open_panel: Panel, doc: Doc) -> Panel:
    """What was promised (to be reported) or reported (to be confirmed) is filled in."""
    place = {"delivery": "promised", "confirmation": "reported", "settlement": "promised"}.get(open_panel.chosen)
    if place is None:
        return open_panel
    return replace(open_panel, form=blank(**terms.filled(doc["lines"], [line[place] for line in doc["lines"]])))


def _marks(doc: Mapping[str, Any]) -> list[tuple[int, str]]:
    """Milestones that are not met yet."""
    return [(each["id"], f"{each['id']}. {each['title'] or ''}") for each in doc["milestones"] if each["status"] != "met"]


def _missing(doc: Mapping[str, Any]) -> bool:
    """A closing now would need its reason."""
    return not doc["fed_back"] or not {"provider", "receiver"} <= {each["role"] for each in doc["evaluations"]}


