"""Logging in with a real browser: password and authenticator, lock-out, a session that was ended; every page looked at."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from adapters.system import SystemClock
from api.settings import Settings
from api.wiring import open_accounts
from services.accounts import Accounts
from tests.support.accounts import PASSWORD, code_of
from tests.support.chromium import LOOKS, looked_at, watched
from tests.support.people import browser_cookie
from tests.support.running import District, running


@pytest.fixture(scope="module")
def district(tmp_path_factory: pytest.TempPathFactory) -> Iterator[District]:
    with running(tmp_path_factory.mktemp("accounts") / "data", "--empty") as started:
        yield started


@pytest.fixture
def accounts(district: District) -> Iterator[Accounts]:
    opened = open_accounts(Settings(data=district.data), SystemClock())
    yield opened
    opened.store.close()


def tab(browser: Browser, district: District, **more: Any) -> tuple[Page, list[str]]:
    values = {"locale": "zh-CN", "viewport": {"width": 1200, "height": 900}, **more}
    return watched(browser.new_context(base_url=district.url, **values))


def officer(page: Page, accounts: Accounts, login: str) -> str:
    """Somebody sets up an account with a code from the console and enrols; the secret of the authenticator."""
    page.goto("/setup")
    page.get_by_label("邀请码").fill(accounts.invitations.by_console("security_admin"))
    page.locator("[name=name]").fill("赵敏")
    page.locator("[name=login]").fill(login)
    page.locator("[name=new]").fill(PASSWORD)
    page.locator("[name=again]").fill(PASSWORD)
    page.get_by_role("button", name="设置密码并进入").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("手机验证器")
    secret = page.locator("main code").inner_text()
    page.get_by_label("新验证器上的六位数字").fill(code_of(secret, SystemClock()))
    page.get_by_role("button", name="启用").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("备用码")
    return secret


def log_in(page: Page, login: str, password: str = PASSWORD) -> None:
    page.goto("/login")
    page.locator("[name=login]").fill(login)
    page.locator("[name=password]").fill(password)
    page.locator("main").get_by_role("button", name="登录", exact=True).click()


def test_the_first_start_says_a_code_and_has_no_password_of_its_own(district: District):
    assert re.search(r"/setup.*: [2-9A-Z]{5}(-[2-9A-Z]{5}){3}", district.log())


def test_the_first_officer_sets_up_enrols_and_logs_in_with_the_authenticator(
    browser: Browser, district: District, accounts: Accounts
):
    page, wrong = tab(browser, district)
    secret = officer(page, accounts, "zhao")
    recovery = page.locator("ul.recovery code").first.inner_text()
    page.get_by_role("link", name="我已抄好，继续").click()
    expect(page.get_by_text("安全管理员").first).to_be_visible()
    page.get_by_role("banner").get_by_role("button", name="退出").click()
    log_in(page, "zhao")
    expect(page.get_by_role("heading", level=1)).to_have_text("验证码")
    page.get_by_label("手机验证器上的六位数字").fill(code_of(secret, SystemClock()))
    page.get_by_role("button", name="继续").click()
    expect(page.get_by_role("alert")).to_contain_text("已经用过")  # the code of the enrolment counts once
    page.get_by_label("手机验证器上的六位数字").fill(recovery)
    page.get_by_role("button", name="继续").click()
    expect(page.get_by_role("link", name="赵敏")).to_be_visible()
    assert [said for said in wrong if "422" not in said] == []
    page.context.close()


def test_five_wrong_passwords_lock_and_the_page_says_for_how_long(browser: Browser, district: District):
    page, _ = tab(browser, district)
    for _ in range(5):
        log_in(page, "nobody-here", "wrong")
        expect(page.get_by_role("alert")).to_contain_text("登录名或密码不对")
    log_in(page, "nobody-here", "wrong")
    expect(page.get_by_role("alert")).to_contain_text("请 1 分钟后再试")
    expect(page.get_by_label("登录名")).to_have_value("nobody-here")
    expect(page.get_by_label("密码")).to_have_value("")
    page.context.close()


def test_a_session_that_was_ended_elsewhere_leads_to_the_log_in_page_and_back(
    browser: Browser, district: District, accounts: Accounts
):
    page, _ = tab(browser, district)
    page.context.add_cookies([browser_cookie(district, "auditor", "310101")])  # type: ignore[list-item]
    page.goto("/admin/log")
    expect(page.get_by_role("heading", level=1)).to_have_text("登录与授权记录")
    account = next(each for each in accounts.store.accounts() if each.id.startswith("person-auditor"))
    accounts.sessions.end_all(account.id, by="test")
    page.reload()
    expect(page).to_have_url(re.compile(r"/login\?next=%2Fadmin%2Flog"))
    page.context.close()


@pytest.mark.parametrize(("theme", "width"), LOOKS)
def test_every_page_of_accounts_is_accessible_and_keeps_within_the_screen(
    browser: Browser, district: District, accounts: Accounts, theme: Any, width: int
):
    page, wrong = tab(browser, district, color_scheme=theme, viewport={"width": width, "height": 900})
    for name, path in (("login", "/login"), ("join", "/join"), ("setup", "/setup")):
        page.goto(path)
        looked_at(page, f"{name}_{theme}_{width}")
    officer(page, accounts, f"officer-{theme}-{width}")
    looked_at(page, f"recovery_{theme}_{width}")
    for name, path in (("me", "/me"), ("password", "/account/password"), ("second", "/account/second")):
        page.goto(path)
        looked_at(page, f"{name}_{theme}_{width}")
    _system_admin_opens(browser, district, f"li-{theme}-{width}", theme, width)
    for name, path in (("admin", "/admin"), ("admin_log", "/admin/log"), ("keys", "/keys")):
        page.goto(path)
        looked_at(page, f"{name}_{theme}_{width}")
    page.goto("/admin")
    page.get_by_role("button", name="批准", exact=True).first.click()
    page.get_by_role("link", name="李雷").first.click()
    looked_at(page, f"admin_person_{theme}_{width}")
    page.goto("/admin/log")
    page.get_by_role("button", name="从头核对全部记录").click()
    expect(page.get_by_role("status")).to_contain_text("没有改动")
    page.context.clear_cookies()
    log_in(page, f"officer-{theme}-{width}")
    expect(page.get_by_role("heading", level=1)).to_have_text("验证码")
    looked_at(page, f"login_code_{theme}_{width}")
    assert wrong == []
    page.context.close()


def _system_admin_opens(browser: Browser, district: District, login: str, theme: Any, width: int) -> None:
    page, wrong = tab(browser, district, color_scheme=theme, viewport={"width": width, "height": 900})
    page.context.add_cookies([browser_cookie(district, "system_admin", "310101")])  # type: ignore[list-item]
    page.goto("/admin/new")
    looked_at(page, f"admin_new_{theme}_{width}")
    page.locator("[name=name]").fill("李雷")
    page.locator("[name=login]").fill(login)
    page.locator("[name=role]").select_option("district")
    page.get_by_role("button", name="开立并生成邀请码").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("李雷 的邀请码")
    looked_at(page, f"admin_code_{theme}_{width}")
    assert wrong == []
    page.context.close()
