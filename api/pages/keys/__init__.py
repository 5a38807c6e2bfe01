"""Keys of programs, on a page for those who look after them."""

from __future__ import annotations

from api.pages.keys.page import routes

__all__ = ["routes"]
