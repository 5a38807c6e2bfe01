"""What each figure is called, what it counts by, and what exactly it means."""

from __future__ import annotations

from dataclasses import dataclass

from api.pages import shown
from api.pages.words import STATUSES, Tongue
from domain.capacity import MONEY_UNITS
from services.figures import QUANTITY

NOUNS = {"needs": "需求", "offers": "资源", "claims": "认领", "projects": "项目"}
UNITS = {"needs": "项", "offers": "项", "claims": "次", "projects": "个"}
FIGURES = {  # figure -> (what it is called, unit of count, what it means)
    "needs/total": ("发布的需求", "项", "所有已发布的需求，不论现在如何；草稿不计。"),
    "needs_claimed": ("有人认领的需求", "项", "至少有一次认领提出过，不论结果。"),
    "needs_promised": ("有承诺的需求", "项", "至少一部分数量已认领成立或已交付。"),
    "needs_delivered": ("有交付的需求", "项", "至少一部分数量已由接收方确认。"),
    "needs_met": ("需求已办成", "项", "每一行数量都已确认交付，办结的也在内。"),
    "needs_fed_back": ("已反馈的需求", "项", "至少一个项目的结果已告诉提出的人。"),
    "offers/total": ("发布的资源", "项", "所有已发布的资源，不论现在如何；草稿不计。"),
    "offers_used": ("资源已动用", "项", "至少一部分已认领成立或已交付。"),
    "items_claimed": ("被认领的供需", "项", "至少一部分已认领成立或已交付的需求和资源。"),
    "claims/total": ("提出的认领", "次", "所有提出过的认领，不论结果。"),
    "claims_bound": ("成立过的认领", "次", "双方都同意过，后来解除的也在内。"),
    "claims_accepted": ("认领成立", "次", "仍然有效或已经完成的认领。"),
    "projects/total": ("立项的项目", "个", "每次认领成立即立一个项目。"),
    "projects_reported": ("报告交付的项目", "个", "提供方报告过交付。"),
    "projects_delivered": ("项目已交付", "个", "接收方确认，或裁定为已交付。"),
    "projects_fed_back": ("已反馈的项目", "个", "结果已告诉提出的人。"),
    "projects_evaluated": ("有评价的项目", "个", "接收方或居民评价过；提供方自评不计。"),
    "projects_unheard": ("待反馈的项目", "个", "已确认交付，结果还没有告诉提出的人。"),
    "overdue": ("逾期未交付的项目", "个", "实施中，而且已过约定的交付期限。"),
    "beneficiaries": ("惠及居民", "人次", "接收方确认交付时写明的人数。"),
    "cover_count": ("计入覆盖率的需求", "项", "待认领、已认满、已办成和已办结的需求。"),
    "money/pledged_fen": ("承诺资金", "元", "有效项目中认领的金额。"),
    "money/received_fen": ("资金到账", "元", "项目登记的到账金额。"),
    "money/spent_fen": ("资金支出", "元", "项目登记的支出金额。"),
    "t/first": ("首次响应", "项", "需求发布到第一次有人提出认领；自然时，不足一小时舍去。"),
    "t/answer": ("答复认领", "次", "认领提出到对方第一次答复（接受、谢绝或还价）；自然时，候补转正的不计。"),
    "t/delivery": ("交付", "个", "立项到接收方确认；自然时。"),
    "t/feedback": ("结果反馈", "个", "确认交付到告诉提出的人；自然时。"),
}  # fmt: skip
PLACES = {"needed": "需要的数量", "committed": "已认领的数量", "delivered": "已交付的数量"}


@dataclass(frozen=True, slots=True)
class Words:
    label: str
    unit: str
    meaning: str


def words_of(figure: str, say: Tongue) -> Words | None:
    """None when there is no such figure."""
    if figure in FIGURES:
        label, unit, meaning = FIGURES[figure]
        return Words(say(label), say(unit), say(meaning))
    group, _, rest = figure.partition("/")
    kind = group.removesuffix("s")
    if group in NOUNS and rest in STATUSES.get(kind, {}):
        label = f"{say(NOUNS[group])}{say('：')}{say(STATUSES[kind][rest][0])}"
        return Words(label, say(UNITS[group]), say("现在处于这个状态的条目。"))
    unit, _, place = rest.rpartition("/")
    if group == QUANTITY and place in PLACES and unit:
        named = "元" if unit in MONEY_UNITS else unit
        return Words(f"{say(PLACES[place])}", named, say("按明细的计量单位合计，各场次相加；没有期限的时段只计已用的场次。"))
    return None


def value_of(figure: str, n: int, say: Tongue) -> str:
    """A figure with its unit of count; money is counted in fen and shown in yuan."""
    words = words_of(figure, say)
    is_money = figure.startswith("money/") or any(figure.startswith(f"{QUANTITY}/{unit}/") for unit in MONEY_UNITS)
    if is_money or words is None:
        return shown.money(n, say)
    return f"{n:,} {words.unit}"


def hours(n: int | None, say: Tongue) -> str:
    """"5 小时", from two days on "3 天"."""
    if n is None:
        return "—"
    return say("{n} 小时", n=n) if n < 48 else say("{n} 天", n=n // 24)
