"""The auditor slides time, and a committee imports a list with errors, in a real browser; both pages groups looked at in
both themes and widths. Screenshots lie in build/screenshots."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from tests.journeys.test_api_imports import as_xlsx
from tests.journeys.test_pages_browser import NEIGHBOURHOOD, an_item
from tests.support.chromium import LOOKS, looked_at, photographed, watched
from tests.support.people import browser_cookie
from tests.support.running import District, running

HEAD = ["标题*", "类别*", "区域*", "种类*", "数量*", "单位*", "备注"]
STREET = "310101001"


@pytest.fixture(scope="module")
def district(tmp_path_factory: pytest.TempPathFactory) -> Iterator[District]:
    with running(tmp_path_factory.mktemp("audited") / "data") as started:
        yield started


def someone(browser: Browser, district: District, role: str, org: str, **more: Any) -> BrowserContext:
    made = browser.new_context(**{"base_url": district.url, "locale": "zh-CN", "viewport": {"width": 1200, "height": 900}, **more})
    made.add_cookies([browser_cookie(district, role, org)])  # type: ignore[list-item]
    return made


def a_need(district: District) -> str:
    return an_item(district).rpartition("/")[2]


def test_an_auditor_slides_time_with_the_keyboard_and_the_page_tells_what_was(browser: Browser, district: District):
    context = someone(browser, district, "auditor", "audit")
    page, wrong = watched(context)
    need = a_need(district)
    page.goto(f"/audit?what={need}")
    slider = page.get_by_role("slider")
    most = int(slider.get_attribute("max") or 0)
    assert most > 3
    when = r"\d{4}-\d\d-\d\d \d\d:\d\d，序位 [\d,]+"
    expect(slider).to_have_attribute("aria-valuetext", re.compile(f"第 {most} 个事件，共 {most} 个；{when}"))
    slider.focus()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    expect(slider).to_have_attribute("aria-valuetext", re.compile(f"第 1 个事件，共 {most} 个"))
    expect(page.locator(".as-then .p-open").first).to_have_text("待认领")
    expect(page.locator(".yet-to-be")).to_have_count(most - 1)
    expect(page).to_have_url(re.compile(r"at=\d+"))
    page.reload()
    expect(page.locator(".yet-to-be")).to_have_count(most - 1)
    slider.focus()
    page.keyboard.press("End")
    expect(page.locator(".yet-to-be")).to_have_count(0)
    page.get_by_role("link", name="上一件事").click()
    expect(page.locator(".yet-to-be")).to_have_count(1)
    page.locator(".around summary").first.click()
    expect(page.get_by_text("经办账号").first).to_be_visible()
    page.get_by_role("link", name="核对它在账本中的位置").first.click()
    expect(page.get_by_text("没有被改动")).to_be_visible()
    assert wrong == []
    context.close()


def test_time_is_chosen_without_javascript_too(browser: Browser, district: District):
    context = someone(browser, district, "auditor", "audit", java_script_enabled=False)
    page = context.new_page()
    page.goto("/audit?what=dashboard")
    page.get_by_text("按日期时间或序位").click()
    page.get_by_label("日期").fill("2024-05-01")
    page.get_by_role("textbox", name="时间").fill("12:00")
    page.locator("form:has([name=day]) button").click()
    expect(page.get_by_text("2024-05-01 12:00，序位")).to_be_visible()
    now = page.locator(".tally b").first.inner_text()
    page.get_by_role("link", name="后一天").click()
    expect(page.get_by_text("2024-05-02，序位")).to_be_visible()
    page.get_by_role("link", name="与现在比较").click()
    expect(page.get_by_role("columnheader", name="相差").first).to_be_visible()
    page.goto(f"/audit?what={a_need(district)}")
    page.locator("#slider").evaluate("(slider) => { slider.value = 1; }")
    page.get_by_role("button", name="跳到这里").click()
    expect(page.locator(".around li:not(.yet-to-be)")).to_have_count(1)
    assert now
    context.close()


def test_a_list_with_errors_is_put_right_and_goes_in_whole_and_a_cancelled_one_does_not(
    browser: Browser, district: District, tmp_path: Path
):
    context = someone(browser, district, "committee", NEIGHBOURHOOD)
    page, wrong = watched(context)
    rows: list[list[Any]] = [[f"导入的需求 {i}", "便民服务", NEIGHBOURHOOD, "志愿者", i + 1, "人", ""] for i in range(30)]
    category = district.someone("auditor", "audit").get("/v1/needs", limit=1)["items"][0]["category"]
    for row in rows:
        row[1] = category
    page.goto("/imports")
    with page.expect_download() as download:
        page.get_by_role("link", name="下载模板 需求").click()
    assert download.value.suggested_filename == "needs.xlsx"
    bad = [row.copy() for row in rows]
    bad[4][4], bad[7][1] = "几个", "没有这一类"
    _upload(page, tmp_path, "bad.xlsx", bad)
    expect(page.locator(".cell")).to_have_text(["E6", "B9"])
    expect(page.get_by_text("30 行里有 2 行要改")).to_be_visible()
    photographed(page, "import_errors_light_1200")
    page.get_by_role("link", name="重新上传").click()
    _upload(page, tmp_path, "good.xlsx", rows)
    page.get_by_role("button", name="全部导入（30 行）").click()
    expect(page.get_by_text("已全部导入")).to_be_visible(timeout=15_000)
    page.get_by_role("link", name="去看一看").click()
    expect(page.get_by_text("导入的需求 29")).to_be_visible()
    many = [[f"取消的需求 {i}", *rows[0][1:]] for i in range(4000)]
    page.goto("/imports")
    _upload(page, tmp_path, "many.xlsx", many)
    expect(page.get_by_role("progressbar").or_(page.get_by_text("没有发现问题"))).to_be_visible(timeout=20_000)
    page.get_by_role("button", name="取消").click()
    expect(page.get_by_text("什么都没有写入。")).to_be_visible(timeout=15_000)
    found = district.someone("auditor", "audit").get("/v1/needs", q="取消的需求")["items"]
    assert found == []
    assert wrong == []
    context.close()


def _upload(page: Any, folder: Path, name: str, rows: list[list[Any]]) -> None:
    (folder / name).write_bytes(as_xlsx(HEAD, rows))
    page.locator("#f-needs").set_input_files(folder / name)
    page.get_by_role("button", name="上传试算 需求").click()


@pytest.mark.parametrize(("theme", "width"), LOOKS)
def test_every_page_of_both_groups_is_accessible_and_keeps_within_the_screen(
    browser: Browser, district: District, tmp_path: Path, theme: Any, width: int
):
    need = a_need(district)
    position = district.someone("auditor", "audit").get(f"/v1/needs/{need}/history")["items"][1]["position"]
    claim = district.someone("auditor", "audit").get("/v1/claims", limit=1)["items"][0]["id"]
    pages = {
        "audit_item": f"/audit?what={need}&at={position}", "audit_board": "/audit?what=needs&at=2024-05-01",
        "audit_dashboard": f"/audit?what=dashboard&area={STREET}&at=2024-05-01", "audit_claim": f"/audit?what={claim}",
        "compare_item": f"/audit/compare?what={need}&at={position}", "compare_board": "/audit/compare?what=needs&at=2024-05-01",
        "compare_dashboard": "/audit/compare?what=dashboard&at=2024-05-01&to=2025-05-01", "trail": "/audit/trail",
        "proof": f"/audit/proof/{position}", "audit_figures": "/audit/figures",
    }  # fmt: skip
    looks = {"color_scheme": theme, "viewport": {"width": width, "height": 900}, "device_scale_factor": 2 if width < 400 else 1}
    context = someone(browser, district, "auditor", "audit", **looks)
    page, wrong = watched(context)
    for name, path in pages.items():
        page.goto(path)
        looked_at(page, f"{name}_{theme}_{width}")
    context.close()
    context = someone(browser, district, "street", STREET, **looks)
    page, more_wrong = watched(context)
    page.goto("/imports")
    looked_at(page, f"imports_{theme}_{width}")
    _upload(page, tmp_path, "bad.xlsx", [["题", "没有", "x", "志愿者", "几", "人", ""], ["又一题", "没有", STREET, "志愿者", 2, "人", ""]])
    expect(page.locator(".cell").first).to_be_visible()
    looked_at(page, f"import_list_{theme}_{width}")
    assert (wrong, more_wrong) == ([], [])
    context.close()
