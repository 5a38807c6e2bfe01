"""Two officers and a unit's manager look after accounts over HTTP: invitations, approvals, revocations, and what each may not."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from services.accounts_ports import Account
from tests.support.accounts import PASSWORD, code_of, person
from tests.support.engine import DISTRICT, EAST, House, opened_house
from tests.support.people import cookie

NEW = "Umbrella-9-lanterns"
OURS = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[House]:
    async with opened_house(tmp_path) as made:
        yield made


def http(place: House) -> httpx.AsyncClient:
    return place["nobody"].http


async def post(place: House, path: str, who: dict[str, str], status: int = 303, **form: str) -> httpx.Response:
    answer = await http(place).post(path, data=form, headers=who)
    assert answer.status_code == status, answer.text[:3000]
    return answer


def code_on(page: httpx.Response) -> str:
    found = re.search(r"[2-9A-Z]{5}(-[2-9A-Z]{5}){3}", page.text)
    assert found
    return found[0]


def named(place: House, login: str) -> Account:
    found = place.accounts.store.by_login(login)
    assert found
    return found


async def opened(place: House, by: dict[str, str], login: str = "li", **form: str) -> tuple[str, str]:
    """(id, code) of a new account."""
    head = (await place.log.head()).position
    assert await place.engine.projector.wait_for(head, 5) >= head
    page = await post(
        place,
        "/admin/new",
        by,
        200,
        **{"login": login, "name": "李雷", "role": "committee", "org": f"区域{EAST}", **form},
    )
    return named(place, login).id, code_on(page)


async def test_the_first_officer_comes_in_by_a_code_from_the_console_and_enrols(place: House):
    code = place.accounts.invitations.by_console("security_admin")
    form = {"code": code.lower(), "login": "zhao", "name": "赵敏", "new": NEW, "again": NEW}
    answer = await post(place, "/setup", OURS, **form)
    assert answer.headers["location"] == "/account/second?next=%2Fme"
    mine = {"Cookie": answer.headers["set-cookie"].partition(";")[0], **OURS}
    assert (await http(place).get("/admin", headers=mine)).status_code == 303  # nothing before the second factor
    page = await http(place).get("/account/second", headers=mine)
    sealed, secret = (
        re.search(r'name="sealed" value="([^"]+)"', page.text),
        re.search(r"<code>([A-Z2-7 ]+)</code>", page.text),
    )
    assert sealed
    assert secret
    done = await post(
        place, "/account/second", mine, 200, sealed=sealed[1], code=code_of(secret[1], place.clock), next="/me"
    )
    assert len(re.findall(r"<li><code>", done.text)) == 10
    mine = {"Cookie": done.headers["set-cookie"].partition(";")[0], **OURS}
    assert (await http(place).get("/admin", headers=mine)).status_code == 200
    assert place.accounts.invitations.has_officer("security_admin")
    await post(place, "/setup", OURS, 422, **{**form, "login": "zhao2"})  # once


async def test_a_code_is_over_after_a_day_and_when_a_newer_one_was_made(place: House):
    first = place.accounts.invitations.by_console("security_admin")
    second = place.accounts.invitations.by_console("security_admin")
    form = {"login": "zhao", "name": "赵敏", "new": NEW, "again": NEW}
    await post(place, "/setup", OURS, 422, code=first, **form)
    await post(place, "/setup", OURS, 422, code=second, **{**form, "again": "other"})  # a refusal uses nothing up
    place.clock.advance(timedelta(hours=24))
    await post(place, "/setup", OURS, 422, code=second, **form)
    assert place.accounts.store.by_login("zhao") is None


async def test_looking_at_an_invitation_uses_nothing_up(place: House):
    code = place.accounts.invitations.by_console("system_admin")
    for _ in range(20):
        assert (await http(place).get(f"/setup?code={code}")).status_code == 200
    await post(place, "/setup", OURS, code=code, login="qian", name="钱进", new=NEW, again=NEW)


async def test_one_officer_opens_an_account_and_another_gives_it_its_role(place: House):
    system, security = cookie(place, "system_admin", DISTRICT), cookie(place, "security_admin", DISTRICT)
    id, code = await opened(place, system)
    answer = await post(place, "/join", OURS, code=code, new=NEW, again=NEW)
    mine = {"Cookie": answer.headers["set-cookie"].partition(";")[0], **OURS}
    assert "还没有人给您授权" in (await http(place).get("/me", headers=mine)).text
    grant = place.accounts.store.grants(id)[0].id
    await post(place, f"/admin/grants/{grant}/give", system, 403)
    await post(place, f"/admin/grants/{grant}/give", security)
    session = place.accounts.sessions.live(id)[0]
    assert session.grants[0].counts(place.clock.now())
    assert "居委会" in (await http(place).get("/me", headers=mine)).text
    await post(place, f"/admin/grants/{grant}/revoke", security)
    assert (await http(place).get("/me", headers=mine)).status_code == 303  # every session is over


async def test_nobody_gives_a_role_to_themselves_or_to_whom_they_let_in(place: House):
    office, at = place.accounts.office, place.clock
    se = await person(place.accounts, at, "zhao", ("security_admin", DISTRICT), totp=True)
    other = await person(place.accounts, at, "sun", ("unit", place.units[0]))
    place.accounts.store.change_account(other.id, made_by=se.id)
    mine = place.accounts.sessions.open(se)
    who = {"Cookie": f"sid={mine.token}", **OURS}
    for id in (se.id, other.id):
        await post(place, f"/admin/people/{id}/grants", who, 403, role="committee", org=f"区域{EAST}")
        assert len(place.accounts.store.grants(id)) == 1
    assert office is place.accounts.office


@pytest.mark.parametrize(
    ("held", "role"),
    [("system_admin", "security_admin"), ("security_admin", "auditor"), ("auditor", "unit"), ("committee", "auditor")],
)
async def test_nobody_is_two_of_the_officers_nor_audits_and_acts(place: House, held: str, role: str):
    await person(place.accounts, place.clock, "sun", (held, EAST))
    security = cookie(place, "security_admin", DISTRICT)
    form = {"role": role, "org": "第0医院"}
    answer = await post(place, "/admin/people/person-sun/grants", security, 422, **form)
    assert "不能由一人兼任" in answer.text
    assert len(place.accounts.store.grants("person-sun")) == 1


async def test_a_units_manager_looks_after_its_own_clerks_alone(place: House):
    manager = cookie(place, "unit_manager", place.units[0])
    id, code = await opened(place, manager, role="unit", org="第1医院")  # what is typed there counts for nothing
    grant = place.accounts.store.grants(id)[0]
    assert (grant.org, grant.role, grant.granted_at is not None) == (place.units[0], "unit", True)
    answer = await post(place, "/join", OURS, code=code, new=NEW, again=NEW)
    assert answer.headers["location"] == "/me"
    await post(place, "/admin/new", manager, 403, login="x-y", name="某", role="unit_manager", org="")
    stranger = await person(place.accounts, place.clock, "sun", ("unit", place.units[1]))
    both = await person(place.accounts, place.clock, "zhou", ("unit", place.units[0]), ("committee", EAST))
    for other in (stranger, both):
        assert (await http(place).get(f"/admin/people/{other.id}", headers=manager)).status_code == 404
        await post(place, f"/admin/people/{other.id}/disable", manager, 404)
        assert "孙" not in (await http(place).get("/admin", headers=manager)).text
    await post(place, f"/admin/people/{id}/disable", manager)
    assert named(place, "li").disabled_at


async def test_who_is_disabled_is_out_at_once_and_comes_in_again_only_when_another_officer_says_so(place: House):
    account = await person(place.accounts, place.clock, "sun", ("unit", place.units[0]))
    session = place.accounts.sessions.open(account)
    who = {"Cookie": f"sid={session.token}", **OURS}
    system, security = cookie(place, "system_admin", DISTRICT), cookie(place, "security_admin", DISTRICT)
    assert (await http(place).get("/me", headers=who)).status_code == 200
    await post(place, f"/admin/people/{account.id}/disable", system)
    assert (await http(place).get("/me", headers=who)).status_code == 303
    await post(place, f"/admin/people/{account.id}/enable", system, 403)
    await post(place, f"/admin/people/{account.id}/enable", security)
    assert (await http(place).get("/me", headers=who)).status_code == 303  # the old cookie stays dead
    await post(place, "/login", OURS, login="sun", password=PASSWORD)


async def test_a_lost_telephone_takes_two_officers(place: House):
    account = await person(place.accounts, place.clock, "sun", ("street", DISTRICT), totp=True)
    system, security = cookie(place, "system_admin", DISTRICT), cookie(place, "security_admin", DISTRICT)
    await post(place, f"/admin/people/{account.id}/second", system, 403)
    await post(place, f"/admin/people/{account.id}/code", security, 403)
    await post(place, f"/admin/people/{account.id}/second", security)
    assert named(place, "sun").totp is None
    page = await post(place, f"/admin/people/{account.id}/code", system, 200)
    answer = await post(place, "/join", OURS, code=code_on(page), new=NEW, again=NEW)
    assert answer.headers["location"].startswith("/account/second")


async def test_a_lock_is_released_by_the_security_administrator(place: House):
    await person(place.accounts, place.clock, "sun", ("unit", place.units[0]))
    for _ in range(5):
        await post(place, "/login", OURS, 401, login="sun", password="wrong")
    await post(place, "/login", OURS, 429, login="sun", password=PASSWORD)
    await post(place, "/admin/people/person-sun/unlock", cookie(place, "security_admin", DISTRICT))
    await post(place, "/login", OURS, login="sun", password=PASSWORD)


@pytest.mark.parametrize("role", ["unit", "committee", "street", "district"])
async def test_the_others_see_no_account_at_all(place: House, role: str):
    who = cookie(place, role, DISTRICT)
    await person(place.accounts, place.clock, "sun", ("unit", place.units[0]))
    for path in ("/admin", "/admin/log"):
        assert (await http(place).get(path, headers=who)).status_code in (403, 404)
    assert (await http(place).get("/admin/people/person-sun", headers=who)).status_code == 404
    for act in ("disable", "sessions", "unlock", "second", "code"):
        await post(place, f"/admin/people/person-sun/{act}", who, 404)
    assert named(place, "sun").disabled_at is None


async def test_the_auditor_reads_the_log_and_changes_nothing(place: House):
    auditor, security = cookie(place, "auditor", DISTRICT), cookie(place, "security_admin", DISTRICT)
    account = await person(place.accounts, place.clock, "sun", ("unit", place.units[0]))
    await post(place, f"/admin/people/{account.id}/disable", security)
    place.accounts.log.note("contact.revealed", account.id, "need-1", "电话")
    page = await http(place).get("/admin/log", headers=auditor)
    assert all(word in page.text for word in ("停用账号", "查看联系方式", "王芳"))
    only = await http(place).get("/admin/log?kind=contact", headers=auditor)
    assert "查看联系方式" in only.text
    assert only.text.count("<time") == 1
    assert "环环相扣" in (await post(place, "/admin/log", auditor, 200)).text
    await post(place, f"/admin/people/{account.id}/enable", auditor, 403)
    assert named(place, "sun").disabled_at


async def test_a_log_with_sixty_lines_goes_on_on_a_second_page(place: House):
    for n in range(60):
        place.accounts.log.note("login.failed", "person-x", f"line-{n}")
    auditor = cookie(place, "auditor", DISTRICT)
    first = await http(place).get("/admin/log", headers=auditor)
    older = re.search(r'href="(/admin/log\?before=\d+)"', first.text)
    assert older
    rest = await http(place).get(older[1], headers=auditor)
    assert (first.text.count("<time"), rest.text.count("<time")) == (50, 10)
