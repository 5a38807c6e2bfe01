"""Who can reach whom: contacts are masked, the accepted other side may look, coordinators say why, and each look is noted."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from adapters.contacts import SqliteContacts, open_contacts
from domain.access import Principal
from domain.contact import Contact, Subject, checked, masked
from domain.events import Refused
from services.contacts import Contacts
from services.ports import StoreUnavailable
from tests.support.noted import Noted
from tests.support.telling import refused
from tests.support.world import AUDITOR, COMMITTEE, EAST, OTHER_COMMITTEE, STREET_OFFICE, World

ZHANG = Contact(
    name="张伟", phone="13812345678", mail="zhang.wei@example.com", wechat="zhangwei88", address="甲路1弄2号"
)
LI = Contact(name="李静", phone="021-63211234")
SYSTEM_ADMIN = Principal(id="sa", role="system_admin", org="admin")
SECURITY_ADMIN = Principal(id="se", role="security_admin", org="admin")


@pytest_asyncio.fixture
async def at(tmp_path: Path) -> AsyncIterator[tuple[World, Contacts, Noted, SqliteContacts]]:
    world = await World(tmp_path).begin()
    store, log = open_contacts(tmp_path / "contacts.db"), Noted()
    yield world, Contacts(world.streams, store, log), log, store
    store.close()
    world.vault.close()


async def accepted(world: World, unit: Principal) -> tuple[str, str]:
    """A need of the committee and the unit's accepted claim on it."""
    need = await world.need(COMMITTEE)
    claim = await world.claim(unit, 5, need=need.id)
    await world.claims.accept(world.ask(COMMITTEE), claim.id)
    return need.id, claim.id


async def test_the_accepted_side_reaches_the_other_and_nobody_else_does(at):
    world, contacts, log, _ = at
    unit, stranger = world.units[:2]
    need, claim = await accepted(world, unit)
    waiting = await world.claim(stranger, 5, need=need)
    await contacts.put(COMMITTEE, EAST, ZHANG, need)
    for item in (need, claim):
        assert await contacts.reveal(unit, EAST, item) == ZHANG
    assert await contacts.reveal(COMMITTEE, EAST, need) == ZHANG
    for who in (stranger, OTHER_COMMITTEE, AUDITOR, SYSTEM_ADMIN, SECURITY_ADMIN):
        await refused(contacts.reveal(who, EAST, need), "item.not_found")
        assert (await contacts.glance(who, EAST, need)).masked is None
    await world.claims.accept(world.ask(COMMITTEE), waiting.id)
    assert await contacts.reveal(stranger, EAST, need) == ZHANG
    assert [line for line in log.lines if line[0] == "contact.revealed"] == [
        ("contact.revealed", who.id, f"{need}/{EAST}", "") for who in (unit, unit, COMMITTEE, stranger)
    ]


async def test_two_units_on_one_need_do_not_see_each_others_people(at):
    world, contacts, _, _ = at
    unit, other = world.units[:2]
    need, _ = await accepted(world, unit)
    second = await world.claim(other, 5, need=need)
    await world.claims.accept(world.ask(COMMITTEE), second.id)
    await contacts.put(unit, unit.org, LI, need)
    assert await contacts.reveal(COMMITTEE, unit.org, need) == LI
    await refused(contacts.reveal(other, unit.org, need), "item.not_found")


async def test_members_of_a_joint_claim_reach_each_other(at):
    world, contacts, _, _ = at
    lead, member = world.units[:2]
    need = await world.need(COMMITTEE)
    claim = await world.claim(lead, 5, need=need.id, members=((member.org, 5),))
    await contacts.put(lead, lead.org, LI, claim.id)
    await refused(contacts.reveal(member, lead.org, claim.id), "item.not_found")
    await world.joint.join(world.ask(member), claim.id, org=member.org)
    await world.claims.accept(world.ask(COMMITTEE), claim.id)
    assert await contacts.reveal(member, lead.org, claim.id) == LI
    project = (await world.state(claim.id)).project
    assert await contacts.reveal(COMMITTEE, lead.org, project) == LI


async def test_a_released_claim_ends_the_right_to_look(at):
    world, contacts, _, _ = at
    unit = world.units[0]
    need, claim = await accepted(world, unit)
    await contacts.put(COMMITTEE, EAST, ZHANG, need)
    await world.claims.release(world.ask(unit), claim)
    await refused(contacts.reveal(unit, EAST, need), "item.not_found")


async def test_a_coordinator_above_says_why_and_it_is_recorded(at):
    world, contacts, log, _ = at
    need = await world.need(COMMITTEE)
    await contacts.put(COMMITTEE, EAST, ZHANG, need.id)
    assert (await contacts.glance(STREET_OFFICE, EAST, need.id)).needs_reason
    for reason in ("", "好奇"):
        await refused(contacts.reveal(STREET_OFFICE, EAST, need.id, reason=reason), "contact.reason")
    assert await contacts.reveal(STREET_OFFICE, EAST, need.id, reason="complaint") == ZHANG
    assert log.lines[-1] == ("contact.revealed", STREET_OFFICE.id, f"{need.id}/{EAST}", "complaint")
    elsewhere = replace(STREET_OFFICE, area="310101099")
    await refused(contacts.reveal(elsewhere, EAST, need.id, reason="complaint"), "item.not_found")


async def test_nothing_is_shown_or_kept_when_it_cannot_be_recorded(at):
    world, contacts, log, store = at
    need = await world.need(COMMITTEE)
    await contacts.put(COMMITTEE, EAST, ZHANG, need.id)
    log.full = True
    with pytest.raises(StoreUnavailable):
        await contacts.reveal(COMMITTEE, EAST, need.id)
    with pytest.raises(StoreUnavailable):
        await contacts.put(COMMITTEE, EAST, LI, need.id)
    assert store.get(f"{need.id}/{EAST}") == {"name": "张伟", "phone": "13812345678", "mail": "zhang.wei@example.com",
                                             "wechat": "zhangwei88", "address": "甲路1弄2号"}  # fmt: skip


async def test_the_organisations_own_person_stands_in_where_an_item_names_nobody(at):
    world, contacts, log, _ = at
    unit = world.units[0]
    need, _ = await accepted(world, unit)
    assert not (await contacts.glance(unit, EAST, need)).kept
    await refused(contacts.reveal(unit, EAST, need), "item.not_found")
    await contacts.put(COMMITTEE, EAST, LI)
    glance = await contacts.glance(unit, EAST, need)
    assert (glance.general, glance.kept, glance.masked) == (True, True, masked(LI))
    assert await contacts.reveal(unit, EAST, need) == LI
    assert log.lines[-1][2] == f"/{EAST}"
    await refused(contacts.reveal(unit, EAST), "item.not_found")  # the list of people is not open
    assert await contacts.reveal(STREET_OFFICE, EAST, reason="verify") == LI


async def test_only_the_organisation_itself_names_its_people_and_only_where_it_takes_part(at):
    world, contacts, _, _ = at
    unit, stranger = world.units[:2]
    need, _ = await accepted(world, unit)
    await contacts.put(unit, unit.org, LI, need)
    await refused(contacts.put(unit, EAST, LI, need), "access.forbidden")
    await refused(contacts.put(STREET_OFFICE, EAST, LI, need), "access.forbidden")
    await refused(contacts.put(AUDITOR, AUDITOR.org, LI), "access.forbidden")
    await refused(contacts.put(stranger, stranger.org, LI, need), "item.not_found")
    await refused(contacts.put(unit, unit.org, LI, "need-nowhere"), "item.not_found")
    assert (await contacts.glance(unit, unit.org, need)).may_keep
    assert not (await contacts.glance(unit, EAST, need)).may_keep


async def test_contacts_of_one_item_are_none_of_another(at):
    world, contacts, _, _ = at
    unit = world.units[0]
    first, _ = await accepted(world, unit)
    second = await world.need(COMMITTEE, title="另一项")
    await contacts.put(COMMITTEE, EAST, ZHANG, first)
    assert not (await contacts.glance(COMMITTEE, EAST, second.id)).kept
    await refused(contacts.reveal(unit, EAST, second.id), "item.not_found")


def test_a_masked_contact_tells_people_apart_and_no_more():
    assert masked(ZHANG) == Contact(
        name="张**", phone="138****5678", mail="z***@example.com", wechat="z***", address="***"
    )
    assert masked(LI) == Contact(name="李**", phone="021****1234")
    assert masked(Contact(phone="63211234")).phone == "***34"
    assert masked(Contact()) == Contact()


def test_a_contact_is_kept_as_people_read_it():
    assert checked(Contact(name="　王 芳 ", phone="１３８ 1234 5678")) == Contact(name="王 芳", phone="138 1234 5678")


@pytest.mark.parametrize(
    ("contact", "code", "field"),
    [
        (Contact(), "contact.empty", "name"), (Contact(name="王"), "contact.unreachable", "phone"),
        (Contact(phone="打我"), "contact.malformed", "phone"), (Contact(mail="a@b"), "contact.malformed", "mail"),
        (Contact(wechat="王"), "contact.malformed", "wechat"), (Contact(name="王" * 41), "contact.malformed", "name"),
        (Contact(name="a\x00b", phone="63211234"), "contact.malformed", "name"),
    ],
)  # fmt: skip
def test_what_reaches_nobody_is_refused_with_its_field(contact, code, field):
    with pytest.raises(Refused) as caught:
        checked(contact)
    assert (caught.value.code, caught.value.field) == (code, field)


def test_a_subject_is_named_by_item_and_organisation():
    assert (str(Subject(org="a", about="need-1")), str(Subject(org="a"))) == ("need-1/a", "/a")
