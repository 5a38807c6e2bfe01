"""A round of matching in a real browser: opened, looked at on a phone and at a desk, published, without any script too.
Screenshots lie in build/screenshots."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.journeys.conftest import DISTRICT, EAST, STREET, WEST, Town, settle
from tests.support.chromium import LOOKS, looked_at, watched
from tests.support.people import browser_cookie
from tests.support.running import line, running

NEEDS = (
    ("节假日车位共享", EAST, 10), ("周末义诊志愿者", EAST, 12), ("社区食堂送餐到高龄独居老人家门口", WEST, 8),
    ("暑托班教室与老师", WEST, 90),
)  # fmt: skip


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with running(tmp_path_factory.mktemp("rounds") / "data", "--empty") as started:
        made = settle(started)
        for title, area, count in NEEDS:
            asker = made.east if area == EAST else made.west
            asker.post("/v1/needs", {"title": title, "category": "service", "area": area, "lines": line(count)})
        made.west.post("/v1/needs", {"title": "借一间排练厅", "category": "venue", "area": WEST, "lines": line(1)})
        for n, unit in enumerate(made.units[:3]):
            unit.post("/v1/offers", {"title": f"志愿服务队 {n + 1}", "category": "service", "lines": line(12 + n)})
        yield made


def coordinator(browser: Browser, town: Town, **more: Any) -> Any:
    usual = {"base_url": town.district.url, "locale": "zh-CN", "viewport": {"width": 1200, "height": 900}, "device_scale_factor": 1}
    context = browser.new_context(**{**usual, **more})
    context.add_cookies([browser_cookie(town.district, "district", "district-office", DISTRICT)])
    return context


def opened(page: Page) -> str:
    """Opens a round by its form; its address."""
    page.goto("/rounds")
    page.get_by_label("区域（含下级）").select_option(STREET)
    page.get_by_role("button", name="开始计算").click()
    expect(page.get_by_role("heading", name="公平：之前和之后")).to_be_visible()
    return page.url.partition("?")[0]


def test_every_page_of_a_round_is_accessible_and_keeps_within_the_screen(browser: Browser, town: Town):
    first = coordinator(browser, town)
    path = opened(first.new_page())
    need = town.office.get(f"/v1/rounds/{path.rpartition('/')[2]}")["unserved"][0]["need"]
    first.close()
    for theme, width in LOOKS:
        made = coordinator(browser, town, color_scheme=theme, viewport={"width": width, "height": 900})
        page, wrong = watched(made)
        page.goto(path)
        why = page.get_by_role("link", name="为什么").first.get_attribute("href")
        rule_out = page.get_by_role("link", name="排除").first.get_attribute("href")
        for name, address in (
            ("rounds", "/rounds"), ("round", f"{path}?compare=1"), ("round_left", f"{path}?view=left"), ("round_why", why),
            ("round_why_not", f"{path}/needs/{need}"), ("round_decision", rule_out), ("round_publication", f"{path}/publication"),
        ):  # fmt: skip
            page.goto(str(address))
            looked_at(page, f"{name}_{theme}_{width}")
        assert wrong == []
        made.close()


def test_a_round_is_opened_looked_at_and_published_without_any_script(browser: Browser, town: Town):
    """The last one: what it publishes is no longer free."""
    made = coordinator(browser, town, java_script_enabled=False, viewport={"width": 390, "height": 844})
    page = made.new_page()
    path = opened(page)
    page.get_by_role("link", name="排除").first.click()
    page.get_by_label("理由").fill("双方已经约好明年再办")
    page.get_by_role("button", name="排除并重新计算").click()
    expect(page.get_by_role("status")).to_contain_text("重新计算")
    page.get_by_role("link", name="算出来比一比").click()
    expect(page.get_by_role("columnheader", name="先到先得")).to_be_visible()
    page.goto(f"{path}/publication")
    page.get_by_role("button", name="公布并询问双方").click()
    expect(page.get_by_role("status")).to_contain_text("已公布")
    expect(page.get_by_role("link", name="认领 待答复").first).to_be_visible()
    made.close()
