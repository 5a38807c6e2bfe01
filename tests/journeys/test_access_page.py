"""The page 谁可以做什么: open to everybody, light, and cell for cell what the file of rights says."""

from __future__ import annotations

import csv
import gzip
import re
from html import unescape
from pathlib import Path

import pytest

from tests.support.engine import House

FILE = Path(__file__).parents[2] / "domain/matrix.csv"
PEOPLE = (
    "public unit unit_manager unit_system committee street district auditor system_admin security_admin"
).split()
ROW = re.compile(r'<tr role="row"><th role="rowheader" scope="row">([^<]+)(.*?)</tr>', re.DOTALL)
CELL = re.compile(r'<td role="cell".*?</td>', re.DOTALL)
HAN = re.compile("[一-鿿]")


async def page(house: House, lang: str) -> str:
    answer = await house["nobody"].get("/access", lang=lang)
    assert answer.status_code == 200
    assert answer.headers["content-language"] == {"zh": "zh-CN", "en": "en"}[lang]
    return answer.text


@pytest.mark.parametrize("lang", ["zh", "en"])
async def test_the_page_shows_every_action_and_every_cell_of_the_file(house: House, lang: str):
    with FILE.open(encoding="utf-8", newline="") as file:
        written = [(row[lang], [row[role].replace("-", "") for role in PEOPLE]) for row in csv.DictReader(file)]
    shown = [
        (unescape(name), ["".join(re.findall(r"k-([A-Z])", cell)) for cell in CELL.findall(rest)])
        for name, rest in ROW.findall(await page(house, lang))
    ]
    assert sorted(shown) == sorted(written)
    assert len(shown) > 80


async def test_the_english_page_has_no_chinese_and_both_are_light(house: House):
    english = (await page(house, "en")).replace("中文", "")
    assert HAN.search(english) is None
    for lang in ("zh", "en"):
        assert len(gzip.compress((await page(house, lang)).encode())) < 10_000


async def test_every_page_leads_to_it(house: House):
    for path in ("/", "/board", "/dashboards"):
        assert 'href="/access"' in (await house["nobody"].get(path)).text
