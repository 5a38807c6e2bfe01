"""District packs: what Huangpu's says, and what the reader of a wrong one is told."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from domain.events import Refused
from domain.matching.policy import EMERGENCY, NORMAL
from domain.units import valid_code
from services.register import digest
from services.rulebooks import PACKS, load_pack, parse

HUANGPU = PACKS.joinpath("huangpu.toml").read_text("utf-8")
REAL_ORGANISATIONS = [  # named in the accounts that the district is modelled on, or known to everybody in the city
    *"久事 上海地产 小红书 瑞金医院 仁济 曙光医院 第九人民医院 浦发 交通银行 海通 申能 光明食品 豫园股份".split(),
    *"老凤祥 上海博物馆 大世界 思南公馆 上海交大 复旦 格致中学 大同中学 卢湾高级中学 锦江 新世界 益民".split(),
    *"百联 绿地 永达 巨人网络 东方航空 国泰君安 太平洋保险 杏花楼 沈大成 乔家栅".split(),
]


def told(text: str) -> Refused:
    with pytest.raises(Refused) as refused:
        parse(text, "huangpu.toml")
    assert refused.value.code == "pack.invalid"
    return refused.value


def line_with(words: str) -> int:
    return HUANGPU[: HUANGPU.index(words)].count("\n") + 1


def test_huangpu_has_one_district_two_themed_clusters_ten_streets_and_their_neighbourhoods():
    pack = load_pack("huangpu")
    assert Counter(area.kind for area in pack.areas) == {
        "district": 1, "cluster": 2, "street": 10, "neighbourhood": 190
    }  # fmt: skip
    assert {area.name for area in pack.areas if area.kind == "cluster"} == {"滨江党建·金融外滩", "文化思南"}
    parents = {area.area: area.parent for area in pack.areas}
    assert all(area.area.startswith(parents[area.area] or "") for area in pack.areas)


def test_sixty_five_units_with_valid_codes_are_stationed_in_streets_and_some_in_clusters():
    pack = load_pack("huangpu")
    assert len(pack.units) == len({unit.code for unit in pack.units}) == len({unit.name for unit in pack.units}) == 65
    assert all(valid_code(unit.code) for unit in pack.units)
    kinds = {area.area: area.kind for area in pack.areas}
    assert {kinds[unit.areas[0]] for unit in pack.units} == {"street"}
    assert {kinds[unit.areas[-1]] for unit in pack.units} == {"street", "cluster"}


def test_only_what_the_source_names_is_not_marked_as_an_example():
    book = load_pack("huangpu").book
    services = [category for category in book.categories if not category.aid]
    aid = [category for category in book.categories if category.aid]
    assert (len(services), len(aid)) == (10, 6)
    assert [category.zh for category in services if not category.example] == ["便民服务", "场地开放", "专业咨询"]
    assert [category.zh for category in aid if not category.example] == ["民生帮扶", "教育帮扶", "医疗帮扶"]


def test_posting_opens_at_once_and_the_usual_clocks_and_limits_hold():
    book = load_pack("huangpu").book
    assert not book.endorse_needs
    assert (book.clocks.answer_days, book.clocks.delivery_days, book.limits.live_claims) == (10, 60, 200)


def test_the_same_pack_has_the_same_digest():
    assert digest(load_pack("huangpu").book) == digest(parse(HUANGPU).book)


def test_huangpu_matches_by_the_usual_policies_and_its_digest_covers_them():
    book = load_pack("huangpu").book
    assert (book.matching, book.emergency) == (NORMAL, EMERGENCY)
    assert digest(parse(HUANGPU.replace("waves = 3", "waves = 2")).book) != digest(book)


def test_the_line_of_weights_that_do_not_add_up_is_that_of_their_table():
    assert f"huangpu.toml:{line_with('[matching.weights]')} " in told(HUANGPU.replace("fit = 250", "fit = 240", 1)).zh


def test_a_pack_says_only_what_is_unlike_the_usual():
    start, end = HUANGPU.index("[matching]"), HUANGPU.index("[[tiers]]")
    book = parse(HUANGPU[:start] + "[emergency]\nwaves = 1\n\n" + HUANGPU[end:]).book
    assert (book.matching, book.emergency) == (NORMAL, replace(EMERGENCY, waves=1))


@pytest.mark.parametrize("name", sorted(path.stem for path in PACKS.glob("*.toml")))
def test_no_pack_lets_a_real_organisation_act(name):
    text = PACKS.joinpath(f"{name}.toml").read_text("utf-8")
    assert [real for real in REAL_ORGANISATIONS if real in text] == []


@pytest.mark.parametrize(
    ("right", "wrong", "field", "zh", "en"),
    [
        ("answer_days = 10", 'answer_days = "ten"', "clocks.answer_days", "填写不正确", "valid integer"),
        ("answer_days = 10", "answer_day = 10", "clocks.answer_day", "不认识这一项", "Extra inputs"),
        ('id = "advice"\n', "", "categories[3].id", "缺少这一项", "Field required"),
        ('id = "310101002"', 'id = "310101001"', "areas.id", "写了两次", "written twice"),
        ('id = "advice"', 'id = "venue"', "categories.id", "写了两次", "written twice"),
        ('areas = ["310101005"]', 'areas = ["310101999"]', "units[1].areas", "没有区域", "there is no area"),
        ("MADEM0003", "MADEM0004", "units[3].code", "统一社会信用代码不正确", "not a valid"),
        ('inside = "neighbourhood"', 'inside = "village"', "areas[1].inside", "层级“village”未定义", "no tier"),
        ('category = "advice"', 'category = "advise"', "demonstration.things[10].category", "没有类别", "no category"),
        ("{season}便民服务日：", "{saison}便民服务日：", "demonstration", "没有词可填", "no fillers for {saison}"),
        ("leave = [", "lave = [", "demonstration", "缺少 leave", "sayings lack leave"),
        ("fit = 250", "fit = 240", "matching.weights", "权重之和须为 1000，现为 990", "add up to 990, not 1000"),
        ("fit = 250", "fits = 250", "matching.weights.fits", "不认识这一项", "Extra inputs"),
        ("urgency = 250", "urgency = 260", "emergency.weights", "现为 1010", "add up to 1010"),
        ("[0, 300, 700, 1000]", "[0, 300, 700]", "matching.urgency", "4 个 0–1000", "from 0 to 1000"),
        ("[100, 150, 300, 600]", "[0, 150, 300, 600]", "emergency.urgent_pct", "1–1000", "from 1 to 1000"),
        ("waves = 3", "waves = 10", "matching.waves", "1–9", "from 1 to 9"),
    ],
)
def test_a_wrong_pack_is_refused_with_the_field_in_both_languages(right, wrong, field, zh, en):
    refused = told(HUANGPU.replace(right, wrong, 1))
    assert refused.field == field
    assert zh in refused.zh
    assert en in refused.en
    assert field in refused.zh


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("answer_days = 10", 'answer_days = "ten"'), ("MADEM0003", "MADEM0004"), ("waves = 3", "waves = 10"),
        ("[0, 300, 700, 1000]", "[0, 300, 700]"), ("unit_load = 0", "unit_load = -1"),
        ('areas = ["310101005"]', 'areas = ["1"]'),
    ],
)
def test_the_line_is_named_where_it_can_be_found(right, wrong):
    assert f"huangpu.toml:{line_with(right)} " in told(HUANGPU.replace(right, wrong, 1)).zh


def test_a_pack_that_is_no_toml_is_refused_with_the_line():
    right = 'kind = "street"'
    assert f"at line {line_with(right)}" in told(HUANGPU.replace(right, 'kind = "street', 1)).zh


def test_a_district_that_is_not_shipped_is_refused_with_those_that_are():
    with pytest.raises(Refused) as refused:
        load_pack("atlantis")
    assert refused.value.code == "pack.unknown"
    assert "huangpu" in refused.value.zh
    assert "huangpu" in refused.value.en
