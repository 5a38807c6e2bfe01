"""A resident evaluates: without an account, on a phone, in big type; the link is spent by sending the form alone."""

from __future__ import annotations

import time
from typing import Any

from fastapi import APIRouter, Request, Response

from api.auth import Buckets
from api.errors import TABLE
from api.pages.forms import Form, Sentences, blank, form_of, gone_on
from api.pages.places import engine_of, names
from api.pages.site import Site, tongue
from api.people import network_of
from domain.access import SYSTEM
from domain.evaluation_code import as_typed
from domain.events import Refused

A_MINUTE = 60  # forms from one network; a guesser of codes would need thousands of years
SCORES = ((5, "非常满意"), (4, "满意"), (3, "还可以"), (2, "不满意"), (1, "很不满意"))


def add(router: APIRouter, site: Site) -> None:
    counted = Buckets(A_MINUTE, time.monotonic, 60)

    async def page(request: Request, project: str, form: Form, status: int = 200) -> Response:
        values = await _about(request, project)
        shown = site.page(request, "evaluate/form", status=status, form=form, project=project, scores=SCORES, **values)
        return _private(shown)

    @router.api_route("/evaluate", methods=["GET", "HEAD"])
    async def anywhere(request: Request) -> Response:
        """For who has the paper alone: number and code are typed."""
        return await page(request, "", blank())

    @router.api_route("/evaluate/thanks", methods=["GET", "HEAD"])
    async def thanks(request: Request) -> Response:
        return _private(site.page(request, "evaluate/thanks"))

    @router.api_route("/evaluate/{project}", methods=["GET", "HEAD"])
    async def link(request: Request, project: str) -> Response:
        """The code stands behind the # and is put into the form by the page's script; reading changes nothing."""
        return await page(request, project[:100], blank())

    @router.post("/evaluate")
    async def evaluate(request: Request) -> Response:
        counted.take(network_of(request.scope))
        form = await form_of(request)
        project = form["project"][:100]
        try:
            await _evaluated(request, project, form)
        except Refused as refused:
            if refused.kind == "gone":
                return _private(site.page(request, "evaluate/over", status=410, why=_said(request, refused)))
            if refused.kind not in ("missing", "invalid"):
                raise
            wrong = Sentences({_field(refused): _wrong(request, refused)})
            return await page(request, project, Form(form.fields, wrong), TABLE[refused.kind].status)
        return _private(gone_on("/evaluate/thanks"))


async def _evaluated(request: Request, project: str, form: Form) -> None:
    code = as_typed(form["code"])
    id = project if project.startswith("project-") else await _numbered(request, form["number"])
    if not code or not id:
        raise Refused("code.unknown", "没有找到。", "Not found.", kind="missing")
    score = form["score"]
    await engine_of(request).projects.evaluate_by_link(
        token=f"{id}.{code}", score=int(score) if score in {str(n) for n, _ in SCORES} else 0, note=form["note"]
    )


async def _numbered(request: Request, number: str) -> str:
    """The project of this number, "" when there is none."""
    wanted = number.strip().upper()
    if not wanted:
        return ""
    found = await engine_of(request).boards.list("projects", SYSTEM, q=wanted[:40], limit=10)
    return next((str(doc["id"]) for doc in found.items if doc["number"] == wanted), "")


async def _about(request: Request, project: str) -> dict[str, Any]:
    """What is evaluated, once its delivery is confirmed: nothing that the item's own page does not show to everybody."""
    engine = engine_of(request)
    doc = await engine.trail.item(project) if project.startswith("project-") else None
    if doc is None or not doc["links_until"]:
        return {"title": "", "provider": "", "until": ""}
    called = await names(engine, [doc["provider"]], None)
    return {"title": doc["title"] or doc["number"], "provider": called[doc["provider"]], "until": doc["links_until"]}


def _private(response: Response) -> Response:
    """Kept nowhere. With the site's own pages as referrer, since browsers without Sec-Fetch-Site name no origin otherwise."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "same-origin"
    return response


def _field(refused: Refused) -> str:
    return "code" if refused.kind == "missing" else refused.field or ""


def _wrong(request: Request, refused: Refused) -> str:
    if refused.kind == "missing":
        return tongue(request)("评价码不对，请对照纸条再看一看。")
    return _said(request, refused)


def _said(request: Request, refused: Refused) -> str:
    return refused.zh if tongue(request).lang == "zh" else refused.en
