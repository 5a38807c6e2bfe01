"""Pairs and needs left over as a page shows them: what they are about, whose they are, when, how well, what became of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from markupsafe import Markup

from api.pages import shown
from api.pages.bars import points_bar
from api.pages.rounds import told
from api.pages.site import link
from api.pages.suggested import WORDS
from api.pages.words import Tongue
from domain.calendar import expand
from domain.capacity import Line
from domain.matching.candidates import Candidate, named
from domain.matching.outcome import Pair, Unserved
from domain.matching.policy import WHOLE
from domain.round import RoundState
from services.read_ports import Doc
from services.shapes import window

A_PAGE = 25


@dataclass(frozen=True, slots=True)
class Item:
    """A need or an offer by name; `title` says so when its words were destroyed or are not for these eyes."""

    id: str
    title: str
    number: str
    owner: str
    href: str


@dataclass(frozen=True, slots=True)
class Row:
    """One pair. `state` is (kind of pill or "", status or words, address)."""

    need: Item
    offer: Item
    unit: str
    amounts: str
    when: str
    facts: tuple[str, ...]
    score: int
    bar: Markup
    parts: tuple[tuple[str, int], ...]
    by: str
    state: tuple[str, str, str]
    why: str


@dataclass(frozen=True, slots=True)
class Rest:
    """One need that is left over."""

    need: Item
    left: told.Left
    why: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Namer:
    """Who and what is called how, for one viewer."""

    docs: Mapping[str, Doc]
    called: Mapping[str, str]
    tiers: Mapping[str, str]
    say: Tongue
    org: str = ""  # sees what is its own, public or not
    all: bool = True

    def item(self, id: str) -> Item:
        doc, kind = self.docs.get(id), id.partition("-")[0]
        if doc is None:
            return Item(id, id, "", "", f"/{kind}s/{id}")
        owner = self.called.get(doc["owner"], doc["owner"])
        if not (self.all or doc.get("public", True) or doc["owner"] == self.org):
            return Item(id, self.say("（未公开）"), "", owner, "")
        return Item(id, doc["title"] or self.say("（文字已删除）"), doc["number"], owner, f"/{kind}s/{id}")

    def owner(self, id: str) -> str:
        return self.item(id).owner

    def near(self, tier: str) -> str:
        return self.say("同一{tier}", tier=self.tiers[tier]) if tier in self.tiers else ""


def pair_row(round: RoundState, pair: Pair, name: Namer) -> Row:
    say = name.say
    points = parts(pair.parts, say)
    facts = (name.near(pair.tier), say("满足 {pct}", pct=told.per_cent(pair.cover, say)))
    return Row(
        name.item(pair.need), name.item(pair.offer), name.called.get(pair.unit, pair.unit), _each(pair, say),
        shown.window(window(pair.window), say) if pair.window else say("时间不限"), tuple(fact for fact in facts if fact),
        pair.score, points_bar(points), points, pair.by, _state(round, pair, name),
        link(f"/rounds/{round.id}/needs/{pair.need}"),
    )  # fmt: skip


def rest_row(round: RoundState, each: Unserved, name: Namer) -> Rest:
    return Rest(name.item(each.need), told.left(each.reasons, name.say), link(f"/rounds/{round.id}/needs/{each.need}"))


def grouped(pairs: Sequence[Pair], by_unit: bool, name: Namer) -> list[tuple[str, int, Pair]]:
    """(group, how many it has, pair) in the order of the page: by name of the group, the best first."""

    def group(pair: Pair) -> str:
        return name.called.get(pair.unit, pair.unit) if by_unit else name.owner(pair.need)

    ordered = sorted(pairs, key=lambda pair: (group(pair), -pair.score, pair.need, pair.offer))
    counted = {of: len(list(those)) for of, those in groupby(ordered, key=group)}
    return [(group(pair), counted[group(pair)], pair) for pair in ordered]


def sheet(rows: Iterable[tuple[str, int, Any]]) -> list[tuple[str, int, list[Any]]]:
    """Rows of a page under the headings of their groups."""
    found: list[tuple[str, int, list[Any]]] = []
    for group, count, row in rows:
        if not found or found[-1][0] != group:
            found.append((group, count, []))
        found[-1][2].append(row)
    return found


def amounts(lines: Iterable[Line], say: Tongue) -> str:
    """One claim draws the same quantity in each occurrence."""
    return shown.amounts([{"kind": line.kind, "unit": line.unit, "quantity": line.quantity} for line in lines], say)


def parts(values: tuple[int, ...], say: Tongue) -> tuple[tuple[str, int], ...]:
    """The eight products by name."""
    return tuple((say(WORDS[criterion]), points) for criterion, points in named(values).items())


def _each(pair: Pair, say: Tongue) -> str:
    """Lines count for each occurrence of the window."""
    said, times = amounts(pair.lines, say), len(expand(pair.window)) if pair.window else 1
    return say("{n} 场，每场 {each}", n=times, each=said) if times > 1 else said


def candidate_facts(candidate: Candidate, name: Namer) -> list[str]:
    say = name.say
    halves = say("共同半天 {n} 个", n=candidate.halves) if candidate.halves else say("时间不限")
    cover = say("可满足 {pct}", pct=told.per_cent(min(candidate.cover, WHOLE), say))
    return [fact for fact in (name.near(candidate.tier), halves, cover) if fact]


def _state(round: RoundState, pair: Pair, name: Namer) -> tuple[str, str, str]:
    names, say = (pair.need, pair.offer), name.say
    if names in round.dropped:
        return "", say("未能提出：{why}", why=told.dropped(round.dropped[names], say)), ""
    claim = round.proposed.get(names)
    if claim is None:
        return ("", say("正在提出"), "") if round.status == "published" else ("", "", "")
    doc = name.docs.get(claim)
    return "claim", doc["status"] if doc else "proposed", f"/claims/{claim}"
