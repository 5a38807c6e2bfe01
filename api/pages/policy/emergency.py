"""Declaring an emergency, in which matching goes by rules of its own, and lifting it."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request, Response

from api.bodies_policy import EmergencyIn, LiftingIn
from api.pages.forms import Form, answered, asking_by_form, blank, form_of, someone
from api.pages.places import engine_of
from api.pages.policy.standing import about
from api.pages.site import Site
from domain.access import Facts, allow
from domain.calendar import ZONE
from domain.rules import EMERGENCY_DAYS
from services.command import Done

USUAL_DAYS = 7  # what the form suggests


def install(router: APIRouter, site: Site) -> None:
    @router.api_route("/policy/emergency", methods=["GET", "HEAD"])
    async def emergency(request: Request) -> Response:
        day = _today(request) + timedelta(days=USUAL_DAYS)
        return await _page(site, request, blank(until=f"{day:%Y-%m-%d}"))

    @router.post("/policy/emergency")
    async def declare(request: Request) -> Response:
        form = await form_of(request)
        someone(request)

        async def act() -> Done:
            until = form["until"].strip()
            end = f"{until}T23:59:59+08:00" if len(until) == len("2026-01-01") else until
            asked = EmergencyIn.model_validate({"until": end, "reason": form["reason"].strip()})
            ask = asking_by_form(request, form)
            return await engine_of(request).policies.declare_emergency(ask, until=asked.until, reason=asked.reason)

        async def again(filled: Form, status: int) -> Response:
            return await _page(site, request, filled, status)

        return await answered(request, form, act, then=lambda _: "/policy", again=again, said="done")

    @router.post("/policy/emergency/lifting")
    async def lift(request: Request) -> Response:
        form = await form_of(request)
        someone(request)

        async def act() -> Done:
            asked = LiftingIn.model_validate({"reason": form["reason"].strip()})
            return await engine_of(request).policies.lift_emergency(asking_by_form(request, form), reason=asked.reason)

        async def again(filled: Form, status: int) -> Response:
            return await _page(site, request, filled, status)

        return await answered(request, form, act, then=lambda _: "/policy", again=again, said="done")


async def _page(site: Site, request: Request, form: Form, status: int = 200) -> Response:
    who, standing = someone(request), await engine_of(request).policies.standing()
    allow(who, "policy.emergency", Facts(path=(standing.state.book.area,)))
    today = _today(request)
    return site.page(
        request, "policy/emergency", status=status, **about(standing), form=form, days=EMERGENCY_DAYS,
        earliest=f"{today:%Y-%m-%d}", latest=f"{today + timedelta(days=EMERGENCY_DAYS - 1):%Y-%m-%d}",
    )  # fmt: skip


def _today(request: Request) -> datetime:
    """In Shanghai."""
    return engine_of(request).streams.clock.now().astimezone(ZoneInfo(ZONE))
