"""Every route of the API, asked by every kind of person in every relation to it, in every state, is answered as the
reviewed copy of the rights says. The copy has a reader of its own; a route that it does not know fails."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from fastapi.routing import iter_route_contexts

from domain import access
from tests.support.rights_copy import Row, expected, read_copy, uncovered
from tests.support.rights_sweep import Sweep
from tests.support.rights_things import STATES, make
from tests.support.rights_town import Town, opened_town

COPY = read_copy(Path(__file__).with_name("access_rights.csv"))
KINDS = {"needs": "need", "offers": "offer", "claims": "claim", "projects": "project", "rounds": "round"}
FOR_OTHERS = ("need", "offer", "claim", "joint claim", "project", "new need", "new offer", "claim of need", "claim of offer")
BY_HAND = ("list", "ledger", "stream")  # asked in tests of their own


def swept(folder: Path, rows: Sequence[Row], everything: Sequence[Row] = COPY) -> Sweep:
    """A new town, asked all that these rows are about."""

    async def sweep() -> Sweep:
        async with opened_town(folder) as town:
            made = Sweep(town, everything)
            for row in rows:
                await made.ask(row)
            return made

    return asyncio.run(sweep())


def some(*words: str) -> list[Row]:
    return [row for row in COPY if any(row.path.endswith(word) for word in words)]


def test_every_answer_is_the_one_that_the_reviewed_rights_promise(tmp_path: Path):
    made = swept(tmp_path, [row for row in COPY if row.target not in BY_HAND])
    assert made.wrong == []
    assert made.asked > 10_000


def test_for_another_acts_only_a_coordinator_of_its_area_and_only_where_the_copy_says_so(tmp_path: Path):
    made = delegated(tmp_path, [row for row in COPY if row.right and row.method != "GET" and row.target in FOR_OTHERS])
    assert made.wrong == []
    assert made.asked > 1_000


def test_a_right_to_act_for_others_that_is_too_wide_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(access, "MATRIX", with_cell("project.evaluate", "street", "OD"))
    assert any("street, own got 200" in said for said in delegated(tmp_path, some("evaluations")).wrong)


def delegated(folder: Path, rows: Sequence[Row]) -> Sweep:
    """As `swept`, everybody asking in another's name, in a state where it is legal."""

    async def sweep() -> Sweep:
        async with opened_town(folder) as town:
            made = Sweep(town, COPY)
            for row in rows:
                states = [state for state in STATES.get(row.target, "new").split() if state in row.states]
                if row.target in FOR_OTHERS and states:
                    await made.ask_for(row, states[0])
            return made

    return asyncio.run(sweep())


async def test_every_route_of_the_api_is_in_the_reviewed_copy(tmp_path: Path):
    async with opened_town(tmp_path) as town:
        routes = [
            (method, context.path) for context in iter_route_contexts(town.house.app.routes)
            if context.path.startswith("/v1/") for method in context.methods or ()
        ]  # fmt: skip
    assert len(routes) > 70
    assert uncovered(COPY, routes) == []
    assert uncovered(COPY[1:], routes) == [f"{COPY[0].method} {COPY[0].path}"]


async def test_lists_the_ledger_and_the_stream_show_what_may_be_seen_and_nothing_else(tmp_path: Path):
    looking = {row.target: row for row in COPY if row.method == "GET" and row.path.endswith("/{id}")}
    async with opened_town(tmp_path) as town:
        things = {kind: [await make(town, kind, state) for state in STATES[kind].split()] for kind in KINDS.values()}
        await town.shown()
        for person in town.people:
            if person.kind == "public":
                continue
            ledger = await _streams_told(town, person)
            for plural, kind in KINDS.items():
                _, said = await town.send(person, "GET", f"/v1/{plural}?limit=200")
                shown = {doc["id"] for doc in json.loads(said)["items"]}
                for thing in things[kind]:
                    due = 200 in expected(looking[kind], None, person, thing)
                    assert (thing.id in shown, thing.id in ledger) == (due, due), (str(person), kind, thing.state)
            assert (await town.send(person, "GET", "/v1/stream"))[0] == 200


async def _streams_told(town: Town, person: Any) -> set[str]:
    """The streams whose events the ledger shows to somebody."""
    told, after = set[str](), 0
    while True:
        _, said = await town.send(person, "GET", f"/v1/events?after={after}&limit=1000")
        found = json.loads(said)
        told |= {event["stream"] for event in found["items"]}
        if found["next"] == after:
            return told
        after = found["next"]


def with_cell(action: str, role: str, letters: str) -> MappingProxyType[str, Any]:
    """The product's matrix with one cell changed."""
    rule = access.MATRIX[action]
    changed = replace(rule, cells=MappingProxyType({**rule.cells, role: letters}))
    return MappingProxyType({**access.MATRIX, action: changed})


@pytest.mark.parametrize(
    ("action", "role", "letters", "asked"),
    [
        ("offer.pause", "auditor", "R", "pause"), ("need.withdraw", "committee", "", "withdrawal"),
        ("project.see", "unit", "R", "confirmation"), ("need.endorse", "security_admin", "W", "endorsement"),
    ],
)  # fmt: skip
def test_one_wrong_cell_of_the_matrix_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, action: str, role: str, letters: str, asked: str
):
    monkeypatch.setattr(access, "MATRIX", with_cell(action, role, letters))
    wrong = swept(tmp_path, some(asked)).wrong if action != "need.withdraw" else swept_but(tmp_path, asked)
    assert any(f": {role}, " in said for said in wrong)


def swept_but(folder: Path, asked: str) -> list[str]:
    """As `swept`, of offers' and claims' owners too; a town that cannot be built says so itself."""
    try:
        return swept(folder, some(asked)).wrong
    except AssertionError as unbuilt:
        return [f": {unbuilt.args[0][0]}, {unbuilt.args[0][1]}"]


def test_a_coordinator_of_another_street_is_found_where_areas_are_not_compared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    holds = access._holds
    monkeypatch.setattr(access, "_holds", lambda letter, who, facts: letter == "A" or holds(letter, who, facts))
    wrong = swept(tmp_path, some("suspension", "reopening")).wrong
    assert any("street, other street got 200" in said for said in wrong)


def test_areas_compared_by_how_they_begin_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    holds = access._holds

    def begins(letter: str, who: access.Principal, facts: access.Facts) -> bool:
        return holds(letter, who, facts) or (letter == "A" and any(a.startswith((who.area or "-")[:6]) for a in facts.path))

    monkeypatch.setattr(access, "_holds", begins)
    assert any("street, other street got 200" in said for said in swept(tmp_path, some("endorsement")).wrong)


def test_a_state_that_the_copy_does_not_know_is_found(tmp_path: Path):
    rows = [replace(row, states=row.states - {"paused"}) for row in some("retirement")]
    assert any("retirement (offer), paused" in said for said in swept(tmp_path, rows).wrong)
