"""What desks and dashboards say, told in small stories."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from adapters.log_stream import LogStream
from adapters.read_db import SqliteReadDb
from domain.access import Principal
from domain.capacity import Line
from domain.events import Refused
from services.asof import Bookmarked
from services.claims import ClaimDraft
from services.dashboards import Dashboards, shown
from services.desks import Desks
from services.needs import NeedDraft
from services.projector import Projector
from services.read_ports import ReadDb
from tests.support.world import COMMITTEE, DISTRICT, EAST, OTHER_COMMITTEE, STREET, STREET_OFFICE, WEST, World, people


@pytest.fixture
async def db(tmp_path: Path) -> AsyncIterator[ReadDb]:
    made = SqliteReadDb.open(tmp_path / "read")
    yield made
    await made.close()


async def project(db: ReadDb, world: World) -> None:
    await Projector(db, LogStream(world.log), world.log, world.codec, world.vault).catch_up()


async def desk(db: ReadDb, world: World, who: Principal) -> dict[str, Any]:
    await project(db, world)
    return await Desks(db, Bookmarked(db), world.clock).of(who)


async def dashboard(db: ReadDb, world: World, area: str = DISTRICT, at: str | None = None) -> dict[str, Any]:
    await project(db, world)
    return await Dashboards(db, world.log, Bookmarked(db)).of(area, at)


def todo(entries: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(entry["act"], entry["item"]["id"]) for entry in entries]


async def delivered(world: World, claim: str, quantity: int | None = None) -> str:
    """The claim's project, delivered and confirmed."""
    await world.claims.accept(world.ask(COMMITTEE), claim)
    project = (await world.state(claim)).project
    await world.projects.report(world.ask(world.units[0]), project)
    lines = people(quantity) if quantity else None
    await world.projects.confirm(world.ask(COMMITTEE), project, beneficiaries=30, lines=lines)
    return str(project)


async def test_a_claim_waits_on_the_desk_of_the_one_who_answers_and_of_nobody_else(db, world):
    need = await world.need(COMMITTEE)
    claim = await world.claim(world.units[0], need=need.id)
    assert todo((await desk(db, world, COMMITTEE))["waiting"]) == [("acceptance", claim.id)]
    assert todo((await desk(db, world, world.units[0]))["waiting"]) == []
    (entry,) = (await desk(db, world, COMMITTEE))["waiting"]
    assert (entry["item"]["title"], entry["overdue"]) == ("周末义诊志愿者", False)
    await world.claims.accept(world.ask(COMMITTEE), claim.id)
    assert (await desk(db, world, COMMITTEE))["waiting"] == []


async def test_a_delivery_is_due_in_its_last_week_and_then_overdue(db, world):
    claim = await world.claim(world.units[0], need=(await world.need(COMMITTEE)).id)
    await world.claims.accept(world.ask(COMMITTEE), claim.id)
    project = (await world.state(claim.id)).project
    assert (await desk(db, world, world.units[0]))["due"] == []
    world.later(days=55)
    (entry,) = (await desk(db, world, world.units[0]))["due"]
    assert (entry["act"], entry["item"]["id"], entry["overdue"]) == ("delivery", project, False)
    world.later(days=10)
    assert (await desk(db, world, world.units[0]))["due"][0]["overdue"] is True


async def test_after_delivery_the_receiver_confirms_then_feeds_back_and_both_evaluate(db, world):
    claim = await world.claim(world.units[0], need=(await world.need(COMMITTEE)).id)
    await world.claims.accept(world.ask(COMMITTEE), claim.id)
    project = (await world.state(claim.id)).project
    await world.projects.report(world.ask(world.units[0]), project)
    assert todo((await desk(db, world, COMMITTEE))["waiting"]) == [("confirmation", project)]
    await world.projects.confirm(world.ask(COMMITTEE), project, beneficiaries=9)
    assert todo((await desk(db, world, COMMITTEE))["due"]) == [("feedback", project), ("evaluations", project)]
    await world.projects.feed_back(world.ask(COMMITTEE), project, note="很好")
    await world.projects.evaluate(world.ask(COMMITTEE), project, score=5)
    assert todo((await desk(db, world, COMMITTEE))["due"]) == []
    assert todo((await desk(db, world, world.units[0]))["due"]) == [("evaluations", project)]


async def test_a_dispute_waits_for_the_other_side_and_for_the_street(db, world):
    claim = await world.claim(world.units[0], need=(await world.need(COMMITTEE)).id)
    await world.claims.accept(world.ask(COMMITTEE), claim.id)
    project = (await world.state(claim.id)).project
    await world.projects.dispute(world.ask(COMMITTEE), project, reason="没有来")
    assert todo((await desk(db, world, world.units[0]))["waiting"]) == [("settlement", project)]
    assert todo((await desk(db, world, STREET_OFFICE))["waiting"]) == [("settlement", project)]
    assert todo((await desk(db, world, COMMITTEE))["waiting"]) == []


async def test_a_member_that_was_invited_is_asked_to_join(db, world):
    need = await world.need(COMMITTEE)
    joint = await world.claim(world.units[0], 10, need=need.id, members=((world.units[1].org, 10),))
    assert todo((await desk(db, world, world.units[1]))["waiting"]) == [("membership", joint.id)]


async def test_a_desk_counts_what_is_ones_own(db, world):
    await world.need(COMMITTEE)
    await world.claim(world.units[0], need=(await world.need(COMMITTEE)).id)
    mine = (await desk(db, world, COMMITTEE))["mine"]
    assert mine == {"need": {"open": 2}, "offer": {}, "claim": {"proposed": 1}, "project": {}}


async def test_every_unit_of_count_stands_apart(db, world):
    need = await world.need(COMMITTEE, 20)
    offer = await world.offer(world.units[0], 50)
    await world.need(OTHER_COMMITTEE, 10, area=WEST)
    await delivered(world, (await world.claim(world.units[0], 20, need=need.id, offer=offer.id)).id)
    found = (await dashboard(db, world))["figures"]
    assert {name: found[name] for name in ("needs_met", "offers_used", "claims_accepted", "projects_delivered")} == {
        "needs_met": 1, "offers_used": 1, "claims_accepted": 1, "projects_delivered": 1,
    }  # fmt: skip
    assert (found["items_claimed"], found["beneficiaries"], found["cover_pct"]) == (2, 30, 50)
    assert found["quantities"] == [{"unit": "人", "needed": 30, "committed": 0, "delivered": 20}]
    assert found["needs"] | {} == {"total": 2, "posted": 0, "open": 1, "covered": 0, "met": 1, "closed": 0}


async def test_money_pledged_received_and_spent_are_three_figures(db, world):
    draft = NeedDraft(title="助学金", category="service", area=EAST, lines=(Line("资金", 100_000, "分"),))
    need = await world.needs.post(world.ask(COMMITTEE), draft)
    claim = await world.claims.propose(
        world.ask(world.units[0]), ClaimDraft(need=need.id, lines=(Line("资金", 80_000, "分"),))
    )
    await world.claims.accept(world.ask(COMMITTEE), claim.id)
    project = (await world.state(claim.id)).project
    await world.projects.receive_funds(world.ask(world.units[0]), project, amount_fen=50_000)
    await world.projects.spend_funds(world.ask(world.units[0]), project, amount_fen=20_000)
    found = (await dashboard(db, world))["figures"]
    assert found["money"] == {"pledged_fen": 80_000, "received_fen": 50_000, "spent_fen": 20_000}


async def test_figures_go_up_the_tree_and_only_up(db, world):
    await world.need(COMMITTEE)
    east, west = await dashboard(db, world, EAST), await dashboard(db, world, WEST)
    street = await dashboard(db, world, STREET)
    assert (east["figures"]["needs"]["open"], west["figures"]["needs"]["open"]) == (1, 0)
    assert [(c["area"]["id"], c["figures"]["needs"]["open"]) for c in street["children"]] == [(EAST, 1), (WEST, 0)]
    assert [area["kind"] for area in east["path"]] == ["district", "street", "neighbourhood"]


async def test_what_happened_is_counted_in_its_month_and_category(db, world):
    await world.need(COMMITTEE)
    world.later(days=40)
    await delivered(world, (await world.claim(world.units[0], need=(await world.need(COMMITTEE)).id)).id)
    found = await dashboard(db, world)
    assert found["by_month"] == [
        {"month": "2026-03", "needs": 1, "offers": 0, "claims": 0, "delivered": 0},
        {"month": "2026-04", "needs": 1, "offers": 0, "claims": 1, "delivered": 1},
    ]
    assert [(c["category"], c["figures"]["needs"]["total"]) for c in found["by_category"]] == [("service", 2)]


async def test_a_draft_counts_nowhere_until_it_is_posted(db, world):
    draft = NeedDraft(title="草稿", category="service", area=EAST, lines=people(3))
    done = await world.needs.post(world.ask(COMMITTEE), draft, as_draft=True)
    assert (await dashboard(db, world))["figures"] == shown({"units/total": 4, "units/registered": 4})
    world.later(days=40)
    await world.needs.publish(world.ask(COMMITTEE), done.id)
    assert [month["month"] for month in (await dashboard(db, world))["by_month"]] == ["2026-04"]


async def test_a_dashboard_of_last_month_shows_last_month(db, world):
    await world.need(COMMITTEE)
    then = world.clock.now().isoformat()
    world.later(days=40)
    await world.need(COMMITTEE)
    now, before = await dashboard(db, world), await dashboard(db, world, at=then)
    assert (now["figures"]["needs"]["open"], before["figures"]["needs"]["open"]) == (2, 1)
    assert before["position"] < now["position"]


async def test_an_area_that_does_not_exist_has_no_dashboard(db, world):
    with pytest.raises(Refused):
        await dashboard(db, world, "999")
