"""A unit's manager looks after the keys of its programs on a page; others see or do only what is theirs."""

from __future__ import annotations

import re

import pytest

from tests.support.engine import EAST, Caller, House, offer, people
from tests.support.people import cookie

FORM = {"label": "读书会小程序", "role": "unit_system", "days": "90", "scope-read": "1", "scope-offers:write": "1"}


async def made(house: House, who: dict[str, str], **changed: str) -> str:
    answer = await house["nobody"].http.post("/keys", data={**FORM, **changed}, headers=who)
    assert answer.status_code == 200, answer.text
    found = re.search(r"rl_\w{8}_\w{43}", answer.text)
    assert found
    return found[0]


def manager(house: House, n: int = 1) -> dict[str, str]:
    return cookie(house, "unit_manager", house.units[n])


async def test_a_manager_makes_a_key_that_does_what_its_scopes_cover(house: House):
    caller = Caller(house.app, house.units[1], await made(house, manager(house)))
    assert (await caller.post("/v1/offers", offer())).status_code == 201
    assert (await caller.post("/v1/claims", {"need": "need-x", "lines": people(1)})).status_code in (403, 404)
    assert (await caller.sees("/v1/me"))["org"] == house.units[1]
    await caller.http.aclose()


async def test_the_list_shows_what_a_key_is_for_and_never_the_key(house: House):
    who = manager(house)
    text = await made(house, who)
    page = (await house["nobody"].http.get("/keys", headers=who)).text
    assert "读书会小程序" in page
    assert text not in page
    other = (await house["nobody"].http.get("/keys", headers=manager(house, 2))).text
    assert "读书会小程序" not in other


async def test_a_revoked_key_opens_nothing_and_a_renewed_one_goes_on(house: House):
    who = manager(house)
    first = await made(house, who)
    renewed = await house["nobody"].http.post(f"/keys/{first[3:11]}/rotation", headers=who)
    found = re.search(r"rl_\w{8}_\w{43}", renewed.text)
    assert found
    second = found[0]
    assert (await house["nobody"].http.post(f"/keys/{first[3:11]}/revocation", headers=who)).status_code == 303
    assert house.keys.find(first) is None
    assert house.keys.find(second) is not None
    assert [each.kind for each in house.accounts.log.page(kind="key")] == ["key.revoked", "key.rotated", "key.made"]


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"label": " "}, "请写明密钥的用途"), ({"days": "9999"}, "请选择有效期"), ({"days": "x"}, "请选择有效期"),
        ({"role": "district"}, "请选择身份"), ({"scope-read": "", "scope-offers:write": ""}, "请至少选择一项权限范围"),
    ],
)  # fmt: skip
async def test_what_is_wrong_stands_on_the_form_and_no_key_is_made(house: House, changed: dict[str, str], sentence: str):
    before = len(house.keys.list())
    answer = await house["nobody"].http.post("/keys", data={**FORM, **changed}, headers=manager(house))
    assert answer.status_code == 422
    assert sentence in answer.text
    assert len(house.keys.list()) == before


@pytest.mark.parametrize("role", ["unit", "committee", "street", "district"])
async def test_who_looks_after_no_keys_has_no_such_page(house: House, role: str):
    org = house.units[1] if role == "unit" else EAST
    who = cookie(house, role, org)
    assert (await house["nobody"].http.get("/keys", headers=who)).status_code in (403, 404)
    assert (await house["nobody"].http.post("/keys", data=FORM, headers=who)).status_code in (403, 404)


async def test_auditors_look_and_system_administrators_may_only_revoke(house: House):
    key_id = (await made(house, manager(house)))[3:11]
    for role, revokes in (("auditor", False), ("system_admin", True)):
        who = cookie(house, role, "310101")
        page = await house["nobody"].http.get("/keys", headers=who)
        assert "读书会小程序" in page.text
        assert ("/revocation" in page.text) == revokes
        assert "/rotation" not in page.text
        assert (await house["nobody"].http.post("/keys", data=FORM, headers=who)).status_code == 403
        revoked = await house["nobody"].http.post(f"/keys/{key_id}/revocation", headers=who)
        assert revoked.status_code == (303 if revokes else 403)


async def test_a_manager_cannot_touch_another_units_key(house: House):
    key_id = (await made(house, manager(house)))[3:11]
    for act in ("rotation", "revocation"):
        answer = await house["nobody"].http.post(f"/keys/{key_id}/{act}", headers=manager(house, 2))
        assert answer.status_code == 404
