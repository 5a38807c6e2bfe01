"""The pages as a browser without JavaScript gets them: whole, in both languages, of any moment, and nothing private."""

from __future__ import annotations

import gzip
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import httpx
import pytest

from adapters.keys import KeyStore
from adapters.log_stream import LogStream
from adapters.memory import MemoryStore
from adapters.office import SpreadsheetOffice
from adapters.read_db import SqliteReadDb
from adapters.system import SeededClock, SeededIds
from adapters.vault import open_vault
from api.app import create_app
from api.settings import Settings
from api.wiring import build
from tests.support.engine import DISTRICT, EAST, HOST, STREET, House, need, offer, opened_house, people
from tests.support.world import START

SECRETS = ("秘密草稿", "秘密说明", "秘密理由", "秘密反馈", "秘密评价")
HOSTILE = "<script>alert('x')</script>\"&'"
MOST_KB = 10
VOID = {"meta", "link", "input", "img", "br", "hr"}


class Page(HTMLParser):
    """A page taken apart: links, headings, text; fails on tags that do not close in order."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.links: list[str] = []
        self.ids: list[str] = []
        self.inline: list[str] = []
        self.text, self._open = "", list[str]()
        self.feed(html)
        self.close()
        assert self._open == [], f"left open: {self._open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.links += [str(found["href"])] if tag == "a" else []
        self.ids += [str(found["id"])] if "id" in found else []
        self.inline += [name for name in found if name == "style" or name.startswith("on")]
        self.inline += [tag] if tag == "style" or (tag == "script" and "src" not in found) else []
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        assert self._open, f"</{tag}> closes nothing"
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[House]:
    async with opened_house(tmp_path) as made:
        yield made


async def lived(place: House) -> dict[str, Any]:
    """A need that was claimed, delivered and evaluated, a claim that was declined, drafts, an offer with windows."""
    east, unit, unit2 = place["east"], place["unit0"], place["unit1"]
    draft = await east.did("/v1/needs", need(title="秘密草稿需求", draft=True))
    await unit.did("/v1/offers", offer(title="秘密草稿资源", draft=True))
    done = await east.did("/v1/needs", need(20, title="重阳节义诊", note="秘密说明", urgency=3, beneficiaries=120))
    place.clock.advance(timedelta(hours=30))
    claim = await unit.did("/v1/claims", {"need": done["id"], "lines": people(12), "note": "秘密说明"})
    await east.did(f"/v1/claims/{claim['id']}/acceptance", {"note": "秘密说明"})
    other = await unit2.did("/v1/claims", {"need": done["id"], "lines": people(3), "note": "秘密说明"})
    await east.did(f"/v1/claims/{other['id']}/refusal", {"reason": "秘密理由"})
    project = (await east.sees(f"/v1/claims/{claim['id']}"))["project"]
    await unit.did(f"/v1/projects/{project}/delivery", {"note": "秘密说明"})
    await east.did(f"/v1/projects/{project}/confirmation", {"beneficiaries": 87, "note": "秘密说明"})
    await east.did(f"/v1/projects/{project}/feedback", {"note": "秘密反馈"})
    await east.did(f"/v1/projects/{project}/evaluations", {"score": 5, "note": "秘密评价"})
    weekly = {"weekly": [{"day": 3, "from": "14:00", "to": "16:00"}], "from": "2026-03-01", "until": "2026-04-30"}
    given = await unit.did("/v1/offers", offer(5, title=HOSTILE, windows=[weekly], note="秘密说明"))
    posted = await east.did("/v1/needs", need(1, title="先起草后发布", draft=True))
    await east.did(f"/v1/needs/{posted['id']}/publication")
    await caught_up(place)
    return {
        "need": done["id"], "offer": given["id"], "draft": draft["id"], "posted": posted["id"],
        "before": claim["position"] - 1,
    }  # fmt: skip


async def caught_up(place: House) -> None:
    head = (await place.log.head()).position
    assert await place.engine.projector.wait_for(head, 5) >= head


async def html(place: House, path: str, status: int = 200, **headers: str) -> str:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    answer = await place["nobody"].http.get(path, headers=named)
    assert answer.status_code == status, answer.text[:2000]
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    return answer.text


def everything(ids: dict[str, Any]) -> list[str]:
    item, given, before = ids["need"], ids["offer"], ids["before"]
    return [
        "/", "/board", "/board?kind=offers", "/board?q=义诊", "/board?status=open", f"/board?at={before}",
        f"/board?area={STREET}&category=service", f"/needs/{item}", f"/needs/{item}?at={before}", f"/offers/{given}",
        f"/needs/{ids['posted']}", "/dashboards", f"/dashboards/{STREET}", f"/dashboards/{EAST}",
        f"/dashboards/{DISTRICT}?at={before}", f"/dashboards/{DISTRICT}?at=2026-03-02",
    ]  # fmt: skip


async def test_every_page_is_sound_and_holds_nothing_inline(place: House):
    for path in everything(await lived(place)):
        for language in ("zh", "en"):
            found = Page(await html(place, path, Accept_Language=language))
            assert found.inline == [], path
            assert len(found.ids) == len(set(found.ids)), path
            assert "main" in found.ids


async def test_nothing_that_is_private_is_on_any_page_or_any_part_of_one(place: House):
    ids = await lived(place)
    for path in everything(ids):
        for part in ("", "list", "now"):
            text = await html(place, path, X_Fragment=part)
            assert not [secret for secret in SECRETS if secret in text], path
    for path in (f"/needs/{ids['draft']}", f"/needs/{ids['posted']}?at={ids['before']}", f"/offers/{ids['need']}"):
        assert "秘密" not in await html(place, path, 404)


async def test_who_was_declined_stays_unnamed_and_who_promised_is_named(place: House):
    page = Page(await html(place, f"/needs/{(await lived(place))['need']}"))
    assert "第0医院" in page.text
    assert "第1医院" not in page.text
    assert "已谢绝" in page.text


async def test_an_item_tells_its_life_in_sentences(place: House):
    page = Page(await html(place, f"/needs/{(await lived(place))['need']}"))
    delivered = "确认收到第0医院交付的志愿者 12 人"
    for told in ("发布需求", "第0医院认领志愿者 12 人", delivered, "向提出人反馈结果"):
        assert told in page.text
    assert "2026-03-02 09:00" in page.text
    assert "尚缺 8 人" in page.text


async def test_a_page_shows_things_as_they_were(place: House):
    ids = await lived(place)
    now = Page(await html(place, f"/needs/{ids['need']}"))
    past = (await place["auditor"].sees(f"/v1/needs/{ids['need']}/history"))["items"]
    then = Page(await html(place, f"/needs/{ids['need']}?at={ids['before']}"))
    assert {f"/needs/{ids['need']}?at={event['position']}" for event in past} <= set(now.links)
    assert "认领志愿者 12 人" not in then.text
    assert "尚缺 20 人" in then.text
    assert f"截至序位 {ids['before']}" in then.text
    assert "还没有认领" in then.text
    day = Page(await html(place, "/dashboards?at=2026-03-02"))
    assert "您看到的是 2026-03-02 时的情形" in day.text


async def test_dashboards_count_in_stated_units_and_lead_down_and_up(place: House):
    await lived(place)
    district = Page(await html(place, "/dashboards"))
    street = Page(await html(place, f"/dashboards/{STREET}"))
    assert re.search(r"惠及居民\s*87 人次", district.text)
    assert re.search(r"项目已交付\s*1 个", district.text)
    assert f"区域{EAST} 2" in district.text  # on its tile: two needs wait
    assert {f"/dashboards/{STREET}", f"/dashboards/{EAST}"} <= set(district.links)
    assert {f"/dashboards/{EAST}", f"/dashboards/{DISTRICT}"} <= set(street.links)
    assert f"截至序位 {(await place.log.head()).position}" in district.text


async def test_filters_find_and_paging_goes_on(place: House):
    for n in range(25):
        await place["east"].did("/v1/needs", need(1, title=f"第{n}次暑托班"))
    await caught_up(place)
    first = Page(await html(place, "/board?q=暑托班"))
    shown = [link for link in first.links if link.startswith("/needs/")]
    following = next(link for link in first.links if "cursor=" in link)
    rest = [link for link in Page(await html(place, following)).links if link.startswith("/needs/")]
    assert (len(shown), len(rest)) == (20, 5)
    assert not set(shown) & set(rest)
    assert "没有符合条件的条目" in await html(place, "/board?q=不存在的东西")


async def test_a_part_of_a_page_is_what_the_page_has_in_its_place(place: House):
    await lived(place)
    page, part = await html(place, "/board"), await html(place, "/board", X_Fragment="list")
    assert part in page
    assert "<html" not in part
    assert "<html" in await html(place, "/board", X_Fragment="../../etc")


async def test_the_language_is_asked_for_remembered_and_else_that_of_the_browser(place: House):
    english = await place["nobody"].http.get("/board?lang=en")
    assert "Needs and offers" in english.text
    assert english.headers["content-language"] == "en"
    assert "lang=en" in english.headers["set-cookie"]
    assert "Needs and offers" in (await place["nobody"].http.get("/board")).text  # the cookie was kept
    place["nobody"].http.cookies.clear()
    assert '<html lang="zh-CN">' in await html(place, "/board")
    assert '<html lang="zh-CN">' in await html(place, "/board", Accept_Language="en;q=0.5, zh-CN;q=0.9")
    assert '<html lang="en">' in await html(place, "/board", Accept_Language="en-GB,en;q=0.9")
    assert '<html lang="zh-CN">' in await html(place, "/board?lang=xx")


async def test_english_pages_have_no_chinese_but_in_what_people_and_districts_named(place: House):
    await lived(place)
    page = Page(await html(place, "/dashboards?lang=en"))
    names = {"区域", "志愿者", "第", "医院", "中文", "人"}
    left = set(re.findall("[\u4e00-\u9fff]+", page.text))
    assert {word for word in left if word not in names} == set()


async def test_what_cannot_be_shown_is_said_on_a_page(place: House):
    for path, status in (
        ("/needs/need-nowhere", 404), ("/dashboards/nowhere", 404), ("/board?at=yesterday", 422),
        ("/board?cursor=!", 422), ("/needs/claim-1", 404), ("/dashboards?at=999999", 422), ("/offers/area-310101", 404),
    ):  # fmt: skip
        page = Page(await html(place, path, status))
        assert "没有打开" in page.text
        assert "/board" in page.links


async def test_a_title_that_is_code_is_shown_as_text(place: House):
    ids = await lived(place)
    for path in ("/board?kind=offers", f"/offers/{ids['offer']}"):
        text = await html(place, path)
        assert "<script>alert" not in text
        assert HOSTILE in Page(text).text


async def test_pages_are_light_and_carry_the_strict_policy(place: House):
    for n in range(20):
        posted = need(3, title=f"为第{n}栋的独居老人配送午餐", urgency=n % 4, beneficiaries=n)
        await place["east"].did("/v1/needs", posted)
    await caught_up(place)
    for path in ("/", "/board", "/dashboards"):
        answer = await place["nobody"].http.get(path)
        assert len(gzip.compress(answer.content)) <= MOST_KB * 1024
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "X-Fragment" in answer.headers["vary"]


async def test_everything_a_page_loads_is_there_and_may_be_kept(place: House):
    page = await html(place, "/")
    assets = set(re.findall(r'(?:src|href)="(/static/[^"]+)"', page))
    assert len(assets) == 3
    for asset in assets:
        answer = await place["nobody"].http.get(asset)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
        tag = {"If-None-Match": answer.headers["etag"]}
        assert (await place["nobody"].http.get(asset.partition("?")[0], headers=tag)).status_code == 304
    assert (await place["nobody"].http.get("/static/../app.py")).status_code == 404


async def test_the_front_page_is_there_before_there_is_anything(tmp_path: Path):
    log, clock, vault = MemoryStore(), SeededClock(START), open_vault(tmp_path / "vault.db")
    read_db, keys = SqliteReadDb.open(tmp_path / "read"), KeyStore(tmp_path / "keys.db")
    ids = SeededIds("empty", clock.now)
    engine = build(log, vault, read_db, LogStream(log), clock=clock, ids=ids, links=tmp_path / "links.key")
    app = create_app(engine, keys, Settings(data=tmp_path), SpreadsheetOffice())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=HOST) as http:
        for path, status in (("/", 200), ("/board", 200), ("/dashboards", 404)):
            answer = await http.get(path)
            assert answer.status_code == status, path
            Page(answer.text)
        await read_db.close()
        broken = await http.get("/")  # nothing can be read at all
        assert broken.status_code == 200
        Page(broken.text)
    vault.close()
    keys.close()
