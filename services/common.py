"""What several use cases share: text that is typed in, organisations that act, and where they stand."""

from __future__ import annotations

from collections.abc import Iterable

from domain import areas, personal_text, units
from domain.access import UNIT_ROLES
from domain.capacity import Line
from domain.events import Plain, Refused
from services.work import Work

MOST_TEXT = 4000  # characters of a note; titles are shorter
MOST_TITLE = 120


def text(value: str | None, field: str = "note") -> Plain | None:
    """Free text as typed; blank is none."""
    if value is None or not value.strip():
        return None
    if len(value) > MOST_TEXT:
        raise Refused(
            "text.too_long", f"文字最多 {MOST_TEXT} 字。", f"At most {MOST_TEXT} characters.", kind="invalid", field=field
        )
    personal_text.check(value, field)
    return Plain(value.strip())


def title(value: str) -> Plain:
    """A title of 1 to 120 characters."""
    stripped = value.strip()
    if not 1 <= len(stripped) <= MOST_TITLE:
        raise Refused(
            "title.length", f"标题为 1–{MOST_TITLE} 字。", f"A title has 1 to {MOST_TITLE} characters.",
            kind="invalid", field="title",
        )  # fmt: skip
    personal_text.check(stripped, "title")
    return Plain(stripped)


def named(lines: tuple[Line, ...]) -> tuple[Line, ...]:
    """Lines as typed: what they are called stands in the ledger in the open and cannot be erased."""
    for n, line in enumerate(lines):
        personal_text.check(line.kind, f"lines[{n}].kind")
    return lines


def open_word(value: str | None, field: str) -> str | None:
    """A word that stands in the ledger in the open and cannot be erased."""
    if value:
        personal_text.check(value, field)
    return value


def skill(value: str | None, field: str = "skill") -> str | None:
    """A word for what somebody can do, without the space around it. It stands in the ledger in the open."""
    return value if value is None else open_word(value.strip(), field)


async def home(work: Work, org: str) -> str:
    """The area an organisation belongs to: a unit's first area, a committee's own; for others the principal's area.
    Refused when the unit is unknown or suspended, or the neighbourhood unknown or closed."""
    principal = work.ask.principal
    if org.startswith("unit-") or (org == principal.org and principal.role in UNIT_ROLES):
        unit = units.taking_part(await work.state(org) if org.startswith("unit-") else None, org)
        return unit.areas[0]
    state = await work.state(areas.stream(org))
    if state is not None or (org == principal.org and principal.role == "committee"):
        return areas.still_open(state, org).id
    area = principal.area if org == principal.org else None
    return area or (await work.rules()).book.area


async def taking_part(work: Work, orgs: Iterable[str]) -> None:
    """Refused when one of them is suspended or closed: nobody new is bound to it."""
    for org in orgs:
        await home(work, org)


async def known(work: Work, org: str, field: str) -> None:
    """A unit of the register or an area's committee that takes part now."""
    if not org.startswith("unit-"):
        areas.still_open(await work.state(areas.stream(org)), org, field=field)
    await home(work, org)


async def places(work: Work, org: str) -> tuple[str, ...]:
    """All areas an organisation belongs to and all above them."""
    here = [await home(work, org)]
    if org.startswith("unit-"):
        here = list((await work.state(org)).areas)
    found: list[str] = []
    for area in here:
        found += await work.path(area)
    return tuple(dict.fromkeys(found))


def series(prefix: str, work: Work, district: str) -> str:
    """The number series of this year: XQ need, ZY offer, RL claim, XM project, DW unit."""
    return f"{prefix}-{district}-{work.at.year}"
