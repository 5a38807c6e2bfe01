"""The matching rules in a real browser on the demonstration district: drafted, compared and adopted by clicking, accessible
in both themes and widths. Screenshots lie in build/screenshots."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.chromium import LOOKS, looked_at, photographed, watched
from tests.support.people import browser_cookie
from tests.support.running import District, running

DISTRICT = "310101"
PAGES = {
    "policy": "/policy", "policy-draft": "/policy/draft", "policy-comparison": "/policy/comparison",
    "policy-emergency": "/policy/emergency",
}  # fmt: skip


@pytest.fixture(scope="module")
def district(tmp_path_factory: pytest.TempPathFactory) -> Iterator[District]:
    with running(tmp_path_factory.mktemp("policy") / "data") as started:
        yield started


def coordinator(browser: Browser, district: District, **more: Any) -> tuple[Page, list[str]]:
    """A page of somebody new at the district."""
    made = browser.new_context(base_url=district.url, locale="zh-CN", device_scale_factor=1, **more)
    made.add_cookies([browser_cookie(district, "district", "district-office", DISTRICT)])  # type: ignore[list-item]
    page, wrong = watched(made)
    page.set_default_timeout(90_000)  # a comparison solves six rounds
    return page, wrong


def test_drafted_compared_and_adopted_without_javascript_and_every_page_is_sound(browser: Browser, district: District):
    author, _ = coordinator(browser, district, java_script_enabled=False)
    author.goto("/policy")
    author.get_by_role("link", name="起草修改").click()
    author.get_by_label("供需吻合").fill("15")
    author.get_by_role("button", name="保存草案").click()
    expect(author.locator("#wrong")).to_contain_text("现在是 90 分")
    expect(author.get_by_label("供需吻合")).to_have_value("15")
    photographed(author, "policy-wrong")
    for name, points in {"fit": "25", "near": "0", "vulnerable": "25"}.items():
        author.locator(f"#f-weights-{name}").fill(points)
    author.get_by_label("为什么要改").fill("困难群体等得太久")
    author.get_by_role("button", name="保存草案").click()
    author.get_by_role("button", name="与现行规则比较").click()
    expect(author.get_by_role("heading", name="对谁有变化")).to_be_visible()
    expect(author.get_by_text("起草人不能采用自己的草案")).to_be_visible()
    for theme, width in LOOKS:
        page, wrong = coordinator(browser, district, color_scheme=theme, viewport={"width": width, "height": 900})
        for name, path in PAGES.items():
            page.goto(path)
            looked_at(page, f"{name}_{theme}_{width}")
        assert wrong == []
    large, wrong = coordinator(browser, district, viewport={"width": 390, "height": 900})
    for name, path in PAGES.items():
        large.goto(f"{path}?type=large&lang=en")
        photographed(large, f"{name}-large-en")
        assert large.evaluate("document.documentElement.scrollWidth") <= 390, f"{name} is wider than the screen"
    assert wrong == []
    page.goto("/policy/comparison")
    page.get_by_role("button", name="采用这份草案").click()
    expect(page.get_by_text("已办理。")).to_be_visible()
    expect(page.locator("[aria-labelledby=g-weights] li", has_text="困难群体")).to_contain_text("25 分")


def test_an_emergency_is_declared_seen_and_lifted(browser: Browser, district: District):
    page, wrong = coordinator(browser, district, viewport={"width": 390, "height": 900})
    page.goto("/policy")
    page.get_by_role("link", name="启用应急状态").click()
    page.get_by_label("理由").fill("防汛二级响应")
    page.get_by_role("button", name="启用应急状态").click()
    expect(page.locator(".then")).to_contain_text("按应急规则匹配")
    looked_at(page, "policy-emergency-declared_390")
    page.get_by_role("link", name="延长或结束").click()
    looked_at(page, "policy-emergency-lifting_390")
    page.locator("#f-ended").fill("响应解除")
    page.get_by_role("button", name="结束应急状态").click()
    expect(page.locator(".then")).to_have_count(0)
    assert wrong == []
