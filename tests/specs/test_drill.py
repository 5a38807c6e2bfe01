"""Figures of a part of the ledger, against a plain recount from the events; and the rows behind each figure."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.log_stream import LogStream
from adapters.read_db import SqliteReadDb
from domain.events import Recorded
from services.asof import Bookmarked
from services.dashboards import Dashboards
from services.drill import Choice, Drill, adds, days_and_months, gini, kinds_of, share_of
from services.projector import Projector
from tests.support.story import OTHER_STREET, SOUTH, played
from tests.support.world import DISTRICT, EAST, START, STREET, WEST

LAST_DAY = 40  # days of the story that the windows reach into


@dataclass(frozen=True)
class Told:
    """A district with a past, its events, and the one loop that everything runs on."""

    runner: asyncio.Runner
    drill: Drill
    dashboards: Dashboards
    events: list[Recorded]

    def __repr__(self) -> str:
        return f"{len(self.events)} events"


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    folder = tmp_path_factory.mktemp("drill")
    with asyncio.Runner() as runner:

        async def begin() -> tuple[SqliteReadDb, Told]:
            world = (await played(folder, seed=11, steps=700)).world
            db = SqliteReadDb.open(folder / "read")
            await Projector(db, LogStream(world.log), world.log, world.codec, world.vault).catch_up()
            dashboards = Dashboards(db, world.log, Bookmarked(db))
            events = [world.codec.decode(row) for row in await world.log.read_all(0, 100_000)]
            return db, Told(runner, dashboards.drill, dashboards, events)

        db, made = runner.run(begin())
        yield made
        runner.run(db.close())


def recount(events: list[Recorded], choice: Choice) -> Counter[str]:
    """Some figures of each kind, told from the events alone."""
    items, claims, projects = Items(), Claims(), Projects()
    units = {r.event.unit: r.event.kind for r in events if r.event.TYPE == "unit.registered"}
    for recorded in events:
        for each in (items, claims, projects):
            each.hear(recorded)
    found: Counter[str] = Counter()
    parents = {r.event.area: r.event.parent for r in events if r.event.TYPE == "area.opened"}
    for counted in (items, claims, projects):
        for item in counted.items.values():
            if _chosen(item, choice, parents, units):
                found.update(item["n"])
    return +found


class Items:
    """Needs and offers: what was posted, and who has asked for it first."""

    def __init__(self) -> None:
        self.items: dict[str, dict[str, Any]] = {}

    def hear(self, r: Recorded) -> None:
        e, at = r.event, r.meta.at
        noun = {"need.drafted": "needs", "need.posted": "needs", "offer.drafted": "offers", "offer.published": "offers"}
        if r.version == 1 and e.TYPE in noun:
            facts = {"area": e.content.area, "category": e.content.category, "org": e.content.owner}
            self.items[r.stream] = {**facts, "day": None, "n": Counter()}
        item = self.items.get(r.stream)
        if item and item["day"] is None and e.TYPE in ("need.posted", "offer.published"):
            item["day"], item["n"][f"{noun[e.TYPE]}/total"] = _day(at), 1
        if item and e.TYPE == "need.fed_back":
            item["n"]["needs_fed_back"] = 1
        if item and e.TYPE == "need.delivered":
            item["n"]["needs_delivered"] = 1
        asked = self.items.get(e.terms.need) if e.TYPE == "claim.proposed" and e.terms.need else None
        if asked:
            asked["n"]["needs_claimed"] = 1


class Claims:
    def __init__(self) -> None:
        self.items: dict[str, dict[str, Any]] = {}

    def hear(self, r: Recorded) -> None:
        e, at = r.event, r.meta.at
        if e.TYPE == "claim.proposed":
            facts = {"area": e.terms.area, "category": e.terms.category, "org": e.terms.provider}
            n = Counter({"claims/total": 1})
            self.items[r.stream] = {**facts, "day": _day(at), "n": n, "at": at, "promoted": False}
        item = self.items.get(r.stream)
        if item is None:
            return
        if e.TYPE == "claim.lead_changed":
            item["org"] = e.org
        if e.TYPE == "claim.promoted":
            item["promoted"] = True
            item["n"].pop("t/answer", None)
        if e.TYPE == "claim.accepted" and e.final:
            item["n"]["claims_bound"] = 1
        is_answer = e.TYPE in ("claim.declined", "claim.countered") or (e.TYPE == "claim.accepted" and e.final)
        if is_answer and not item["promoted"]:
            item["n"]["t/answer"] = 1


class Projects:
    def __init__(self) -> None:
        self.items: dict[str, dict[str, Any]] = {}

    def hear(self, r: Recorded) -> None:
        e = r.event
        if e.TYPE == "project.opened":
            facts = {"area": e.area, "category": e.category, "org": e.provider}
            self.items[r.stream] = {**facts, "day": _day(r.meta.at), "n": Counter({"projects/total": 1})}
        item = self.items.get(r.stream)
        if item is None:
            return
        for type_, name in (
            ("project.delivery_reported", "projects_reported"), ("project.result_fed_back", "projects_fed_back"),
        ):  # fmt: skip
            if type_ == e.TYPE:
                item["n"][name] = 1
        if e.TYPE == "project.evaluated" and e.role != "provider":
            item["n"]["projects_evaluated"] = 1
        if e.TYPE == "project.funds_received":
            item["n"]["money/received_fen"] += e.amount_fen


NAMES = (
    "needs/total", "needs_claimed", "needs_delivered", "needs_fed_back", "offers/total", "claims/total", "claims_bound",
    "t/answer", "projects/total", "projects_reported", "projects_fed_back", "projects_evaluated", "money/received_fen",
)  # fmt: skip


def _day(at: datetime) -> str:
    return at.astimezone(ZoneInfo("Asia/Shanghai")).date().isoformat()


def _chosen(item: dict[str, Any], choice: Choice, parents: dict[str, str | None], units: dict[str, str]) -> bool:
    here, path = item["area"], []
    while here:
        path.append(here)
        here = parents.get(here)
    day = item["day"]
    return (
        choice.area in path
        and choice.category in (None, item["category"])
        and choice.line in (None, units.get(item["org"]))
        and (not (choice.since or choice.until) or day is not None)
        and (not choice.since or day >= choice.since)
        and (not choice.until or day <= choice.until)
    )


days = st.none() | st.integers(0, LAST_DAY).map(lambda n: (START.date() + timedelta(days=n)).isoformat())
choices = st.builds(
    Choice, area=st.sampled_from((DISTRICT, STREET, OTHER_STREET, EAST, WEST, SOUTH)), since=days, until=days,
    category=st.sampled_from((None, "service", "venue")), line=st.sampled_from((None, None, "医院", "没有的")),
)  # fmt: skip


def figures(told: Told, choice: Choice, at: str) -> Counter[str]:
    sums = told.runner.run(told.drill.sums(choice, at))
    found = Counter({name: sums.n.get(name, 0) for name in NAMES if not name.startswith("t/")})
    found["t/answer"] = sum(sums.times.get("answer", {}).values())
    return +found


@settings(max_examples=120, deadline=None)
@given(choice=choices, cut=st.floats(0.05, 1))
def test_every_figure_is_what_a_plain_recount_of_the_events_finds(told: Told, choice: Choice, cut: float):
    position = max(1, int(len(told.events) * cut))
    plain = recount(told.events[:position], choice)
    assert figures(told, choice, str(position)) == Counter({name: plain[name] for name in NAMES if plain[name]})


@settings(max_examples=80, deadline=None)
@given(choice=choices, cut=st.floats(0.05, 1), data=st.data())
def test_the_rows_behind_a_figure_add_up_to_it(told: Told, choice: Choice, cut: float, data: st.DataObject):
    at = str(max(1, int(len(told.events) * cut)))
    sums = told.runner.run(told.drill.sums(choice, at))
    names = sorted({*sums.n, *(f"t/{measure}" for measure in sums.times)} - {"units/total", "units/registered", "units/suspended"})
    if not names:
        return
    figure = data.draw(st.sampled_from(names))
    behind = told.runner.run(told.drill.behind(choice, figure, START, at, limit=10_000))
    value = sum(sums.times[figure[2:]].values()) if figure.startswith("t/") else sums.n[figure]
    assert behind.total == value
    assert len(behind.rows) == behind.count > 0
    assert all(adds(facts, figure) == n for n, facts, _ in behind.rows)
    assert {doc["id"] for _, _, doc in behind.rows} == {facts["id"] for _, facts, _ in behind.rows}


@settings(max_examples=40, deadline=None)
@given(choice=choices, cut=st.floats(0.05, 1))
def test_areas_of_a_tier_add_up_to_the_area_above(told: Told, choice: Choice, cut: float):
    at = str(max(1, int(len(told.events) * cut)))
    whole = told.runner.run(told.drill.sums(choice, at)).n
    each = told.runner.run(told.drill.by_area(choice, "neighbourhood", at))
    for name in ("needs/total", "needs_claimed", "projects_delivered", "money/received_fen"):
        assert sum(n.get(name, 0) for _, n in each) == whole.get(name, 0)


def test_pages_of_rows_go_on_where_the_last_one_ended(told: Told):
    choice = Choice(area=DISTRICT)
    all_of_them = told.runner.run(told.drill.behind(choice, "claims/total", START, limit=1000)).rows
    first = told.runner.run(told.drill.behind(choice, "claims/total", START, limit=7)).rows
    then = told.runner.run(told.drill.behind(choice, "claims/total", START, skip=7, limit=7)).rows
    assert [*first, *then] == all_of_them[:14]


def test_overdue_is_counted_by_the_time_of_asking(told: Told):
    choice, end = Choice(area=DISTRICT), told.events[-1].meta.at
    late = [told.runner.run(told.drill.overdue(choice, end + timedelta(days=days))) for days in (-400, 30, 400)]
    active = told.runner.run(told.drill.sums(choice)).n.get("projects/active", 0)
    assert late[0] == 0
    assert late[0] <= late[1] <= late[2] == active > 0
    behind = told.runner.run(told.drill.behind(choice, "overdue", end + timedelta(days=400)))
    assert (behind.total, behind.count) == (active, active)


def test_a_stretch_of_days_is_cut_into_whole_months_and_single_days():
    assert days_and_months("2026-01-30", "2026-03-02") == [
        "d/2026-01-30", "d/2026-01-31", "m/2026-02", "d/2026-03-01", "d/2026-03-02",
    ]  # fmt: skip
    assert days_and_months("2026-03-02", "2026-03-01") == ["none"]
    assert days_and_months("2024-01-01", "2024-12-31") == [f"m/2024-{month:02d}" for month in range(1, 13)]


def test_the_median_is_the_time_within_which_half_was_done():
    assert share_of({}, 500) is None
    assert share_of({3: 1, 5: 1, 48: 1}, 500) == 5
    assert share_of({3: 1, 5: 1, 48: 1}, 900) == 48
    assert share_of({1: 5, 2: 5}, 500) == 1


def test_gini_is_nothing_when_all_have_the_same_and_near_all_when_one_has_everything():
    assert gini([]) == gini([0, 0]) == gini([4, 4, 4]) == 0
    assert gini([0] * 99 + [7]) == 990
    assert gini([1, 3]) == 250


def test_a_figure_that_does_not_exist_counts_nothing():
    assert kinds_of("dreams") == () == kinds_of("t/dreams")
    assert kinds_of("q/人/needed") == ("need",)
    assert date.fromisoformat("2026-03-02") == START.date()
