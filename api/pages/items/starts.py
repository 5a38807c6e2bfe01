"""How a form is begun: blank, like another item, like last year's, or by a template of the district."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any

from api.pages import shown
from api.pages.forms import Form, blank
from api.pages.items import typed
from api.pages.items.choices import Choices
from api.pages.items.rows import flat, rows_of
from api.pages.items.windows import as_shown
from api.pages.items.windows import typed as typed_windows
from api.pages.places import rule_book
from api.pages.words import Tongue
from domain import areas
from domain.access import Principal
from domain.events import Refused
from services.command import kind_of
from services.copies import again
from services.engine import Engine
from services.pack_file import Template
from services.rulebooks import load_pack
from services.sight import seen

LATELY, LONG_AGO = timedelta(days=304), timedelta(days=426)  # 10 and 14 months ago
MOST = 6
LOOKED_AT = 50

Doc = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Starts:
    """(name, address) of what a form may begin with."""

    templates: tuple[tuple[str, str], ...] = ()
    last_year: tuple[tuple[str, str], ...] = ()


async def begun(
    engine: Engine, me: Principal, kind: str, choices: Choices, *, like: str, template: str, say: Tongue
) -> Form:
    """Refused: item.not_found, when the item to copy is not there for this person."""
    common = {"area": choices.own_area, "urgency": "1"} if kind == "need" else {"reach": _widest(choices)}
    if like:
        common |= await _copied(engine, me, kind, like, choices)
    elif template:
        found = [each for each in await _templates(engine) if each.id == template and kind in each.of]
        common |= _by_template(found[0], kind, say) if found else {}
    return blank(**common)


async def starts(engine: Engine, me: Principal, kind: str, say: Tongue) -> Starts:
    found = [each for each in await _templates(engine) if kind in each.of]
    return Starts(
        templates=tuple((each.zh if say.lang == "zh" else each.en, f"/{kind}s/new?template={each.id}") for each in found),
        last_year=tuple([(doc["title"], f"/{kind}s/new?like={doc['id']}") for doc in await _last_year(engine, me, kind)]),
    )


async def _copied(engine: Engine, me: Principal, kind: str, like: str, choices: Choices) -> dict[str, str]:
    """A need may be answered by an offer of the same shape, so that either may be copied into either."""
    source = kind_of(like)
    state: Any = await seen(engine.streams, me, like, source if source in ("need", "offer") else kind)
    item = await engine.trail.item(like)
    assert item is not None
    found = {
        name: value for name, value in typed.fields({**_UNSAID, **_of_the_other(item, kind), **item}, kind).items()
        if name.partition("-")[0] not in ("respond_by", "reach", "windows")
    }  # fmt: skip
    allowed = {area for _, inside in choices.areas for area, _ in inside}
    if kind == "need" and found["area"] not in allowed:
        found["area"] = choices.own_area
    if item.get("reach"):
        held = await engine.streams.load(areas.stream(item["reach"]))
        found["reach"] = held.state.kind if held else _widest(choices)
    moved = again(state.content.windows, engine.streams.clock.now())
    rows = {"windows": typed_windows(as_shown(moved)), "lines": rows_of(found, "lines")}
    return flat(found, rows)


def _of_the_other(item: Doc, kind: str) -> Doc:
    """What a need asks for as an offer would say it, and the other way round where it is but one thing."""
    if kind == "offer":
        return {"skills": [item["skill"]] if item.get("skill") else [], "groups": [item["group"]] if item.get("group") else []}
    skills: Sequence[str] = item.get("skills") or ()
    groups: Sequence[str] = item.get("groups") or ()
    return {"skill": skills[0] if len(skills) == 1 else None, "group": groups[0] if len(groups) == 1 else None}


async def _last_year(engine: Engine, me: Principal, kind: str) -> Sequence[Doc]:
    """One's own items of ten to fourteen months ago, as they were called then."""
    now = engine.streams.clock.now()
    first, last = now - LONG_AGO, now - LATELY
    page = await engine.boards.list(f"{kind}s", me, owner=me.org, at=last.isoformat(), limit=LOOKED_AT)
    found = [doc for doc in page.items if doc["title"] and shown.local(doc["created_at"]) >= first]
    return found[:MOST]


async def _templates(engine: Engine) -> tuple[Template, ...]:
    """Of the pack of this district, as far as the rule book in force has their categories."""
    book = await rule_book(engine)
    known = {category.id for category in book.categories} if book else set()
    return tuple(each for each in _shipped(book.district) if each.category in known) if book else ()


@cache
def _shipped(district: str) -> tuple[Template, ...]:
    """Packs are shipped with the program and do not change while it runs."""
    try:
        return load_pack(district).templates
    except Refused:
        return ()


def _by_template(template: Template, kind: str, say: Tongue) -> dict[str, str]:
    lines = [{"kind": line.kind, "quantity": str(line.quantity), "unit": line.unit} for line in template.lines]
    title = template.zh if say.lang == "zh" else template.en
    plain = {"title": title, "category": template.category, "note": template.note}
    if kind == "offer":
        plain |= {"skills": "、".join(template.skills), **{f"groups-{group}": typed.ON for group in template.groups}}
    else:
        plain |= {"skill": "".join(template.skills[:1]), "group": "".join(template.groups[:1])}
        plain |= {"vulnerable": typed.ON} if template.vulnerable else {}
    return flat(plain, {"lines": lines})


def _widest(choices: Choices) -> str:
    return choices.reaches[0][0] if choices.reaches else ""


_UNSAID = {"beneficiaries": 0, "urgency": 1, "outside": None, "respond_by": None, "reach": None}  # of the other kind
