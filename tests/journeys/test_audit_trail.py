"""Two moments compared, the trail and its proofs on pages: what is whose to see, and proofs that anybody can run."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from api.pages.audit.proof import CHECK
from domain.access import Principal
from services.command import Ask
from services.needs import NeedDraft
from tests.journeys.test_audit_pages import lived_longer
from tests.journeys.test_pages import SECRETS, Page, caught_up, html, lived
from tests.support.engine import DISTRICT, EAST, STREET, WEST, House, need, opened_house, people
from tests.support.people import cookie
from tests.support.world import people as lines


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[House]:
    async with opened_house(tmp_path) as made:
        yield made


async def seen_by(place: House, role: str, org: str, path: str, area: str | None = None) -> str:
    return await html(place, path, **cookie(place, role, org, area))


async def test_an_item_is_compared_field_by_field_and_line_by_line(place: House):
    ids = await lived(place)
    page = Page(await html(place, f"/audit/compare?what={ids['need']}&at={ids['before']}"))
    text = re.sub(r"\s+", "", page.text)
    for told in ("覆盖率0%60%", "志愿者·余量20人8人", "志愿者·已交付0人12人"):
        assert told in text, told
    assert "确认收到第0医院交付的志愿者 12 人" in page.text
    same = Page(await html(place, f"/audit/compare?what={ids['need']}&at={ids['before']}&to={ids['before']}"))
    assert "它没有变化" in same.text


async def test_a_board_is_compared_by_what_came_and_what_changed(place: House):
    ids = await lived_longer(place)
    text = await html(place, f"/audit/compare?what=needs&at={ids['before']}")
    assert "助老送餐 3" in text
    assert "秘密草稿" not in text
    came = re.search(r'href="([^"]*only=%3Eopen[^"]*)"><b>(\d+)', text)
    assert came
    listed = await html(place, came[1].replace("&amp;", "&"))
    assert listed.count("card item") == int(came[2])


async def test_a_dashboard_is_compared_figure_by_figure_and_leads_to_the_events(place: House):
    ids = await lived_longer(place)
    text = await html(place, f"/audit/compare?what=dashboard&at={ids['before']}&area={STREET}")
    row = re.search(r">合计</th><td class=\"r\">(\d+)</td><td class=\"r\">(\d+)</td><td class=\"r moved\">\+(\d+)", text)
    assert row
    assert int(row[2]) - int(row[1]) == int(row[3]) > 0
    link = re.search(r'href="(/audit/trail\?type=need[^"]*)"', text)
    assert link
    events = await html(place, link[1].replace("&amp;", "&"))
    assert int(min(re.findall(r"/audit/proof/(\d+)", events), key=int)) > ids["before"]


async def test_the_public_sees_no_event_of_a_claim_and_the_auditor_sees_all(place: House):
    await lived(place)
    types = {"public": await all_types(place, {}), "auditor": await all_types(place, cookie(place, "auditor", "audit"))}
    everything = [row.type for row in await place.log.read_all(0, 1000)]
    assert sorted(types["auditor"]) == sorted(everything)
    assert not [type for type in types["public"] if type.startswith(("claim.", "project."))]
    assert types["public"].count("need.posted") == everything.count("need.posted")
    mine = await all_types(place, cookie(place, "unit", place.units[0]))
    assert {"claim.proposed", "project.opened"} <= set(mine)
    assert mine.count("claim.proposed") < everything.count("claim.proposed")


async def all_types(place: House, headers: dict[str, str]) -> list[str]:
    """TYPEs of all events that the trail lists, page by page."""
    found: list[str] = []
    path = "/audit/trail"
    while path:
        text = await html(place, path, **headers)
        assert headers or not [secret for secret in SECRETS if secret in text]
        found += re.findall(r"<dt>事件类型</dt><dd><code>([a-z_.]+)</code>", text)
        more = re.search(r'href="([^"]*)" rel="next"', text)
        path = more[1].replace("&amp;", "&") if more else ""
    return found


async def test_filters_of_the_trail_leave_what_they_say(place: House):
    await lived(place)
    auditor = cookie(place, "auditor", "audit")
    everything = await place.log.read_all(0, 1000)

    async def listed(query: str) -> list[int]:
        return sorted({int(n) for n in re.findall(r"/audit/proof/(\d+)", await html(place, f"/audit/trail?{query}", **auditor))})

    assert await listed("type=claim.accepted") == [row.position for row in everything if row.type == "claim.accepted"]
    assert await listed("type=project") == [row.position for row in everything if row.stream.startswith("project-")]
    actor = place.engine.trail.record(everything[-1])["actor"]
    acted = [row.position for row in everything if place.engine.trail.record(row)["actor"] == actor]
    assert await listed(f"actor={actor}") == acted
    assert await listed(f"since={acted[0]}&until={acted[1] - 1}&actor={actor}") == acted[:1]
    of_unit = await listed(f"org={place.units[1]}&type=claim")
    declined = {row.stream for row in everything if row.type == "claim.declined"}
    assert of_unit == [row.position for row in everything if row.stream in declined]
    assert await listed("org=第1医院&type=claim") == of_unit
    assert await listed("org=没有这家单位") == []
    assert await listed("delegated=1") == []
    assert await listed("since=2026-03-01&until=2026-03-01") == []
    assert await listed(f"area={WEST}") == [row.position for row in everything if row.stream == f"area-{WEST}"]
    assert len(await listed(f"area={DISTRICT}")) == 20  # a page


async def test_acts_on_behalf_of_others_are_found_and_counted(place: House):
    who = Principal(id="person-street", role="street", org=STREET, area=STREET)
    ask = Ask(principal=who, key="d", fingerprint="d", on_behalf_of=EAST, basis="phone")
    draft = NeedDraft(title="代发布的需求", category="service", area=EAST, lines=lines(3))
    done = (await place.engine.needs.post(ask, draft)).position
    await caught_up(place)
    auditor = cookie(place, "auditor", "audit")
    text = await html(place, "/audit/trail?delegated=1", **auditor)
    assert f"/audit/proof/{done}" in text
    assert all(word in text for word in ("代办", "代谁办理", "电话"))
    figures = Page(await html(place, "/audit/figures", **auditor)).text
    assert "100%" in figures
    await html(place, "/audit/figures", 403, **cookie(place, "unit", place.units[0]))
    answer = await place["nobody"].http.get("/audit/figures")
    assert answer.status_code == 303


async def test_proofs_hold_and_the_printed_lines_check_them_alone(place: House, tmp_path: Path):
    ids = await lived(place)
    auditor = cookie(place, "auditor", "audit")
    position = (await place.engine.trail.history(ids["need"]))[1]["position"]
    page = Page(await html(place, f"/audit/proof/{position}"))
    assert "成立" in page.text
    assert CHECK in page.text
    for who, headers in (("public", {}), ("auditor", auditor)):
        proof = (await place["nobody"].http.get(f"/audit/proof/{position}.json", headers=headers)).json()
        assert proof["holds"] is True
        assert ("state" in proof) == (who == "auditor")
        assert checked(proof, tmp_path) == f"OK {position} {proof['root']}"
        broken = {**proof, "leaf": "00" * 32}
        assert "AssertionError" in checked(broken, tmp_path)
    changed = {**proof, "state": proof["state"].replace("志愿者", "志愿看")}
    assert "the event was changed" in checked(changed, tmp_path) or changed == proof
    older = (await place["nobody"].http.get(f"/audit/proof/{position}.json?size={position}")).json()
    assert (older["size"], older["holds"]) == (position, True)
    assert checked(older, tmp_path).startswith("OK")


def checked(proof: dict[str, Any], folder: Path) -> str:
    """What the lines on the page say of it, run by a Python of their own."""
    (folder / "proof.json").write_text(json.dumps(proof, ensure_ascii=False), encoding="utf-8")
    ran = subprocess.run([sys.executable, "-I", "-c", CHECK], cwd=folder, capture_output=True, text=True)
    return (ran.stdout or ran.stderr).strip()


async def test_what_one_may_not_see_has_no_proof_for_one(place: House):
    await lived(place)
    claims = [row.position for row in await place.log.read_all(0, 1000) if row.type == "claim.proposed"]
    await html(place, f"/audit/proof/{claims[0]}", 404)
    assert (await place["nobody"].http.get(f"/audit/proof/{claims[0]}.json")).status_code == 404
    assert "成立" in await seen_by(place, "auditor", "audit", f"/audit/proof/{claims[0]}")
    assert "成立" in await seen_by(place, "unit", place.units[0], f"/audit/proof/{claims[0]}")
    await html(place, f"/audit/proof/{claims[0]}", 404, **cookie(place, "unit", place.units[2]))
    for wrong in ("/audit/proof/0", "/audit/proof/999999", "/audit/proof/x"):
        answer = await place["nobody"].http.get(wrong)
        assert answer.status_code in (404, 422), wrong


async def test_drafts_are_replayed_for_their_owner_and_for_the_auditor_only(place: House):
    ids = await lived(place)
    for role, org, area in (("auditor", "audit", None), ("committee", EAST, None), ("street", STREET, STREET)):
        assert "秘密草稿需求" in await seen_by(place, role, org, f"/audit?what={ids['draft']}", area)
    for role, org in (("unit", place.units[0]), ("committee", WEST), ("system_admin", "office")):
        await html(place, f"/audit?what={ids['draft']}", 404, **cookie(place, role, org))
    before = (await place.engine.trail.history(ids["posted"]))[0]["position"]
    assert "先起草后发布" not in (await html(place, f"/audit?what={ids['posted']}&at={before}")).split('class="as-then"')[1]
    claim = (await place["auditor"].sees("/v1/claims"))["items"][0]
    text = await seen_by(place, "auditor", "audit", f"/audit?what={claim['number']}&at=")
    assert claim["id"] in text or claim["number"] in text
    await place["east"].did("/v1/needs", need(1, title="再来一条", lines=people(2)))
