"""The style sheet, the script and the sign: read once, named by their content."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from fastapi import APIRouter, Request, Response

TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}


@dataclass(frozen=True, slots=True)
class Asset:
    body: bytes
    media_type: str
    digest: str


def load_assets(folder: Path) -> dict[str, Asset]:
    return {path.name: _asset(path) for path in sorted(folder.iterdir()) if path.suffix in TYPES}


def routes(assets: Mapping[str, Asset]) -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.api_route("/static/{name}", methods=["GET", "HEAD"])
    async def static(name: str, request: Request) -> Response:
        asset = assets.get(name)
        return Response(status_code=404) if asset is None else _answer(asset, request)

    return router


def _asset(path: Path) -> Asset:
    body = path.read_bytes()
    digest = hashlib.sha256(body).hexdigest()[:12]
    return Asset(body, TYPES[path.suffix], digest)


def _answer(asset: Asset, request: Request) -> Response:
    """For a year when asked for by its content, else asked for again each time."""
    by_content = request.query_params.get("v") == asset.digest
    headers = {
        "Cache-Control": "public, max-age=31536000, immutable" if by_content else "no-cache",
        "ETag": f'"{asset.digest}"',
    }
    if request.headers.get("If-None-Match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    return Response(asset.body, headers=headers, media_type=asset.media_type)
