"""/imports/lists/{id}: how far a list is, what is wrong with it cell by cell, take it over, or stop."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response
from starlette.responses import RedirectResponse

from api.pages.forms import someone
from api.pages.imports.listed import Listed, first_rows, told
from api.pages.imports.start import KINDS
from api.pages.site import Site, link, tongue
from api.pages.words import Tongue
from domain.access import Principal, missing
from domain.events import Refused
from services.import_jobs import AT_WORK, ImportJobs, Job


def install(router: APIRouter, site: Site) -> None:
    @router.api_route("/imports/lists/{id}", methods=["GET", "HEAD"])
    async def show(request: Request, id: str) -> Response:
        viewer, jobs = someone(request), _jobs(request)
        job = jobs.of(viewer, id)
        if job is not None:
            return site.page(request, "imports/list", parts=("part",), **_values(job, tongue(request)))
        return await _gone(site, request, jobs, viewer, id)

    @router.post("/imports/lists/{id}/taking")
    async def take(request: Request, id: str) -> Response:
        job = _job(request, id)
        if job is not None:
            _jobs(request).take(job)
        return RedirectResponse(f"/imports/lists/{id}", 303)

    @router.post("/imports/lists/{id}/cancellation")
    async def cancel(request: Request, id: str) -> Response:
        job = _job(request, id)
        if job is not None:
            await _jobs(request).cancel(job)
        return RedirectResponse(f"/imports/lists/{id}", 303)


async def _gone(site: Site, request: Request, jobs: ImportJobs, viewer: Principal, id: str) -> Response:
    """After a restart the ledger tells whether it was taken over."""
    if not (id.isascii() and id.replace("-", "").replace("_", "").isalnum() and len(id) <= 40):
        raise missing()
    outcome = await jobs.outcome(viewer, id)
    return site.page(request, "imports/gone", status=200 if outcome else 410, outcome=outcome)


def _values(job: Job, say: Tongue) -> dict[str, Any]:
    listed: Listed = job.shown
    errors = job.errors
    refused = job.refused
    return {
        "job": job, "listed": listed, "noun": KINDS[listed.kind], "at_work": job.state in AT_WORK,
        "wrong": told(listed, errors, say), "n_rows": len({error.row for error in errors}),
        "refused": _sentence(refused, say) if refused and job.state != "cancelled" else "",
        "first": first_rows(listed, errors, say), "per_cent": job.done * 100 // max(len(job.rows), 1),
        "ready": job.state == "checked" and not errors and not refused,
        "landed": _landed(listed.kind, job), "here": f"/imports/lists/{job.id}",
    }  # fmt: skip


def _sentence(refused: Refused, say: Tongue) -> str:
    return refused.zh if say.lang == "zh" else refused.en


def _landed(kind: str, job: Job) -> str:
    """Where what was taken over can be seen."""
    if job.state != "imported":
        return ""
    return link("/board", kind=kind) if kind in ("needs", "offers") else "/dashboards"


def _jobs(request: Request) -> ImportJobs:
    found: ImportJobs = request.app.state.import_jobs
    return found


def _job(request: Request, id: str) -> Job | None:
    return _jobs(request).of(someone(request), id)
