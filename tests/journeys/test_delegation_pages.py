"""Acting for another over HTTP and on the pages; objections in time; erasures with three people, clicked through."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest_asyncio

from domain.access import Principal
from services import sight
from tests.journeys.test_contact_pages import Reader
from tests.support.engine import House, need, opened_house
from tests.support.people import cookie
from tests.support.world import EAST, STREET, WEST

WORD = "金丝雀独一无二"


@pytest_asyncio.fixture
async def town(tmp_path: Path) -> AsyncIterator[tuple[House, dict[str, Reader]]]:
    async with opened_house(tmp_path) as house:
        who = {"east": ("committee", EAST), "west": ("committee", WEST), "street": ("street", STREET),
               "auditor": ("auditor", "audit"), "security": ("security_admin", "house")}  # fmt: skip
        readers = {name: Reader(house, cookie(house, *grant)) for name, grant in who.items()}
        readers["nobody"] = Reader(house, {})
        yield house, readers
        for reader in readers.values():
            await reader.http.aclose()


async def posted(house: House, **headers: str) -> dict[str, Any]:
    return await house["street"].did("/v1/needs", need(title="代发的需求"), **headers)


async def for_east(house: House) -> dict[str, Any]:
    return await posted(house, On_Behalf_Of=EAST, Basis="phone")


def moved_to(answer: httpx.Response) -> str:
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


async def test_a_key_acts_for_another_by_two_headers(town):
    house, _ = town
    done = await for_east(house)
    assert (await house["east"].sees(f"/v1/needs/{done['id']}", since=done["position"]))["owner"] == EAST
    history = await house["auditor"].sees(f"/v1/needs/{done['id']}/history")
    assert [(e["on_behalf_of"], e["basis"]) for e in history["items"]] == [(EAST, "phone")]


async def test_the_same_key_for_somebody_else_is_a_misuse(town):
    house, _ = town
    street = house["street"]
    first = await street.post("/v1/needs", need(), key="one", On_Behalf_Of=EAST, Basis="phone")
    again = await street.post("/v1/needs", need(), key="one", On_Behalf_Of=EAST, Basis="phone")
    other = await street.post("/v1/needs", need(), key="one", On_Behalf_Of=WEST, Basis="phone")
    plain = await street.post("/v1/needs", need(), key="one")
    assert (first.status_code, again.content, other.json()["code"], plain.json()["code"]) == (
        201, first.content, "command.misused", "command.misused",
    )  # fmt: skip


async def test_what_is_wrong_with_the_headers_is_said(town):
    house, _ = town
    answers = [
        await house["street"].post("/v1/needs", need(), On_Behalf_Of="Ost Viertel", Basis="phone"),
        await house["street"].post("/v1/needs", need(), On_Behalf_Of=EAST),
        await house["street"].post("/v1/needs", need(), On_Behalf_Of=EAST, Basis="hearsay"),
        await house["unit1"].post("/v1/needs", need(), On_Behalf_Of=EAST, Basis="phone"),
    ]
    assert [(a.status_code, a.json()["code"]) for a in answers] == [
        (400, "header.malformed"), (422, "access.no_basis"), (422, "access.no_basis"), (403, "access.not_for_them"),
    ]  # fmt: skip


async def test_the_represented_committee_reads_what_was_done_and_objects(town):
    house, readers = town
    done = await for_east(house)
    page = await readers["east"].reads("/delegations")
    assert all(word in page.text for word in ("代办", "代发的需求", "电话", "提出异议"))
    position = done["position"]
    answer = await readers["east"].sends(f"/delegations/{position}/objection", ground="not_asked")
    assert moved_to(answer).startswith("/delegations?done=objected")
    after = await readers["east"].reads("/delegations")
    assert "没有委托过这件事" in after.text
    assert f"/delegations/{position}/objection" not in after.text
    assert "没有委托过这件事" in (await readers["auditor"].reads("/delegations")).text
    item = await readers["nobody"].reads(f"/needs/{done['id']}")
    assert "对代办提出异议" in item.text


async def test_who_was_not_represented_sees_and_does_nothing(town):
    house, readers = town
    done = await for_east(house)
    assert "代发的需求" not in (await readers["west"].reads("/delegations")).text
    refused = await readers["west"].sends(f"/delegations/{done['position']}/objection", ground="not_asked")
    assert refused.status_code == 403
    assert (await readers["nobody"].reads("/delegations")).headers["location"].startswith("/login")


async def test_an_objection_without_a_ground_comes_back_with_a_sentence(town):
    house, readers = town
    done = await for_east(house)
    answer = await readers["east"].sends(f"/delegations/{done['position']}/objection")
    assert answer.status_code == 422
    assert "请选择异议的理由" in answer.text


async def test_an_objection_is_for_the_two_and_the_auditor_alone(town):
    house, readers = town
    done = await for_east(house)
    await readers["east"].sends(f"/delegations/{done['position']}/objection", ground="not_asked")

    async def types(who: str) -> list[str]:
        page = await house[who].sees("/v1/events", after=done["position"])
        return [e["type"] for e in page["items"]]

    assert await types("auditor") == ["objection.raised"]
    assert await types("unit1") == await types("west") == []


async def test_erasure_goes_through_three_people_and_leaves_a_certificate(town):
    house, readers = town
    made = await house["east"].did("/v1/needs", need(title=WORD))
    await house.engine.projector.wait_for(made["position"], 10)
    assert WORD in (await readers["nobody"].reads("/board")).text  # now kept for the next who asks
    asked = await readers["east"].sends("/erasures", about=made["id"], kind="text", reason="mistake")
    path = moved_to(asked).partition("?")[0]
    assert "批准删除" not in (await readers["east"].reads(path)).text
    assert (await readers["east"].sends(f"{path}/approval")).status_code == 403
    assert (await readers["security"].sends(f"{path}/execution")).status_code == 409
    assert "批准删除" in (await readers["street"].reads(path)).text
    moved_to(await readers["street"].sends(f"{path}/approval"))
    assert "销毁密钥" in (await readers["security"].reads(path)).text
    moved_to(await readers["security"].sends(f"{path}/execution"))
    await house.app.state.personal.forgetting.look()
    certificate = (await readers["east"].reads(path)).text
    assert all(word in certificate for word in ("删除证明", "销毁密钥 1 个", "不再含有原文", made["number"]))
    for page in (f"/needs/{made['id']}", "/board", "/board?q=独一无二"):
        for reader in ("east", "nobody"):
            assert WORD not in (await readers[reader].reads(page)).text
    assert (await readers["west"].reads(path)).status_code == 404
    assert made["number"] in (await readers["auditor"].reads("/erasures")).text


async def test_the_lists_forget_by_themselves_while_the_house_runs(town):
    house, readers = town
    made = await house["east"].did("/v1/needs", need(title=WORD))
    forgetting = asyncio.create_task(house.app.state.personal.forgetting.run())
    path = moved_to(await readers["east"].sends("/erasures", about=made["id"], kind="text", reason="law")).partition(
        "?"
    )[0]
    await readers["street"].sends(f"{path}/approval")
    await readers["security"].sends(f"{path}/execution")
    async with asyncio.timeout(30):
        while "不再含有原文" not in (await readers["east"].reads(path)).text:  # noqa: ASYNC110  what a person does: reload
            await asyncio.sleep(0.05)
    forgetting.cancel()
    assert WORD not in str(await house["east"].sees("/v1/needs"))


async def test_an_erasure_needs_a_reason_and_something_to_erase(town):
    house, readers = town
    made = await house["east"].did("/v1/needs", need())
    again = await readers["east"].sends("/erasures", about=made["id"], kind="text", reason="")
    assert again.status_code == 422
    assert "请选择删除的理由" in again.text
    assert (
        await readers["east"].sends("/erasures", about=made["id"], kind="person", org=EAST, reason="law")
    ).status_code == 404
    assert (await readers["west"].sends("/erasures", about=made["id"], kind="text", reason="law")).status_code == 403


async def test_open_pages_never_hear_of_an_objection(town):
    house, _ = town
    for role in ("unit", "committee", "auditor"):
        viewer = Principal(id="p", role=role, org=EAST)
        assert await sight.visible(house.engine.streams, viewer, ["objection-12", STREET]) == [STREET]
