"""What stands beside an item about people: how to reach them, and objections to what was done in their names."""

from __future__ import annotations

from typing import Any

from fastapi import Request

from api.pages.personal.contacts import contact_boxes
from api.pages.personal.delegations import told


async def people_beside(request: Request, item: str, at: str = "") -> dict[str, Any]:
    """Values for `personal/contact_box.html` and `personal/objections.html`. `at`: the past shows no contacts."""
    personal = getattr(request.app.state, "personal", None)
    if personal is None:
        return {"about": item, "boxes": [], "objections": []}
    acts = [act for act in await personal.delegations.about(item) if act.objection]
    return {
        "about": item, "boxes": [] if at else await contact_boxes(request, item),
        "objections": [] if at else await told(request.app.state.engine, acts, request),
    }  # fmt: skip
