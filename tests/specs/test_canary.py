"""No word that somebody typed lies anywhere in the store: not in a fact, not in a file."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from adapters.codec import REGISTRY, JsonCodec
from adapters.sqlite_store import SqliteStore
from adapters.vault import open_vault
from domain.events import Event
from domain.matching.policy import NORMAL
from services.needs import NeedChange
from services.offers import OfferChange
from services.rounds import RoundDraft
from tests.support.facts import META, example
from tests.support.telling import delivered, lines, status
from tests.support.world import COMMITTEE, DISTRICT_OFFICE, STREET, STREET_OFFICE, World, people

CANARY = "金丝雀4271830065李秀英"
MARKS = (
    CANARY.encode(),
    CANARY.encode("utf-16-le"),
    CANARY.encode("unicode_escape"),
    b"4271830065",
    "李秀英".encode(),
)


class OpenCodec(JsonCodec):
    """The fault that these tests must catch: nothing is sealed."""

    def has_plain(self, event: Event) -> bool:
        return False


def marks_in(data: bytes) -> list[bytes]:
    return [mark for mark in MARKS if mark in data]


def files_with_marks(folder: Path) -> dict[str, list[bytes]]:
    return {file.name: found for file in folder.iterdir() if file.is_file() and (found := marks_in(file.read_bytes()))}


@pytest_asyncio.fixture
async def on_disk(tmp_path: Path) -> AsyncIterator[tuple[World, Path]]:
    store = await SqliteStore.open(tmp_path / "ledger.db")
    world = await World(tmp_path, store).begin()
    yield world, tmp_path
    await store.close()
    world.vault.close()


async def everything_typed(world: World, said: str = CANARY) -> None:
    """Every act that takes words, on needs, offers, claims and projects."""
    ask, unit, other = world.ask, *world.units[:2]
    draft = await world.need(COMMITTEE, title=said, note=said, as_draft=True)
    await world.needs.publish(ask(COMMITTEE), draft.id)
    offer = await world.offer(unit, title=said, note=said, as_draft=True)
    await world.offers.publish(ask(unit), offer.id)
    await world.offer(unit, title=said)
    await world.needs.amend(ask(COMMITTEE), draft.id, NeedChange(title=said + "二", note=said))
    await world.offers.amend(ask(unit), offer.id, OfferChange(title=said + "二", note=said))
    await world.offers.pause(ask(unit), offer.id, reason=said)
    await world.offers.resume(ask(unit), offer.id)
    claim = await world.claim(unit, 10, need=draft.id, note=said)
    await world.claims.counter(ask(COMMITTEE), claim.id, lines=people(8), note=said)
    await world.claims.accept(ask(unit), claim.id, note=said)
    for refuse in (world.claims.refuse, world.claims.withdraw):
        who = COMMITTEE if refuse == world.claims.refuse else other
        await refuse(ask(who), (await world.claim(other, 1, need=draft.id)).id, reason=said)
    await _joint(world, draft.id, said)
    await _delivered(world, claim.id, said)
    twin = await world.need(COMMITTEE)
    await world.needs.merge(ask(COMMITTEE), twin.id, into=draft.id, reason=said)
    gone = await world.need(COMMITTEE)
    await world.needs.withdraw(ask(COMMITTEE), gone.id, reason=said)
    await world.needs.reopen(ask(COMMITTEE), gone.id, reason=said)
    await world.offers.retire(ask(unit), offer.id, reason=said)
    await _failed(world, draft.id, said)
    await _ruled(world, said)
    await _matched(world, said)
    await world.endorsing()
    await world.needs.reject(ask(STREET_OFFICE), (await world.need(COMMITTEE)).id, reason=said)


async def _ruled(world: World, said: str) -> None:
    ask, policies = world.ask, world.policies
    await policies.draft(ask(DISTRICT_OFFICE), replace(NORMAL, waves=2), variant="matching", note=said)
    await policies.declare_emergency(ask(DISTRICT_OFFICE), until=world.clock.now() + timedelta(days=1), reason=said)
    await policies.lift_emergency(ask(DISTRICT_OFFICE), reason=said)


async def _matched(world: World, said: str) -> None:
    need, offer = await world.need(COMMITTEE), await world.offer(world.units[2])
    round = (await world.rounds.open(world.ask(STREET_OFFICE), RoundDraft(area=STREET))).id
    for decide in (world.rounds.pin, world.rounds.prohibit):
        await decide(world.ask(STREET_OFFICE), round, need=need.id, offer=offer.id, reason=said)
    await world.rounds.discard(world.ask(STREET_OFFICE), round, reason=said)


async def _failed(world: World, need: str, said: str) -> None:
    claim = await world.claim(world.units[2], 1, need=need)
    await world.claims.accept(world.ask(COMMITTEE), claim.id)
    project = (await world.state(claim.id)).project
    await world.projects.dispute(world.ask(COMMITTEE), project, reason=said)
    await world.projects.settle(world.ask(STREET_OFFICE), project, outcome="failed", reason=said)
    money = await world.need(COMMITTEE, lines=lines(("助学金", 10, "分")))
    gift = await world.claim(world.units[2], need=money.id, lines=lines(("助学金", 10, "分")))
    await world.claims.accept(world.ask(COMMITTEE), gift.id)
    project = (await world.state(gift.id)).project
    await world.projects.receive_funds(world.ask(COMMITTEE), project, amount_fen=10, note=said)
    await world.projects.spend_funds(world.ask(COMMITTEE), project, amount_fen=10, note=said)
    await delivered(world, world.units[2], project)
    await world.projects.close(world.ask(COMMITTEE), project, reason=said)


async def _joint(world: World, need: str, said: str) -> None:
    ask, (lead, second, third) = world.ask, world.units[1:]
    claim = await world.claim(lead, 2, need=need, members=((second.org, 2), (third.org, 2)), note=said)
    await world.joint.refuse(ask(third), claim.id, org=third.org, reason=said)
    await world.joint.leave(ask(second), claim.id, org=second.org, reason=said)
    await world.claims.accept(ask(COMMITTEE), claim.id)
    await world.claims.release(ask(lead), claim.id, reason=said)
    await world.claims.reinstate(ask(lead), claim.id, reason=said)


async def _delivered(world: World, claim: str, said: str) -> None:
    ask, unit, projects = world.ask, world.units[0], world.projects
    project = (await world.state(claim)).project
    await projects.plan(ask(unit), project, what=said, due=None)
    await projects.mark(ask(unit), project, milestone=1, met=False, note=said)
    await projects.mark(ask(unit), project, milestone=1, met=True, note=said)
    await projects.dispute(ask(COMMITTEE), project, reason=said)
    await projects.settle(ask(STREET_OFFICE), project, outcome="resumed", reason=said)
    await projects.report(ask(unit), project, note=said)
    await projects.confirm(ask(COMMITTEE), project, note=said)
    await projects.feed_back(ask(COMMITTEE), project, note=said)
    await projects.evaluate(ask(unit), project, score=4, note=said)
    (token,), _ = await projects.issue_links(ask(COMMITTEE), project, count=1)
    await projects.evaluate_by_link(token=token, score=5, note=said)
    await projects.close(ask(COMMITTEE), project, reason=said)


def test_no_fact_is_stored_with_typed_words(tmp_path: Path):
    vault = open_vault(tmp_path / "vault.db")
    codec = JsonCodec(vault)
    for cls in REGISTRY.values():
        sealed = codec.seal(example(cls, CANARY), stream="need-1", version=1, key=vault.new_key())
        assert marks_in(codec.encode(sealed, META)) == [], cls.TYPE
    vault.close()


def test_the_search_finds_words_when_sealing_is_off(tmp_path: Path):
    vault = open_vault(tmp_path / "vault.db")
    codec = OpenCodec(vault)
    spoken = {t for t, cls in REGISTRY.items() if JsonCodec(vault).has_plain(example(cls))}
    caught = {t for t, cls in REGISTRY.items() if marks_in(codec.encode(example(cls, CANARY), META))}
    assert caught == spoken
    assert len(spoken) > 25
    vault.close()


async def test_no_word_typed_in_any_act_lies_in_a_file(on_disk: tuple[World, Path]):
    world, folder = on_disk
    await everything_typed(world)
    assert files_with_marks(folder) == {}
    texts = JsonCodec(world.vault)
    rows = [row for row in await world.log.read_all(limit=1000) if texts.key_of(texts.decode(row).event)]
    spoken = {type for type, cls in REGISTRY.items() if texts.has_plain(example(cls))}
    assert {row.type for row in rows} == spoken
    await world.log.close()
    world.vault.close()
    assert files_with_marks(folder) == {}
    assert (folder / "ledger.db").stat().st_size > 50_000


async def test_the_words_are_there_for_who_holds_the_keys(on_disk: tuple[World, Path]):
    world, _ = on_disk
    need = await world.need(COMMITTEE, title=CANARY)
    state = await world.state(need.id)
    assert world.vault.open(state.content.title) == CANARY
    world.vault.erase(state.content.title.ref)
    assert (world.vault.open(state.content.title), await status(world, need.id)) == (None, "open")


async def test_a_file_with_words_is_found_when_sealing_is_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("tests.support.world.JsonCodec", OpenCodec)
    store = await SqliteStore.open(tmp_path / "ledger.db")
    world = await World(tmp_path, store).begin()
    await world.need(COMMITTEE, title=CANARY)
    found: dict[str, Any] = files_with_marks(tmp_path)
    await store.close()
    world.vault.close()
    assert found
