"""Words for everything that a page may have to say, in both languages."""

import ast
import re
from pathlib import Path
from typing import Any, TypeGuard

import pytest

from adapters.codec import REGISTRY
from api.pages import shown
from api.pages.english import CATALOGUES, english, sentences_of
from api.pages.sentences import CAUSES, SENTENCES, sentence
from api.pages.words import BOARD_STATUSES, STATUSES, Tongue, status_word
from services.dashboards import TALLIES

API = Path(__file__).parents[2] / "api"
ENGLISH = english()
ZH, EN = Tongue("zh"), Tongue("en")
HAN = re.compile("[\u4e00-\u9fff、]")
RULES = {
    "need": "draft posted open covered met closed rejected withdrawn merged lapsed",
    "offer": "draft published paused exhausted retired expired",
    "claim": "proposed waitlisted accepted fulfilled declined withdrawn expired superseded released failed",
    "project": "active reported confirmed closed disputed settled aborted",
    "unit": "registered suspended",
    "area": "open closed",
    "round": "opened computed published discarded",
}
CALL = re.compile(r"""\b(?:_|say)\(\s*(["'])(.*?)\1""")


def said_in_templates() -> set[str]:
    return {match[2] for path in (API / "templates").rglob("*.html") for match in CALL.finditer(path.read_text())}


def said_in_code() -> set[str]:
    """Every Chinese literal of the pages, docstrings aside; of the tables in both languages only what is translated."""
    found: set[str] = set()
    for path in (API / "pages").rglob("*.py"):
        if path.name == "sentences.py":
            found |= {match[2] for match in CALL.finditer(path.read_text())}
        else:
            nodes = list(ast.walk(ast.parse(path.read_text())))
            docs = {ast.get_docstring(n, clean=False) for n in nodes if isinstance(n, ast.Module | ast.FunctionDef)}
            docs |= {a.value for n in nodes if is_refusal(n) for a in n.args if isinstance(a, ast.Constant)}
            texts = {n.value for n in nodes if isinstance(n, ast.Constant) and isinstance(n.value, str)}
            found |= {text for text in texts - docs if HAN.search(text)}
    return found - {"元", "万元", "周", *"一二三四五六日"}


def is_refusal(node: ast.AST) -> TypeGuard[ast.Call]:
    """A refusal says it in both languages itself."""
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Refused"


def test_every_event_has_a_sentence_in_both_languages():
    assert set(SENTENCES) == set(REGISTRY)
    for zh, en, _ in SENTENCES.values():
        assert HAN.search(zh)
        assert not HAN.search(en)


def test_every_gap_of_a_sentence_is_the_same_in_both_languages():
    for type_, (zh, en, _) in SENTENCES.items():
        assert set(re.findall(r"\{\w+\}", zh)) == set(re.findall(r"\{\w+\}", en)), type_


def test_every_chinese_sentence_of_the_pages_has_its_english_and_none_is_left_over():
    said = said_in_templates() | said_in_code()
    assert len(said) > 150
    assert said - set(ENGLISH) == set()
    assert {zh for zh in ENGLISH if HAN.search(zh)} - said == set()


def test_no_two_catalogues_translate_the_same_sentence():
    told = [zh for path in CATALOGUES.glob("*.po") for zh in sentences_of(path)]
    assert len(told) == len(set(told)), {zh for zh in told if told.count(zh) > 1}


def test_every_gap_of_a_translation_is_in_its_source():
    for zh, en in ENGLISH.items():
        assert set(re.findall(r"\{\w+\}", zh)) == set(re.findall(r"\{\w+\}", en)), zh


@pytest.mark.parametrize(("kind", "statuses"), RULES.items())
def test_every_status_has_a_word_in_both_languages(kind: str, statuses: str):
    assert set(STATUSES[kind]) == set(statuses.split())
    assert set(TALLIES.get(f"{kind}s", ())) <= set(STATUSES[kind])
    assert all(HAN.search(word) and ENGLISH[word] for word, _ in STATUSES[kind].values())


def test_the_board_offers_only_statuses_that_everybody_may_see():
    assert set(BOARD_STATUSES["needs"]) == set(STATUSES["need"]) - {"draft", "rejected"}
    assert set(BOARD_STATUSES["offers"]) == set(STATUSES["offer"]) - {"draft"}


def test_a_status_of_a_newer_version_stands_for_itself():
    assert status_word("need", "dreamt") == "dreamt"


LINES = [{"kind": "志愿者", "unit": "人", "quantity": 12}, {"kind": "帮扶资金", "unit": "分", "quantity": 123_450_000}]


@pytest.mark.parametrize(
    ("type_", "data", "zh", "en"),
    [
        (
            "need.committed", {"provider": "unit-1", "amounts": LINES},
            "仁心医院认领志愿者 12 人、帮扶资金 123.45 万元", "仁心医院 commits 志愿者 12 人, 帮扶资金 ¥1,234,500",
        ),
        (
            "need.reopened", {"cause": "member_left"},
            "重新开放认领：联合成员退出", "Open to claims again: a member left",
        ),
        ("need.amended", {"title": "新", "urgency": 0}, "修改标题、紧急程度", "Amended: title, urgency"),
        ("offer.amended", {}, "修改内容", "Amended: content"),
        (
            "claim.proposed", {"proposed_by": {"org": "unit-1", "role": "provider"}, "terms": {"lines": LINES[:1]}},
            "仁心医院提出认领：志愿者 12 人", "仁心医院 proposes: 志愿者 12 人",
        ),
        ("project.funds_spent", {"amount_fen": 12_050}, "资金支出 120.50 元", "¥120.50 spent"),
        ("project.evaluated", {"role": "resident", "score": 5}, "居民评价：5 分", "Evaluated by the resident: 5 of 5"),
        ("claim.accepted", {"by": None}, "有关方接受", "a party accepts"),
        (
            "suggestion.issued", {"to": "unit-1", "score": 829},
            "向仁心医院推荐，匹配 82 分", "Suggested to 仁心医院: fits with 82 of 100",
        ),
        ("need.dreamt", {}, "need.dreamt", "need.dreamt"),
    ],
)
def test_a_sentence_says_what_happened(type_: str, data: dict[str, Any], zh: str, en: str):
    entry, named = {"type": type_, "data": data}, {"unit-1": "仁心医院"}
    assert sentence(entry, lambda org: named[org], ZH) == zh
    assert sentence(entry, lambda org: named[org], EN) == en


def test_what_people_wrote_is_never_part_of_a_sentence():
    written: dict[str, Any] = dict.fromkeys(("reason", "note", "title", "waiver"), "秘密")
    facts = {
        **written, "content": written, "provider": "u", "receiver": "u", "by": "u", "org": "u",
        "proposed_by": {"org": "u", "role": "provider"},
        "terms": {"lines": LINES}, "amounts": LINES, "lines": LINES, "amount_fen": 1, "cause": "released", "score": 5,
        "outcome": "resumed", "role": "resident", "milestone": 1,
    }  # fmt: skip
    for type_ in SENTENCES:
        assert "秘密" not in sentence({"type": type_, "data": facts}, lambda org: org, ZH)
        assert set(re.findall(r"\{\w+\}", sentence({"type": type_, "data": facts}, lambda org: org, EN))) == set()


def test_every_cause_that_the_rules_record_has_words():
    recorded = {
        "released", "failed", "partial", "member_left", "owner", "covered", "need_withdrawn", "need_merged",
        "need_lapsed", "need_closed", "offer_retired", "offer_expired", "not_delivered", "settled", "resumed",
        "delivered", "provider", "receiver", "resident",
    }  # fmt: skip
    assert recorded <= set(CAUSES)


@pytest.mark.parametrize(
    ("fen", "zh", "en"),
    [
        (0, "0 元", "¥0"), (5, "0.05 元", "¥0.05"), (100, "1 元", "¥1"), (999_999, "9,999.99 元", "¥9,999.99"),
        (1_000_000, "1 万元", "¥10,000"), (801_234_567, "801.23 万元", "¥8,012,345.67"), (-50, "-0.50 元", "¥-0.50"),
    ],
)  # fmt: skip
def test_money_is_said_in_yuan_and_from_ten_thousand_on_in_wan(fen: int, zh: str, en: str):
    assert shown.money(fen, ZH) == zh
    assert shown.money(fen, EN) == en


def test_days_and_times_are_those_of_shanghai():
    assert shown.day("2026-03-01T16:30:00Z") == "2026-03-02"
    assert shown.minute("2026-03-01T16:30:00Z") == "2026-03-02 00:30"
    assert shown.span("2026-03-01T01:00:00Z", "2026-03-01T03:30:00Z") == "2026-03-01 09:00–11:30"


def test_a_weekly_window_is_said_in_one_line():
    weekly = {
        "weekly": [{"day": 3, "from": "14:00", "to": "16:00"}, {"day": 7, "from": "09:00", "to": "11:00"}],
        "from": "2026-03-01", "until": "2026-06-30", "except": ["2026-05-06"],
    }  # fmt: skip
    slots, days = "周三 14:00–16:00、周日 09:00–11:00", "2026-03-01 起，至 2026-06-30（1 天除外）"
    assert shown.window(weekly, ZH) == f"{slots}，{days}"
    assert shown.window(weekly, EN) == "Wed 14:00–16:00, Sun 09:00–11:00, from 2026-03-01 to 2026-06-30 (but 1 days)"


def test_the_same_quantity_on_several_days_is_said_once():
    twice = [{"kind": "志愿者", "unit": "人", "quantity": 5}] * 2
    assert shown.amounts(twice, ZH) == "志愿者 2 场，每场 5 人"
    assert shown.amounts([*twice, {"kind": "志愿者", "unit": "人", "quantity": 1}], ZH) == "志愿者 3 场，共 11 人"


def test_the_months_before_reach_over_the_new_year():
    assert shown.months_before("2026-02", 4) == ["2025-11", "2025-12", "2026-01", "2026-02"]
