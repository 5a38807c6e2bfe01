"""Lists on pages: a template out, each wrong cell by name, nothing in before all is right, and a stop that stops."""

from __future__ import annotations

import asyncio
import io
import re
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from python_calamine import load_workbook

from adapters.office import MOST_ROWS
from services.imports import Imports
from tests.journeys.test_api_imports import as_csv, as_xlsx
from tests.journeys.test_pages import Page, html
from tests.support.engine import EAST, STREET, WEST, House, opened_house
from tests.support.people import cookie

HEAD = ["标题*", "类别*", "区域*", "种类*", "数量*", "单位*", "备注"]


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[House]:
    async with opened_house(tmp_path) as made:
        yield made


def needs(n: int) -> list[list[Any]]:
    return [[f"清单需求 {i}", "便民服务", EAST, "志愿者", i + 1, "人", ""] for i in range(n)]


async def sent(place: House, who: dict[str, str], data: bytes, kind: str = "needs", name: str = "list.xlsx") -> httpx.Response:
    return await place["nobody"].http.post(f"/imports/{kind}", files={"file": (name, data)}, headers=who)


async def listed(place: House, who: dict[str, str], answer: httpx.Response) -> str:
    """The page of the list that was sent, once it rests."""
    assert answer.status_code == 303, answer.text[:500]
    async with asyncio.timeout(30):
        while "data-poll" in (text := await html(place, answer.headers["location"], **who)):  # noqa: ASYNC110 - as a page does
            await asyncio.sleep(0.1)
    return text


async def head(place: House) -> int:
    return (await place.log.head()).position


async def test_a_list_with_errors_names_each_cell_and_writes_nothing_then_all_of_it_goes_in(place: House):
    east, rows = cookie(place, "committee", EAST), needs(6)
    rows[0][1], rows[2][0], rows[3][4] = "没有这一类", "", "很多"
    before = await head(place)
    text = await listed(place, east, await sent(place, east, as_xlsx(HEAD, rows)))
    assert re.findall(r'<span class="cell">([^<]+)</span>', text) == ["B2", "A4", "E5"]
    told = Page(text).text
    assert "6 行里有 3 行要改" in told
    assert "工作表：Sheet1" in told
    assert "现在是“很多”。" in told
    assert "类别 规则书里没有这个类别。 现在是“没有这一类”。应填：便民服务、场地开放" in told
    assert "/taking" not in text
    assert await head(place) == before
    text = await listed(place, east, await sent(place, east, as_xlsx(HEAD, needs(6))))
    assert "6 行可以导入" in Page(text).text
    assert await head(place) == before
    take = re.search(r'action="([^"]+/taking)"', text)
    assert take
    for _ in range(2):  # pressed twice, done once
        done = await listed(place, east, await place["nobody"].http.post(take[1], headers=east))
    assert "已全部导入" in done
    assert await head(place) == before + 6
    titles = [row["title"] for row in (await place["east"].sees("/v1/needs", await head(place)))["items"]]
    assert titles == [f"清单需求 {i}" for i in reversed(range(6))]


async def test_a_moved_table_and_a_csv_name_their_cells_too(place: House):
    east = cookie(place, "committee", EAST)
    rows = [["", *row] for row in needs(3)]
    rows[1][5] = "x"
    text = await listed(place, east, await sent(place, east, as_xlsx(["", *HEAD], rows)))
    assert re.findall(r'<span class="cell">([^<]+)</span>', text) == ["F3"]
    rows = needs(3)
    rows[1][4] = -3
    text = await listed(place, east, await sent(place, east, as_csv(HEAD, rows), name="list.csv"))
    assert re.findall(r'<span class="cell">([^<]+)</span>', text) == ["E3"]
    short = as_csv(HEAD[:4], [row[:4] for row in needs(1)])
    text = await listed(place, east, await sent(place, east, short, name="list.csv"))
    assert set(re.findall(r'<span class="cell">([^<]+)</span>', text)) == {"第 2 行"}
    assert "数量" in Page(text).text


async def test_what_is_no_list_is_said_on_the_same_page(place: House):
    east = cookie(place, "committee", EAST)
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 60_000_000)
    for data, status, sentence in (
        (b"", 422, "请先选择一个文件"), (b"%PDF-1.4", 415, "请上传 xlsx"), (bomb.getvalue(), 413, "一次最多"),
        (b"a\n" + b"1\n" * (MOST_ROWS + 1), 413, "一次最多"), (as_csv(HEAD, []), 422, "没有数据行"),
    ):  # fmt: skip
        answer = await sent(place, east, data)
        assert (answer.status_code, sentence in answer.text) == (status, True), data[:9]
    large = await sent(place, east, b"x" * 11_000_000)
    assert large.status_code == 413


async def test_the_template_offers_the_categories_and_its_example_is_not_imported(place: House):
    street = cookie(place, "street", STREET)
    for kind in ("needs", "offers", "units", "areas"):
        answer = await place["nobody"].http.get(f"/imports/{kind}/template.xlsx", headers=street)
        assert answer.status_code == 200
        book = load_workbook(io.BytesIO(answer.content))
        assert book.sheet_names == [kind, "说明 Help", "lists"]
        heading, example = book.get_sheet_by_index(0).to_python()
        assert str(example[0]).startswith("示例")
        assert len(heading) == len(example)
        with zipfile.ZipFile(io.BytesIO(answer.content)) as parts:
            sheets = b"".join(parts.read(name) for name in parts.namelist() if name.startswith("xl/worksheets/sheet"))
        assert b"<f>" not in sheets, "no cell is a formula"
        assert (b"dataValidation" in sheets) == (kind != "units")
        empty = await sent(place, street, answer.content, kind)
        assert (empty.status_code, "没有数据行" in empty.text) == (422, True)
    choices = [row[0] for row in load_workbook(io.BytesIO(await template(place, street))).get_sheet_by_name("lists").to_python()]
    assert choices[:2] == ["便民服务", "场地开放"]


async def template(place: House, who: dict[str, str]) -> bytes:
    return (await place["nobody"].http.get("/imports/needs/template.xlsx", headers=who)).content


async def test_a_template_that_was_filled_in_goes_in_without_its_example(place: House):
    east = cookie(place, "committee", EAST)
    rows = load_workbook(io.BytesIO(await template(place, east))).get_sheet_by_index(0).to_python()
    filled = dict(zip(rows[0], rows[1], strict=True)) | {"标题*": "真的需求", "区域*": EAST}
    text = await listed(place, east, await sent(place, east, as_xlsx(rows[0], [rows[1], list(filled.values())])))
    assert "示例行不导入" in text
    assert "1 行可以导入" in text


async def test_a_cancelled_list_writes_nothing_while_it_is_being_imported(place: House, monkeypatch: pytest.MonkeyPatch):
    east, gate, began = cookie(place, "committee", EAST), asyncio.Event(), asyncio.Event()
    text = await listed(place, east, await sent(place, east, as_xlsx(HEAD, needs(80))))
    take = str(re.search(r'action="([^"]+/taking)"', text)[1])  # type: ignore[index]
    put = Imports._put

    async def slowly(self: Imports, work: Any, row: Any) -> str:
        if row.number == 40:
            began.set()
            await gate.wait()
        return await put(self, work, row)

    monkeypatch.setattr(Imports, "_put", slowly)
    before = await head(place)
    answer = await place["nobody"].http.post(take, headers=east)
    await asyncio.wait_for(began.wait(), 10)
    page = await html(place, answer.headers["location"], **east)
    assert '<progress max="80" value="25"' in page
    assert 'http-equiv="refresh"' in page
    stopping = asyncio.create_task(place["nobody"].http.post(take.replace("taking", "cancellation"), headers=east))
    await asyncio.sleep(0.05)
    gate.set()
    text = await listed(place, east, await stopping)
    assert "已取消" in text
    assert await head(place) == before
    await place["nobody"].http.post(take, headers=east)  # it cannot be begun again
    assert await head(place) == before
    assert "已取消，未导入" in await html(place, "/imports", **east)


async def test_after_a_restart_what_was_stored_is_said_and_what_was_not_is_not_imported(place: House):
    east = cookie(place, "committee", EAST)
    answers = [await sent(place, east, as_xlsx(HEAD, needs(n))) for n in (3, 4)]
    texts = [await listed(place, east, answer) for answer in answers]
    take = str(re.search(r'action="([^"]+/taking)"', texts[0])[1])  # type: ignore[index]
    await listed(place, east, await place["nobody"].http.post(take, headers=east))
    place.app.state.import_jobs._jobs.clear()  # as a new process begins
    assert "3 行，序位到" in await html(place, answers[0].headers["location"], **east)
    assert "没有导入" in await html(place, answers[1].headers["location"], 410, **east)


async def test_lists_are_their_owners_and_kinds_are_for_those_who_may(place: House):
    east, west = cookie(place, "committee", EAST), cookie(place, "committee", WEST)
    answer = await sent(place, east, as_xlsx(HEAD, needs(2)))
    text = await listed(place, east, answer)
    await html(place, answer.headers["location"], 410, **west)
    take = str(re.search(r'action="([^"]+/taking)"', text)[1])  # type: ignore[index]
    before = await head(place)
    await place["nobody"].http.post(take, headers=west)
    assert await head(place) == before
    text = await listed(place, west, await sent(place, west, as_xlsx(HEAD, needs(2))))
    assert "还不能导入" in text, "needs of another neighbourhood"
    assert (await sent(place, east, as_xlsx(HEAD, needs(1)), "units")).status_code == 404
    assert (await sent(place, cookie(place, "auditor", "audit"), as_xlsx(HEAD, needs(1)))).status_code == 404
    await html(place, "/imports", 403, **cookie(place, "auditor", "audit"))
    assert (await place["nobody"].http.get("/imports")).headers["location"].startswith("/login")
    assert "区域" not in Page(await html(place, "/imports", **east)).text.split("导入")[-1]


async def test_a_long_list_leaves_others_their_turn(place: House):
    east = cookie(place, "committee", EAST)
    answer = await sent(place, east, as_csv(HEAD, needs(4000)), name="large.csv")
    seen = 0
    while "data-poll" in await html(place, answer.headers["location"], **east):
        assert (await place["nobody"].http.get("/healthz")).status_code == 200
        seen += 1
        await asyncio.sleep(0.1)
    assert seen > 0, "others were answered while it was looked through"
    for hostile in ("=cmd|' /C calc'!A0", "<script>alert(1)</script>", "+1", "@x"):
        rows = needs(1)
        rows[0][0] = hostile
        text = await listed(place, east, await sent(place, east, as_csv(HEAD, rows), name=f"{hostile}.csv"))
        assert "<script>alert" not in text
        assert Page(text).inline == []
