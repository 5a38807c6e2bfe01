"""The door for people, over every page there is: headers, cookies, forms from elsewhere, GET that changes nothing, limits."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
from fastapi.routing import APIRoute

from api.people import READS, WRITES
from api.settings import Settings
from tests.support.accounts import PASSWORD, code, person
from tests.support.engine import DISTRICT, EAST, House, need, opened_house
from tests.support.people import cookie

OURS = {"Sec-Fetch-Site": "same-origin"}
ROLES = ("unit_manager", "street", "auditor", "security_admin")  # between them they open every page
ENDLESS = ("/live",)  # a stream
GRAVE = ("/logout", "/account/sessions/end")  # they end the session that the next request would use


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[House]:
    async with opened_house(tmp_path) as made:
        yield made


@pytest.fixture
async def demo(tmp_path: Path) -> AsyncIterator[House]:
    settings = Settings(data=tmp_path, requests_per_second=100_000, demo=True, host="0.0.0.0")
    async with opened_house(tmp_path, settings=settings) as made:
        yield made


def pages(place: House, method: str) -> Iterator[str]:
    """The path of every route of the pages, with something in its gaps."""
    for route in place.app.routes:
        path = getattr(route, "path", "")
        if isinstance(route, APIRoute) and method in route.methods and not path.startswith(("/v1", "/docs", "/redoc", "/static")):
            yield path


def filled(path: str, id: str) -> str:
    return re.sub(r"\{\w+(:\w+)?\}", id, path)


def everything_stored(place: House) -> list[str]:
    """All that lies in the databases of the data folder, but the sessions' last sighting."""
    found = []
    for file in sorted(place.data.glob("*.db")):
        db = sqlite3.connect(file)
        found += [f"{file.name} {line}" for line in db.iterdump()]
        db.close()
    return found


async def get(place: House, path: str, **headers: str) -> httpx.Response:
    return await place["nobody"].http.get(path, headers=headers)


async def test_every_page_wears_the_headers_and_keeps_nothing_of_a_person(place: House):
    id = (await place["east"].did("/v1/needs", need()))["id"]
    mine, seen = cookie(place, "committee", EAST), 0
    for path in pages(place, "GET"):
        if path in ENDLESS:
            continue
        for headers in ({}, mine):
            answer = await get(place, filled(path, id), **headers)
            assert answer.status_code < 500, path
            assert "default-src 'none'" in answer.headers["content-security-policy"], path
            assert "unsafe" not in answer.headers["content-security-policy"], path
            assert answer.headers["x-content-type-options"] == "nosniff", path
            assert answer.headers["referrer-policy"] == "same-origin", path
            assert answer.headers["strict-transport-security"].startswith("max-age=31536000"), path
            assert "set-cookie" not in answer.headers, path
            assert not headers or answer.headers["cache-control"] == "no-store", path
            seen += 1
    assert seen > 50


@pytest.mark.parametrize("role", ROLES)
async def test_no_page_changes_anything_by_being_looked_at(place: House, role: str):
    id = (await place["east"].did("/v1/needs", need()))["id"]
    mine = cookie(place, role, EAST)
    for path in ("/", "/keys"):  # the last use of the keys so far is written when they are listed
        await get(place, path, **mine)
    before, head = everything_stored(place), (await place.log.head()).position
    for path in pages(place, "GET"):
        if path not in ENDLESS:
            for asked in (filled(path, id), f"{filled(path, id)}?act=accept&confirm=1&code=x&next=/x"):
                await get(place, asked, **mine)
    assert (await place.log.head()).position == head
    assert everything_stored(place) == before


async def test_the_scan_would_notice_a_page_that_changes_something(place: House):
    before = everything_stored(place)
    place.accounts.log.note("contact.revealed", "x", "y")
    assert everything_stored(place) != before


async def test_every_form_from_another_site_is_refused_on_a_page_in_both_languages(place: House):
    mine, seen = cookie(place, "unit_manager", place.units[0]), 0
    before, head = everything_stored(place), (await place.log.head()).position
    for path in pages(place, "POST"):
        for n, strange in enumerate(
            ({"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Sec-Fetch-Site": "none"},
             {"Origin": "https://evil.test"}, {"Origin": "null"}, {}),
        ):  # fmt: skip
            headers = {
                "Cookie": mine["Cookie"],
                "Accept": "text/html",
                "Accept-Language": "en" if n % 2 else "zh",
                **strange,
            }
            answer = await place["nobody"].http.post(filled(path, "x"), data={"a": "b"}, headers=headers)
            assert answer.status_code == 403, (path, strange)
            assert ("did not come from a page" if n % 2 else "不是从本站页面发出") in answer.text
            seen += 1
    assert seen > 60
    assert (await place.log.head()).position == head
    assert everything_stored(place) == before


async def test_without_any_cookie_a_browser_on_another_site_cannot_log_somebody_in(place: House):
    form = {"login": "wang", "password": PASSWORD}
    for strange in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.test"}):
        assert (await place["nobody"].http.post("/login", data=form, headers=strange)).status_code == 403


async def test_the_cookie_is_for_this_host_alone_and_for_no_script(place: House):
    account = await person(place.accounts, place.clock, "wang", ("unit", place.units[0]))
    for base, name, secure in (("https://renling.test", "__Host-sid", True), ("http://renling.test", "sid", False)):
        transport = httpx.ASGITransport(app=place.app)
        async with httpx.AsyncClient(transport=transport, base_url=base) as http:
            answer = await http.post("/login", data={"login": "wang", "password": PASSWORD}, headers=OURS)
            made = answer.headers["set-cookie"]
            assert made.startswith(f"{name}=")
            assert {"HttpOnly", "Path=/", "SameSite=lax"} <= set(made.split("; "))
            assert ("Secure" in made) is secure
            assert "Domain" not in made
            token = made.partition("=")[2].partition(";")[0]
            for asked, known in ((name, True), ("sid" if secure else "__Host-sid", False)):
                http.cookies.clear()
                page = await http.get("/me", headers={"Cookie": f"{asked}={token}"})
                assert (page.status_code == 200) is known
    assert place.accounts.store.account(account.id)


async def test_a_session_can_be_had_only_by_its_cookie(place: House):
    account = await person(place.accounts, place.clock, "wang", ("unit", place.units[0]))
    opened = place.accounts.sessions.open(account)
    for wrong in (opened.session.id, opened.token[:-1], opened.token + "x", "", "a" * 5000, account.id):
        assert (await get(place, "/me", Cookie=f"sid={wrong}")).status_code == 303
    assert (await get(place, "/me", Authorization=f"Bearer {opened.token}")).status_code == 303
    assert (await get(place, f"/me?sid={opened.token}")).status_code == 303
    assert (await get(place, "/v1/needs", Cookie=f"sid={opened.token}")).status_code == 401  # the API asks for a key
    assert (await get(place, "/me", Cookie=f"sid={opened.token}")).status_code == 200


async def test_after_log_in_one_goes_on_to_a_page_of_ours_and_nowhere_else(place: House):
    await person(place.accounts, place.clock, "wang", ("unit", place.units[0]))
    for next, goes in (
        ("/board?q=1", "/board?q=1"),
        ("//evil.test", "/"),
        ("https://evil.test", "/"),
        ("/\\evil.test", "/"),
        ("", "/"),
    ):
        form = {"login": "wang", "password": PASSWORD, "next": next}
        answer = await place["nobody"].http.post("/login", data=form, headers=OURS)
        place["nobody"].http.cookies.clear()
        assert answer.headers["location"] == goes


async def test_an_old_cookie_opens_nothing_after_log_in_identity_log_out_and_everywhere(place: House):
    http = place["nobody"].http
    account = await person(
        place.accounts, place.clock, "wang", ("unit", place.units[0]), ("committee", EAST), totp=True
    )

    async def posted(path: str, held: str, **form: str) -> str:
        """The cookie afterwards."""
        answer = await http.post(path, data=form, headers={"Cookie": f"sid={held}", **OURS})
        http.cookies.clear()
        assert answer.status_code == 303, answer.text
        return str(answer.headers["set-cookie"]).partition("=")[2].partition(";")[0]

    async def is_in(held: str) -> bool:
        return (await get(place, "/me", Cookie=f"sid={held}")).status_code == 200

    half = await posted("/login", "", login="wang", password=PASSWORD)
    assert not await is_in(half)
    whole = await posted("/login/code", half, code=code(place.accounts, account, place.clock))
    other = await posted("/me", whole, identity="grant-wang-1")
    elsewhere = place.accounts.sessions.open(account).token
    assert [await is_in(held) for held in (half, whole, other, elsewhere)] == [False, False, True, True]
    await posted("/account/sessions/end", other)
    assert [await is_in(held) for held in (other, elsewhere)] == [False, False]


async def test_a_person_writes_sixty_times_a_minute_and_no_more(place: House):
    mine = cookie(place, "unit", place.units[0])
    answers = [
        (await place["nobody"].http.post("/me", data={"identity": "x"}, headers=mine)).status_code
        for _ in range(WRITES + 5)
    ]
    assert answers[:WRITES] == [403] * WRITES
    assert set(answers[WRITES:]) == {429}
    assert (await get(place, "/me", **mine)).status_code == 200  # reading goes on
    other = cookie(place, "unit", place.units[0])
    assert (await place["nobody"].http.post("/me", data={"identity": "x"}, headers=other)).status_code == 403


async def test_a_person_reads_six_hundred_times_a_minute_and_no_more(place: House):
    mine = cookie(place, "unit", place.units[0])
    answers = [(await get(place, "/access/none", **mine)).status_code for _ in range(READS + 60)]
    assert answers[:READS] == [404] * READS
    assert answers[-1] == 429
    page = await get(place, "/me", **mine, Accept="text/html")
    assert (page.status_code, page.headers["content-type"]) == (429, "text/html; charset=utf-8")


async def test_ten_log_ins_a_minute_are_taken_from_a_network(place: House):
    answers = []
    for n in range(12):
        form = {"login": f"somebody-{n}", "password": "x"}
        answers.append((await place["nobody"].http.post("/login", data=form, headers=OURS)).status_code)
    assert answers == [401] * 10 + [429] * 2


async def test_no_password_is_taken_over_an_open_line(place: House):
    await person(place.accounts, place.clock, "wang", ("unit", place.units[0]))
    form = {"login": "wang", "password": PASSWORD}
    for base, client, status in (
        ("http://renling.test", "203.0.113.9", 403), ("https://renling.test", "203.0.113.9", 303),
        ("http://renling.test", "127.0.0.1", 303),
    ):  # fmt: skip
        transport = httpx.ASGITransport(app=place.app, client=(client, 4000))
        async with httpx.AsyncClient(transport=transport, base_url=base) as http:
            assert (await http.post("/login", data=form, headers=OURS)).status_code == status


async def test_nobody_enters_as_a_demonstration_person_where_there_is_no_demonstration(place: House):
    page = await get(place, "/login")
    assert "演示" not in page.text
    form = {"person": f"district-{DISTRICT}"}
    assert (await place["nobody"].http.post("/login/as", data=form, headers=OURS)).status_code == 403


async def test_a_demonstration_says_so_on_every_page_and_anybody_enters(demo: House):
    transport = httpx.ASGITransport(app=demo.app, client=("203.0.113.9", 4000))
    async with httpx.AsyncClient(transport=transport, base_url="http://renling.test") as http:
        for path in ("/", "/board", "/login", "/access"):
            assert "演示：" in (await http.get(path)).text
        page = await http.get("/login")
        keys = re.findall(r'name="person" value="([^"]+)"', page.text)
        assert {f"{role}-{DISTRICT}" for role in ("district", "auditor", "system_admin", "security_admin")} <= set(keys)
        for key in keys:
            answer = await http.post("/login/as", data={"person": key}, headers=OURS)
            assert answer.status_code == 303
            assert (await http.get("/me")).status_code == 200
    assert {each.demonstration for each in demo.accounts.store.accounts()} == {True}
    assert not demo.accounts.invitations.has_officer("security_admin")
