"""A round in words: how evenly it falls before and after, what other ways would have done, why needs are left over, prices."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from api.pages import shown
from api.pages.words import Tongue
from domain.matching.outcome import Outcome
from domain.matching.policy import WHOLE
from domain.matching.reasons import REASONS
from services.round_reasons import Compared, Way

MODES = {"normal": "平时规则", "emergency": "应急规则"}
DROPPED = {  # codes of the door that refused a claim -> what a page says
    "need.not_open": "需求已不再开放", "claim.duplicate": "双方已有一项认领", "claim.no_capacity": "名额已被占用",
    "offer.not_published": "资源已下架或暂停", "offer.not_open": "资源已下架或暂停", "unit.suspended": "单位已暂停",
}  # fmt: skip
HARDLY_EVER = ("CATEGORY", "OWN_ITEM")  # said only when there is nothing nearer to say
FRACTIONS = (  # thousandths of an average need, up to -> words
    (50, "几乎没有差别"), (290, "约四分之一项需求"), (415, "约三分之一项需求"), (600, "约半项需求"),
    (850, "约四分之三项需求"), (1250, "约一项需求"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Left:
    """Why a need has no pair: reasons with the number of offers each refused, and what would help."""

    reasons: Sequence[tuple[str, int]]
    hint: str


def per_cent(thousandths: int, say: Tongue) -> str:
    return f"{thousandths // 10}.{thousandths % 10}%" if thousandths % 10 else f"{thousandths // 10}%"


def fairness(found: Outcome, say: Tongue) -> list[tuple[str, str, str, str]]:
    """(what, what it means, before, after)."""
    before, after = found.before, found.after
    rows: list[tuple[str, str, int, int, bool]] = [
        ("从未有人响应的提出方", "本轮有可配资源的提出方中，至今没有一项需求得到响应的", before.nothing, after.nothing, False),
        ("得到响应较少的一半", "需求最少的一半提出方，合计有多少需求得到响应", before.small, after.small, True),
        ("其余的一半", "需求较多的一半，同样计算", before.large, after.large, True),
        ("最低的一家", "响应比例最低的提出方", before.worst, after.worst, True),
        ("单位空闲", "有可用资源、手上没有事项的单位", before.idle, after.idle, False),
        ("最忙的单位", "一家单位同时承接的事项数", before.busiest, after.busiest, False),
    ]
    told = [
        (say(what), say(means), *(per_cent(n, say) if share else f"{n:,}" for n in (was, now)))
        for what, means, was, now, share in rows
    ]
    uneven = (say("差距（基尼系数）"), say("0 为人人相同，1 为差距最大"), _thousandths(before.gini), _thousandths(after.gini))
    return [*told[:4], uneven, *told[4:]]  # type: ignore[list-item]  # a star in a tuple of strings


def sentences(found: Outcome, say: Tongue) -> list[str]:
    """The same, said plainly."""
    before, after = found.before, found.after
    said = []
    if before.nothing:
        said.append(say(
            "{n} 个提出方此前没有一项需求得到响应；双方都接受后，还剩 {left} 个。", n=before.nothing, left=after.nothing))
    elif before.askers:
        said.append(say("{n} 个提出方此前都得到过响应。", n=before.askers))
    if before.askers:
        said.append(say(
            "需求较少的一半提出方，得到响应的比例从 {was} 到 {now}；其余从 {was2} 到 {now2}。",
            was=per_cent(before.small, say), now=per_cent(after.small, say), was2=per_cent(before.large, say),
            now2=per_cent(after.large, say),
        ))  # fmt: skip
    if before.givers:
        said.append(say(
            "{n} 家单位有可用资源，其中空闲的从 {was} 家到 {now} 家。", n=before.givers, was=before.idle, now=after.idle))
    return said


def ways(found: Outcome, compared: Compared, say: Tongue) -> list[tuple[str, str, str, str]]:
    """(what, this round, first come first served, the best pair first)."""
    ours = Way(served=found.served, full=found.full, value=found.value, shares=found.after)
    every = (ours, compared.first_come, compared.greedy)

    def row(what: str, of: Iterable[str]) -> tuple[str, str, str, str]:
        one, two, three = of
        return say(what), one, two, three

    return [
        row("配上的需求", (f"{way.served:,}" for way in every)),
        row("全额配满", (f"{way.full:,}" for way in every)),
        row("从未有人响应的提出方", (f"{way.shares.nothing:,}" for way in every)),
        row("得到响应较少的一半", (per_cent(way.shares.small, say) for way in every)),
        row("最忙的单位", (f"{way.shares.busiest:,}" for way in every)),
        row("总分", (shown.points(way.value) for way in every)),
    ]


def verdicts(found: Outcome, compared: Compared, pins: bool, say: Tongue) -> list[str]:
    """What that comes to, also where it speaks for the others."""
    ours = Way(served=found.served, full=found.full, value=found.value, shares=found.after)
    said = [_verdict(ours, way, say(name), say) for name, way in (("先到先得", compared.first_come), ("逐对择优", compared.greedy))]
    if pins:
        said.append(say("另外两种做法没有计入人工指定的配对。"))
    return said


def left(reasons: Sequence[tuple[str, int]], say: Tongue) -> Left:
    """The rules that came furthest first, at most three."""
    order = list(REASONS)
    known = sorted(((code, n) for code, n in reasons if code in REASONS), key=lambda each: -order.index(each[0]))
    near = [each for each in known if each[0] not in HARDLY_EVER]
    if not near:
        return Left([(say("没有同类的资源。"), 0)], say("可以请上级区域协助，或改选更合适的类别。"))
    return Left([(why(code, say)[0], n) for code, n in near[:3]], why(near[0][0], say)[1])


def why(code: str, say: Tongue) -> tuple[str, str]:
    """(why not, what would help). A code of a newer version stands for itself."""
    reason = REASONS.get(code)
    if reason is None:
        return code, ""
    return (reason.zh, reason.hint_zh) if say.lang == "zh" else (reason.en, reason.hint_en)


def pin_refused(code: str, say: Tongue) -> str:
    return say("需求或资源不在本轮之中。") if code == "NOT_IN_ROUND" else why(code, say)[0]


def dropped(code: str, say: Tongue) -> str:
    return say(DROPPED[code]) if code in DROPPED else code


def price(points: int, average: int, say: Tongue) -> str:
    """Points in the measure of what an average need of the round is worth."""
    if points == 0:
        return say("不相上下，由签号决定")
    share = WHOLE * points // max(average, 1)
    for upto, words in FRACTIONS:
        if share <= upto:
            return say(words)
    return say("约 {n} 项需求", n=(share + WHOLE // 2) // WHOLE)


def _verdict(ours: Way, other: Way, name: str, say: Tongue) -> str:
    more, fewer = ours.served - other.served, other.shares.nothing - ours.shares.nothing
    if (ours.served, ours.full, ours.shares.nothing) == (other.served, other.full, other.shares.nothing):
        if ours.value == other.value:
            return say("{name}在这一轮也一样好。", name=name)
        if ours.value - other.value <= ours.value // 200:
            return say("{name}在这一轮也差不多一样好，总分只少 {n} 分。", name=name, n=shown.points(ours.value - other.value))
        return say("{name}配上的一样多，只是合适程度差一些（少 {n} 分）。", name=name, n=shown.points(ours.value - other.value))
    served = say("配上的一样多") if not more else say("少配上 {n} 项", n=more) if more > 0 else say("多配上 {n} 项", n=-more)
    nothing = (
        say("没人响应的提出方一样多") if not fewer
        else say("没人响应的提出方多 {n} 个", n=fewer) if fewer > 0 else say("没人响应的提出方少 {n} 个", n=-fewer)
    )  # fmt: skip
    points = ours.value - other.value
    worth = say("总分低 {n}", n=shown.points(points)) if points > 0 else say("总分高 {n}", n=shown.points(-points))
    return say("{name}：{served}，{nothing}，{worth}。", name=name, served=served, nothing=nothing, worth=worth)


def _thousandths(n: int) -> str:
    return f"{n // WHOLE}.{n % WHOLE:03d}".rstrip("0").rstrip(".")
