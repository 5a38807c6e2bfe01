"""Each code of a refused candidate in words, and what would help: one table for suggestions, rounds and whoever asks why."""

from __future__ import annotations

from dataclasses import dataclass

from domain.matching.candidates import HARD_RULES, LOST_IN_ROUND


@dataclass(frozen=True, slots=True)
class Reason:
    """`hint`: what either side could change so that it would go."""

    zh: str
    en: str
    hint_zh: str
    hint_en: str


REASONS = {
    "CATEGORY": Reason(
        "类别不同。", "Another category.",
        "若类别选得不准，请修改其中一方的类别。", "If one of the two is in the wrong category, change it.",
    ),
    "OWN_ITEM": Reason(
        "需求和资源属于同一单位。", "The need and the offer belong to the same organisation.",
        "本单位的资源可直接使用，不必认领。", "What is one's own is used without a claim.",
    ),
    "AREA_OUT_OF_REACH": Reason(
        "不在资源的服务范围内。", "Outside the area that the offer serves.",
        "请资源方扩大服务范围，例如从居民区扩大到街道。", "The giver could serve a wider area: the street instead of the neighbourhood.",
    ),
    "NO_COMMON_LINE": Reason(
        "所需与所供没有相同的项目或单位。", "Nothing that is asked for is given here, or it is counted in another unit.",
        "请核对明细的名称和计量单位是否一致。", "See whether both name and count the same thing alike.",
    ),
    "NO_COMMON_TIME": Reason(
        "没有共同的时间。", "No time in common.",
        "请放宽时段，或增加几个可选的半天。", "Widen the times, or add a few half-days.",
    ),
    "NOT_ELIGIBLE": Reason(
        "资源只面向其他人群。", "The offer is for other residents only.",
        "请核对需求的服务对象，或请资源方放宽对象。", "See whom the need is for, or ask the giver to open the offer to them.",
    ),
    "SKILL_MISSING": Reason(
        "缺少所需技能。", "The skill that is asked for is missing.",
        "若对方其实具备，请其补登技能；若并非必需，请去掉这项要求。",
        "If they do have it, let them add it; if it is not essential, leave it out of the need.",
    ),
    "BELOW_MINIMUM": Reason(
        "需要的数量低于对方的起领数量。", "Less is needed than the offer comes for.",
        "请与邻近居民区合并需求，或请资源方降低起领数量。", "Join needs with a neighbour, or ask the giver for a lower minimum.",
    ),
    "OFFER_FULL": Reason(
        "共同的时间里已没有余量。", "Nothing is left at the times in common.",
        "请减少数量、另选时段，或等待有人解除认领。", "Ask for less or at another time, or wait until something is released.",
    ),
    "UNIT_AT_LIMIT": Reason(
        "对方同时承接的事项已满。", "The giver has as many engagements as it can carry.",
        "请等待其办结一项，或请其提高承接上限。", "Wait until it has finished one, or ask it to raise its limit.",
    ),
    "ALREADY_PARTNER": Reason(
        "对方已在参与这项需求。", "The giver takes part in this need already.",
        "如需更多，请在现有认领里商定数量。", "For more of it, agree on a quantity in the claim that there is.",
    ),
    "DECLINED_BEFORE": Reason(
        "双方此前没有谈成。", "It was tried between the two before, and did not come about.",
        "情况有变时，仍可直接提出认领。", "If things have changed, either side may still claim directly.",
    ),
    "PROHIBITED": Reason(
        "协调员已排除这一对，理由见该轮匹配。", "A coordinator has ruled this pair out; the round says why.",
        "如有异议，请向街道或区的协调员提出。", "Who disagrees may turn to the coordinator of the street or district.",
    ),
    LOST_IN_ROUND: Reason(
        "合适，但这一轮给了更需要的一方。", "It would fit, but the round gave the offer to others.",
        "可等待下一轮补配，或认领其他推荐。", "Wait for the next wave, or claim another suggestion.",
    ),
}  # fmt: skip  # in the order in which they are looked at
assert tuple(REASONS) == (*HARD_RULES, LOST_IN_ROUND)
