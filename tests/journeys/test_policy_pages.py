"""The matching rules of a district: for everybody to read, drafted, compared, adopted by another coordinator; emergencies.
Over HTTP, with forms and without JavaScript."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from tests.journeys.test_pages import Page
from tests.support.engine import EAST, STREET, WEST, Caller, House, need, offer
from tests.support.typing_people import Person, kept
from tests.support.world import DISTRICT

DRAFT = "/policy/draft"


@pytest.fixture
def author(house: House) -> Person:
    house.callers["above"] = Caller(house.app, "district-office", house.keys.create("district", "district-office", DISTRICT))
    return Person(house, "district", "district-office", DISTRICT)


@pytest.fixture
def colleague(house: House) -> Person:
    return Person(house, "district", "district-office", DISTRICT)


async def filled(person: Person, path: str = DRAFT) -> dict[str, str]:
    """The form as it is when nobody has typed anything yet."""
    page = await person.sees(path)
    names = set(re.findall(r'<(?:input|textarea)[^>]* name="([^"]+)"', page)) - {"_key"}
    return {name: kept(page, name) for name in names}


async def policy(house: House) -> dict[str, Any]:
    return await house["district"].sees("/v1/policy")


async def text(person: Person, path: str, status: int = 200) -> str:
    return re.sub(r"\s+", " ", Page(await person.sees(path, status)).text)


async def round_of(house: House) -> dict[str, Any]:
    done = await house["above"].did("/v1/rounds", {"area": DISTRICT})
    return await house["above"].sees(f"/v1/rounds/{done['id']}")


async def test_anybody_reads_how_points_add_up(house: House):
    nobody = await house["nobody"].http.get("/policy")
    assert nobody.status_code == 200
    said = re.sub(r"\s+", " ", Page(nobody.text).text)
    weights = said.partition("一对配得好不好")[2].partition("就近怎么算")[0]
    points = [int(found) for found in re.findall(r"(\d+) 分", weights)]
    assert (len(points), sum(points)) == (8, 100)
    assert "起草修改" not in said
    emergency = (await house["nobody"].http.get("/policy?of=emergency")).text
    assert [nobody.text.count("25 分"), emergency.count("25 分")] == [1, 1]
    assert emergency != nobody.text
    assert (await house["nobody"].http.get(DRAFT)).status_code == 303
    assert (await house["nobody"].http.get("/policy/comparison")).status_code == 200


async def test_from_a_draft_to_rounds_that_go_by_it(house: House, author: Person, colleague: Person):
    """Wrong sum refused, compared, not adopted by its author, adopted by another; earlier rounds keep their policy."""
    urgent = await house["west"].did("/v1/needs", {**need(20, area=WEST), "urgency": 3})
    hard = await house["east"].did("/v1/needs", {**need(20), "vulnerable": True})
    await house["unit1"].did("/v1/offers", offer(20))
    before, old = await round_of(house), await policy(house)
    form = await filled(author)
    wrong = await author.sends(DRAFT, {**form, "weights-urgency": "1", "note": "先顾困难的"}, 422)
    assert "八项合计须为 100 分，现在是 89 分。" in wrong.text
    assert kept(wrong.text, "weights-urgency") == "1"
    assert kept(wrong.text, "note") == "先顾困难的"
    assert (await policy(house))["draft"] is None
    form |= {
        "weights-urgency": "0", "weights-vulnerable": "17", "vulnerable_pct": "1000", "note": "先顾困难的",
        **{f"urgent_pct-{n}": "100" for n in range(4)},
    }  # fmt: skip
    saved = await author.sends(DRAFT, form)
    assert saved.headers["location"].startswith("/policy/comparison?")
    digest = (await policy(house))["draft"]["digest"]
    early = await colleague.sends("/policy/comparison", {"draft": digest, "_key": "early"}, 303)
    assert early.headers["location"].startswith("/policy/comparison")
    await author.sends("/policy/adoption", {"draft": digest, "_key": "own"}, 403)
    told = await text(colleague, "/policy/comparison")
    assert re.search(r"紧急 ?一对配得好不好 ?12 分 ?0 分", told)
    assert re.search(r"因草案才配上的需求 1 条，因草案落空的 1 条", told)
    page = await colleague.sees("/policy/comparison")
    assert f'href="/orgs/{EAST}"' in page
    assert f'href="/orgs/{WEST}"' in page
    assert f'href="/needs/{hard["id"]}"' in page.partition("因草案才配上的需求</h3>")[2].partition("</section>")[0]
    assert f'href="/needs/{urgent["id"]}"' in page.partition("因草案落空的需求</h3>")[2].partition("</section>")[0]
    assert "采用这份草案" not in await author.sees("/policy/comparison")
    await colleague.sends("/policy/adoption", {"draft": digest, "_key": "adopts"})
    after = await round_of(house)
    assert (before["policy"], after["policy"]) == (old["digest"], digest)
    assert (await house["above"].sees(f"/v1/rounds/{before['id']}"))["policy"] == old["digest"]
    assert [pair["need"] for pair in before["pairs"]] == [urgent["id"]]
    assert [pair["need"] for pair in after["pairs"]] == [hard["id"]]
    assert (await policy(house))["draft"] is None


async def test_nothing_is_adopted_that_was_not_compared_or_not_seen(house: House, author: Person, colleague: Person):
    await author.sends(DRAFT, {**await filled(author), "waves": "2"})
    seen = (await policy(house))["draft"]["digest"]
    refused = await colleague.sends("/policy/adoption", {"draft": seen, "_key": "a"}, 409)
    assert "须先把这份草案与现行规则比较一次" in refused.text
    await author.sends(DRAFT, {**await filled(author), "waves": "1"})
    await author.sends("/policy/comparison", {"_key": "b"})
    assert "草案已被修改" in (await colleague.sends("/policy/adoption", {"draft": seen, "_key": "c"}, 409)).text


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("weights-fit", "很多", "请填 0–100 之间的数，最多一位小数。"), ("waves", "2.5", "请填 1–9 之间的整数。"),
        ("partners", "21", "请填 1–20 之间的整数。"), ("committee_bonus-3", "50", "后一项的加分不能多于前一项。"),
        ("urgent_pct-0", "", "请填 1–1000 之间的整数。"),
    ],
)  # fmt: skip
async def test_what_is_no_such_number_is_said_beside_its_field(house: House, author: Person, field: str, typed: str, said: str):
    page = (await author.sends(DRAFT, {**await filled(author), field: typed}, 422)).text
    assert said in page
    assert kept(page, field) == typed
    english = Person(house, "district", "district-office", DISTRICT, lang="en")
    page = (await english.sends(DRAFT, {**await filled(english), field: typed}, 422)).text
    assert said not in page
    assert re.search(r"number from|later need cannot", page)


async def test_tenths_and_full_width_figures_are_understood(house: House, author: Person):
    await author.sends(DRAFT, {**await filled(author), "weights-fit": "２４.５", "weights-near": "20.5"})
    weights = (await policy(house))["draft"]["policy"]["weights"]
    assert (weights["fit"], weights["near"]) == (245, 205)
    assert kept(await author.sees(DRAFT), "weights-fit") == "24.5"


async def test_the_form_goes_on_from_a_draft_that_came_over_the_api(house: House, author: Person):
    body = {"policy": {"committee_bonus": [100, 0], "nearness": [{"kind": "street", "points": 400}]}}
    sent = await house["above"].act("PUT", "/v1/policy/draft", body)
    assert sent.status_code == 201
    await author.sends(DRAFT, {**await filled(author), "waves": "2"})
    draft = (await policy(house))["draft"]["policy"]
    assert (draft["committee_bonus"], draft["nearness"]) == ([100, 0], [{"kind": "street", "points": 400}])
    assert draft["waves"] == 2


async def test_a_draft_that_is_given_up_changes_nothing(house: House, author: Person):
    before = await policy(house)
    await author.sends(DRAFT, {**await filled(author), "waves": "2"})
    await author.sends("/policy/draft/withdrawal", {"_key": "w"})
    assert await policy(house) == before
    assert "现在没有草案" in await author.sees("/policy/comparison")


async def test_an_emergency_is_declared_until_a_day_shown_to_all_and_lifted(house: House, author: Person):
    day = f"{house.clock.now() + timedelta(days=3):%Y-%m-%d}"
    form = "/policy/emergency"
    blank = (await author.sends(form, {"until": day, "reason": " ", "_key": "e0"}, 422)).text
    assert re.search('name="reason" aria-invalid="true"', blank)
    far = f"{house.clock.now() + timedelta(days=40):%Y-%m-%d}"
    assert "今后 30 天之内" in (await author.sends(form, {"until": far, "reason": "防汛", "_key": "e1"}, 422)).text
    await author.sends(form, {"until": day, "reason": "防汛", "_key": "e2"})
    public = (await house["nobody"].http.get("/policy")).text
    assert f"到 {day} 23:59 为止，按应急规则匹配。" in public
    assert "防汛" not in public
    assert "防汛" in await author.sees("/policy")
    assert (await round_of(house))["mode"] == "emergency"
    await author.sends("/policy/emergency/lifting", {"reason": "解除", "_key": "e3"})
    assert (await policy(house))["mode"] == "normal"
    assert (await round_of(house))["mode"] == "normal"


async def test_all_of_it_is_on_the_trail_in_words(house: House, author: Person, colleague: Person):
    await author.sends(DRAFT, {**await filled(author), "waves": "2", "note": "少折腾"})
    await author.sends("/policy/comparison", {"_key": "c"})
    await colleague.sends("/policy/adoption", {"draft": (await policy(house))["draft"]["digest"], "_key": "a"})
    day = f"{house.clock.now() + timedelta(days=3):%Y-%m-%d}"
    await author.sends("/policy/emergency", {"until": day, "reason": "防汛", "_key": "e"})
    await author.sends("/policy/emergency/lifting", {"reason": "解除", "_key": "l"})
    public = re.sub(r"\s+", " ", Page((await house["nobody"].http.get("/audit/trail")).text).text)
    said = ("起草匹配规则", "草案与现行匹配规则作了比较", "匹配规则草案了结", "启用规则书", "启用应急匹配规则", "结束应急状态")
    assert [words for words in said if words not in public] == []
    assert [words for words in ("少折腾", "防汛", "解除") if words in public] == []
    position = (await policy(house))["position"]
    assert (await house["nobody"].http.get(f"/audit/proof/{position}")).status_code == 200


async def test_it_lapses_by_itself(house: House, author: Person):
    day = f"{house.clock.now() + timedelta(days=3):%Y-%m-%d}"
    await author.sends("/policy/emergency", {"until": day, "reason": "防汛", "_key": "e"})
    house.clock.advance(timedelta(days=4))
    assert (await policy(house))["until"] is None
    assert "为止，按应急规则匹配" not in (await house["nobody"].http.get("/policy")).text


async def test_who_is_not_of_the_district_only_reads(house: House):
    for role, org in (("street", STREET), ("committee", EAST), ("unit", house.units[0])):
        person = Person(house, role, org)
        for path in (DRAFT, "/policy/emergency"):
            await person.sees(path, 403)
        assert "起草修改" not in await person.sees("/policy")


async def test_the_pages_are_sound_in_both_languages(house: House, author: Person):
    await author.sends(DRAFT, {**await filled(author), "waves": "2", "note": "note"})
    await author.sends("/policy/comparison", {"_key": "c"})
    english = Person(house, "district", "district-office", DISTRICT, lang="en")
    for path in ("/policy", DRAFT, "/policy/comparison", "/policy/emergency"):
        assert Page(await author.sees(path)).inline == []
        han = set(re.findall("[\u4e00-\u9fff]+", await text(english, path)))
        assert han - {"中文", "区", "街道", "居民区", "测试"} == set(), path
