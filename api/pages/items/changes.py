"""Two people at one item: what the second one changed, what the first one changed meanwhile, and what both did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from api.pages import shown
from api.pages.forms import Form, NotRead
from api.pages.items import typed
from api.pages.items.choices import URGENCIES
from api.pages.items.rows import numbered
from api.pages.sentences import FIELDS
from api.pages.words import Tongue

Doc = Mapping[str, Any]
CLEARED = {"windows": [], "beneficiaries": 0, "urgency": 0, "skill": "", "group": "", "minimum": 0}  # what it means to leave them blank


@dataclass(frozen=True, kw_only=True, slots=True)
class Meanwhile:
    """A part that somebody else has changed: what it was, what it is now, and whether the form says a third thing."""

    part: str
    name: str
    was: str
    now: str
    contested: bool


def changed(form: Form, item: Doc, kind: str) -> dict[str, Any]:
    """The parts that were typed otherwise than the item has them, as the API says them. Raises NotRead."""
    found, there = typed.values(numbered(form), kind), _values_of(item, kind)
    parts = [part for part in typed.PARTS[kind] if part not in typed.FIXED]
    other = {part: found.get(part) for part in parts if not typed.same(found.get(part), there.get(part))}
    emptied = [part for part in other if other[part] is None and part not in CLEARED]
    if emptied:
        raise NotRead([{"type": "emptied" if part != "lines" else "missing", "loc": (part,)} for part in emptied])
    return {part: CLEARED[part] if value is None else value for part, value in other.items()}


def carried_on(
    form: Form, was: Doc, now: Doc, kind: str, say: Tongue, groups: Mapping[str, str]
) -> tuple[Form, list[Meanwhile]]:
    """The form as it goes on upon the item as it is `now`: what nobody typed here is taken over from there; what both
    changed stays as it was typed, and is told."""
    mine, theirs = _touched(form, was, kind), _otherwise(was, now, kind)
    taken = typed.taken(form, now, kind, theirs - mine)
    told = [
        Meanwhile(
            part=part, name=FIELDS[part][0] if say.lang == "zh" else FIELDS[part][1], was=said(was, part, say, groups),
            now=said(now, part, say, groups), contested=part in mine,
        )
        for part in typed.PARTS[kind] if part in theirs
    ]  # fmt: skip
    return taken, told


def said(item: Doc, part: str, say: Tongue, groups: Mapping[str, str]) -> str:
    """A part of an item in words; "" for none. `groups`: residents by id."""
    value = item.get(part)
    match part:
        case "lines":
            return shown.amounts([{**line} for line in item["lines"]], say)
        case "windows":
            return say("、").join(shown.window(window, say) for window in item["windows"])
        case "urgency":
            return say(URGENCIES[int(value or 0)])
        case "respond_by":
            return shown.day(str(value)) if value else ""
        case "vulnerable":
            return say("是") if value else say("否")
        case "group" | "groups":
            several: Sequence[str] = [value] if isinstance(value, str) else value or ()
            return say("、").join(groups.get(each, each) for each in several if each)
        case "skills":
            return say("、").join(value or ())
    return str(value or "")


def _touched(form: Form, was: Doc, kind: str) -> set[str]:
    """What cannot be read was surely typed."""
    try:
        found = typed.values(numbered(form), kind)
    except NotRead as error:
        unread = {str(each["loc"][0]) for each in error.errors()}
        blank = numbered(Form({name: v for name, v in form.fields.items() if name.partition("-")[0] not in unread}))
        return unread | {p for p in _touched(blank, was, kind) if p not in unread}
    there = _values_of(was, kind)
    return {part for part in _open(kind) if not typed.same(found.get(part), there.get(part))}


def _otherwise(was: Doc, now: Doc, kind: str) -> set[str]:
    before, after = _values_of(was, kind), _values_of(now, kind)
    return {part for part in _open(kind) if not typed.same(before.get(part), after.get(part))}


def _values_of(item: Doc, kind: str) -> dict[str, Any]:
    return typed.values(Form(typed.fields(item, kind)), kind)


def _open(kind: str) -> list[str]:
    return [part for part in typed.PARTS[kind] if part not in typed.FIXED]
