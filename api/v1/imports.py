"""/v1/imports: lists from office files, taken over whole or not at all, with a report for each row and column."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response

from api.answers import JSON, DoneOut, done
from api.asking import asking, engine
from api.auth import viewer
from api.columns import form
from api.errors import FieldError, as_json, problem, refusals, speaks_chinese
from api.importing import Kind, Understood, understood
from api.v1.routes import IDEMPOTENCY_KEY
from domain import rules
from domain.events import Refused
from services.command import Ask
from services.imports import ImportRefused, Imports, RowError
from services.office_ports import Office

router = APIRouter(prefix="/v1/imports", tags=["imports 导入"])
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST_TOLD = 500  # errors in one report
_FILE = {"schema": {"type": "string", "format": "binary"}}
_UPLOAD = {"type": "object", "properties": {"file": {"type": "string", "format": "binary"}}, "required": ["file"]}
_CONTENT = {
    "multipart/form-data": {"schema": _UPLOAD}, "text/csv": _FILE, XLSX: _FILE, "application/x-ndjson": _FILE,
    "application/jsonl": _FILE, "application/octet-stream": _FILE,
}  # fmt: skip


class ImportedOut(DoneOut):
    """`ids` of all rows, in the order of the file; the rest is about the last one."""

    rows: int
    ids: list[str]


class ReportOut(BaseModel):
    """What an import would say; nothing was written."""

    dry_run: bool
    rows: int
    valid: bool
    errors: list[FieldError]


@router.post(
    "/{kind}", status_code=201, response_model=None,
    responses={
        200: {"model": ReportOut, "description": "试运行的报告 / the report of a dry run"},
        201: {"model": ImportedOut, "description": "全部导入 / all imported"},
        **refusals(403, 404, 409, 413, 415, 422, 507),
    },
    openapi_extra={
        "parameters": [{**IDEMPOTENCY_KEY, "required": False}], "requestBody": {"required": True, "content": _CONTENT},
    },
)  # fmt: skip
async def import_list(request: Request, kind: Kind, dry_run: Annotated[bool, Query()] = False) -> Response:
    """导入 / xlsx, CSV (UTF-8 or GBK) or JSON lines, as a multipart file or as the body. `dry_run=true` only reports
    (and needs no Idempotency-Key); else it is one command. The columns are those of GET /v1/imports/{kind}/form."""
    carried = await _carried(request)
    ask = _looking(request) if dry_run else await asking(request, carried)
    office: Office = request.app.state.office
    imports: Imports = request.app.state.imports
    sheet = await asyncio.to_thread(office.sheet, carried)
    book = await engine(request).streams.load(rules.STREAM)
    found = understood(kind, sheet, book.state.book if book else None)
    zh = speaks_chinese(request)
    if dry_run:
        errors = _told(await imports.check(ask, found.rows, found.wrong), found, zh=zh)
        body = {"dry_run": True, "rows": found.total, "valid": not errors, "errors": errors}
        return Response(as_json(body), 200, media_type=JSON)
    try:
        return done(await imports.take(ask, found.rows, found.wrong), 201)
    except ImportRefused as refused:
        return problem(request, refused, errors=_told(refused.rows, found, zh=zh))


@router.get(
    "/{kind}/form", response_model=None,
    responses={200: {"description": "空白表格 / an empty form", "content": {XLSX: _FILE}}, **refusals(404, 422)},
)  # fmt: skip
async def get_form(request: Request, kind: Kind) -> Response:
    """空白表格 / An empty spreadsheet with the columns of this list."""
    office: Office = request.app.state.office
    headers = {"Content-Disposition": f'attachment; filename="{kind}.xlsx"'}
    return Response(office.form(kind, form(kind)), 200, headers, XLSX)


async def _carried(request: Request) -> bytes:
    """The file: the body itself, or the one file of a form."""
    body = await request.body()
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media == "multipart/form-data":
        sent = await request.form(max_files=2, max_fields=5)
        files = [part for part in sent.values() if isinstance(part, UploadFile)]
        if len(files) != 1:
            raise Refused("import.no_file", "请上传一个文件。", "Send one file.", kind="invalid", field="file")
        return await files[0].read()
    if media.partition("/")[0] in ("image", "audio", "video", "font"):  # else the file's first bytes decide
        raise Refused(
            "body.media_type", "请用 multipart/form-data 上传文件，或直接发送 CSV、xlsx、JSON 行。",
            "Send the file as multipart/form-data, or as the body: CSV, xlsx or JSON lines.", kind="media",
        )  # fmt: skip
    return body


def _looking(request: Request) -> Ask:
    return Ask(principal=viewer(request), key="dry-run", fingerprint="dry-run")


def _told(errors: Sequence[RowError], found: Understood, *, zh: bool) -> list[dict[str, Any]]:
    return [
        FieldError(
            field=error.field, code=error.code, detail=error.zh if zh else error.en, row=error.row,
            column=found.heading(error.field),
        ).model_dump(exclude_none=True)
        for error in errors[:MOST_TOLD]
    ]  # fmt: skip
