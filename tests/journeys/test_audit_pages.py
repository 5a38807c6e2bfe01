"""The audit pages as anybody and as an auditor gets them: any moment as it was, and nothing that is not theirs to see."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pytest

from adapters.log_stream import LogStream
from adapters.memory import MemoryStore
from adapters.office import SpreadsheetOffice
from adapters.read_db import SqliteReadDb
from adapters.system import SeededIds
from api.app import create_app
from api.settings import Settings
from api.wiring import build
from services.command import to_us
from services.ports import Append, NewEvent
from tests.journeys.test_pages import SECRETS, Page, caught_up, html, lived
from tests.support.engine import DISTRICT, HOST, STREET, WEST, House, need, opened_house, people

TIMES = 20
FURNISHED = 9  # events before anybody does anything


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[House]:
    async with opened_house(tmp_path) as made:
        yield made


class Cut:
    """The same district whose ledger ends earlier, with pages of its own. It only ever grows."""

    def __init__(self, place: House, folder: Path) -> None:
        self._place, self._log = place, MemoryStore()
        self._db = SqliteReadDb.open(folder / "cut")
        trail, ids = place.engine.trail, SeededIds("cut", place.clock.now)
        self.engine = build(
            self._log, trail._vault, self._db, LogStream(self._log), clock=place.clock, ids=ids, links=folder / "links.key"
        )  # type: ignore[arg-type]  # the vault is what it was built with
        app = create_app(self.engine, place.keys, Settings(data=folder), SpreadsheetOffice())
        self._http = httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=HOST)

    async def grow(self, position: int) -> None:
        have = (await self._log.head()).position
        for row in await self._place.log.read_all(have, position - have):
            at: datetime = self._place.engine.trail._codec.decode(row).meta.at
            event = NewEvent(row.stream, row.version, row.type, row.state)
            await self._log.append(Append((event,), f"cut-{row.position}", "cut", b"", to_us(at)))
        await self.engine.projector.catch_up()

    async def part(self, path: str, *names: str) -> str | None:
        """Parts of the live page, one after the other; None when there is no such page."""
        answers = [await self._http.get(path, headers={"X-Fragment": name}) for name in names]
        return "".join(answer.text for answer in answers) if answers[0].status_code == 200 else None

    async def close(self) -> None:
        await self._http.aclose()
        await self._db.close()


@asynccontextmanager
async def cut_of(place: House, folder: Path) -> AsyncIterator[Cut]:
    made = Cut(place, folder)
    try:
        yield made
    finally:
        await made.close()


async def shown_then(place: House, what: str, position: int, **more: str) -> str:
    """The part of the replay that shows it as it was."""
    query = "".join(f"&{name}={value}" for name, value in more.items())
    text = await html(place, f"/audit?what={what}&at={position}{query}", X_Fragment="then")
    found = re.search(r'<section class="as-then"[^>]*>(.*)</section>', text, re.DOTALL)
    assert found
    return found[1]


def bare(part: str) -> str:
    """Without what tells the past from the present: the banner, the moment in addresses, ways to other
    views, and the dashes of a month that is
    not over yet (its numbers stay)."""
    part = re.sub(r'<svg class="trend".*?</svg></svg>|<svg class="trend".*?</svg>\n|<span>虚线：当月未满</span>', "", part, flags=re.DOTALL)
    part = re.sub(r'<p class="then".*?</p>|<p class="presets">.*?</p>', "", part, flags=re.DOTALL)
    part = re.sub(r"(\?|&amp;)at=[^\"&]*", "", part)
    return re.sub(r"\s+", " ", part).replace("?&amp;", "?").strip()


async def lived_longer(place: House) -> dict[str, Any]:
    """More happens in the street, on one day after the other."""
    ids = await lived(place)
    for n in range(4):
        place.clock.advance(timedelta(hours=20))
        asked = await place["west"].did("/v1/needs", need(8, title=f"助老送餐 {n}", area=WEST))
        claim = await place["unit2"].did("/v1/claims", {"need": asked["id"], "lines": people(3 + n)})
        if n % 2:
            await place["west"].did(f"/v1/claims/{claim['id']}/acceptance")
    await caught_up(place)
    return ids


async def test_every_part_equals_the_live_page_of_a_ledger_that_ends_there(place: House, tmp_path: Path):
    ids, head = await lived_longer(place), (await place.log.head()).position
    seen = [
        (what, f"{path}", part, more) for what, path, part, more in (
            ("needs", "/board?kind=needs", "list", {}), ("offers", "/board?kind=offers", "list", {}),
            ("dashboard", f"/dashboards/{DISTRICT}", "now", {}), ("dashboard", f"/dashboards/{STREET}", "now", {"area": STREET}),
            (ids["need"], f"/needs/{ids['need']}", "head now", {}), (ids["offer"], f"/offers/{ids['offer']}", "head now", {}),
        )
    ]  # fmt: skip
    compared = 0
    async with cut_of(place, tmp_path) as cut:
        for position in sorted(Random(4).sample(range(FURNISHED, head), TIMES)):
            await cut.grow(position)
            for what, path, part, more in seen:
                live = await cut.part(path, *part.split())
                then = await shown_then(place, what, position, **more)
                if live is None:
                    assert "那时它还不存在" in then, (what, position)
                    continue
                assert bare(then) == bare(live), (what, position)
                compared += 1
    assert compared > 4 * TIMES


async def test_a_wrong_moment_would_be_noticed(place: House, tmp_path: Path):
    ids, head = await lived(place), (await place.log.head()).position
    async with cut_of(place, tmp_path) as cut:
        await cut.grow(ids["before"])
        live = await cut.part(f"/needs/{ids['need']}", "head", "now")
        assert live is not None
        assert bare(await shown_then(place, ids["need"], ids["before"])) == bare(live)
        assert bare(await shown_then(place, ids["need"], head)) != bare(live)


async def test_every_page_is_sound_and_holds_nothing_private(place: House):
    ids = await lived(place)
    for path in pages(ids):
        for language in ("zh", "en"):
            text = await html(place, path, Accept_Language=language)
            found = Page(text)
            assert found.inline == [], path
            assert len(found.ids) == len(set(found.ids)), path
            assert not [secret for secret in SECRETS if secret in text], path
            assert "key-" not in found.text, "accounts are not named to the public"


def pages(ids: dict[str, Any]) -> list[str]:
    item, before = ids["need"], ids["before"]
    return [
        "/audit", "/audit?what=offers", f"/audit?what=needs&area={STREET}", "/audit?what=dashboard&at=2026-03-02",
        f"/audit?what={item}", f"/audit?what={item}&at={before}", f"/audit?what={item}&at=0",
    ]  # fmt: skip


async def test_what_is_not_for_everybody_is_not_there(place: House):
    ids = await lived(place)
    claims = (await place["auditor"].sees("/v1/claims"))["items"]
    for hidden in (ids["draft"], claims[0]["id"], claims[0]["number"], "need-nothing", "nonsense"):
        await html(place, f"/audit?what={hidden}", 404)


async def test_forms_lead_to_the_address_of_their_moment(place: House):
    ids = await lived(place)
    history = await place.engine.trail.history(ids["need"])
    for typed, at in (
        ("step=1", f"{history[0]['position']}"), ("step=0", f"{history[0]['position'] - 1}"), ("position=20", "20"),
        ("day=2026-03-02&clock=17:30", "2026-03-02T17%3A30%3A00%2B08%3A00"), ("day=2026-03-02&clock=", "2026-03-02"),
    ):  # fmt: skip
        answer = await place["nobody"].http.get(f"/audit?what={ids['need']}&{typed}")
        assert (answer.status_code, answer.headers["location"]) == (303, f"/audit?what={ids['need']}&at={at}")
    number = (await place["east"].sees(f"/v1/needs/{ids['need']}"))["number"]
    answer = await place["nobody"].http.get(f"/audit?what=needs&item={number.lower()}&at=")
    assert answer.headers["location"] == f"/audit?what={ids['need']}"
    for wrong in ("at=never", "at=99999", "position=x", "day=2026-13-40"):
        answer = await place["nobody"].http.get(f"/audit?what=needs&{wrong}", follow_redirects=True)
        assert answer.status_code == 422, wrong


async def test_events_before_and_after_are_the_next_steps(place: House):
    ids = await lived(place)
    history = await place.engine.trail.history(ids["need"])
    for n, entry in enumerate(history[1:-1], start=1):
        text = await html(place, f"/audit?what={ids['need']}&at={entry['position']}")
        steps = dict(reversed(pair) for pair in re.findall(r'href="[^"]*at=(\d+)" rel="(prev|next)"', text))
        assert steps == {"prev": str(history[n - 1]["position"]), "next": str(history[n + 1]["position"])}
        assert f"第 {n + 1} 个事件，共 {len(history)} 个" in text
