"""In a real browser: a resident scans a slip and evaluates on a phone, with and without JavaScript; axe looks at every page
about people, light and dark, narrow and wide, and each is photographed."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext

from tests.journeys.conftest import EAST, STREET, Town
from tests.support.chromium import LOOKS, looked_at
from tests.support.people import browser_cookie
from tests.support.running import line


@pytest.fixture(scope="module")
def made(town: Town) -> dict[str, str]:
    """A confirmed project, its need, one slip, and an act in the committee's name."""
    east, unit, street = town.east, town.units[0], town.street
    behalf = {"On-Behalf-Of": EAST, "Basis": "phone"}
    draft = {"title": "独居老人送餐", "category": "service", "area": EAST, "lines": line(3)}
    street.post("/v1/needs", draft, **behalf)
    need = east.post("/v1/needs", {**draft, "title": "居民评价的义诊", "lines": line(9)})["id"]
    claim = unit.post("/v1/claims", {"need": need, "lines": line(9)})["id"]
    east.post(f"/v1/claims/{claim}/acceptance")
    project = unit.get(f"/v1/claims/{claim}")["project"]
    unit.post(f"/v1/projects/{project}/delivery")
    done = east.post(f"/v1/projects/{project}/confirmation")
    east.caught_up(done["position"], "/v1/needs")
    links = east.post(f"/v1/projects/{project}/evaluation-links", {"count": 2})["links"]
    number = unit.get(f"/v1/projects/{project}")["number"]
    urls = {f"url{n}": link["url"] for n, link in enumerate(links)}
    return {"need": need, "project": project, "number": number, **urls}


def opened(browser: Browser, town: Town, who: tuple[str, str] | None = None, **more: Any) -> BrowserContext:
    context = browser.new_context(locale="zh-CN", **{"viewport": {"width": 390, "height": 844}, **more})
    if who:
        context.add_cookies([browser_cookie(town.district, *who)])
    return context


def test_a_resident_scans_a_slip_and_evaluates(browser: Browser, town: Town, made: dict[str, str]):
    context = opened(browser, town)
    page = context.new_page()
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url))
    page.goto(made["url0"])
    code = made["url0"].partition("#")[2]
    page.get_by_text("评价码已填好").wait_for()
    assert (page.locator("#f-code").input_value(), "#" in page.url) == (code, False)
    assert not page.locator("#f-code").is_visible()
    page.get_by_text("非常满意").click()
    page.get_by_label("想说的话").fill("医生很耐心")
    page.get_by_role("button", name="提交评价").click()
    page.get_by_role("heading", name="谢谢您").wait_for()
    assert not any(code in url.partition("#")[0] for url in sent)
    page.goto(made["url0"])
    page.get_by_text("非常满意").click()
    page.get_by_role("button", name="提交评价").click()
    page.get_by_role("heading", name="这个码不能再用了").wait_for()
    looked_at(page, "people-over-390")
    context.close()


def test_a_resident_without_javascript_types_number_and_code(browser: Browser, town: Town, made: dict[str, str]):
    context = opened(browser, town, java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{town.district.url}evaluate")
    code = made["url1"].partition("#")[2]
    page.get_by_label("项目编号").fill(made["number"])
    page.get_by_label("评价码").fill(f"{code[:4]} {code[4:8]} {code[8:12]} {code[12:]}".lower())
    page.get_by_text("还可以").click()
    page.get_by_role("button", name="提交评价").click()
    page.get_by_role("heading", name="谢谢您").wait_for()
    context.close()


@pytest.mark.parametrize(("scheme", "width"), LOOKS)
def test_every_page_of_the_owner_can_be_used_by_everybody(
    browser: Browser, town: Town, made: dict[str, str], scheme: str, width: int
):
    base, need = town.district.url.rstrip("/"), made["need"]
    context = opened(browser, town, ("committee", EAST), color_scheme=scheme, viewport={"width": width, "height": 900})
    page = context.new_page()
    page.goto(f"{base}/contacts?about={need}")
    looked_at(page, f"people-contact-{width}-{scheme}")
    page.get_by_label("姓名").fill("张伟")
    page.get_by_label("电话").fill("138 1234 5678")
    page.get_by_role("button", name="保存").click()
    page.get_by_text("138****5678").wait_for()
    looked_at(page, f"people-item-{width}-{scheme}")
    page.get_by_role("button", name="查看联系方式").first.click()
    page.get_by_role("link", name="138 1234 5678").wait_for()
    looked_at(page, f"people-shown-{width}-{scheme}")
    for name, path in (
        ("delegations", "/delegations"),
        ("erasures", "/erasures"),
        ("erasing", f"/erasures/new?about={need}"),
    ):
        page.goto(base + path)
        looked_at(page, f"people-{name}-{width}-{scheme}")
    page.goto(f"{base}/projects/{made['project']}/poster")
    looked_at(page, f"people-poster-form-{width}-{scheme}")
    page.get_by_role("button", name="生成海报").click()
    page.locator(".slips svg").first.wait_for()
    looked_at(page, f"people-poster-{width}-{scheme}")
    context.close()


@pytest.mark.parametrize(("scheme", "width"), LOOKS)
def test_every_page_of_a_resident_can_be_used_by_everybody(
    browser: Browser, town: Town, made: dict[str, str], scheme: str, width: int
):
    base, project = town.district.url.rstrip("/"), made["project"]
    context = opened(browser, town, color_scheme=scheme, viewport={"width": width, "height": 900})
    page = context.new_page()
    for name, path in (("evaluate", "/evaluate"), ("slip", f"/evaluate/{project}"), ("thanks", "/evaluate/thanks")):
        page.goto(base + path)
        looked_at(page, f"people-{name}-{width}-{scheme}")
    page.goto(f"{base}/needs/{made['need']}")
    assert page.get_by_text("联系人").count() == 0
    context.close()


def test_a_coordinator_chooses_a_reason_before_looking(browser: Browser, town: Town, made: dict[str, str]):
    context = opened(browser, town, ("street", STREET))
    page = context.new_page()
    page.goto(f"{town.district.url}needs/{made['need']}")
    page.get_by_role("button", name="查看联系方式").first.click()
    assert page.get_by_role("link", name="138 1234 5678").count() == 0  # the browser itself asks for the reason
    page.get_by_label("事由").first.select_option("verify")
    page.get_by_role("button", name="查看联系方式").first.click()
    page.get_by_role("link", name="138 1234 5678").wait_for()
    context.close()
