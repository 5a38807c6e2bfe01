"""Posting and changing needs in a real browser, on a phone first: by touch and by keyboard, with a bad line, an ended
session and somebody else at the same item. Screenshots lie in build/screenshots."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.journeys.conftest import Town
from tests.support.chromium import LOOKS, looked_at, watched
from tests.support.people import browser_cookie
from tests.support.running import District, line

EAST = "310101001001"
SENT = re.compile(r"/needs/need-[^/?]+\?done=posted")



@pytest.fixture(scope="module")
def district(town: Town) -> District:
    return town.district


def device(browser: Browser, district: District, width: int = 390, **more: Any) -> BrowserContext:
    """Somebody's own device, with the committee's clerk logged in."""
    made = browser.new_context(
        base_url=district.url, locale="zh-CN", timezone_id="Asia/Shanghai", viewport={"width": width, "height": 844}, **more
    )
    made.add_cookies([browser_cookie(district, "committee", EAST)])
    return made


@pytest.fixture
def phone(browser: Browser, district: District) -> Iterator[BrowserContext]:
    made = device(browser, district, has_touch=True, is_mobile=True)
    yield made
    made.close()


def fill(page: Page, title: str) -> None:
    page.get_by_label("标题").fill(title)
    page.get_by_label("类别").select_option("service")
    page.locator("[name=lines-0-kind]").fill("志愿者")
    page.locator("[name=lines-0-quantity]").fill("6")
    page.locator("[name=lines-0-unit]").fill("人")


def a_need(district: District, title: str, **more: Any) -> str:
    body = {"title": title, "category": "service", "area": EAST, "lines": line(10), **more}
    return str(district.someone("committee", EAST).post("/v1/needs", body)["id"])


def test_a_committee_posts_a_need_on_a_phone_by_touch(phone: BrowserContext, district: District):
    page, wrong = watched(phone)
    page.goto("/needs/new")
    fill(page, "触屏发布的理发需求")
    page.get_by_role("button", name="＋ 加一行").tap()
    expect(page.locator("[name=lines-1-kind]")).to_be_focused()
    page.get_by_role("button", name="删去第 2 行").tap()
    expect(page.locator("[name=lines-1-kind]")).to_have_count(0)
    page.get_by_role("button", name="＋ 每周").tap()
    page.get_by_text("周三", exact=True).tap()
    for part, typed in (("opens", "14:00"), ("closes", "16:00"), ("since", "2030-04-03"), ("until", "2030-04-30")):
        page.locator(f"[name=windows-0-{part}]").fill(typed)
    page.get_by_role("button", name="发布", exact=True).last.tap()
    expect(page).to_have_url(SENT)
    expect(page.get_by_role("heading", level=1)).to_have_text("触屏发布的理发需求")
    expect(page.get_by_text("周三 14:00–16:00")).to_be_visible()
    page.goto("/needs/new")
    expect(page.get_by_label("标题")).to_have_value("")  # what was sent is forgotten here
    assert [said for said in wrong if "status of 4" not in said] == []  # what was refused on purpose


def test_a_need_is_posted_with_the_keyboard_alone(browser: Browser, district: District):
    made = device(browser, district, 1200)
    page, wrong = watched(made)
    page.goto("/needs/new")
    page.get_by_label("标题").focus()
    page.keyboard.type("键盘发布")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")  # the first category
    for typed in ("志愿者", "3", "人"):
        page.keyboard.press("Tab")
        page.keyboard.type(typed)
    page.keyboard.press("Enter")
    expect(page).to_have_url(SENT)
    assert [said for said in wrong if "status of 4" not in said] == []  # what was refused on purpose
    made.close()


def test_what_was_typed_is_there_again_after_the_page_was_left_and_can_be_thrown_away(phone: BrowserContext):
    page, wrong = watched(phone)
    page.goto("/needs/new")
    fill(page, "写到一半")
    page.get_by_role("button", name="＋ 某一天").tap()
    page.locator("[name=windows-0-date]").fill("2030-05-01")
    page.goto("/board")
    page.goto("/needs/new")
    expect(page.get_by_text("已恢复您上次没有提交的内容")).to_be_visible()
    expect(page.get_by_label("标题")).to_have_value("写到一半")
    expect(page.locator("[name=windows-0-date]")).to_have_value("2030-05-01")
    page.goto("/needs/new?template=clinic")
    expect(page.get_by_label("标题")).to_have_value("周末义诊")
    page.get_by_role("button", name="恢复").tap()
    expect(page.get_by_label("标题")).to_have_value("写到一半")
    page.get_by_role("button", name="不要了").locator("visible=true").tap()
    expect(page.get_by_label("标题")).to_have_value("")
    page.reload()
    expect(page.get_by_label("标题")).to_have_value("")
    assert [said for said in wrong if "status of 4" not in said] == []  # what was refused on purpose


def test_quick_fingers_get_every_row_they_asked_for_and_lose_no_letter(phone: BrowserContext):
    page, wrong = watched(phone)
    page.goto("/needs/new")
    page.evaluate("""() => {
        for (const name of ["_add-lines", "_add-lines", "_add-weekly"]) document.querySelector(`[name=${name}]`).click();
        document.querySelector("[name=title]").value = "一边等一边写";
    }""")
    expect(page.locator("[name=lines-2-kind]")).to_have_count(1)
    expect(page.locator("[name=windows-0-day1]")).to_have_count(1)
    expect(page.get_by_label("标题")).to_have_value("一边等一边写")
    assert [said for said in wrong if "status of 4" not in said] == []  # what was refused on purpose


def test_a_line_that_breaks_while_a_form_is_sent_loses_nothing_and_makes_nothing_twice(phone: BrowserContext):
    page, _ = watched(phone)
    page.goto("/needs/new")
    fill(page, "断网时的需求")
    phone.set_offline(True)
    page.get_by_role("button", name="发布", exact=True).last.tap()
    page.wait_for_timeout(300)
    phone.set_offline(False)
    for _ in range(2):  # the answer to the first may have been lost on its way
        page.goto("/needs/new")
        if page.get_by_label("标题").input_value() == "":
            break
    expect(page.get_by_label("标题")).to_have_value("断网时的需求")
    page.get_by_role("button", name="发布", exact=True).last.tap()
    expect(page).to_have_url(SENT)


def test_another_person_on_the_same_device_does_not_see_what_was_typed(phone: BrowserContext, district: District):
    page, _ = watched(phone)
    page.goto("/needs/new")
    fill(page, "张三写的")
    page.goto("/board")
    phone.clear_cookies()
    phone.add_cookies([browser_cookie(district, "committee", EAST)])
    page.goto("/needs/new")
    expect(page.get_by_label("标题")).to_have_value("")


def test_a_session_that_has_ended_keeps_the_form(phone: BrowserContext, district: District):
    page, _ = watched(phone)
    page.goto("/needs/new")
    fill(page, "会话过期时的需求")
    phone.clear_cookies()
    page.get_by_role("button", name="发布", exact=True).last.tap()
    expect(page.get_by_role("alert")).to_contain_text("您已退出登录")
    expect(page.get_by_role("link", name="在新窗口登录")).to_be_visible()
    phone.add_cookies([browser_cookie(district, "committee", EAST)])
    page.get_by_role("button", name="发布", exact=True).last.tap()
    expect(page).to_have_url(SENT)


def test_two_people_at_one_need_the_second_sees_what_changed_and_nothing_is_overwritten(browser: Browser, district: District):
    need = a_need(district, "两人同改", urgency=1)
    first, second = device(browser, district, 1200), device(browser, district)
    one, other = first.new_page(), second.new_page()
    for page in (one, other):
        page.goto(f"/needs/{need}/edit")
    one.get_by_label("标题").fill("甲的标题")
    one.get_by_label("紧急程度").select_option("3")
    one.get_by_role("button", name="保存修改").click()
    expect(one).to_have_url(re.compile("done=amended"))
    other.get_by_label("标题").fill("乙的标题")
    other.get_by_label("惠及人数").fill("50")
    other.get_by_role("button", name="保存修改").click()
    told = other.get_by_role("region", name="您填写期间，别人改了这些")
    for said in ("甲的标题", "紧急", "修改标题、紧急程度"):
        expect(told).to_contain_text(said)
    expect(other.get_by_label("标题")).to_have_value("乙的标题")
    expect(other.get_by_label("紧急程度")).to_have_value("3")
    one.reload()
    expect(one.get_by_role("heading", level=1)).to_have_text("甲的标题")
    other.get_by_role("button", name="保存修改").click()
    expect(other).to_have_url(re.compile("done=amended"))
    expect(other.get_by_role("heading", level=1)).to_have_text("乙的标题")
    item = district.someone("committee", EAST).get(f"/v1/needs/{need}")
    assert (item["title"], item["urgency"], item["beneficiaries"]) == ("乙的标题", 3, 50)
    first.close()
    second.close()


@pytest.mark.parametrize(("theme", "width"), LOOKS)
def test_every_form_is_accessible_in_every_theme_width_and_type(browser: Browser, district: District, theme: Any, width: int):
    need = a_need(district, "重阳节为二十位老人理发", windows=[{"start": "2030-04-04T01:00:00Z", "end": "2030-04-04T03:00:00Z"}])
    a_need(district, "中秋联欢缺主持人", draft=True)
    made = device(browser, district, width, color_scheme=theme, device_scale_factor=2 if width < 400 else 1)
    page, wrong = watched(made)
    page.goto("/drafts")
    looked_at(page, f"drafts_{theme}_{width}")
    page.goto("/needs/new?template=clinic")
    page.locator(".starts summary").click()
    for button in ("＋ 加一行", "＋ 某一天", "＋ 每周"):
        page.get_by_role("button", name=button).click()
    expect(page.locator("[name=windows-1-day7]")).to_be_visible()
    looked_at(page, f"post_need_{theme}_{width}")
    page.get_by_label("类别").select_option("")
    page.locator("[name=lines-1-kind]").fill("物资款")
    page.locator("form#form").evaluate("form => { form.noValidate = true; form.requestSubmit(form.elements._act[1]); }")
    expect(page.get_by_role("alert")).to_be_visible()
    looked_at(page, f"post_need_wrong_{theme}_{width}")
    page.goto(f"/needs/{need}/edit")
    district.http.patch(f"/v1/needs/{need}", json={"urgency": 3, "title": "别人改过的标题"}, headers={
        "Authorization": f"Bearer {district.key('committee', EAST)}", "Idempotency-Key": f"k-{theme}-{width}",
    })  # fmt: skip
    page.get_by_label("标题").fill("为二十五位老人理发")
    page.get_by_role("button", name="保存修改").click()
    expect(page.get_by_text("别人改了这些")).to_be_visible()
    looked_at(page, f"edit_stale_{theme}_{width}")
    page.goto("/offers/new?type=large")
    looked_at(page, f"publish_offer_large_{theme}_{width}")
    made.clear_cookies()
    page.goto("/")
    looked_at(page, f"front_{theme}_{width}")
    assert [said for said in wrong if "status of 4" not in said] == []  # what was refused on purpose
    made.close()
