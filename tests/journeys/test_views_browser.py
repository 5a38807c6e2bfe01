"""Dashboards drilled into, the map, lists and organisations in a real browser: accessible in both themes and widths, in
large type and in English, by keyboard, and as printed. Screenshots lie in build/screenshots."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.support.chromium import LOOKS, looked_at, photographed, watched
from tests.support.running import District, running

DISTRICT, NEIGHBOURHOOD = "310101", "310101001001"
PAGES = {
    "process": f"/dashboards/{DISTRICT}/process", "areas": f"/dashboards/{DISTRICT}/areas",
    "behind": f"/dashboards/{DISTRICT}/events?figure=claims_bound&from=2025-01-01", "cover": "/dashboards?by=cover",
    "map": "/board?by=open", "list-needs": "/lists/needs", "list-projects": "/lists/projects", "orgs": "/orgs",
    "org": f"/orgs/{NEIGHBOURHOOD}",
}  # fmt: skip


@pytest.fixture(scope="module")
def district(tmp_path_factory: pytest.TempPathFactory) -> Iterator[District]:
    with running(tmp_path_factory.mktemp("views") / "data") as started:
        yield started


@pytest.mark.parametrize(("theme", "width"), LOOKS)
def test_every_view_is_accessible_and_keeps_within_the_screen(browser: Browser, district: District, theme: Any, width: int):
    made = browser.new_context(
        base_url=district.url, locale="zh-CN", color_scheme=theme, viewport={"width": width, "height": 900},
        device_scale_factor=1,
    )  # fmt: skip
    page, wrong = watched(made)
    for name, path in PAGES.items():
        page.goto(path)
        for definitions in page.locator("main dl").all():
            expect(definitions).to_be_visible()
        looked_at(page, f"{name}_{theme}_{width}")
    assert wrong == []
    made.close()


def test_views_in_large_type_and_in_english_keep_within_a_phone(browser: Browser, district: District):
    made = browser.new_context(base_url=district.url, locale="en-GB", viewport={"width": 390, "height": 900})
    page, wrong = watched(made)
    for name, path in PAGES.items():
        page.goto(f"{path}{'&' if '?' in path else '?'}type=large")
        assert page.get_attribute("html", "lang") == "en"
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, f"{name} is wider than the screen"
    assert wrong == []
    made.close()


def test_from_a_figure_to_its_rows_to_an_item_and_down_the_tiers_by_keyboard_without_javascript(
    browser: Browser, district: District
):
    made = browser.new_context(base_url=district.url, locale="zh-CN", java_script_enabled=False)
    page = made.new_page()
    page.goto(PAGES["process"])
    figure = page.locator(".funnel a").nth(1)
    n = figure.inner_text()
    figure.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".sum b")).to_have_text(f"{n} 项")
    page.locator(".behind td a").first.focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/needs/need-"))
    page.goto(PAGES["areas"])
    page.locator(".sorted tbody th a").first.focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(rf"/dashboards/{DISTRICT}\d{{3}}/areas"))
    page.goto(PAGES["map"])
    page.locator(".tiles a").first.focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(rf"area={DISTRICT}\d{{6}}"))
    made.close()


def test_a_list_prints_on_a4_with_district_position_and_time(browser: Browser, district: District):
    made = browser.new_context(base_url=district.url, locale="zh-CN")
    page = made.new_page()
    page.goto(PAGES["list-needs"])
    expect(page.locator(".print-head")).to_be_hidden()
    page.emulate_media(media="print")
    expect(page.locator(".print-head")).to_be_visible()
    expect(page.locator(".print-head")).to_contain_text(re.compile(r"黄浦区 · 截至序位 [\d,]+.*导出时间"))
    expect(page.locator(".filters")).to_be_hidden()
    printed = page.pdf(prefer_css_page_size=True)
    width, height = (float(n) for n in re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", printed)[0])
    assert (round(width), round(height)) in ((842, 595), (842, 596), (841, 595))
    photographed(page, "list-needs_print")
    made.close()
