"""What the pages and routes of notices ask: the district's post, if it has one."""

from __future__ import annotations

from starlette.requests import HTTPConnection

from api.auth import person
from domain.events import Refused
from services.ports import StoreUnavailable
from services.post import Post


def post_of(conn: HTTPConnection) -> Post:
    """Refused: notices.unavailable, where the district keeps none."""
    found: Post | None = getattr(conn.app.state, "post", None)
    if found is None:
        raise Refused(
            "notices.unavailable", "这里没有启用消息。", "Notices are not kept here.", kind="unavailable"
        )
    return found


def unread_of(conn: HTTPConnection) -> int:
    """For the head of every page: never an error, never a wait."""
    found: Post | None = getattr(conn.app.state, "post", None)
    if found is None:
        return 0
    try:
        return found.inbox.unread(person(conn))
    except StoreUnavailable:
        return 0
