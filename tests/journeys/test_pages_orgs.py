"""What everybody may know of an organisation: what it gave and received, its partners, how reliable it is."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.journeys.test_pages import SECRETS, Page, html, lived
from tests.support.engine import EAST, STREET, House, opened_house
from tests.support.people import cookie


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[House]:
    async with opened_house(tmp_path) as made:
        yield made


async def text(place: House, path: str, **headers: str) -> str:
    return re.sub(r"\s+", " ", Page(await html(place, path, **headers)).text)


async def test_a_unit_shows_what_it_gave_and_a_committee_what_it_received(place: House):
    await lived(place)
    unit = await text(place, f"/orgs/{place.units[0]}")
    assert re.search(r"给出交付并经接收方确认的项目 1 个 惠及居民87 人次已交付12 人", unit)
    assert re.search(r"得到作为接收方确认的项目 0 个", unit)
    assert re.search(r"按期交付100%1 / 1", unit)
    committee = await text(place, f"/orgs/{EAST}")
    assert re.search(r"得到作为接收方确认的项目 1 个 惠及居民87 人次", committee)
    assert re.search(r"按时答复100%2 / 2", committee)
    assert "第0医院 1" in committee
    assert "第1医院" not in committee  # it only asked


async def test_as_of_an_earlier_moment_nothing_had_been_given(place: House):
    ids = await lived(place)
    then = await text(place, f"/orgs/{place.units[0]}?at={ids['before']}")
    assert re.search(r"给出交付并经接收方确认的项目 0 个", then)
    assert f"截至序位 {ids['before']}" in then


async def test_nothing_private_is_told_not_even_to_its_own_people(place: House):
    await lived(place)
    for headers in ({}, cookie(place, "committee", EAST)):
        for org in (EAST, place.units[0]):
            page = (await place["nobody"].http.get(f"/orgs/{org}", headers=headers)).text
            assert not [secret for secret in SECRETS if secret in page]


async def test_its_people_are_named_to_its_own_people_alone(place: House):
    await lived(place)
    own = (await place["nobody"].http.get(f"/orgs/{EAST}", headers=cookie(place, "committee", EAST))).text
    assert "本单位的人" in own
    assert "测试" in own.split("本单位的人")[1]
    others = (await place["nobody"].http.get(f"/orgs/{EAST}", headers=cookie(place, "unit", place.units[0]))).text
    assert "本单位的人" not in others
    assert "本单位的人" not in await html(place, f"/orgs/{EAST}")


async def test_the_directory_finds_by_name_place_and_line(place: House):
    await lived(place)
    everything = Page(await html(place, "/orgs"))
    assert {f"/orgs/{unit}" for unit in place.units} | {f"/orgs/{EAST}"} <= set(everything.links)
    found = [link for link in Page(await html(place, f"/orgs?q=区域{EAST}")).links if link.startswith("/orgs/")]
    assert found == [f"/orgs/{EAST}"]
    lined = [link for link in Page(await html(place, f"/orgs?line=医院&area={STREET}")).links if link.startswith("/orgs/")]
    assert sorted(lined) == sorted(f"/orgs/{unit}" for unit in place.units)
    assert "没有符合条件的条目" in await html(place, "/orgs?line=没有的")


async def test_pages_are_sound_in_both_languages_and_what_is_no_organisation_is_not_found(place: House):
    ids = await lived(place)
    for path in ("/orgs", f"/orgs/{EAST}", f"/orgs/{place.units[0]}"):
        assert Page(await html(place, path)).inline == []
        english = set(re.findall("[\u4e00-\u9fff]+", await text(place, path, Accept_Language="en")))
        assert {word for word in english if not re.fullmatch("(区域|志愿者|第|医院|中文|人|重阳节义诊|先起草后发布)+", word)} == set()
    for path in ("/orgs/nowhere", f"/orgs/{ids['need']}"):
        assert "没有打开" in await html(place, path, 404)
