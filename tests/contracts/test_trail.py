"""The audit trail: one item's own history, and everything for those who may see it."""

from __future__ import annotations

from typing import Any

from domain.access import Principal
from services.audit import Trail
from services.read_ports import ReadDb
from tests.support.reading import boards, everything, head, projector
from tests.support.world import AUDITOR, COMMITTEE, World


def trail(db: ReadDb, world: World) -> Trail:
    return Trail(world.log, world.codec, world.vault, db)


async def all_events(one: Trail, viewer: Principal, limit: int = 100) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    after = 0
    while True:
        page = await one.events(after, limit, viewer)
        found += page["items"]
        if page["next"] == after:
            return found
        after = page["next"]


async def test_a_history_is_that_of_one_item_alone_with_its_text_opened(db, story):
    world = story.world
    need = await world.need(COMMITTEE)
    claim = await world.claim(world.units[0], need=need.id)
    await world.claims.refuse(world.ask(COMMITTEE), claim.id, reason="人数已够")
    history = await trail(db, world).history(claim.id)
    assert [entry["type"] for entry in history] == ["claim.proposed", "claim.declined"]
    assert (history[1]["data"]["reason"], history[1]["actor"], history[1]["version"]) == ("人数已够", COMMITTEE.id, 2)
    assert history[0]["at"].endswith("Z")


async def test_erased_text_is_null_in_the_history_and_the_figures_stay(db, story):
    world = story.world
    need = await world.need(COMMITTEE)
    row = (await world.log.read_stream(need.id))[0]
    world.vault.erase(world.codec.key_of(world.codec.decode(row).event))
    (entry,) = await trail(db, world).history(need.id)
    assert entry["data"]["content"]["title"] is None
    assert entry["data"]["content"]["lines"] == [{"kind": "志愿者", "quantity": 20, "unit": "人"}]


async def test_an_auditor_sees_every_event_once_and_in_order_whatever_the_page(db, story):
    await projector(db, story.world).catch_up()
    found = await all_events(trail(db, story.world), AUDITOR, limit=33)
    assert [entry["position"] for entry in found] == list(range(1, await head(story.world) + 1))


async def test_others_see_the_events_of_what_their_lists_show(db, story):
    world = story.world
    await projector(db, world).catch_up()
    stranger = Principal(id="k", role="unit", org="nobody")
    for viewer in (stranger, COMMITTEE, world.units[0]):
        streams = {entry["stream"] for entry in await all_events(trail(db, world), viewer)}
        for kind in ("needs", "offers", "claims", "projects"):
            rows = {doc["id"] for doc in await everything(boards(db, world), kind, viewer)}
            assert {stream for stream in streams if stream.startswith(kind[:-1])} == rows
    assert not any(s.startswith("claim") for s in {e["stream"] for e in await all_events(trail(db, world), stranger)})
