"""What can be chosen on the form of a need or an offer: categories, areas of one's own, reach, and words to begin with."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from api.pages import shown
from api.pages.items.windows import DAYS
from api.pages.places import category_words, group_words, names, rule_book, tier_words
from api.pages.words import URGENCY, Tongue, bases
from domain import areas
from domain.access import COORDINATORS, PARTIES, UNIT_ROLES, Principal
from domain.capacity import MONEY_UNITS
from domain.events import Refused
from domain.rules import RuleBook
from services.engine import Engine

MOST_AREAS = 600
A_PAGE = 200
MOST_ORGS = 60
URGENCIES = {0: "不急", 1: "一般", **URGENCY}
ID = re.compile(r"[0-9A-Za-z._-]{1,80}")
YUAN = "元"

Named = tuple[str, str]  # id, name


@dataclass(frozen=True, kw_only=True, slots=True)
class Choices:
    """`areas` by the area above them; `orgs` are some that a coordinator may act for, by name."""

    categories: tuple[Named, ...] = ()
    areas: tuple[tuple[str, tuple[Named, ...]], ...] = ()
    own_area: str = ""
    reaches: tuple[Named, ...] = ()
    kinds: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    skills: tuple[str, ...] = ()
    groups: tuple[Named, ...] = ()
    acts_for_others: bool = False
    orgs: tuple[str, ...] = ()
    bases: tuple[Named, ...] = ()
    urgencies: tuple[tuple[int, str], ...] = ()
    days: tuple[tuple[int, str], ...] = ()

    @property
    def only_area(self) -> Named | None:
        """When there is nothing to choose."""
        every = [area for _, inside in self.areas for area in inside]
        return every[0] if len(every) == 1 else None


async def choices_of(engine: Engine, me: Principal | None, kind: str, say: Tongue, area: str = "") -> Choices:
    """For somebody whose session has ended (None) only what everybody may know, and the area that was chosen."""
    book = await rule_book(engine)
    units = dict.fromkeys(YUAN if unit in MONEY_UNITS else unit for unit in (book.units if book else ()))
    common = Choices(
        categories=tuple(category_words(book, say).items()), kinds=book.kinds if book else (), units=tuple(units),
        skills=book.skills if book else (), groups=tuple(group_words(book, say).items()),
        reaches=_reaches(book, say), bases=tuple(bases(say).items()),
        urgencies=tuple((n, say(word)) for n, word in sorted(URGENCIES.items())),
        days=tuple((n, shown.day_of_week(n, say)) for n in DAYS),
    )  # fmt: skip
    if me is None:
        there = ((area, (await names(engine, [area], None))[area]),) if area else ()
        return replace(common, areas=(("", there),))
    roots = await _own_areas(engine, me, book) if kind == "need" else ()
    return replace(
        common, areas=await _below(engine, me, roots), own_area=roots[0] if roots else "",
        acts_for_others=me.role in COORDINATORS, orgs=await _represented(engine, me),
    )


def must_take_part(me: Principal) -> Principal:
    """Those who keep the house or audit it have nothing to give and nothing to ask for."""
    if me.role not in PARTIES:
        raise Refused(
            "access.no_party", "您的账号不代表单位、居民区或街道，不能发布。",
            "Your account does not speak for a unit, a committee or a street: it cannot post.", kind="forbidden",
        )  # fmt: skip
    return me


async def acted_for(engine: Engine, me: Principal, typed: str) -> str | None:
    """The organisation that was named, by its id or its whole name; None when there is none, or nobody to act for it."""
    if not typed.strip() or me.role not in COORDINATORS:
        return None
    named = typed.strip()
    if ID.fullmatch(named) and await engine.streams.load(named if named.startswith("unit-") else areas.stream(named)):
        return named
    for kind in ("areas", "units"):
        found = (await engine.boards.list(kind, me, area=me.area, q=named, limit=A_PAGE)).items
        if exact := [doc["id"] for doc in found if named in (doc["id"], doc["name"], doc["number"])]:
            return str(exact[0])
    return None


async def _represented(engine: Engine, me: Principal) -> tuple[str, ...]:
    """Units first. Not all of a whole district's: a name can be typed, too."""
    if me.role not in COORDINATORS:
        return ()
    pages = [await engine.boards.list(kind, me, area=me.area, limit=MOST_ORGS) for kind in ("units", "areas")]
    return tuple(doc["name"] for page in pages for doc in page.items)


async def _own_areas(engine: Engine, me: Principal, book: RuleBook | None) -> tuple[str, ...]:
    """Where one may post: a unit where it is stationed, a committee its own, a coordinator the area in hand."""
    if me.role in UNIT_ROLES:
        held = await engine.streams.load(me.org) if me.org.startswith("unit-") else None
        return tuple(held.state.areas) if held else ()
    if me.role == "committee":
        return (me.org,)
    return (me.area or (book.area if book else ""),)


async def _below(
    engine: Engine, me: Principal, roots: tuple[str, ...]
) -> tuple[tuple[str, tuple[Named, ...]], ...]:
    """All areas at and below these that stand, grouped under the name of what lies above them."""
    docs: Mapping[str, Mapping[str, str | None]] = {}
    for root in dict.fromkeys(roots):
        cursor: str | None = None
        if held := await engine.streams.load(areas.stream(root)):  # one's own is there before the lists know it
            docs = {**docs, root: {"name": held.state.name, "parent": held.state.parent}}
        while len(docs) < MOST_AREAS:
            page = await engine.boards.list("areas", me, area=root, status="open", limit=A_PAGE, cursor=cursor)
            docs = {**docs, **{doc["id"]: doc for doc in page.items}}
            if (cursor := page.next) is None:
                break
    above = await names(engine, [doc["parent"] for doc in docs.values()], None)
    groups: dict[str, list[Named]] = {}
    for id in sorted(docs):
        groups.setdefault(above.get(docs[id]["parent"] or "", ""), []).append((id, docs[id]["name"] or id))
    return tuple((name, tuple(inside)) for name, inside in groups.items())


def _reaches(book: RuleBook | None, say: Tongue) -> tuple[Named, ...]:
    """The whole district, one's own street …"""
    found = list(tier_words(book, say).items())
    return tuple((kind, say("本{tier}", tier=word) if n else say("全{tier}", tier=word)) for n, (kind, word) in enumerate(found))
