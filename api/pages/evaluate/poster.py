"""A poster for the notice board: what was done, and slips to tear off, each with a code of its own."""

from __future__ import annotations

from dataclasses import dataclass

import segno
from fastapi import APIRouter, Request, Response
from markupsafe import Markup

from api.errors import TABLE
from api.evaluation import address_of
from api.pages.forms import Form, asking_by_form, blank, form_of, someone, wrong_fields
from api.pages.places import engine_of, names
from api.pages.site import Site, tongue
from api.pages.words import bases
from domain.access import COORDINATORS
from domain.evaluation_code import grouped
from domain.events import Refused
from domain.project import ProjectState
from services import sight

SLIPS = 12  # on one sheet
CHOICES = (12, 24, 48)


@dataclass(frozen=True, slots=True)
class Slip:
    picture: Markup
    code: str


def add(router: APIRouter, site: Site) -> None:
    async def ask_page(request: Request, id: str, form: Form, status: int = 200) -> Response:
        state = await _project(request, id)
        called = await names(engine_of(request), [state.receiver], None)
        return site.page(
            request, "evaluate/poster_form", status=status, form=form, state=state, receiver=called[state.receiver],
            for_them=_for_them(request, state), bases=list(bases(tongue(request)).items()), choices=[(n, n) for n in CHOICES],
        )  # fmt: skip

    @router.api_route("/projects/{id}/poster", methods=["GET", "HEAD"])
    async def poster(request: Request, id: str) -> Response:
        return await ask_page(request, id, blank(count=str(SLIPS)))

    @router.post("/projects/{id}/poster")
    async def issue(request: Request, id: str) -> Response:
        """The codes are in this answer alone: nobody can look them up again."""
        state, form, engine = await _project(request, id), await form_of(request), engine_of(request)
        count = form["count"]
        try:
            ask = asking_by_form(request, form)
            tokens, until = await engine.projects.issue_links(ask, id, count=int(count) if count.isdecimal() else 0)
        except Refused as refused:
            if refused.kind == "missing":
                raise
            wrong = wrong_fields(refused, zh=tongue(request).lang == "zh")
            return await ask_page(request, id, Form(form.fields, wrong, form.key), TABLE[refused.kind].status)
        doc = await engine.trail.item(id) or {}
        called = await names(engine, [state.provider, state.receiver], None)
        site_address = address_of(request, f"{id}.").partition(f"/{id}")[0]
        page = site.page(
            request, "evaluate/poster", slips=[_slip(request, token) for token in tokens], until=until.isoformat(),
            title=doc.get("title") or state.number, number=state.number, provider=called[state.provider],
            receiver=called[state.receiver], address=site_address.partition("://")[2], project=id,
        )  # fmt: skip
        page.headers["Cache-Control"] = "no-store"
        return page


async def _project(request: Request, id: str) -> ProjectState:
    state = await sight.seen(engine_of(request).streams, someone(request), id, "project")
    assert isinstance(state, ProjectState)
    return state


def _for_them(request: Request, state: ProjectState) -> bool:
    """A coordinator issues them in the receiver's name."""
    who = someone(request)
    return who.role in COORDINATORS and who.org != state.receiver


def _slip(request: Request, token: str) -> Slip:
    drawn = segno.make(address_of(request, token), error="m", micro=False)
    picture = drawn.svg_inline(border=2, omitsize=True, svgclass="slip-code", lineclass=None)
    return Slip(Markup(picture), grouped(token.partition(".")[2]))
