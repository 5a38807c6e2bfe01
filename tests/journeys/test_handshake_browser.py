"""The handshake in a real browser on a running district: a committee on its phone, units, a coordinator, two at once; every
page accessible in both themes and widths. Screenshots lie in build/screenshots."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.journeys.conftest import EAST, STREET, Town, settle
from tests.support.chromium import LOOKS, looked_at, violations
from tests.support.people import browser_cookie
from tests.support.running import District, line, running

LIVE_MS = 15_000



@dataclass
class People:
    """Each with a browser of their own; `wrong` is whatever goes wrong on any page."""

    town: Town
    browser: Browser
    wrong: list[str]
    opened: list[BrowserContext]

    @property
    def district(self) -> District:
        return self.town.district

    def page(self, role: str, org: str, area: str | None = None, *, width: int = 1200, **more: Any) -> Page:
        page = self.stranger(width=width, **more)
        page.context.add_cookies([browser_cookie(self.district, role, org, area)])
        return page

    def stranger(self, *, width: int = 1200, **more: Any) -> Page:
        """Nobody is logged in."""
        context = self.browser.new_context(
            base_url=self.district.url, locale="zh-CN", timezone_id="Asia/Shanghai", viewport={"width": width, "height": 900}, **more
        )
        self.opened.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: self.wrong.append(str(error)))
        page.on("console", lambda said: self.wrong.append(said.text) if "Content Security" in said.text else None)
        return page

    def committee(self, **more: Any) -> Page:
        return self.page("committee", EAST, **more)

    def unit(self, n: int, **more: Any) -> Page:
        return self.page("unit", self.town.unit_ids[n], **more)


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with running(tmp_path_factory.mktemp("shaken") / "data", "--empty") as district:
        yield settle(district)


@pytest.fixture
def people(settled: Town, browser: Browser) -> Iterator[People]:
    made = People(settled, browser, [], [])
    yield made
    for context in made.opened:
        context.close()
    assert made.wrong == []


def press(page: Page, name: str) -> None:
    page.locator("main").get_by_role("button", name=name, exact=True).click()


def claimed(page: Page, need: str, quantity: str) -> str:
    """Claims by form, from the need's page: the path of the claim."""
    page.goto(f"/needs/{need}")
    page.locator("#acts").get_by_role("link", name="认领").click()
    page.get_by_label("志愿者（人）").first.fill(quantity)
    press(page, "提出认领")
    expect(page).to_have_url(re.compile("/claims/claim-"))
    return path_of(page)


def posted_on(page: Page, kind: str, title: str, quantity: str) -> str:
    """Fills in the form of a need or offer from the desk: the path of what was posted."""
    page.goto("/desk")
    page.get_by_role("link", name="发布需求" if kind == "need" else "发布资源", exact=True).click()
    page.get_by_label("标题").fill(title)
    page.get_by_label("类别").select_option("service")
    for name, typed in (("kind", "志愿者"), ("quantity", quantity), ("unit", "人")):
        page.locator(f"[name=lines-0-{name}]").fill(typed)
    page.get_by_role("button", name="发布", exact=True).last.click()
    expect(page).to_have_url(re.compile(f"/{kind}s/{kind}-"))
    return path_of(page)


def path_of(page: Page) -> str:
    return urlsplit(page.url).path


def test_a_need_goes_from_the_phone_of_a_committee_to_its_evaluation(people: People):
    phone, unit = people.committee(width=390, has_touch=True, is_mobile=True), people.unit(0)
    need = posted_on(phone, "need", "重阳节义诊需要志愿者", "20").rpartition("/")[2]
    unit.goto("/desk")
    expect(unit.get_by_role("link", name="重阳节义诊需要志愿者")).to_be_visible(timeout=LIVE_MS)
    claimed(unit, need, "12")
    phone.goto("/desk")
    phone.get_by_role("link", name="重阳节义诊需要志愿者").first.tap()
    expect(phone.get_by_text("之后共 20 人 中还余 8 人")).to_be_visible()
    press(phone, "接受")
    phone.get_by_role("link", name="看项目进展").tap()
    expect(phone).to_have_url(re.compile("/projects/project-"))
    project = path_of(phone)
    unit.goto(project)
    press(unit, "报告交付")
    expect(phone.locator("#head .pill")).to_have_text("待确认", timeout=LIVE_MS)  # without a reload
    concluded(phone, unit, project)
    doc = people.town.auditor.get(f"/v1{project}")
    assert (doc["fed_back"], {each["role"] for each in doc["evaluations"]}) == (True, {"provider", "receiver"})
    phone.goto(project)
    phone.get_by_role("link", name="请居民评价").tap()
    press(phone, "生成海报")
    code = re.sub(r"[^0-9A-Z]", "", phone.locator(".slip-text b").first.inner_text())
    resident = people.stranger(width=390, has_touch=True, is_mobile=True)
    resident.goto(f"/evaluate/{project.rpartition('/')[2]}#{code}")
    resident.get_by_label("非常满意").check()
    press(resident, "提交评价")
    expect(resident).to_have_url(re.compile("/evaluate/thanks"))
    expect(unit.get_by_text("居民", exact=True)).to_be_visible(timeout=LIVE_MS)


def concluded(phone: Page, unit: Page, project: str) -> None:
    """Confirmed in part, fed back, and evaluated by both sides."""
    phone.goto(project)
    phone.get_by_label("志愿者（人）").fill("10")
    phone.get_by_label("惠及多少人（人次）").fill("120")
    press(phone, "确认交付")
    phone.get_by_label("告诉了谁").fill("3 号楼居民代表")
    phone.get_by_label("反馈的内容").fill("义诊办好了")
    press(phone, "反馈结果")
    phone.get_by_label("5 分").check()
    press(phone, "评价对方")
    unit.goto(project)
    unit.get_by_label("4 分").check()
    press(unit, "评价对方")
    expect(unit.get_by_role("status").first).to_be_visible()


def test_an_offer_is_claimed_by_a_committee_and_its_terms_are_countered(people: People):
    unit, east = people.unit(1), people.committee()
    east.goto(posted_on(unit, "offer", "周末心理咨询", "9"))
    east.locator("#acts").get_by_role("link", name="认领").click()
    press(east, "提出认领")
    claim = east.url.partition("?")[0]
    unit.goto(claim)
    unit.get_by_role("link", name="换个条件").click()
    unit.get_by_label("志愿者（人）").fill("6")
    unit.get_by_label("附言").fill("周末只有六位")
    press(unit, "换个条件")
    expect(east.locator(".changed")).to_contain_text("9 人 → 6 人", timeout=LIVE_MS)
    east.goto(claim)
    press(east, "接受")
    expect(east.locator("#head .pill")).to_have_text("已成立")


def test_units_claim_together(people: People):
    need = people.town.east.post("/v1/needs", _need("联合认领的需求"))["id"]
    lead, second, east = people.unit(2), people.unit(3), people.committee()
    lead.goto(f"/needs/{need}/claim")
    lead.get_by_role("link", name="联合认领：邀请其他单位").click()
    lead.get_by_label("志愿者（人）").first.fill("12")
    lead.get_by_label("单位名称 1").fill("第3医院")
    lead.locator("[name=member0-0-quantity]").fill("8")
    press(lead, "提出认领")
    claim = lead.url.partition("?")[0]
    second.goto(claim)
    press(second, "确认加入")
    expect(lead.get_by_text("已加入")).to_be_visible(timeout=LIVE_MS)
    east.goto(claim)
    press(east, "接受")
    expect(east.get_by_text("之后共")).to_have_count(0)
    doc = people.town.auditor.get(f"/v1/needs/{need}")
    assert doc["lines"][0]["committed"] == 20


def test_two_people_on_one_claim_and_the_second_overwrites_nothing(people: People):
    need = people.town.east.post("/v1/needs", _need("两个人同时办理"))["id"]
    claim = claimed(people.unit(0), need, "5")
    first, second = people.committee(), people.committee()
    second.goto(f"{claim}?act=counter")
    second.get_by_label("志愿者（人）").fill("3")
    first.goto(claim)
    press(first, "接受")
    expect(second.locator("#acts .stale")).to_contain_text("您写的还在", timeout=LIVE_MS)
    expect(second.get_by_label("志愿者（人）")).to_have_value("3")  # what was typed is not swapped away
    press(second, "换个条件")
    expect(second.get_by_role("alert")).to_contain_text("已被他人更新")
    expect(second.locator(".meanwhile")).to_contain_text("接受")
    expect(second.get_by_label("志愿者（人）")).to_have_value("3")
    assert people.town.auditor.get(f"/v1{claim}")["lines"][0]["quantity"] == 5


def test_a_page_that_hears_nothing_says_since_when_and_stops_saying_so(people: People):
    page = people.committee()
    page.route(re.compile(r"/live\?"), lambda route: route.abort())
    page.goto("/desk")
    expect(page.locator("#lost")).to_have_text(re.compile(r"\d\d:\d\d 起未能实时更新"), timeout=LIVE_MS)
    page.unroute_all()
    expect(page.locator("#lost")).to_have_count(0, timeout=LIVE_MS)


def _need(title: str) -> dict[str, Any]:
    return {"title": title, "category": "service", "area": EAST, "lines": line(20)}


@pytest.fixture(scope="module")
def places(settled: Town) -> dict[str, tuple[str, str, str]]:
    """name -> (role, organisation, path) of pages in all their shapes."""
    east, unit, unit_id = settled.east, settled.units[4], settled.unit_ids[4]
    need = east.post("/v1/needs", {**_need("看得见的需求"), "note": "两周一次", "beneficiaries": 80})["id"]
    weekly = {"weekly": [{"day": 3, "from": "14:00", "to": "16:00"}], "from": "2026-01-01"}
    offer = unit.post("/v1/offers", {"title": "周三义诊", "category": "service", "lines": line(5), "windows": [weekly]})["id"]
    body = {"need": need, "lines": line(12), "note": "周末都可以", "members": [{"org": settled.unit_ids[3], "lines": line(3)}]}
    claim = unit.post("/v1/claims", body)["id"]
    money = [{"kind": "助学款", "quantity": 500_000, "unit": "分"}, *line(3)]
    other = east.post("/v1/needs", {**_need("带资金的需求"), "lines": money})["id"]
    bound = unit.post("/v1/claims", {"need": other, "lines": money})["id"]
    east.post(f"/v1/claims/{bound}/acceptance")
    project = east.get(f"/v1/claims/{bound}")["project"]
    unit.post(f"/v1/projects/{project}/milestones", {"title": "踩点", "due": "2026-12-01"})
    mine, theirs = ("committee", EAST), ("unit", unit_id)
    return {
        "need_open": (*theirs, f"/needs/{need}"), "need_claim": ("unit", settled.unit_ids[0], f"/needs/{need}/claim?joint=1"),
        "offer_claim": (*mine, f"/offers/{offer}/claim"), "need_withdrawal": (*mine, f"/needs/{need}?act=withdrawal"),
        "claim_acceptance": (*mine, f"/claims/{claim}"), "claim_counter": (*mine, f"/claims/{claim}?act=counter"),
        "claim_members": (*theirs, f"/claims/{claim}?act=members"), "project_delivery": (*theirs, f"/projects/{project}"),
        "project_funds": (*mine, f"/projects/{project}?act=funds"), "desk_committee": (*mine, "/desk"),
        "desk_unit": (*theirs, "/desk"), "desk_street": ("street", STREET, "/desk"), "desk_auditor": ("auditor", "audit", "/desk"),
        "desk_claims": (*theirs, "/desk/mine?kind=claim"), "desk_needs": (*mine, "/desk/mine?kind=need"),
    }  # fmt: skip


@pytest.mark.parametrize(("theme", "width"), LOOKS)
def test_every_page_is_accessible_and_keeps_within_the_screen(people: People, places: Any, theme: Any, width: int):
    for name, (role, org, path) in places.items():
        page = people.page(role, org, width=width, color_scheme=theme, device_scale_factor=1)
        answer = page.goto(path)
        assert answer
        assert answer.status == 200, name
        looked_at(page, f"{name}_{theme}_{width}")
        page.context.close()
        people.opened.remove(page.context)


def test_a_refused_form_is_accessible_too(people: People, places: Any):
    page = people.committee(width=390)
    page.goto(places["project_funds"][2])
    page.get_by_label("种类").select_option("received")
    page.get_by_label("金额（元）").fill("一百万")
    press(page, "登记资金")
    expect(page.get_by_role("alert")).to_be_visible()
    assert violations(page) == []
