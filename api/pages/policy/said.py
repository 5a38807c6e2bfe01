"""The numbers of a matching policy, each with its words: what a page shows and a form asks for. Points are shown as hundredths
of the whole (100 分) and kept as thousandths."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from markupsafe import Markup

from domain.matching.policy import CRITERIA, WHOLE, Policy
from domain.rules import RuleBook

POINTS = "分"
WEIGHTS = {  # criterion -> (what it is called, what it does)
    "fit": ("供需吻合", "能给的占所缺的多少：全能给得满分，能给一半得一半。"),
    "near": ("就近", "双方同在的区域越小，得分越高；各级的分写在下面。"),
    "time": ("时间", "需求想要的半天里，资源有空的占多少。"),
    "urgency": ("紧急", "按需求的紧急程度；各档的分写在下面。"),
    "skill": ("专长", "指定的技能对方具备，得满分；没有特别要求的，得一半。"),
    "trust": ("信誉", "答应过的事办成的比例；新加入的单位从八成算起。"),
    "waiting": ("等候", "需求等得越久分越高；等满多少天得满分，写在下面。"),
    "vulnerable": ("困难群体", "面向困难群体的需求得满分，其他不得分。"),
}  # fmt: skip
LEVELS = ("不急", "一般", "较急", "紧急")
ORDER = ("第一项需求", "第二项需求", "第三项需求", "第四项需求", "第五项需求", "第六项需求", "第七项需求", "第八项需求")


@dataclass(frozen=True, slots=True)
class Number:
    """One number of a policy. `name`: its field, or field-part; `least` and `most` as they are kept."""

    name: str
    label: str
    unit: str
    least: int
    most: int
    says: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Numbers that belong together. `adds`: they are shares of one whole; `bars`: drawn as shares of the whole."""

    id: str
    title: str
    says: str
    numbers: tuple[Number, ...]
    adds: bool = False
    bars: bool = False


def groups(policy: Policy, book: RuleBook, *, zh: bool) -> tuple[Group, ...]:
    """All numbers of a policy, in the order of the page. Tiers that the district has not are left out."""
    tiers = [(tier.kind, tier.zh if zh else tier.en) for tier in reversed(book.tiers)]
    there = {near.kind for near in policy.nearness}
    near = tuple(Number(f"nearness-{kind}", word, POINTS, 0, WHOLE) for kind, word in tiers if kind in there)
    weights = tuple(Number(f"weights-{name}", *WEIGHTS[name][:1], POINTS, 0, WHOLE, WEIGHTS[name][1]) for name in CRITERIA)
    turns = tuple(Number(f"committee_bonus-{n}", ORDER[n], POINTS, 0, WHOLE) for n in range(_turns(policy)))
    return (
        Group("weights", "一对配得好不好", "八项合计一百分；分高的优先提出。", weights, adds=True, bars=True),
        Group("nearness", "就近怎么算", "双方同在的最小区域是哪一级，就得那一级的分。", near, bars=True),
        Group("urgency", "紧急怎么算", "需求填写的紧急程度分四档。", _levels("urgency", POINTS, 0, WHOLE), bars=True),
        Group("rewards", "办成一件值多少", "除了配得好不好，办成本身也加分。", _REWARDS),
        Group(
            "urgent_pct", "急事先办", "办成这一档的需求，上面的加分按这个百分比计算。", _levels("urgent_pct", "%", 1, WHOLE)
        ),
        Group(
            "committee_bonus", "不偏不倚",
            "同一个居民区在一轮里有人响应的第一项需求加分最多，往后递减，免得都配给一处；最后一档适用于以后各项。",
            (*turns, _DEFICIT), bars=True,
        ),
        Group("load", "不压垮单位", "单位手上的事越多，再派就扣得越多，使任务分散到各家。", _LOAD),
        Group("times", "时间与轮次", "多久看一次、看多远、提几回。", _TIMES),
    )  # fmt: skip


def value(policy: Policy, name: str) -> int:
    """What the policy says, as it is kept."""
    field, _, part = name.partition("-")
    match field:
        case "weights":
            found = getattr(policy.weights, part)
        case "nearness":
            found = next(near.points for near in policy.nearness if near.kind == part)
        case _:
            found = getattr(policy, field)[int(part)] if part else getattr(policy, field)
    number: int = found
    return number


def changed(policy: Policy, values: Mapping[str, int]) -> Policy:
    """The policy with these numbers; not checked."""
    fields: dict[str, Any] = {}
    tables: dict[str, dict[str, int]] = {}
    for name, number in values.items():
        field, _, part = name.partition("-")
        if part:
            tables.setdefault(field, {})[part] = number
        else:
            fields[field] = number
    for field, parts in tables.items():
        if field == "weights":
            fields[field] = replace(policy.weights, **parts)
        elif field == "nearness":
            fields[field] = tuple(replace(near, points=parts.get(near.kind, near.points)) for near in policy.nearness)
        else:
            fields[field] = tuple(parts.get(str(n), each) for n, each in enumerate(getattr(policy, field)))
    return replace(policy, **fields)


def written(number: int, unit: str) -> str:
    """As people write it: 12.5 for 125 thousandths."""
    if unit != POINTS:
        return str(number)
    return f"{number // 10}.{number % 10}" if number % 10 else str(number // 10)


def understood(typed: str, number: Number) -> int | None:
    """The other way round; None for what is no number or out of range."""
    plain = unicodedata.normalize("NFKC", typed).strip()
    match = re.fullmatch(r"(\d{1,5})(?:\.(\d))?", plain, re.ASCII)
    if match is None or (match[2] and number.unit != POINTS):
        return None
    found = int(match[1]) * 10 + int(match[2] or 0) if number.unit == POINTS else int(match[1])
    return found if number.least <= found <= number.most else None


def bars(group: Group, policy: Policy) -> Iterator[tuple[Number, str, Markup | None]]:
    """(number, as written, its bar): parts of one whole begin where the one before ends."""
    at = 0
    for number in group.numbers:
        n = value(policy, number.name)
        yield number, written(n, number.unit), _bar(at if group.adds else 0, n) if group.bars else None
        at += n


def _bar(at: int, n: int) -> Markup:
    """In thousandths of the width."""
    x, width = f"{at // 10}.{at % 10}%", f"{n // 10}.{n % 10}%"
    track = '<rect class="f-rest" width="100%" height="100%"/>'
    part = f'<rect class="f-bound" x="{x}" width="{width}" height="100%"/>'
    return Markup(f'<svg class="bar" aria-hidden="true">{track}{part}</svg>')


def _turns(policy: Policy) -> int:
    return min(len(policy.committee_bonus), len(ORDER))


def _levels(field: str, unit: str, least: int, most: int) -> tuple[Number, ...]:
    return tuple(Number(f"{field}-{n}", word, unit, least, most) for n, word in enumerate(LEVELS))


_REWARDS = (
    Number("reward_cover", "满足需求", POINTS, 1, 5000, "全部给到加这么多；只给一部分，按比例加。"),
    Number("reward_full", "一样不缺再加", POINTS, 0, 5000, "需求再没有缺口时另外加分，鼓励办完一件是一件。"),
    Number("vulnerable_pct", "困难群体按", "%", 100, 1000, "面向困难群体的需求，加分按这个百分比计算。"),
    Number("partner_cost", "每家单位扣", POINTS, 0, 1000, "合办要协调，参加的单位越多扣得越多。"),
    Number("partners", "合办最多", "家", 1, 20, "一条需求最多由几家单位合办。"),
)  # fmt: skip
_DEFICIT = Number("deficit_bonus", "补足加分", POINTS, 0, 2000, "至今得到的比全区平均少的居民区，每一对再加分，最多加这么多。")
_LOAD = (
    Number("unit_limit", "同时承接", "项", 1, 999, "单位自己没有设上限时，同时最多承接几项。"),
    Number("unit_load", "最满时扣", POINTS, 0, 5000, "接到上限的最后一项扣这么多；刚开始几乎不扣。"),
)  # fmt: skip
_TIMES = (
    Number("waiting_days", "等候满分", "天", 1, 3650, "需求发布满这么多天，“等候”一项得满分。"),
    Number("horizon_days", "往后看", "天", 14, 366, "只看这么多天以内的时段。"),
    Number("waves", "同一件事最多", "轮", 1, 9, "被谢绝后补配，连第一轮在内最多几轮。"),
    Number("every_days", "全区匹配每隔", "天", 0, 366, "零表示不定期，需要时才做。"),
    Number("steer_pct", "牵线参考紧缺", "%", 0, 100, "平时推荐时，多大程度上参考上一轮哪些资源抢手；零表示不参考。"),
    Number("notices_per_week", "每周推荐最多", "条", 0, 100, "每个单位或居民区一周最多收到几条推荐；零表示不发。"),
    Number("notice_score", "够分才推荐", POINTS, 0, WHOLE, "到这个分数的推荐才发消息。"),
)  # fmt: skip
