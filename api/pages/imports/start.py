"""/imports: choose what to import, take the template, send the file."""

from __future__ import annotations

import asyncio
import hashlib

from fastapi import APIRouter, Request, Response
from starlette.datastructures import UploadFile
from starlette.responses import RedirectResponse

from api.errors import TABLE
from api.import_template import HELP, columns_of
from api.importing import Kind, Understood, understood
from api.pages.forms import someone
from api.pages.imports.listed import Listed
from api.pages.places import category_words, engine_of, rule_book
from api.pages.site import Site, tongue
from api.v1.imports import XLSX
from domain.access import COORDINATORS, Facts, Principal, decide, missing
from domain.events import Refused
from services.import_jobs import ImportJobs, Job
from services.office_ports import Office, Sheet

KINDS = {"needs": "需求", "offers": "资源", "units": "单位", "areas": "区域"}
FOR_TIERS = ("units", "areas")
READ_S = 20  # to make rows of a file; past that it is refused
WAIT_S = 0.8  # small lists are looked through before the page is asked for


def install(router: APIRouter, site: Site) -> None:
    @router.api_route("/imports", methods=["GET", "HEAD"])
    async def imports(request: Request) -> Response:
        return await _page(site, request, someone(request), {}, 200)

    @router.api_route("/imports/{kind}/template.xlsx", methods=["GET", "HEAD"])
    async def template(request: Request, kind: str) -> Response:
        chosen = _may(someone(request), kind)
        book = await rule_book(engine_of(request))
        office: Office = request.app.state.office
        body = await asyncio.to_thread(office.template, chosen, columns_of(chosen, book), HELP)
        headers = {"Content-Disposition": f'attachment; filename="{chosen}.xlsx"', "Cache-Control": "private, no-cache"}
        return Response(body, 200, headers, XLSX)

    @router.post("/imports/{kind}")
    async def upload(request: Request, kind: str) -> Response:
        viewer = someone(request)
        chosen = _may(viewer, kind)
        try:
            job = await _begun(request, viewer, chosen)
        except Refused as refused:
            said = refused.zh if tongue(request).lang == "zh" else refused.en
            return await _page(site, request, viewer, {chosen: said}, TABLE[refused.kind].status)
        await _a_moment(job)
        return RedirectResponse(f"/imports/lists/{job.id}", 303)


def kinds_for(viewer: Principal) -> list[Kind]:
    """What the viewer may import at all; whether a row may be is decided row by row."""
    if decide(viewer, "list.import", Facts(parties=(viewer.org,))) is not None:
        return []
    kinds: tuple[Kind, ...] = ("needs", "offers", "units", "areas")
    return [kind for kind in kinds if kind not in FOR_TIERS or viewer.role in COORDINATORS]


async def _page(site: Site, request: Request, viewer: Principal, wrong: dict[str, str], status: int) -> Response:
    jobs: ImportJobs = request.app.state.import_jobs
    kinds = kinds_for(viewer)
    if not kinds:
        raise Refused(
            "access.forbidden", "导入由单位、居民区、街道和区办理。",
            "Units, neighbourhoods, streets and the district import lists.", kind="forbidden",
        )  # fmt: skip
    most_mb = request.app.state.settings.max_upload_bytes // 1_000_000
    return site.page(
        request, "imports/start", status=status, kinds=[(kind, KINDS[kind]) for kind in kinds], wrong=wrong,
        jobs=jobs.mine(viewer), nouns=KINDS, most_mb=most_mb,
    )  # fmt: skip


def _may(viewer: Principal, kind: str) -> Kind:
    found: dict[str, Kind] = {name: name for name in kinds_for(viewer)}
    if kind not in found:
        raise missing()
    return found[kind]


async def _begun(request: Request, viewer: Principal, kind: Kind) -> Job:
    """The file read and its rows understood, beside everybody else's requests; then it is looked through."""
    name, data = await _file(request)
    office: Office = request.app.state.office
    book = await rule_book(engine_of(request))

    def read() -> tuple[Sheet, Understood]:
        sheet = office.sheet(data)
        return sheet, understood(kind, sheet, book)

    try:
        sheet, found = await asyncio.wait_for(asyncio.to_thread(read), READ_S)
    except TimeoutError:
        raise Refused(
            "import.too_slow", "文件太复杂，请另存为 CSV，或分几次导入。",
            "The file is too intricate: save it as CSV, or import in parts.", kind="large", field="file",
        ) from None  # fmt: skip
    jobs: ImportJobs = request.app.state.import_jobs
    categories = tuple(category_words(book, tongue(request)).values())
    listed = Listed(kind=kind, file=name, sheet=sheet, found=found, categories=categories)
    return jobs.start(viewer, hashlib.sha256(data).hexdigest(), found.rows, found.wrong, found.total, listed)


async def _file(request: Request) -> tuple[str, bytes]:
    async with request.form(max_files=1, max_fields=5) as sent:
        file = sent.get("file")
        data = await file.read() if isinstance(file, UploadFile) else b""
        if not isinstance(file, UploadFile) or not data:
            raise Refused("import.no_file", "请先选择一个文件。", "Choose a file first.", kind="invalid", field="file")
        return (file.filename or "")[-80:], data


async def _a_moment(job: Job) -> None:
    try:
        await asyncio.wait_for(job.finished.wait(), WAIT_S)
    except TimeoutError:
        return  # its page shows how far it is
