"""/v1/imports: lists from office files, taken over whole or not at all, with a report for each row and column."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, ValidationError
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response

from api.answers import JSON, DoneOut, done
from api.asking import asking
from api.auth import viewer
from api.bodies import AreaIn, NeedIn, OfferIn, UnitIn
from api.columns import body_of, column_of, field_of, form
from api.errors import FieldError, as_json, problem, refusals, speaks_chinese
from api.v1.routes import IDEMPOTENCY_KEY
from api.validation import found_wrong
from domain.events import Refused
from services.command import Ask
from services.imports import ImportRefused, ImportRow, Imports, Office, RowError

router = APIRouter(prefix="/v1/imports", tags=["imports 导入"])
Kind = Literal["offers", "needs", "units", "areas"]
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
BODIES: Mapping[str, type[OfferIn | NeedIn | UnitIn | AreaIn]] = {
    "offers": OfferIn, "needs": NeedIn, "units": UnitIn, "areas": AreaIn,
}  # fmt: skip
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
    table = await asyncio.to_thread(office.read, carried)
    rows, wrong, headings = _understood(kind, table)
    zh = speaks_chinese(request)
    if dry_run:
        errors = _told(await imports.check(ask, rows, wrong), headings, zh=zh)
        body = {"dry_run": True, "rows": len(table), "valid": not errors, "errors": errors}
        return Response(as_json(body), 200, media_type=JSON)
    try:
        return done(await imports.take(ask, rows, wrong), 201)
    except ImportRefused as refused:
        return problem(request, refused, errors=_told(refused.rows, headings, zh=zh))


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


def _understood(
    kind: Kind, table: Sequence[tuple[int, Mapping[str, Any]]]
) -> tuple[list[ImportRow], list[RowError], dict[str, str]]:
    """Rows that have the right shape, what is wrong with the others, and heading by field."""
    headings: dict[str, str] = {}
    rows: list[ImportRow] = []
    wrong: list[RowError] = []
    for number, cells in table:
        fields = {heading: field_of(kind, heading) or heading for heading in cells}
        headings |= {field: heading for heading, field in fields.items()}
        try:
            body = BODIES[kind].model_validate(body_of(kind, {fields[heading]: cells[heading] for heading in cells}))
        except ValidationError as error:
            wrong += [RowError(row=number, **said) for said in found_wrong(error.errors(include_url=False))]
            continue
        rows.append(ImportRow(number=number, draft=body.asked(), as_draft=getattr(body, "draft", False)))
    return rows, wrong, headings


def _told(errors: Sequence[RowError], headings: Mapping[str, str], *, zh: bool) -> list[dict[str, Any]]:
    return [
        FieldError(
            field=error.field, code=error.code, detail=error.zh if zh else error.en, row=error.row,
            column=column_of(error.field, headings),
        ).model_dump(exclude_none=True)
        for error in errors[:MOST_TOLD]
    ]  # fmt: skip
