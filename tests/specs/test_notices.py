"""Who is told what of each act, in a district that is really asked: nobody of their own acts, everybody who is awaited."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest_asyncio

from adapters.notice_db import SqliteNoticeBook
from domain.access import Principal
from services.delegation import Delegations
from services.needs import NeedDraft
from services.notice_follower import Follower
from services.notice_ports import Notice
from services.notices import KINDS, TELLING
from tests.support.world import COMMITTEE, EAST, STREET, STREET_OFFICE, World, people


class Told:
    """A district, and the notices taken from it."""

    def __init__(self, world: World, folder: Path) -> None:
        self.world = world
        self.book = SqliteNoticeBook(folder / "notices.db")
        self.follower = Follower(world.streams, self.book)

    async def new(self, *readers: str) -> list[tuple[str, str]]:
        """(reader, kind) of what has come since the last look, oldest first; of these readers, or all."""
        before = {n.key for n in await self.all()}
        await self.follower.catch_up()
        fresh = [n for n in await self.all() if n.key not in before]
        return [(n.to, n.kind) for n in reversed(fresh) if not readers or n.to in readers]

    async def all(self) -> list[Notice]:
        with self.book.reading() as db:
            readers = [row[0] for row in db.execute("SELECT DISTINCT reader FROM notices")]
        return list(await self.book.inbox(readers, limit=10_000)) if readers else []

    async def has_project(self) -> tuple[Principal, str, str]:
        """(unit, claim, project) of an accepted claim on a need of the committee."""
        unit = self.world.units[0]
        need = await self.world.need(COMMITTEE)
        claim = await self.world.claim(unit, need=need.id)
        await self.world.claims.accept(self.world.ask(COMMITTEE), claim.id)
        await self.new()
        return unit, claim.id, (await self.world.state(claim.id)).project


@pytest_asyncio.fixture
async def told(tmp_path: Path):
    made = Told(await World(tmp_path).begin(), tmp_path)
    await made.follower.catch_up()
    yield made
    made.book.close()


async def test_a_proposal_is_told_to_the_side_that_is_awaited_and_not_to_its_author(told: Told):
    unit = told.world.units[0]
    need = await told.world.need(COMMITTEE)
    assert await told.new() == []
    await told.world.claim(unit, need=need.id)
    assert await told.new() == [(EAST, "answer_asked")]


async def test_the_answer_is_told_to_whoever_proposed(told: Told):
    world, unit = told.world, told.world.units[0]
    need = await world.need(COMMITTEE)
    first, second = await world.claim(unit, 5, need=need.id), await world.claim(world.units[1], 5, need=need.id)
    await told.new()
    await world.claims.accept(world.ask(COMMITTEE), first.id)
    assert await told.new() == [(unit.org, "accepted")]
    await world.claims.refuse(world.ask(COMMITTEE), second.id)
    assert await told.new() == [(world.units[1].org, "declined")]


async def test_a_claim_that_goes_to_the_wait_list_asks_nobody_and_is_announced_when_it_is_promoted(told: Told):
    world, (unit, other) = told.world, told.world.units[:2]
    need = await world.need(COMMITTEE)
    claim = await world.claim(unit, need=need.id)
    await world.claims.accept(world.ask(COMMITTEE), claim.id)
    await told.new()
    await world.claim(other, need=need.id)
    assert await told.new() == []
    await world.claims.release(world.ask(unit), claim.id)
    assert set(await told.new(EAST, other.org)) >= {(EAST, "answer_asked"), (other.org, "promoted"), (EAST, "released")}


async def test_a_delivery_asks_the_receiver_and_its_confirmation_tells_the_giver(told: Told):
    unit, _, project = await told.has_project()
    world = told.world
    await world.projects.report(world.ask(unit), project, lines=people(20))
    assert await told.new() == [(EAST, "confirmation_asked")]
    await world.projects.confirm(world.ask(COMMITTEE), project)
    assert (unit.org, "confirmed") in await told.new()


async def test_a_dispute_tells_the_other_side_and_the_street_that_settles_it(told: Told):
    unit, _, project = await told.has_project()
    world = told.world
    await world.projects.report(world.ask(unit), project, lines=people(20))
    await told.new()
    await world.projects.dispute(world.ask(COMMITTEE), project, reason="没有来")
    assert await told.new() == [(unit.org, "disputed"), (f"street@{STREET}", "settlement_asked")]


async def test_a_need_that_must_be_endorsed_is_announced_to_the_street_and_its_answer_to_the_owner(told: Told):
    await told.world.endorsing()
    need = await told.world.need(COMMITTEE)
    assert await told.new() == [(f"street@{STREET}", "endorsement_asked")]
    await told.world.needs.endorse(told.world.ask(STREET_OFFICE), need.id)
    assert await told.new() == [(EAST, "endorsed")]


async def test_an_invited_member_is_asked_to_join(told: Told):
    world, (lead, member) = told.world, told.world.units[:2]
    need = await world.need(COMMITTEE)
    await world.claim(lead, 10, need=need.id, members=((member.org, 10),))
    assert set(await told.new()) == {(member.org, "membership_asked"), (EAST, "answer_asked")}


async def test_the_clock_tells_once_that_a_delivery_is_due_and_once_that_it_is_overdue(told: Told):
    unit, _, project = await told.has_project()
    due, began = (await told.world.state(project)).due_at, {n.key for n in await told.all()}

    async def told_by_the_clock(at: datetime) -> list[tuple[str, str]]:
        told.world.clock.set(at)
        for _ in range(3):
            await told.follower.tick()
        fresh = [n for n in await told.all() if n.key not in began and n.kind in ("due_soon", "overdue")]
        began.update(n.key for n in fresh)
        return sorted((n.to, n.kind) for n in fresh)

    assert await told_by_the_clock(due - timedelta(days=4)) == []
    assert await told_by_the_clock(due - timedelta(days=2)) == [(unit.org, "due_soon")]
    assert await told_by_the_clock(due + timedelta(hours=1)) == sorted([(unit.org, "overdue"), (EAST, "overdue")])
    await told.world.projects.report(told.world.ask(unit), project)
    await told.new()
    assert await told_by_the_clock(due + timedelta(days=9)) == []


async def test_a_proposal_that_was_answered_in_time_is_not_announced_as_due(told: Told):
    unit = told.world.units[0]
    need = await told.world.need(COMMITTEE)
    claim = await told.world.claim(unit, need=need.id)
    await told.new()
    await told.world.claims.accept(told.world.ask(COMMITTEE), claim.id)
    await told.new()
    told.world.later(days=30)
    await told.follower.tick()
    assert not [n for n in await told.all() if n.kind == "due_soon" and n.about == claim.id]


async def test_an_act_in_somebodys_name_is_told_to_them_once(told: Told):
    world = told.world
    ask = replace(world.ask(STREET_OFFICE), on_behalf_of=EAST, basis="phone")
    draft = NeedDraft(title="代发的需求", category="service", area=EAST, lines=people(3))
    await world.needs.post(ask, draft)
    assert await told.new() == [(EAST, "behalf")]


async def test_an_objection_is_told_to_the_coordinators_above(told: Told):
    world = told.world
    ask = replace(world.ask(STREET_OFFICE), on_behalf_of=EAST, basis="phone")
    done = await world.needs.post(ask, NeedDraft(title="代发的需求", category="service", area=EAST, lines=people(3)))
    await told.new()
    await Delegations(world.streams).object(world.ask(COMMITTEE), done.position, "not_asked")
    assert await told.new() == [(f"street@{STREET}", "objected")]


def test_every_kind_that_is_told_is_known():
    assert {"answer", "due", "near", "behalf"} <= {group for group, _ in KINDS.values()}
    assert "offer.held" not in TELLING
