"""Figures drilled into, as a browser without JavaScript gets them: every figure leads to rows that add up to it."""

from __future__ import annotations

import gzip
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.journeys.test_pages import HOSTILE, MOST_KB, SECRETS, Page, caught_up, html, lived
from tests.support.engine import DISTRICT, EAST, STREET, House, need, opened_house

AREA = f"/dashboards/{DISTRICT}"
VIEWS = (f"{AREA}/process", f"{AREA}/areas", f"{AREA}/events?figure=claims/total", f"{AREA}/areas?tier=neighbourhood&sort=met")
NUMBER = re.compile(r"-?[\d,]+(?:\.\d+)?")


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[House]:
    async with opened_house(tmp_path) as made:
        yield made


def behind(page: Page) -> list[str]:
    return sorted({link for link in page.links if "/events?" in link})


async def test_every_view_is_sound_light_and_says_its_position_in_both_languages(place: House):
    await lived(place)
    for path in VIEWS:
        for language in ("zh", "en"):
            text = await html(place, path, Accept_Language=language)
            page = Page(text)
            assert page.inline == []
            assert len(page.ids) == len(set(page.ids))
            assert len(gzip.compress(text.encode())) <= MOST_KB * 1024
            assert str((await place.log.head()).position) in page.text
        left = set(re.findall("[\u4e00-\u9fff]+", page.text))  # the last page was in English
        assert {word for word in left if not re.fullmatch("(区域|志愿者|第|医院|中文|人|重阳节义诊)+", word)} == set(), path


async def test_each_figure_leads_to_rows_that_add_up_to_it(place: House):
    await lived(place)
    links = {link for path in ("/dashboards", *VIEWS[:2]) for link in behind(Page(await html(place, path)))}
    assert len(links) > 20
    for link in links:
        page = await html(place, link)
        total = re.search(r'<p class="sum"><b>([^<]+)</b>', page)
        assert total, link
        rows = re.findall(r'<td class="r">([^<]+)</td><td class="r num">', page)
        assert int(NUMBER.findall(page.split("由下列 ")[1])[0]) == len(rows)
        if "figure=t" not in link:
            added = sum(float(NUMBER.findall(row)[0].replace(",", "")) for row in rows)
            assert added == float(NUMBER.findall(total[1])[0].replace(",", "")), link


async def test_a_choice_stays_chosen_from_figure_to_figure(place: House):
    ids = await lived(place)
    path = f"{AREA}/process?category=service&line=医院&from=2026-03-01&to=2026-03-31&at={ids['before'] + 1}"
    page = Page(await html(place, path))
    assert "0 次" not in page.text.split("答复认领")[0]
    for link in behind(page):
        for kept in ("category=service", "line=%E5%8C%BB%E9%99%A2", "from=2026-03-01", "to=2026-03-31", "at="):
            assert kept in link
    elsewhere = Page(await html(place, f"{AREA}/events?figure=claims/total&from=2026-03-09"))
    assert "没有条目" in elsewhere.text


async def test_who_only_asked_stays_unnamed_and_what_is_hidden_still_counts(place: House):
    await lived(place)
    claims = Page(await html(place, f"{AREA}/events?figure=claims/total"))
    assert "第0医院" in claims.text
    assert "第1医院" not in claims.text
    for path in VIEWS:
        text = await html(place, path)
        assert not [secret for secret in SECRETS if secret in text]
        assert HOSTILE not in text


async def test_the_table_of_areas_sorts_by_its_headings_and_leads_down(place: House):
    await lived(place)
    await place["west"].did("/v1/needs", {**need(3), "area": place["west"].org})
    await caught_up(place)
    first = Page(await html(place, f"{AREA}/areas?tier=neighbourhood"))
    turned = Page(await html(place, f"{AREA}/areas?tier=neighbourhood&up=1"))
    order = [link for link in first.links if re.fullmatch(r"/dashboards/\d{12}/areas", link)]
    assert order == [link for link in turned.links if re.fullmatch(r"/dashboards/\d{12}/areas", link)][::-1]
    assert order[0] == f"/dashboards/{EAST}/areas"
    assert "下面没有更小的区域" in (await html(place, f"/dashboards/{EAST}/areas"))
    assert f"/dashboards/{STREET}/areas" in Page(await html(place, f"{AREA}/areas")).links


async def test_what_is_asked_wrongly_is_said_on_a_page(place: House):
    for path, status in (
        (f"{AREA}/events?figure=dreams", 404), (f"{AREA}/process?from=march", 422), (f"{AREA}/process?at=yesterday", 422),
        ("/dashboards/nowhere/process", 404), ("/dashboards/nowhere/events?figure=claims/total", 404),
        (f"{AREA}/events?figure=claims/total&page=x", 422), (f"{AREA}/events", 404),
    ):  # fmt: skip
        assert "没有打开" in await html(place, path, status), path


async def test_a_tile_of_the_map_leaves_its_place_on_the_board_and_the_choice_stays(place: House):
    await lived(place)
    folded = Page(await html(place, "/board?category=service"))
    unfold = next(link for link in folded.links if "by=open" in link)
    assert not [link for link in folded.links if f"area={EAST}" in link]
    page = Page(await html(place, unfold))
    tile = next(link for link in page.links if f"area={EAST}" in link)
    assert "category=service" in tile
    assert f"区域{EAST} 2" in page.text
    assert f"区域{EAST} 30%" in Page(await html(place, "/board?by=cover")).text
    assert "重阳节义诊" in Page(await html(place, tile)).text
    assert "by=open" not in await html(place, "/board?kind=offers")


async def test_every_map_has_its_table_and_none_is_drawn_of_a_single_place(place: House):
    await lived(place)
    for path in ("/dashboards", f"/dashboards/{STREET}", "/board?by=cover"):
        text = await html(place, path)
        tiles = len(re.findall(r'<rect class="[tc]\d" x="[\d.]+%" y', text))
        table = text.split('aria-label="各居民区待认领需求"')[1].split("</table>")[0]
        assert table.count('<th scope="row">') == tiles == 2
    assert 'class="tiles"' not in await html(place, f"/dashboards/{EAST}")
