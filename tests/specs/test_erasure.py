"""Erasing words and contacts: three people, keys destroyed for good, lists without the words, and a ledger that still holds."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest_asyncio

from adapters.contacts import SqliteContacts, open_contacts
from adapters.erasures import SqliteErasures
from adapters.log_stream import LogStream
from adapters.read_db import SqliteReadDb
from domain.access import SYSTEM, Principal
from domain.contact import Contact
from services.boards import Boards
from services.contacts import Contacts
from services.erasure import Erasures, Forgetting
from services.needs import NeedChange
from services.projector import Projector
from services.proofs import Proofs
from tests.support.noted import Noted
from tests.support.telling import refused, status
from tests.support.world import AUDITOR, COMMITTEE, EAST, OTHER_COMMITTEE, STREET_OFFICE, World

SECURITY = Principal(id="person-se", role="security_admin", org="house")
ADMIN = Principal(id="person-sa", role="system_admin", org="house")
WORD = "金丝雀独一无二"


@dataclass(frozen=True, kw_only=True)
class Place:
    world: World
    erasures: Erasures
    forgetting: Forgetting
    contacts: Contacts
    people: SqliteContacts
    projector: Projector
    boards: Boards
    log: Noted
    folder: Path

    async def erased(self, need: str, kind: str = "text") -> str:
        asked = await self.erasures.request(COMMITTEE, kind=kind, about=need, org=EAST, reason="mistake")
        await self.erasures.approve(STREET_OFFICE, asked.id)
        return (await self.erasures.execute(SECURITY, asked.id)).id


@pytest_asyncio.fixture
async def at(tmp_path: Path) -> AsyncIterator[Place]:
    world = await World(tmp_path).begin()
    read = SqliteReadDb.open(tmp_path / "read")
    projector = Projector(read, LogStream(world.log), world.log, world.codec, world.vault)
    people, store, log = open_contacts(tmp_path / "contacts.db"), SqliteErasures(tmp_path / "erasures.db", "run"), Noted()
    contacts = Contacts(world.streams, people, log)
    erasures = Erasures(world.streams, world.vault, people, contacts, store, log)
    yield Place(
        world=world, erasures=erasures, forgetting=Forgetting(projector, world.vault, store, erasures), contacts=contacts,
        people=people, projector=projector, boards=Boards(read, world.log, projector), log=log, folder=tmp_path,
    )  # fmt: skip
    await read.close()
    people.close()
    store.close()
    world.vault.close()


async def test_one_asks_another_approves_a_third_erases(at: Place):
    need = await at.world.need(COMMITTEE, title=WORD)
    asked = await at.erasures.request(COMMITTEE, kind="text", about=need.id, reason="consent")
    await refused(at.erasures.execute(SECURITY, asked.id), "erasure.state")
    for who in (COMMITTEE, AUDITOR, SECURITY):
        await refused(at.erasures.approve(who, asked.id), "access.forbidden")
    await at.erasures.approve(STREET_OFFICE, asked.id)
    for who in (COMMITTEE, STREET_OFFICE, AUDITOR, ADMIN):
        await refused(at.erasures.execute(who, asked.id), "access.forbidden")
    done = await at.erasures.execute(SECURITY, asked.id)
    assert (done.status, done.keys) == ("executed", 1)
    assert (done.asked_by, done.approved_by, done.executed_by) == (COMMITTEE.id, STREET_OFFICE.id, SECURITY.id)
    assert [kind for kind, *_ in at.log.lines] == ["erasure.requested", "erasure.approved", "erasure.executed"]
    assert WORD not in str(at.log.lines)


async def test_nobody_judges_or_executes_what_they_asked_for_or_approved(at: Place):
    need = await at.world.need(COMMITTEE, title=WORD)
    asked = await at.erasures.request(STREET_OFFICE, kind="text", about=need.id, reason="law")
    await refused(at.erasures.approve(STREET_OFFICE, asked.id), "access.own_work")
    colleague = replace(STREET_OFFICE, id="key-street-2", org="street-office-2")
    await at.erasures.approve(colleague, asked.id)
    await refused(at.erasures.execute(replace(SECURITY, id=colleague.id), asked.id), "access.own_work")


async def test_a_stranger_can_neither_ask_nor_see(at: Place):
    need = await at.world.need(COMMITTEE, title=WORD)
    await refused(
        at.erasures.request(OTHER_COMMITTEE, kind="text", about=need.id, reason="law"), "access.forbidden"
    )
    asked = await at.erasures.request(COMMITTEE, kind="text", about=need.id, reason="law")
    assert at.erasures.seen(OTHER_COMMITTEE) == []
    assert [each.id for each in at.erasures.seen(AUDITOR)] == [asked.id]
    elsewhere = replace(STREET_OFFICE, area="310101099")
    await refused(at.erasures.approve(elsewhere, asked.id), "item.not_found")
    await refused(at.erasures.request(COMMITTEE, kind="text", about="need-none", reason="law"), "item.not_found")
    await refused(at.erasures.request(COMMITTEE, kind="text", about=need.id, reason="只因"), "erasure.reason")
    await refused(at.erasures.request(COMMITTEE, kind="all", about=need.id, reason="law"), "erasure.kind")


async def test_erased_words_are_in_no_list_no_search_and_no_file_of_the_lists(at: Place):
    world = at.world
    need = await world.need(COMMITTEE, title=WORD, note=f"说明{WORD}")
    claim = await world.claim(world.units[0], 5, need=need.id)
    kept = await world.need(COMMITTEE, title="留下的一项")
    await at.projector.catch_up()
    found = await at.boards.list("needs", AUDITOR, q="独一无二")
    assert [doc["id"] for doc in found.items] == [need.id]
    assert WORD.encode() in _read_files(at.folder)
    await at.erased(need.id)
    assert await at.forgetting.look()
    assert (await at.boards.list("needs", AUDITOR, q="独一无二")).items == []
    titles = {doc["id"]: doc["title"] for doc in (await at.boards.list("needs", AUDITOR)).items}
    assert titles == {need.id: None, kept.id: "留下的一项"}
    assert [doc["title"] for doc in (await at.boards.list("claims", SYSTEM)).items] == [None]
    assert (await at.boards.list("claims", SYSTEM)).items[0]["id"] == claim.id
    assert WORD.encode() not in _read_files(at.folder)
    assert "独一".encode() not in _read_files(at.folder)
    assert await at.projector.verify() == []


async def test_lists_are_made_anew_once_for_each_erasure_and_the_certificate_says_when(at: Place):
    need = await at.world.need(COMMITTEE, title=WORD)
    assert not await at.forgetting.look()
    id = await at.erased(need.id)
    assert at.erasures.one(COMMITTEE, id).status == "executed"
    assert await at.forgetting.look()
    certificate = at.erasures.one(COMMITTEE, id)
    assert (certificate.status, certificate.cleared_at) == ("cleared", at.world.clock.now())
    assert not await at.forgetting.look()


async def test_another_set_of_lists_that_is_behind_keeps_the_certificate_waiting(at: Place):
    other = SqliteErasures(at.folder / "erasures.db", "project")
    other.note(0)
    need = await at.world.need(COMMITTEE, title=WORD)
    id = await at.erased(need.id)
    await at.forgetting.look()
    assert at.erasures.one(COMMITTEE, id).status == "executed"
    other.note(1)
    at.erasures.clear()
    assert at.erasures.one(COMMITTEE, id).status == "cleared"
    other.close()


async def test_the_ledger_proves_itself_as_before(at: Place):
    need = await at.world.need(COMMITTEE, title=WORD)
    head = await at.world.log.head()
    id = await at.erased(need.id)
    assert await at.world.log.head() == head
    proofs = Proofs(at.world.log)
    assert all([(await proofs.of(position)).holds for position in range(1, head.position + 1)])
    assert (at.erasures.one(AUDITOR, id).status, await status(at.world, need.id)) == ("executed", "open")


async def test_life_goes_on_after_an_erasure_and_new_words_can_be_erased_again(at: Place):
    need = await at.world.need(COMMITTEE, title=WORD)
    await at.erased(need.id)
    await at.world.needs.amend(at.world.ask(COMMITTEE), need.id, NeedChange(title="新的标题"))
    at.world.streams.forget()
    await at.world.needs.amend(at.world.ask(COMMITTEE), need.id, NeedChange(note="新的说明"))
    content = (await at.world.state(need.id)).content
    assert [at.world.vault.open(text) for text in (content.title, content.note)] == ["新的标题", "新的说明"]
    await at.erased(need.id)
    assert [at.world.vault.open(text) for text in (content.title, content.note)] == [None, None]


async def test_the_contact_of_a_person_is_erased(at: Place):
    need = await at.world.need(COMMITTEE)
    await refused(at.erasures.request(COMMITTEE, kind="person", about=need.id, org=EAST, reason="consent"), "item.not_found")
    await at.contacts.put(COMMITTEE, EAST, Contact(name="张伟", phone="13812345678"), need.id)
    await at.contacts.put(COMMITTEE, EAST, Contact(name="李静", phone="13912345678"))
    id = await at.erased(need.id, "person")
    assert at.erasures.one(COMMITTEE, id).status == "cleared"
    assert (at.people.get(f"{need.id}/{EAST}"), at.people.get(f"/{EAST}")) == (None, {"name": "李静", "phone": "13912345678"})


async def test_a_declined_request_ends_there(at: Place):
    need = await at.world.need(COMMITTEE, title=WORD)
    asked = await at.erasures.request(COMMITTEE, kind="text", about=need.id, reason="done")
    assert at.erasures.may(STREET_OFFICE, asked) == ("approve", "decline")
    assert at.erasures.may(COMMITTEE, asked) == at.erasures.may(SECURITY, asked) == ()
    declined = await at.erasures.decline(STREET_OFFICE, asked.id)
    assert declined.status == "declined"
    await refused(at.erasures.execute(SECURITY, asked.id), "erasure.state")


async def test_requests_are_there_after_a_restart(at: Place):
    need = await at.world.need(COMMITTEE, title=WORD)
    id = await at.erased(need.id)
    again = SqliteErasures(at.folder / "erasures.db", "run")
    assert again.get(id) == at.erasures.one(AUDITOR, id)
    again.close()


def _read_files(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in (folder / "read").iterdir())
