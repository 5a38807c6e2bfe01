"""Boards on real databases: who sees what, paging, search, and reading what was just written."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from domain.access import Facts, decide
from domain.events import Refused
from services.asof import parse_at
from services.boards import KINDS, Boards
from services.labels import direct_areas, parties
from services.read_ports import Behind
from services.tree import path
from tests.support.reading import VIEWERS, boards, everything, projector, running
from tests.support.world import AUDITOR, COMMITTEE


async def test_pages_are_complete_and_stable_whatever_their_size(db, story):
    world = story.world
    await projector(db, world).catch_up()
    board = boards(db, world)
    whole = await everything(board, "needs", AUDITOR)
    assert [doc["id"] for doc in await everything(board, "needs", AUDITOR, limit=7)] == [doc["id"] for doc in whole]
    first = await board.list("needs", AUDITOR, limit=5)
    await world.need(COMMITTEE)
    await projector(db, world).catch_up()
    second = await board.list("needs", AUDITOR, limit=5, cursor=first.next)
    assert [d["id"] for d in first.items + second.items] == [d["id"] for d in whole[:10]]


async def test_a_list_shows_exactly_what_the_rules_let_each_viewer_see(db, story):
    world = story.world
    await projector(db, world).catch_up()
    parents = {doc["id"]: doc["parent"] for doc in await everything(boards(db, world), "areas", AUDITOR)}
    viewers = [*VIEWERS, *world.units]
    for kind, row in KINDS.items():
        shown = {viewer.id: {d["id"] for d in await everything(boards(db, world), kind, viewer)} for viewer in viewers}
        for id in shown[AUDITOR.id]:
            state = await world.state(f"area-{id}" if row == "area" else id)
            shown_once = {"need.posted", "offer.published"} & set(await world.types(f"area-{id}" if row == "area" else id))
            public = row in ("unit", "area") or (bool(shown_once) and state.status != "rejected")
            above = tuple(a for area in direct_areas(state) for a in path(area, parents))
            facts = Facts(parties=tuple(parties(state)), path=above, public=public)
            for viewer in viewers:
                assert (id in shown[viewer.id]) == (decide(viewer, f"{row}.see", facts) is None), (viewer, id)


async def test_a_list_can_be_cut_to_an_owner_a_party_and_what_claims_are_about(db, story):
    await projector(db, story.world).catch_up()
    board, unit = boards(db, story.world), story.world.units[0].org
    offers, claims = await everything(board, "offers", AUDITOR), await everything(board, "claims", AUDITOR)
    of_unit = [doc for doc in offers if doc["owner"] == unit]
    assert await everything(board, "offers", AUDITOR, owner=unit) == of_unit != []
    bound = [c for c in claims if unit in (c["provider"], *(m["org"] for m in c["members"] if m["status"] != "left"))]
    assert await everything(board, "claims", AUDITOR, owner=unit, status="accepted") == [
        doc for doc in bound if doc["status"] == "accepted"
    ] != []
    need = next(doc["need"] for doc in claims if doc["need"])
    assert await everything(board, "claims", AUDITOR, about=need) == [doc for doc in claims if doc["need"] == need]


async def test_those_without_log_in_see_no_drafts_no_notes_and_no_claims(db, story):
    await projector(db, story.world).catch_up()
    board = boards(db, story.world)
    needs = (await board.public("needs", limit=200)).items
    assert needs
    assert all(doc["status"] != "draft" and "note" not in doc for doc in needs)
    assert not (await board.public("claims")).items


@pytest.mark.parametrize("kind", ["needs", "offers"])
@pytest.mark.parametrize("q", ["义诊", "诊", "堂", "爬楼机", "暑托 教室", "COVID", "专场", "东区"])
async def test_search_finds_what_holds_the_words_and_nothing_else(db, story, kind, q):
    await projector(db, story.world).catch_up()
    board = boards(db, story.world)
    found = {doc["id"] for doc in await everything(board, kind, AUDITOR, q=q)}
    rows = await everything(board, kind, AUDITOR)
    words = q.lower().split()
    held = {doc["id"] for doc in rows if all(word in f"{doc['title']} {doc['note']}".lower() for word in words)}
    assert found == held
    assert held


async def test_an_item_is_found_by_its_number_its_start_and_the_last_digits(db, story):
    await projector(db, story.world).catch_up()
    board = boards(db, story.world)
    doc = (await board.list("needs", AUDITOR, limit=1)).items[0]
    for q in (doc["number"], doc["number"].lower(), doc["number"][:-1], doc["number"].rpartition("-")[2].lstrip("0")):
        assert doc["id"] in {found["id"] for found in await everything(board, "needs", AUDITOR, q=q)}
    assert not (await board.list("needs", AUDITOR, q="找不到的词")).items


async def test_who_asks_for_a_position_waits_for_it_or_is_told_how_far_the_lists_are(db, story):
    world = story.world
    async with running(projector(db, world)) as one:
        board = Boards(db, world.log, one)
        done = await world.need(COMMITTEE)
        page = await board.list("needs", COMMITTEE, min_position=done.position)
        assert page.items[0]["id"] == done.id
    with pytest.raises(Behind):
        await boards(db, world).list("needs", COMMITTEE, min_position=done.position + 1)


async def test_a_moment_or_a_position_can_be_asked_for_and_nothing_else(story):
    world = story.world
    rows = await world.log.read_all(100, 1)
    at = world.codec.decode(rows[0]).meta.at
    position = await parse_at(at.isoformat(), world.log)
    assert position is not None
    assert position >= 101
    assert await parse_at((at - timedelta(microseconds=1)).isoformat(), world.log) < 101
    assert await parse_at(at.isoformat().replace("+", " "), world.log) == position
    assert await parse_at("42", world.log) == 42
    assert await parse_at(datetime(2020, 1, 1, tzinfo=UTC).isoformat(), world.log) == 0
    for wrong in ("soon", "-1", "2026-03-01T00:00:00", str(10**9)):
        with pytest.raises(Refused):
            await parse_at(wrong, world.log)
