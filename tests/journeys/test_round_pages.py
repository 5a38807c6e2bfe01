"""Rounds by form: opened, looked at, decided about, published, answered; why each pair and why not, and for whose eyes."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

import pytest
import pytest_asyncio

from api.pages import shown
from api.wiring import reading_codec
from domain.events import Refused
from domain.matching.fairness import first_come, greedy
from domain.round import prohibited
from services.round_replay import verified_file
from tests.support.browsing import Fields, Person, everybody
from tests.support.engine import House, need, offer
from tests.support.world import EAST, STREET, WEST

SPACE = re.compile(r"\s+")


@dataclass(frozen=True, kw_only=True)
class Town:
    """Two needs for twenty people; unit 1 has thirty to give, unit 2 twenty; one need that nobody can serve."""

    house: House
    who: dict[str, Person]
    east: str
    west: str
    venue: str
    offers: tuple[str, str]

    def __getitem__(self, name: str) -> Person:
        return self.who[name]

    async def opened(self) -> str:
        """The address of a round of the street, opened by its form."""
        went = await self["street"].sends("/rounds", "/rounds", area=STREET)
        return went.partition("?")[0]

    async def published(self) -> str:
        path = await self.opened()
        await self["street"].sends(f"{path}/publication", f"{path}/publication")
        return path


@pytest_asyncio.fixture
async def town(house: House) -> AsyncIterator[Town]:
    yield await settled(house)


async def settled(house: House, lang: str = "zh") -> Town:
    needs = [
        (await house[by].did("/v1/needs", need(20, **more)))["id"]
        for by, more in (
            ("east", {"title": "东区义诊"}), ("west", {"title": "西区义诊", "area": WEST}),
            ("west", {"title": "西区借场地", "area": WEST, "category": "venue"}),
        )
    ]  # fmt: skip
    first = (await house["unit1"].did("/v1/offers", offer(30, title="三十人的队伍")))["id"]
    second = (await house["unit2"].did("/v1/offers", offer(20, title="二十人的队伍")))["id"]
    return Town(
        house=house, who=everybody(house, lang), east=needs[0], west=needs[1], venue=needs[2], offers=(first, second)
    )


def text(page: Fields) -> str:
    """What it says, without any space."""
    return SPACE.sub("", page.text)


def rows(html: str) -> dict[str, list[str]]:
    """The tables of a page: what a row is about -> its cells."""
    found = re.findall(r'<th scope="row">([^<]*).*?</th>(.*?)</tr>', html)
    return {what: [re.sub("<.*?>", "", cell) for cell in re.findall(r"<td.*?</td>", cells)] for what, cells in found}


def pairs(page: Fields) -> set[str]:
    """The links of a preview with which its pairs can be ruled out."""
    return {href for href in page.links if "/prohibitions?" in href}


async def test_a_round_is_opened_by_a_form_looked_at_and_stands_on_the_desk_until_it_is_published(town: Town):
    path = await town.opened()
    page = await town["street"].sees(path)
    said = text(page)
    assert "待公布" in said
    for tile in ("需求3本区待认领", "配上2共2对", "全额2不再有缺口", "未配上1", "候选4可行的配对"):
        assert tile in said, tile
    assert "2个提出方此前没有一项需求得到响应；双方都接受后，还剩0个。" in said
    assert len(pairs(page)) == 2
    assert path in (await town["street"].sees("/desk")).links
    listed = await town["street"].sees("/rounds?status=computed")
    assert path in listed.links
    assert "需求3项，配上2项，全额2项，未配上1项" in text(listed)
    assert path not in (await town["street"].sees("/rounds?status=published")).links


async def test_a_pair_that_is_ruled_out_by_form_is_gone_and_the_reason_is_asked_for(town: Town):
    path = await town.opened()
    before = pairs(await town["street"].sees(path))
    form = sorted(before)[0]
    again = Fields(await town["street"].sends(form, f"{path}/prohibitions", status=422, reason=" "))
    assert "请写明指定或排除这一对的理由。" in text(again)
    await town["street"].sends(form, f"{path}/prohibitions", reason="双方去年有过纠纷")
    after = pairs(await town["street"].sees(path))
    assert len(after) == 2
    assert after.isdisjoint(before)  # both needs want the other offer now


async def test_before_publication_it_is_said_how_many_are_asked_and_afterwards_what_became_of_each_pair(town: Town):
    path = await town.opened()
    confirm = await town["street"].sees(f"{path}/publication")
    assert "公布后，2家单位和2个提出方会收到2份待答复的认领" in text(confirm)
    await town["street"].sends(f"{path}/publication", f"{path}/publication")
    page = await town["street"].sees(path)
    claims = sorted({href for href in page.links if href.startswith("/claims/")})
    assert (len(claims), text(page).count("认领待答复")) == (2, 2)
    assert "答复情况待答复2" in text(page)
    assert pairs(page) == set()  # nothing is decided about any more
    for claim in claims:
        for side in ("unit1", "unit2", "east", "west"):
            if (await town[side].http.get(claim)).status_code == 200:
                reasons = [href for href in (await town[side].sees(claim)).links if href.startswith(path)]
                assert [await town[side].sees(href) for href in reasons], (side, claim)
                await town[side].sends(claim, f"{claim}/acceptance")
    done = text(await town["street"].sees(path))
    assert "答复情况已成立2" in done
    assert done.count("认领已成立") == 2


async def test_the_points_of_a_pair_add_up_and_a_lost_one_says_who_got_it_and_what_it_would_cost(town: Town):
    path = await town.opened()
    answer = (await town["street"].http.get(f"{path}/needs/{town.east}")).text
    won, _, others = answer.partition('id="others-h"')
    points = [n.replace(".", "") for n in re.findall(r"<b>([\d.]+)<small> /", won)]
    score = re.search(r'class="fit-score"><b>([\d.]+)', won)[1]  # type: ignore[index]
    assert (len(points), sum(map(int, points))) == (8, int(score.replace(".", "")))
    assert len(re.findall(r"<b>[\d.]+<small> /", others)) == 8
    assert "给了" in others
    assert "西区义诊" in others
    assert re.search(r"全区少 \d+\.\d 分", others)
    given = await town["street"].sees(f"{path}/offers/{town.offers[0]}")
    assert "东区义诊" in text(given)
    assert "西区义诊" in text(given)


async def test_a_need_that_is_left_over_says_why_and_what_would_help(town: Town):
    path = await town.opened()
    left = await town["street"].sees(f"{path}?view=left")
    assert "西区借场地" in text(left)
    assert "没有同类的资源。" in text(left)
    assert "这一轮没有配上。" in text(await town["street"].sees(f"{path}/needs/{town.venue}"))


async def test_owners_see_why_after_publication_their_own_only_and_strangers_find_nothing(town: Town):
    path = await town.opened()
    mine = f"{path}/needs/{town.east}"
    assert (await town["east"].http.get(mine)).status_code == 404  # not before it is published
    await town["street"].sends(f"{path}/publication", f"{path}/publication")
    assert "东区义诊" in text(await town["east"].sees(mine))
    assert mine in (await town["east"].sees(f"/needs/{town.east}")).links
    assert mine not in (await town["west"].sees(f"/needs/{town.east}")).links
    assert "三十人的队伍" in text(await town["unit1"].sees(f"{path}/offers/{town.offers[0]}"))
    for stranger, page in (
        ("west", mine), ("unit1", mine), ("admin", mine), ("unit2", f"{path}/offers/{town.offers[0]}"), ("east", path),
        ("east", f"{path}?view=left"), ("east", f"{path}/export"), ("unit1", "/rounds"), ("admin", "/rounds"),
        ("east", f"{path}/needs/need-of-nobody"), ("street", f"{path}/offers/{town.east}"),
    ):  # fmt: skip
        assert (await town[stranger].http.get(page)).status_code == 404, (stranger, page)
    for insider in ("street", "district", "auditor"):
        await town[insider].sees(mine)
        await town[insider].sees(path)


async def test_an_auditor_reads_downloads_and_checks_but_decides_nothing(town: Town):
    path = await town.opened()
    page = await town["auditor"].sees(path)
    assert "每一步都可以核对" in text(page)  # several are needed for one: the flow is proved, not its quantities
    assert pairs(page) == set()
    assert f"{path}/publication" not in page.links
    assert (await town["auditor"].http.get(f"{path}/publication")).status_code == 409
    kept = (await town["auditor"].http.get(f"{path}/export")).content
    findings = verified_file(json.loads(kept), reading_codec())
    assert [finding.name for finding in findings if not finding.holds] == []
    assert len(findings) == 8


async def test_other_ways_are_worked_out_on_demand_and_told_honestly(town: Town):
    path = await town.opened()
    assert "先到先得：按发布先后" not in text(await town["street"].sees(path))
    html = (await town["street"].http.get(f"{path}?compare=1")).text
    found = rows(html)
    state = (await town.house.engine.streams.committed(path.rpartition("/")[2])).state  # type: ignore[union-attr]
    plan = (await town.house.engine.reasons._explain(state)).plan
    for n, way in ((1, first_come(plan)), (2, greedy(plan))):
        assert found["总分"][n] == shown.points(way.value)
        assert found["配上的需求"][n] == str(len({given.candidate.need for given in way.given}))
    assert found["总分"][0] == shown.points(state.outcome.value)
    assert ("先到先得在这一轮也一样好。" in html) == (found["总分"][0] == found["总分"][1])


async def test_a_result_of_other_decisions_than_those_of_now_is_not_explained(town: Town):
    path = await town.opened()
    engine = town.house.engine
    state = (await engine.streams.committed(path.rpartition("/")[2])).state  # type: ignore[union-attr]
    with pytest.raises(Refused, match="与现在的决定相符"):
        await engine.reasons.of_need(replace(state, scope=prohibited(state.scope, (town.east, town.offers[0]))), town.east)
    assert await engine.reasons.of_need(state, town.east)


async def test_a_round_may_be_discarded_with_a_reason_or_go_on_to_the_next_wave(town: Town):
    gone = await town.opened()
    await town["street"].sends(f"{gone}/discard", f"{gone}/discard", reason="数据有误")
    assert "数据有误" in text(await town["street"].sees(gone))
    path = await town.published()
    went = await town["street"].sends(path, f"{path}/wave")
    wave = await town["street"].sees(went.partition("?")[0])
    assert "补配（第2轮）" in text(wave)
    assert path in wave.links


async def test_a_coordinator_is_offered_the_own_area_and_no_other_and_is_told_when_it_is_not_theirs(town: Town):
    await town["street"].sees("/rounds")  # the lists have caught up
    page = await town["street"].http.get("/rounds")
    assert set(re.findall(r'<option value="(\d+)"', page.text)) == {STREET, EAST, WEST}
    refused = await town["street"].sends("/rounds", "/rounds", status=403, area="310101")
    assert "role=\"alert\"" in refused
    assert "开始一轮" not in text(await town["auditor"].sees("/rounds"))


async def test_every_page_of_a_round_speaks_english_too(house: House):
    town = await settled(house, "en")
    path = await town.published()
    named = re.compile(r"东区义诊|西区义诊|西区借场地|三十人的队伍|二十人的队伍|区域|第\d+医院|志愿者|人|中文")
    for page in ("/rounds", path, f"{path}?view=left", f"{path}?compare=1", f"{path}/needs/{town.east}", f"{path}/needs/{town.venue}"):
        said = named.sub("", (await town["street"].sees(page)).text)
        assert re.findall("[\u4e00-\u9fff]+", said) == [], page
