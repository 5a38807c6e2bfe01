"""Pages that are kept for the next who asks: the same to the byte, gone with the next change, nobody's own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from starlette.responses import Response

from api.pages.kept import MOST, Kept
from tests.journeys.test_pages import caught_up, lived
from tests.support.engine import EAST, House, need, opened_house
from tests.support.people import cookie
from tests.support.reading import tamper

PAGES = ("/board", "/dashboards", "/dashboards/310101/process", f"/orgs/{EAST}")


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[House]:
    async with opened_house(tmp_path) as made:
        yield made


async def page(place: House, path: str, headers: dict[str, str] | None = None) -> str:
    answer = await place["nobody"].http.get(path, headers=headers or {})
    place["nobody"].http.cookies.clear()
    assert answer.status_code == 200
    return answer.text


async def test_a_page_is_drawn_once_until_something_happens(place: House):
    await lived(place)
    first = await page(place, "/board")
    tamper(place.engine.projector._db, "UPDATE live SET doc = replace(doc, '重阳节义诊', '改过的标题')")
    assert await page(place, "/board") == first
    assert "改过的标题" in await page(place, "/board?q=")  # another question is answered anew
    await place["east"].did("/v1/needs", need(3, title="新发布的需求"))
    await caught_up(place)
    then = await page(place, "/board")
    assert "新发布的需求" in then
    assert "改过的标题" in then


async def test_what_depends_on_the_reader_is_never_taken_from_another(place: House):
    await lived(place)
    own = cookie(place, "committee", EAST)
    for path in PAGES:
        for first, second in (({}, own), (own, {})):
            await page(place, path, first)
            assert ("/logout" in await page(place, path, second)) == (second is own), path
        chinese, english = await page(place, path), await page(place, path, {"Accept-Language": "en"})
        assert '<html lang="zh-CN"' in chinese
        assert '<html lang="en"' in english
        assert 'class="large"' in await page(place, f"{path}?type=large")
        assert 'class="large"' not in await page(place, path)


async def test_a_part_of_a_page_is_kept_apart_from_the_page(place: House):
    await lived(place)
    whole, part = await page(place, "/board"), await page(place, "/board", {"X-Fragment": "list"})
    assert part in whole
    assert "<html" not in part
    assert await page(place, "/board", {"X-Fragment": "list", **cookie(place, "committee", EAST)}) == part


async def test_time_alone_makes_a_page_new(place: House):
    await lived(place)
    before = await page(place, "/dashboards/310101/process?from=2026-01-01")
    place.clock.advance(timedelta(days=400))
    assert await page(place, "/dashboards/310101/process?from=2026-01-01") != before


def test_only_so_many_are_kept_and_what_sets_a_cookie_is_not():
    kept = Kept()
    for n in range(MOST + 10):
        kept.keep(n, Response(b"x"))
    assert len(kept) == MOST
    assert kept.find(0) is None
    assert kept.find(MOST) is not None
    own = Response(b"x")
    own.set_cookie("lang", "en")
    kept.keep("own", own)
    kept.keep("refused", Response(b"x", 404))
    assert kept.find("own") is None
    assert kept.find("refused") is None
