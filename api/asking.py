"""A command as the services want it: who, under which idempotency key, with which fingerprint, about which version."""

from __future__ import annotations

import hashlib
import re

from starlette.requests import HTTPConnection, Request

from api.auth import viewer
from domain.events import Refused
from services.command import Ask
from services.engine import Engine

_KEY = re.compile(r"[\x21-\x7e]{1,200}")
_VERSION = re.compile(r'(?:W/)?"(\d{1,15})"|(\d{1,15})', re.ASCII)
_WORD = re.compile(r"[A-Za-z0-9_-]{1,64}")
_POSITION = re.compile(r"\d{1,15}", re.ASCII)


def engine(conn: HTTPConnection) -> Engine:
    found: Engine = conn.app.state.engine
    return found


async def asking(request: Request, carried: bytes | None = None) -> Ask:
    """`carried`: what counts of the body (a file without the form around it). Refused (400): command.key_missing,
    command.key_malformed, if_match.malformed, header.malformed. `On-Behalf-Of` and `Basis`: acting for another."""
    headers: dict[bytes, bytes] = dict(reversed(request.scope["headers"]))  # of two with one name the first counts
    key = headers.get(b"idempotency-key", b"").decode("latin-1").strip()
    if not key:
        raise Refused(
            "command.key_missing", "请在 Idempotency-Key 请求头中给出这次办理的唯一编号，重发时不变。",
            "Name this act in the header Idempotency-Key; keep the name when you send it again.",
            kind="malformed", field="Idempotency-Key",
        )  # fmt: skip
    if not _KEY.fullmatch(key):
        raise Refused(
            "command.key_malformed", "Idempotency-Key 为 1–200 个可见的 ASCII 字符。",
            "An Idempotency-Key has 1 to 200 visible ASCII characters.", kind="malformed", field="Idempotency-Key",
        )  # fmt: skip
    body = await request.body() if carried is None else carried
    behalf, basis = _word(headers, b"on-behalf-of"), _word(headers, b"basis")
    mark = fingerprint(request, body if behalf is None else f"{behalf}\n{basis}\n".encode() + body)
    return Ask(
        principal=viewer(request), key=key, fingerprint=mark, on_behalf_of=behalf, basis=basis if behalf else None,
        if_match=_version(headers[b"if-match"].decode("latin-1")) if b"if-match" in headers else None,
    )  # fmt: skip


def fingerprint(request: Request, body: bytes) -> str:
    """sha256 of method, path, query and body: the same key with another request is a misuse."""
    scope = request.scope
    head = f"{scope['method']}\n{scope['path']}\n".encode() + scope.get("query_string", b"") + b"\n"
    return hashlib.sha256(head + body).hexdigest()


def min_position(conn: HTTPConnection) -> int | None:
    """What the reader has already seen. Refused (400): min_position.malformed."""
    given = conn.headers.get("min-position")
    if given is None:
        return None
    if not _POSITION.fullmatch(given.strip()):
        raise Refused(
            "min_position.malformed", "Min-Position 须为总账序位（整数）。", "Min-Position is a ledger position.",
            kind="malformed", field="Min-Position",
        )  # fmt: skip
    return int(given)


def _word(headers: dict[bytes, bytes], name: bytes) -> str | None:
    """An id or code in a header; None when it is not there."""
    given = headers.get(name, b"").decode("latin-1").strip()
    if given and not _WORD.fullmatch(given):
        title = name.decode().title()
        raise Refused(
            "header.malformed", f"{title} 为 1–64 个字母、数字、横线或下划线。", f"{title}: 1 to 64 letters, digits, - or _.",
            kind="malformed", field=title,
        )  # fmt: skip
    return given or None


def _version(given: str | None) -> int | None:
    if given is None or given.strip() in ("", "*"):
        return None
    match = _VERSION.fullmatch(given.strip())
    if match is None:
        raise Refused(
            "if_match.malformed", "If-Match 须为一项的 ETag，例如 \"3\"。", 'If-Match is an ETag such as "3".',
            kind="malformed", field="If-Match",
        )  # fmt: skip
    return int(match[1] or match[2])
