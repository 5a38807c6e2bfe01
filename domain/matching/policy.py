"""What a district wants of its matching, as legible points; part of the rule book, so every round cites its digest."""

from __future__ import annotations

from dataclasses import dataclass, field

from domain.events import Refused

WHOLE = 1000  # points: weights add up to it, criterion values and scores go from 0 to it


@dataclass(frozen=True, kw_only=True, slots=True)
class Weights:
    """Points of the eight criteria; together 1000. Source: the weights measured for the districts' shapes of data."""

    fit: int = 250  # 供需吻合: what is given of what is wanted
    near: int = 200  # 就近
    time: int = 150  # 时间: common half-days of the wanted ones
    urgency: int = 120  # 紧急
    skill: int = 100  # 专长
    trust: int = 70  # 信誉: promises kept
    waiting: int = 60  # 等候
    vulnerable: int = 50  # 困难群体


CRITERIA = ("fit", "near", "time", "urgency", "skill", "trust", "waiting", "vulnerable")


@dataclass(frozen=True, kw_only=True, slots=True)
class Nearness:
    """Points when the smallest area that holds both is of this kind."""

    kind: str
    points: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Policy:
    """One district's wishes. Rewards are points on the scale of the score; tables go by index, their last entry goes on."""

    weights: Weights = field(default_factory=Weights)
    nearness: tuple[Nearness, ...] = (
        Nearness(kind="grid", points=1000), Nearness(kind="neighbourhood", points=900), Nearness(kind="cluster", points=700),
        Nearness(kind="street", points=450), Nearness(kind="district", points=150),
    )  # fmt: skip
    urgency: tuple[int, ...] = (0, 300, 700, 1000)  # points of urgency 0–3
    urgent_pct: tuple[int, ...] = (100, 110, 150, 300)  # what serving a need of urgency 0–3 is worth, in per cent
    vulnerable_pct: int = 125  # the same for 困难群体
    waiting_days: int = 60  # full points after so many days
    reward_cover: int = 1000  # for covering all of a need; a part in proportion
    reward_full: int = 500  # on top when nothing is left open
    partner_cost: int = 100  # each partner of a need costs some coordination
    partners: int = 4  # units that share one need at most
    committee_bonus: tuple[int, ...] = (900, 200, 100, 50, 0)  # for a committee's first, second … need served
    deficit_bonus: int = 400  # at most, for a committee that has been served less than the district so far
    unit_limit: int = 12  # engagements a unit has at once, where it states no limit of its own
    unit_load: int = 200  # what a unit's last possible engagement costs; earlier ones less, by the square
    horizon_days: int = 182  # how far ahead times are looked at
    waves: int = 3  # rounds on the same matter, the first one counted
    steer_pct: int = 100  # how much the last round's scarcity prices move suggestions; 0: not at all
    notices_per_week: int = 3  # suggestions sent to one organisation; 0: none
    notice_score: int = 600  # points from which a suggestion is worth sending
    every_days: int = 0  # a round of the whole district by the calendar; 0: on demand only


NORMAL = Policy()
EMERGENCY = Policy(
    weights=Weights(urgency=250, near=200, time=200, vulnerable=150, fit=100, skill=50, trust=50, waiting=0),
    urgent_pct=(100, 150, 300, 600), unit_load=0,
)  # fmt: skip


def check(policy: Policy) -> Policy:
    """The policy, if it can be meant. Refused: policy.invalid, naming the field."""
    weights = [getattr(policy.weights, name) for name in CRITERIA]
    if sum(weights) != WHOLE or min(weights) < 0:
        raise _invalid("weights", f"八项权重之和须为 1000，现为 {sum(weights)}", f"the eight weights add up to {sum(weights)}, not 1000")
    _in_range(policy, "urgency", policy.urgency, WHOLE, 4)
    _in_range(policy, "urgent_pct", policy.urgent_pct, 1000, 4, least=1)
    _in_range(policy, "nearness", tuple(n.points for n in policy.nearness), WHOLE)
    _in_range(policy, "committee_bonus", policy.committee_bonus, WHOLE)
    if list(policy.committee_bonus) != sorted(policy.committee_bonus, reverse=True):
        raise _invalid("committee_bonus", "不得递增", "must not rise")
    for name, least, most in _RANGES:
        _in_range(policy, name, (getattr(policy, name),), most, least=least)
    return policy


_RANGES = (
    ("vulnerable_pct", 100, 1000), ("waiting_days", 1, 3650), ("reward_cover", 1, 5000), ("reward_full", 0, 5000),
    ("partner_cost", 0, 1000), ("partners", 1, 20), ("deficit_bonus", 0, 2000), ("unit_limit", 1, 999),
    ("unit_load", 0, 5000), ("horizon_days", 14, 366), ("waves", 1, 9), ("steer_pct", 0, 100), ("notices_per_week", 0, 100),
    ("notice_score", 0, WHOLE), ("every_days", 0, 366),
)  # fmt: skip


def _in_range(
    policy: Policy, name: str, values: tuple[int, ...], most: int, count: int | None = None, least: int = 0
) -> None:
    if (count is not None and len(values) != count) or not values or min(values) < least or max(values) > most:
        many = f"{count} 个" if count else ""
        raise _invalid(name, f"须为{many} {least}–{most} 之间的整数", f"whole numbers from {least} to {most}")


def _invalid(name: str, zh: str, en: str) -> Refused:
    return Refused(
        "policy.invalid", f"匹配规则“{name}”：{zh}。", f"Matching policy “{name}”: {en}.", kind="invalid", field=name
    )
