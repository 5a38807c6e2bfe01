"""Where residents evaluate: the address that a one-time link is made into. Its code stands behind the #, so that no server,
no log and no scanner of messages ever sees it before the resident sends it."""

from __future__ import annotations

from starlette.requests import HTTPConnection


def address_of(conn: HTTPConnection, token: str) -> str:
    """`token` is `project.code`."""
    project, _, code = token.partition(".")
    base = conn.app.state.settings.public_url or str(conn.base_url)
    return f"{base.rstrip('/')}/evaluate/{project}#{code}"
