"""The pages in a real browser on the demonstration district: accessible in both themes and widths, live, one stream for
all tabs. Screenshots lie in build/screenshots."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from tests.support.chromium import LOOKS, looked_at, violations, watched
from tests.support.running import District, line, running

DISTRICT, NEIGHBOURHOOD = "310101", "310101001001"
TABS = 8  # more than the six connections a browser opens to one host



@pytest.fixture(scope="module")
def district(tmp_path_factory: pytest.TempPathFactory) -> Iterator[District]:
    with running(tmp_path_factory.mktemp("seen") / "data") as started:
        yield started


@pytest.fixture
def context(browser: Browser, district: District) -> Iterator[BrowserContext]:
    made = browser.new_context(base_url=district.url, locale="zh-CN", viewport={"width": 1200, "height": 900})
    yield made
    made.close()


def an_item(district: District) -> str:
    """A need with a long life."""
    text = district.http.get("/board?status=closed").text
    found = re.search(r"/needs/need-\w+", text)
    assert found
    return found[0]


@pytest.mark.parametrize(("theme", "width"), LOOKS)
def test_every_page_is_accessible_and_keeps_within_the_screen(
    browser: Browser, district: District, theme: Any, width: int
):
    made = browser.new_context(
        base_url=district.url, locale="zh-CN", color_scheme=theme, viewport={"width": width, "height": 900},
        device_scale_factor=2 if width < 400 else 1,
    )  # fmt: skip
    page, wrong = watched(made)
    for name, path in (
        ("home", "/"), ("board", "/board"), ("item", an_item(district)), ("dashboard", "/dashboards"), ("access", "/access"),
    ):  # fmt: skip
        page.goto(path)
        looked_at(page, f"{name}_{theme}_{width}")
    assert wrong == []
    made.close()


def test_axe_would_find_what_is_wrong(context: BrowserContext):
    page, _ = watched(context)
    page.goto("/")
    page.evaluate("document.querySelector('main').insertAdjacentHTML('beforeend', '<img src=\"/static/logo.svg\">')")
    assert [found for found in violations(page) if found.startswith("image-alt")]


def test_english_pages_are_accessible_too(browser: Browser, district: District):
    made = browser.new_context(base_url=district.url, locale="en-GB", viewport={"width": 390, "height": 900})
    page, wrong = watched(made)
    for path in ("/", "/board?kind=offers", an_item(district), "/dashboards"):
        page.goto(path)
        assert page.get_attribute("html", "lang") == "en"
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert wrong == []
    made.close()


def test_a_need_that_is_posted_appears_without_reload_and_its_cover_grows(context: BrowserContext, district: District):
    page, wrong = watched(context)
    page.goto("/board")
    page.evaluate("window.notReloaded = true")
    committee = district.someone("committee", NEIGHBOURHOOD)
    body = {"title": "现场新发布的理发需求", "category": "service", "area": NEIGHBOURHOOD, "lines": line(10)}
    need = committee.post("/v1/needs", body)["id"]
    expect(page.get_by_role("link", name="现场新发布的理发需求")).to_be_visible(timeout=15_000)
    page.get_by_role("link", name="现场新发布的理发需求").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("现场新发布的理发需求")
    unit = committee.get("/v1/units")["items"][0]["id"]
    claim = district.someone("unit", unit).post("/v1/claims", {"need": need, "lines": line(4)})
    expect(page.get_by_text("待答复")).to_be_visible(timeout=15_000)
    committee.post(f"/v1/claims/{claim['id']}/acceptance")
    expect(page.get_by_text("尚缺 6 人")).to_be_visible(timeout=15_000)
    assert wrong == []


def test_many_tabs_share_one_stream_and_all_stay_alive(context: BrowserContext, district: District):
    tabs = [context.new_page() for _ in range(TABS)]
    for tab in tabs:
        tab.goto(f"/dashboards/{NEIGHBOURHOOD}")
    waiting = tabs[0].locator(".tally b").first.inner_text()
    body = {"title": "多开页面时的需求", "category": "service", "area": NEIGHBOURHOOD, "lines": line(1)}
    district.someone("committee", NEIGHBOURHOOD).post("/v1/needs", body)
    for tab in (tabs[0], tabs[-1]):
        tab.bring_to_front()
        expect(tab.locator(".tally b").first).not_to_have_text(waiting, timeout=15_000)
    tabs[0].close()  # whoever listened for the others may leave
    waiting = tabs[-1].locator(".tally b").first.inner_text()
    district.someone("committee", NEIGHBOURHOOD).post("/v1/needs", body)
    expect(tabs[-1].locator(".tally b").first).not_to_have_text(waiting, timeout=15_000)


def test_filters_show_at_once_and_the_address_says_them(context: BrowserContext):
    page, wrong = watched(context)
    page.goto("/board")
    page.get_by_label("状态").select_option("closed")
    expect(page).to_have_url(re.compile("status=closed"))
    expect(page.locator("#list .pill").first).to_have_text("已办结")
    page.get_by_label("关键词").fill("没有这样的东西吧")
    expect(page.get_by_text("没有符合条件的条目")).to_be_visible()
    page.reload()
    expect(page.get_by_label("关键词")).to_have_value("没有这样的东西吧")
    assert wrong == []


def test_everything_works_without_javascript_and_with_the_keyboard_alone(browser: Browser, district: District):
    made = browser.new_context(base_url=district.url, locale="zh-CN", java_script_enabled=False)
    page = made.new_page()
    page.goto("/board")
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_text("跳到正文")
    page.get_by_label("关键词").fill("志愿者")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("q=%E5%BF%97"))
    expect(page.locator("#list h3").first).to_be_visible()
    page.goto("/dashboards")
    page.locator(".bars a").first.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("navigation", name="层级")).to_be_visible()
    page.locator(".tiles a").first.focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(f"/dashboards/{DISTRICT}\\d+"))
    made.close()


def test_the_past_stays_as_it_was_while_the_present_moves(context: BrowserContext, district: District):
    page, wrong = watched(context)
    page.goto(f"{an_item(district)}")
    page.locator(".timeline a").last.click()
    expect(page.get_by_role("status")).to_contain_text("您看到的是")
    expect(page.locator(".timeline li")).to_have_count(1)
    assert page.locator("#now").get_attribute("data-live") == ""
    page.get_by_role("link", name="回到现在").click()
    expect(page).not_to_have_url(re.compile("at="))
    assert wrong == []
