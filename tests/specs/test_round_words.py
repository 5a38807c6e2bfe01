"""A round in words: reasons, prices in needs, and other ways told honestly, also where they do as well or better."""

from __future__ import annotations

from dataclasses import replace

import pytest

from api.pages.rounds import told
from api.pages.words import Tongue
from domain.matching.outcome import Certificate, Outcome, Shares
from domain.matching.reasons import REASONS
from services.round_reasons import Compared, Way

ZH = Tongue("zh")
BEFORE = Shares(askers=12, nothing=5, small=410, large=700, gini=286, worst=0, givers=9, idle=4, busiest=8)
AFTER = replace(BEFORE, nothing=0, small=660, gini=121, idle=1)
FOUND = Outcome(
    algorithm="exact-flow/1", pairs=(), unserved=(), refused_pins=(), needs=20, candidates=90, proven=True, value=10_000,
    served=10, full=8, before=BEFORE, after=AFTER, marks=(),
    certificate=Certificate(bits=16, slots=(), rooms=(), chosen=(), prices=(), unique=True),
)  # fmt: skip
SAME = Way(served=10, full=8, value=10_000, shares=AFTER)


def verdict(first: Way, *, pins: bool = False) -> list[str]:
    return told.verdicts(FOUND, Compared(first_come=first, greedy=SAME), pins, ZH)


def test_who_got_nothing_before_and_after_is_said_in_one_sentence():
    assert told.sentences(FOUND, ZH)[0] == "5 个提出方此前没有一项需求得到响应；双方都接受后，还剩 0 个。"
    assert "从 41% 到 66%" in told.sentences(FOUND, ZH)[1]


def test_the_table_of_fairness_says_shares_in_per_cent_and_counts_as_they_are():
    rows = {what: (was, now) for what, _, was, now in told.fairness(FOUND, ZH)}
    assert rows["得到响应较少的一半"] == ("41%", "66%")
    assert rows["差距（基尼系数）"] == ("0.286", "0.121")
    assert rows["从未有人响应的提出方"] == ("5", "0")
    assert rows["单位空闲"] == ("4", "1")


def test_another_way_that_does_as_well_is_called_as_good():
    assert verdict(SAME)[0] == "先到先得在这一轮也一样好。"
    assert verdict(replace(SAME, value=9_970))[0] == "先到先得在这一轮也差不多一样好，总分只少 3.0 分。"
    assert verdict(replace(SAME, value=9_000))[0] == "先到先得配上的一样多，只是合适程度差一些（少 100.0 分）。"


def test_another_way_that_serves_more_or_fewer_says_so():
    worse = Way(served=7, full=6, value=8_000, shares=replace(AFTER, nothing=2))
    better = Way(served=11, full=8, value=9_900, shares=replace(AFTER, nothing=1))
    assert verdict(worse)[0] == "先到先得：少配上 3 项，没人响应的提出方多 2 个，总分低 200.0。"
    assert verdict(better)[0] == "先到先得：多配上 1 项，没人响应的提出方多 1 个，总分低 10.0。"


def test_that_other_ways_know_nothing_of_pins_is_said_where_there_are_some():
    assert "另外两种做法没有计入人工指定的配对。" in verdict(SAME, pins=True)
    assert "另外两种做法没有计入人工指定的配对。" not in verdict(SAME)


def test_the_reason_that_came_furthest_is_said_first_with_what_would_help():
    left = told.left((("CATEGORY", 900), ("NO_COMMON_TIME", 4), ("OFFER_FULL", 2), ("AREA_OUT_OF_REACH", 11)), ZH)
    assert [n for _, n in left.reasons] == [2, 4, 11]
    assert left.hint == REASONS["OFFER_FULL"].hint_zh


def test_a_need_of_which_nothing_is_offered_at_all_says_just_that():
    assert told.left((("CATEGORY", 900), ("OWN_ITEM", 1)), ZH).reasons == [("没有同类的资源。", 0)]


@pytest.mark.parametrize(("points", "words"), [
    (0, "不相上下，由签号决定"), (30, "几乎没有差别"), (250, "约四分之一项需求"), (333, "约三分之一项需求"),
    (500, "约半项需求"), (750, "约四分之三项需求"), (1_000, "约一项需求"), (2_100, "约 2 项需求"),
])  # fmt: skip
def test_points_are_measured_in_needs(points: int, words: str):
    assert told.price(points, 1_000, ZH) == words
