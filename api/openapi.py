"""The OpenAPI document: FastAPI's own, with the key, and every refusal as a problem document."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from api.errors import PROBLEM

_KEY = {"type": "http", "scheme": "bearer", "description": "密钥 / a key: ./dev cli key --role … --org …"}
_ABOUT = """双向认领的接口，第一版。每个命令须带 `Idempotency-Key`，重发得到逐字节相同的回答。
错误为 RFC 9457，`code` 不变，文字随 `Accept-Language`（默认中文）。

The API of the two-way claim, version 1. Every command takes an `Idempotency-Key` and answers the same bytes when it is
repeated. Errors are RFC 9457 with a stable `code`, in the language of `Accept-Language` (Chinese by default)."""


def described(app: FastAPI) -> dict[str, Any]:
    """Made once, kept with the app."""
    if app.openapi_schema is None:
        schema = get_openapi(
            title=app.title, version=app.version, summary=app.summary, description=_ABOUT, routes=app.routes
        )
        schema.setdefault("components", {})["securitySchemes"] = {"key": _KEY}
        schema["security"] = [{"key": []}]
        for path in schema["paths"].values():
            for operation in path.values():
                _as_problems(operation["responses"])
        app.openapi_schema = schema
    return app.openapi_schema


def _as_problems(responses: dict[str, Any]) -> None:
    """FastAPI writes every model under application/json; refusals are problem documents."""
    for status, response in responses.items():
        if status >= "400" and "application/json" in response.get("content", {}):
            response["content"] = {PROBLEM: response["content"]["application/json"]}
