"""Which roles somebody can be given on a form, and the organisation that was typed, found in the register."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from api.pages.account.people import ROLE_WORDS
from api.pages.forms import Form
from api.pages.places import names, rule_book
from api.pages.words import Tongue
from domain import areas
from domain.access import Principal
from domain.events import Refused
from services.accounts_office import GIVEN, MANAGED, OFFICES, Post
from services.command import kind_of
from services.engine import Engine

SUGGESTED = 200  # names that are offered while one types


async def choices(engine: Engine, by: Principal, say: Tongue) -> dict[str, Any]:
    """`roles` to choose from; `orgs` are names to type; `org_name` is a manager's own, who types none."""
    if by.role == "unit_manager":
        own = (await names(engine, [by.org], None))[by.org]
        return {"roles": [(MANAGED, say(ROLE_WORDS[MANAGED]))], "orgs": (), "org_name": own}
    units = await engine.boards.public("units", limit=SUGGESTED)
    return {
        "roles": [(role, say(ROLE_WORDS[role])) for role in GIVEN], "orgs": sorted(each["title"] for each in units.items),
        "org_name": "",
    }  # fmt: skip


async def post_of(engine: Engine, by: Principal, form: Form, until: datetime | None = None) -> Post:
    """Refused: role.unknown, org.unknown, org.wrong_kind."""
    role = form["role"]
    if role not in GIVEN:
        raise Refused("role.unknown", "请选择身份。", "Choose a role.", kind="invalid", field="role")
    if by.role == "unit_manager":
        return Post(role=role, org=by.org, until=until)
    book = await rule_book(engine)
    top = book.area if book else ""
    if role in OFFICES:
        return Post(role=role, org=top, area=top if role == "district" else None, until=until)
    kind = "units" if role in ("unit", "unit_manager") else "areas"
    found = await _found(engine, kind, form["org"].strip())
    tiers = [tier.kind for tier in book.tiers] if book else []
    fits = kind == "units" or (found["kind"] == tiers[-1] if role == "committee" else found["kind"] in tiers[1:-1])
    if not fits:
        raise Refused(
            "org.wrong_kind", "这个身份不属于这一层级的区域。", "That role does not belong to an area of this tier.",
            kind="invalid", field="org",
        )  # fmt: skip
    return Post(role=role, org=found["id"], area=found["id"] if role == "street" else None, until=until)


async def _found(engine: Engine, kind: str, typed: str) -> dict[str, Any]:
    """By its whole name or its id. Refused: org.unknown."""
    if typed:
        page = await engine.boards.public(kind, q=typed, limit=SUGGESTED)
        by_name = [each for each in page.items if typed in (each["title"], each["id"])]
        if len(by_name) == 1:
            return by_name[0]
        stream = typed if kind == "units" else areas.stream(typed)
        if not by_name and (held := await engine.streams.load(stream)) is not None and kind_of(stream) == kind[:-1]:
            return {"id": held.state.id, "kind": held.state.kind}
    raise Refused(
        "org.unknown", "登记册里没有这个名称。请按登记的全称填写。", "The register has no such name: type it whole.",
        kind="invalid", field="org",
    )  # fmt: skip
