"""The one table from refusals to HTTP: status, titles and problem documents (RFC 9457) in the asked language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from pydantic import BaseModel
from starlette.requests import HTTPConnection
from starlette.responses import Response

from domain.events import Refused
from services.ports import Conflict, StoreUnavailable
from services.read_ports import Behind

PROBLEM = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Row:
    """One kind of refusal. `retry_after` in seconds."""

    status: int
    zh: str
    en: str
    retry_after: int | None = None


TABLE: Mapping[str, Row] = {
    "malformed": Row(400, "请求无法读取", "The request cannot be read"),
    "unknown": Row(401, "请先出示有效的密钥", "A valid key is needed"),
    "forbidden": Row(403, "无权办理", "Not yours to do"),
    "missing": Row(404, "没有找到", "Not found"),
    "method": Row(405, "不支持这种请求方法", "Method not allowed"),
    "state": Row(409, "当前状态不能办理", "Not possible in the present state"),
    "busy409": Row(409, "同一请求正在办理", "The same request is being handled", 1),
    "gone": Row(410, "已失效", "Gone"),
    "stale": Row(412, "内容已被更新", "Changed meanwhile"),
    "large": Row(413, "请求过大", "Too large"),
    "media": Row(415, "不支持这种格式", "Media type not supported"),
    "invalid": Row(422, "内容有误", "Invalid content"),
    "many": Row(429, "请求过于频繁", "Too many requests", 1),
    "fault": Row(500, "系统故障", "Fault in the system"),
    "busy": Row(503, "办理的人太多", "Busy", 1),
    "unavailable": Row(503, "暂时不可用", "Unavailable for the moment", 2),
    "behind": Row(503, "列表尚在更新", "Lists are catching up", 1),
    "full": Row(507, "存储空间不足", "Storage is full", 60),
}
_OF_STATUS = {row.status: kind for kind, row in reversed(list(TABLE.items()))}


class FieldError(BaseModel):
    """What is wrong with one field; in imports also the row and the column of the file."""

    field: str
    code: str
    detail: str
    row: int | None = None
    column: str | None = None


class Problem(BaseModel):
    """RFC 9457. `code` never changes; title and detail are in the language of Accept-Language (zh, else en).
    `legal`: the acts that are possible instead (409, 403). `errors`: field by field (422)."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    instance: str
    request_id: str
    legal: list[str] | None = None
    errors: list[FieldError] | None = None


def problem(
    conn: HTTPConnection, refused: Refused, *, errors: Sequence[Mapping[str, Any]] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:  # fmt: skip
    """The answer to a refused request."""
    row, zh = TABLE[refused.kind], speaks_chinese(conn)
    body: dict[str, Any] = {
        "type": f"urn:renling:{refused.code}", "title": row.zh if zh else row.en, "status": row.status,
        "detail": refused.zh if zh else refused.en, "code": refused.code, "instance": conn.scope.get("path", ""),
        "request_id": conn.scope.get("request_id", ""),
    }  # fmt: skip
    if row.status in (403, 409):
        body["legal"] = list(refused.legal)
    if row.status == 422:
        body["errors"] = list(errors) if errors is not None else [_field(refused, body["detail"])]
    extra = {"Content-Language": "zh-CN" if zh else "en", "Vary": "Accept-Language", **(headers or {})}
    if row.retry_after is not None:
        extra["Retry-After"] = str(row.retry_after)
    if row.status == 401:
        extra["WWW-Authenticate"] = 'Bearer realm="renling"'
    return Response(as_json(body), row.status, extra, media_type=PROBLEM)


def refusal_of(error: Exception) -> Refused:
    """What a failure of the house means to the one who asked."""
    match error:
        case Refused():
            return error
        case StoreUnavailable(full=True):
            return Refused(
                "store.full", "磁盘已满，暂时不能保存。请管理员清理后重试，同一 Idempotency-Key 可放心重发。",
                "The disk is full. Try again once the administrator has made room, with the same Idempotency-Key.",
                kind="full",
            )  # fmt: skip
        case StoreUnavailable():
            return Refused(
                "store.unavailable", "暂时不能保存或读取，请稍后用同一 Idempotency-Key 重试。",
                "Nothing can be stored or read right now: try again with the same Idempotency-Key.", kind="unavailable",
            )  # fmt: skip
        case Conflict():
            return Refused(
                "command.busy", "同时办理的人太多，请稍后再试。", "Too many at once; try again shortly.", kind="busy"
            )
        case Behind():
            return Refused(
                "lists.behind", f"列表更新到第 {error.position} 号，尚未到第 {error.wanted} 号，请稍后再读。",
                f"Lists have reached {error.position}, not yet {error.wanted}: read again shortly.", kind="behind",
            )  # fmt: skip
    return Refused(
        "system.fault", "系统出了故障，已记录。请凭 request_id 联系管理员。",
        "Something broke; it has been recorded. Give the request_id to the administrator.", kind="fault",
    )  # fmt: skip


def refusal_of_status(status: int) -> Refused:
    """For refusals of the framework itself: an unknown path, a method that is not there."""
    kind = _OF_STATUS.get(status, "malformed" if status < 500 else "fault")
    words = {
        "missing": ("path.unknown", "没有这个地址，目录见 /docs。", "There is no such address; see /docs."),
        "method": ("method.unknown", "该地址不支持此方法。", "That method is not possible here; see /docs."),
        "malformed": ("body.malformed", "请求体须为 UTF-8 编码的 JSON。", "The body must be JSON in UTF-8."),
        "large": ("body.too_large", "请求体过大。", "The body is too large."),
    }
    code, zh, en = words.get(kind, ("request.refused", TABLE[kind].zh + "。", TABLE[kind].en + "."))
    return Refused(code, zh, en, kind=kind)


def refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """For `responses=`: the problem documents a route may answer, besides those that any route may."""
    found: dict[int | str, dict[str, Any]] = {}
    for status in sorted({*statuses, 400, 401, 429, 503}):
        row = TABLE[_OF_STATUS[status]]
        found[status] = {
            "model": Problem, "description": f"{row.zh} / {row.en}", **({"headers": _RETRY} if row.retry_after else {}),
        }  # fmt: skip
    return found


def speaks_chinese(conn: HTTPConnection) -> bool:
    """By Accept-Language; Chinese unless English is asked for more."""
    weights = {"zh": 0, "en": -1}
    for part in conn.headers.get("accept-language", "")[:200].split(","):
        tag, _, q = part.partition(";")
        language = tag.strip().lower().partition("-")[0]
        if language in weights:
            weights[language] = max(weights[language], _permille(q))
    return weights["zh"] >= weights["en"]


def as_json(value: Any) -> bytes:
    """JSON bytes of anything we answer; lone surrogates that somebody sent us come back as question marks."""
    try:
        return orjson.dumps(value)
    except TypeError:
        return orjson.dumps(_clean(value))


_RETRY = {"Retry-After": {"schema": {"type": "integer"}, "description": "秒 / seconds"}}


def _field(refused: Refused, detail: str) -> dict[str, Any]:
    return {"field": refused.field or "", "code": refused.code, "detail": detail}


def _permille(q: str) -> int:
    """`;q=0.8` in thousandths; 1000 when nothing is said."""
    name, _, value = q.strip().partition("=")
    if name.strip() != "q":
        return 1000
    try:
        return max(0, min(1000, int(float(value) * 1000)))
    except (ValueError, OverflowError):
        return 0


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, Mapping):
        return {_clean(str(key)): _clean(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(inner) for inner in value]
    return value
