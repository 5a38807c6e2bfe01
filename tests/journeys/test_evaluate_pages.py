"""Residents evaluate by a slip of paper: reading changes nothing, sending counts once, and the poster holds the codes."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest_asyncio

from tests.journeys.test_contact_pages import Reader
from tests.support.engine import House, need, opened_house, people
from tests.support.people import cookie
from tests.support.world import EAST, STREET, WEST


@pytest_asyncio.fixture
async def town(tmp_path: Path) -> AsyncIterator[tuple[House, dict[str, Reader], dict[str, Any]]]:
    async with opened_house(tmp_path) as house:
        who = {"east": ("committee", EAST), "west": ("committee", WEST), "street": ("street", STREET),
               "unit": ("unit", house.units[0])}  # fmt: skip
        readers = {name: Reader(house, cookie(house, *grant)) for name, grant in who.items()}
        readers["resident"] = Reader(house, {"Sec-Fetch-Site": "same-origin"})
        yield house, readers, await confirmed(house)
        for reader in readers.values():
            await reader.http.aclose()


async def confirmed(house: House) -> dict[str, Any]:
    posted = await house["east"].did("/v1/needs", need())
    claim = await house["unit0"].did("/v1/claims", {"need": posted["id"], "lines": people(20)})
    accepted = await house["east"].did(f"/v1/claims/{claim['id']}/acceptance")
    project = (await house["east"].sees(f"/v1/claims/{accepted['id']}"))["project"]
    await house["unit0"].did(f"/v1/projects/{project}/delivery")
    done = await house["east"].did(f"/v1/projects/{project}/confirmation")
    await house.engine.projector.wait_for(done["position"], 10)
    return {"id": project, "number": done["number"]}


async def codes(house: House, project: str, count: int = 1) -> list[dict[str, Any]]:
    answer = await house["east"].did(f"/v1/projects/{project}/evaluation-links", {"count": count})
    return list(answer["links"])


async def evaluations(house: House, project: str) -> list[tuple[str, int]]:
    doc = await house["east"].sees(f"/v1/projects/{project}")
    return [(each["role"], each["score"]) for each in doc["evaluations"]]


async def test_a_link_leads_to_a_page_that_knows_the_project_but_not_the_code(town):
    house, readers, project = town
    (link,) = await codes(house, project["id"])
    address, _, code = link["url"].partition("#")
    assert address.endswith(f"/evaluate/{project['id']}")
    assert link["token"] == f"{project['id']}.{code}"
    page = await readers["resident"].reads(address.partition("renling.test")[2])
    assert (page.status_code, page.headers["cache-control"]) == (200, "no-store")
    assert "周末义诊志愿者" in page.text
    assert "第0医院" in page.text
    assert code not in page.text
    assert "evaluate.js" in page.text


async def test_reading_a_hundred_times_spends_nothing_and_sending_counts_once(town):
    house, readers, project = town
    (link,) = await codes(house, project["id"])
    path, code = f"/evaluate/{project['id']}", link["token"].partition(".")[2]
    head = (await house.log.head()).position
    assert {(await readers["resident"].reads(path)).status_code for _ in range(100)} == {200}
    assert {
        (await readers["resident"].reads("/evaluate", project=project["id"], code=code, score="5")).status_code
    } == {200}
    assert (await house.log.head()).position == head
    sent = await readers["resident"].sends("/evaluate", project=project["id"], code=code, score="5", note="很好")
    assert (sent.status_code, sent.headers["location"]) == (303, "/evaluate/thanks")
    assert "谢谢您" in (await readers["resident"].reads("/evaluate/thanks")).text
    again = await readers["resident"].sends("/evaluate", project=project["id"], code=code, score="1")
    assert (again.status_code, "这个码不能再用了" in again.text) == (410, True)
    assert await evaluations(house, project["id"]) == [("resident", 5)]


async def test_a_resident_with_paper_alone_types_number_and_code(town):
    house, readers, project = town
    (link,) = await codes(house, project["id"])
    code = link["token"].partition(".")[2]
    typed = f" {code[:4]}-{code[4:8]} {code[8:]}".lower().replace("0", "o")
    sent = await readers["resident"].sends(
        "/evaluate", project="", number=project["number"].lower(), code=typed, score="4"
    )
    assert sent.status_code == 303
    assert await evaluations(house, project["id"]) == [("resident", 4)]


async def test_a_wrong_code_or_number_comes_back_with_what_was_typed(town):
    house, readers, project = town
    for fields in (
        {"project": project["id"], "code": "ABCD EFGH JKMN PQRS"}, {"project": project["id"], "code": "kurz"},
        {"project": "", "number": "XM-310101-2026-999999", "code": "ABCDEFGHJKMNPQRS"}, {"project": "project-none", "code": ""},
    ):  # fmt: skip
        answer = await readers["resident"].sends("/evaluate", score="3", note="还好", **fields)
        assert answer.status_code == 404
        assert "评价码不对" in answer.text
        assert "还好" in answer.text
    assert await evaluations(house, project["id"]) == []


async def test_somebodys_phone_number_is_not_taken_and_the_link_stays_good(town):
    house, readers, project = town
    (link,) = await codes(house, project["id"])
    code = link["token"].partition(".")[2]
    answer = await readers["resident"].sends(
        "/evaluate", project=project["id"], code=code, score="5", note="打13800138000"
    )
    assert answer.status_code == 422
    assert "手机号" in answer.text
    assert (await readers["resident"].sends("/evaluate", project=project["id"], code=code)).status_code == 422
    assert (
        await readers["resident"].sends("/evaluate", project=project["id"], code=code, score="5")
    ).status_code == 303


async def test_after_its_days_a_link_is_over(town):
    house, readers, project = town
    (link,) = await codes(house, project["id"])
    house.clock.advance(timedelta(days=400))
    answer = await readers["resident"].sends(
        "/evaluate", project=project["id"], code=link["token"].partition(".")[2], score="5"
    )
    assert (answer.status_code, "过期" in answer.text) == (410, True)


async def test_guesses_from_one_network_are_counted(town):
    _, readers, project = town
    statuses = [
        (await readers["resident"].sends("/evaluate", project=project["id"], code="A" * 16, score="5")).status_code
        for _ in range(62)
    ]
    assert statuses.count(429) >= 1
    assert statuses[0] == 404


async def test_a_page_of_an_unknown_or_unconfirmed_project_tells_nothing(town):
    house, readers, _ = town
    posted = await house["east"].did("/v1/needs", need(title="未完成的项目"))
    claim = await house["unit1"].did("/v1/claims", {"need": posted["id"], "lines": people(20)})
    await house["east"].did(f"/v1/claims/{claim['id']}/acceptance")
    open_one = (await house["east"].sees(f"/v1/claims/{claim['id']}"))["project"]
    pages = [
        (await readers["resident"].reads(f"/evaluate/{id}")).text for id in (open_one, "project-none", posted["id"])
    ]
    assert not any("未完成的项目" in page or "第1医院" in page for page in pages)


async def test_the_receiver_prints_a_poster_whose_slips_all_work(town):
    _, readers, project = town
    assert (await readers["east"].reads(f"/projects/{project['id']}/poster")).status_code == 200
    poster = await readers["east"].sends(f"/projects/{project['id']}/poster", count="12")
    assert (poster.status_code, poster.headers["cache-control"]) == (200, "no-store")
    assert poster.text.count("<svg") >= 12
    found = re.findall(r"<b>([0-9A-Z ]{19})</b>", unescape(poster.text))
    assert len(set(found)) == 12
    assert project["number"] in poster.text
    sent = [
        (await readers["resident"].sends("/evaluate", project=project["id"], code=c, score="5")).status_code
        for c in found
    ]
    assert sent == [303] * 12


async def test_a_coordinator_prints_it_in_the_receivers_name_and_nobody_else_does(town):
    _, readers, project = town
    path = f"/projects/{project['id']}/poster"
    form = await readers["street"].reads(path)
    assert f'name="_for" value="{EAST}"' in form.text
    assert (await readers["street"].sends(path, count="12", _for=EAST, _basis="phone")).status_code == 200
    assert (await readers["street"].sends(path, count="12", _for=EAST)).status_code == 422
    assert (await readers["unit"].sends(path, count="12")).status_code in (403, 409)
    assert (await readers["west"].sends(path, count="12")).status_code == 404
    assert (await readers["resident"].reads(path)).headers["location"].startswith("/login")
    assert (await readers["east"].sends(path, count="100000")).status_code == 422
