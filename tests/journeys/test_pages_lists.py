"""The three lists over HTTP: page, spreadsheet and open data say the same; nothing private; who took it is on record."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from python_calamine import load_workbook

from tests.journeys.test_pages import SECRETS, Page, caught_up, html, lived
from tests.support.engine import EAST, STREET, House, need, opened_house
from tests.support.people import cookie

KINDS = ("needs", "offers", "projects")


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[House]:
    async with opened_house(tmp_path) as made:
        yield made


async def sheet(place: House, path: str, headers: dict[str, str] | None = None) -> list[list[object]]:
    answer = await place["nobody"].http.get(path, headers=headers or {})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-disposition"].startswith("attachment; filename=")
    return load_workbook(io.BytesIO(answer.content)).get_sheet_by_index(0).to_python()


async def test_page_spreadsheet_and_open_data_hold_the_same_items(place: House):
    await lived(place)
    for kind in KINDS:
        page = await html(place, f"/lists/{kind}")
        numbers = re.findall(r'<th scope="row" class="num">([^<]+)</th>', page)
        rows = await sheet(place, f"/lists/{kind}.xlsx")
        items = (await place["nobody"].http.get(f"/lists/{kind}.json")).json()["items"]
        assert numbers == [row[0] for row in rows[4:]] == [item["number"] for item in items]
        assert len(numbers) > 0
        headings = re.findall(r'<th scope="col">([^<]+)</th>', page)
        assert headings == rows[3]


async def test_nothing_private_is_on_any_list_in_any_form(place: House):
    await lived(place)
    for kind in KINDS:
        for path in (f"/lists/{kind}", f"/lists/{kind}.json"):
            text = (await place["nobody"].http.get(path)).text
            assert not [secret for secret in SECRETS if secret in text], path
        assert not [secret for secret in SECRETS if secret in str(await sheet(place, f"/lists/{kind}.xlsx"))]


async def test_a_title_that_looks_like_a_formula_stays_a_text_that_says_so(place: House):
    bad = '=HYPERLINK("http://x","点我")'
    await place["east"].did("/v1/needs", need(3, title=bad))
    await caught_up(place)
    answer = await place["nobody"].http.get("/lists/needs.xlsx")
    parts = zipfile.ZipFile(io.BytesIO(answer.content))
    sheet_xml, styles = parts.read("xl/worksheets/sheet1.xml").decode(), parts.read("xl/styles.xml").decode()
    assert "<f>" not in sheet_xml
    style = re.search(r'<c r="B\d+" s="(\d+)" t="inlineStr"><is><t>=HYPERLINK', sheet_xml)
    assert style
    formats = re.findall(r"<xf [^>]*", styles.split("<cellXfs")[1])
    assert 'quotePrefix="1"' in formats[int(style[1])]
    assert "hyperlinks" not in sheet_xml


async def test_who_takes_a_list_away_is_named_on_it_and_on_record(place: House):
    await lived(place)
    before = place.accounts.log.head()[0]
    rows = await sheet(place, "/lists/needs.xlsx", cookie(place, "committee", EAST))
    assert "测试" in str(rows[2][0])
    assert str((await place.log.head()).position) in str(rows[2][0])
    assert "秘密草稿需求" in str(rows)  # their own
    noted = place.accounts.log.page(kind="list")
    assert [(line.kind, line.about) for line in noted] == [("list.exported", "needs")]
    open_rows = await sheet(place, "/lists/needs.xlsx")
    assert "公众（未登录）" in str(open_rows[2][0])
    assert "秘密草稿需求" not in str(open_rows)
    assert place.accounts.log.head()[0] == before + 1


async def test_filters_and_language_go_with_the_list_into_the_file(place: House):
    ids = await lived(place)
    page = Page(await html(place, f"/lists/needs?area={STREET}&category=service&at={ids['before']}"))
    link = next(link for link in page.links if ".xlsx" in link)
    assert len(await sheet(place, link)) == 4 + 1
    assert len(await sheet(place, link.replace("service", "venue"))) == 4
    english = await sheet(place, "/lists/needs.xlsx?lang=en")
    assert english[0][0] == "Needs"


async def test_pages_are_sound_and_what_is_asked_wrongly_is_said(place: House):
    await lived(place)
    for kind in KINDS:
        for language in ("zh", "en"):
            page = Page(await html(place, f"/lists/{kind}", Accept_Language=language))
            assert page.inline == []
    for path, status in (("/lists/dreams", 404), ("/lists/dreams.xlsx", 404), ("/lists/needs?from=x", 422), ("/lists/needs?at=x", 422)):
        assert "没有打开" in await html(place, path, status)
