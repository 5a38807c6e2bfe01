"""Notices in a real browser on the demonstration district: accessible everywhere, live, usable without JavaScript.
Screenshots lie in build/screenshots."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.journeys.conftest import EAST, Town, settle
from tests.support.chromium import LOOKS, looked_at, violations, watched
from tests.support.people import browser_cookie
from tests.support.running import District, line, running

TITLES = ("节假日车位共享", "周末义诊志愿者", "社区食堂送餐", "暑托班教室与老师", "法律咨询专场")
ROBOT = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=693a91f6-0000-4bc4-97a0-0ec2sifa5aaa"
PAGES = ("/notices", "/notices/settings", "/notices/deliveries", "/notices/webhooks")


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with running(tmp_path_factory.mktemp("told") / "data", "--empty", env={"RENLING_HOOK_NETWORKS": "127.0.0.1"}) as started:
        made = settle(started)
        for n, title in enumerate(TITLES):
            happened(made, n, title)
        yield made


@pytest.fixture(scope="module")
def district(town: Town) -> District:
    return town.district


@pytest.fixture(scope="module")
def unit(town: Town) -> str:
    return town.unit_ids[0]


def happened(town: Town, n: int, title: str) -> None:
    """A need, claimed by the first unit, and as far as the number says: declined, accepted, delivered, fed back."""
    need = town.east.post("/v1/needs", {"title": title, "category": "service", "area": EAST, "lines": line(10)})["id"]
    claim = f"/v1/claims/{town.units[0].post('/v1/claims', {'need': need, 'lines': line(4 + n)})['id']}"
    if n == 0:
        town.east.post(f"{claim}/refusal")
    elif n > 1:
        town.east.post(f"{claim}/acceptance")
        project = f"/v1/projects/{town.east.get(claim)['project']}"
        if n > 2:
            town.units[0].post(f"{project}/delivery")
        if n > 3:
            town.east.post(f"{project}/confirmation", {"beneficiaries": 30})
            town.east.post(f"{project}/feedback", {"note": "已向居民说明"})


def someone(browser: Browser, district: District, role: str, org: str, **more: Any) -> Any:
    usual = {"base_url": district.url, "locale": "zh-CN", "viewport": {"width": 1200, "height": 900}}
    context = browser.new_context(**{**usual, **more})
    context.add_cookies([browser_cookie(district, role, org)])
    return context


def set_up(page: Page) -> None:
    """A robot, and a webhook to where nobody listens."""
    page.goto("/notices/settings")
    page.get_by_label("种类").select_option("wecom")
    page.get_by_label("邮箱地址或机器人网址").fill(ROBOT)
    page.get_by_role("button", name="添加", exact=True).click()
    expect(page.get_by_role("heading", name="企业微信群机器人")).to_be_visible()
    page.goto("/notices/webhooks")
    page.get_by_label("网址").fill("http://127.0.0.1:9/in")
    page.get_by_role("button", name="登记", exact=True).click()
    expect(page.locator(".secret")).to_contain_text("whsec_")


def test_every_page_of_notices_is_accessible_and_keeps_within_the_screen(browser: Browser, district: District, unit: str):
    first = someone(browser, district, "unit", unit)
    set_up(first.new_page())
    first.close()
    for theme, width in LOOKS:
        made = someone(
            browser, district, "unit", unit, color_scheme=theme, viewport={"width": width, "height": 900},
            device_scale_factor=1,
        )  # fmt: skip
        page, wrong = watched(made)
        for path in PAGES:
            page.goto(path)
            name = path.strip("/").replace("/", "_")
            looked_at(page, f"{name}_{theme}_{width}")
        assert wrong == []
        made.close()


def test_english_notices_are_accessible_too(browser: Browser, district: District, unit: str):
    made = someone(browser, district, "unit", unit, locale="en-GB", viewport={"width": 390, "height": 900})
    page, wrong = watched(made)
    for path in PAGES:
        page.goto(path)
        assert page.get_attribute("html", "lang") == "en"
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert wrong == []
    made.close()


def test_a_claim_appears_in_the_inbox_without_reload_and_is_read_by_a_click(
    browser: Browser, district: District, unit: str
):
    made = someone(browser, district, "committee", EAST)
    page, wrong = watched(made)
    page.goto("/notices")
    committee = district.someone("committee", EAST)
    body = {"title": "消息里的理发需求", "category": "service", "area": EAST, "lines": line(10)}
    need = committee.post("/v1/needs", body)["id"]
    district.someone("unit", unit).post("/v1/claims", {"need": need, "lines": line(4)})
    row = page.locator(".notices li", has_text="消息里的理发需求")
    expect(row).to_contain_text("提出认领，请答复", timeout=30_000)
    row.get_by_role("button", name="标为已读").click()
    expect(page.locator(".notices li.unread", has_text="消息里的理发需求")).to_have_count(0)
    assert wrong == []
    made.close()


def test_all_of_it_works_without_javascript(browser: Browser, district: District, unit: str):
    made = someone(browser, district, "unit", unit, java_script_enabled=False)
    page = made.new_page()
    page.goto("/notices/settings")
    page.get_by_label("从").fill("22:00")
    page.get_by_label("到", exact=True).fill("07:30")
    page.get_by_role("button", name="保存").last.click()
    expect(page.get_by_label("到", exact=True)).to_have_value("07:30")
    page.get_by_label("邮箱地址或机器人网址").fill("https://evil.example.cn/hook")
    page.get_by_label("种类").select_option("feishu")
    page.get_by_role("button", name="添加", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("只能用这些主机的机器人")
    expect(page.get_by_label("邮箱地址或机器人网址")).to_have_value("https://evil.example.cn/hook")
    page.goto("/notices/webhooks")
    page.get_by_label("网址").fill("https://10.1.2.3/in")
    page.get_by_role("button", name="登记", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("不能调用内网")
    page.goto("/notices")
    if page.get_by_role("button", name="全部标为已读").count():
        page.get_by_role("button", name="全部标为已读").click()
    expect(page.get_by_text("没有未读消息")).to_be_visible()
    made.close()
