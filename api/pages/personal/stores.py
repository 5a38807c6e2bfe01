"""Where the pages find what is kept of people."""

from __future__ import annotations

from fastapi import Request

from services.personal import Personal


def personal_of(request: Request) -> Personal:
    found: Personal = request.app.state.personal
    return found
