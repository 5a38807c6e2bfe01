"""The rule book: one versioned document a district runs by. Adopted versions are never edited; decisions cite the digest."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import ClassVar, assert_never

from domain.events import Event, Refused, Text
from domain.matching.policy import EMERGENCY, NORMAL, Policy

STREAM = "rules-book"
EMERGENCY_DAYS = 30  # at most; whoever needs longer declares it again


@dataclass(frozen=True, kw_only=True, slots=True)
class Tier:
    """A kind of area, in the district's order from the top."""

    kind: str  # district, street, cluster, neighbourhood, grid
    zh: str
    en: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Category:
    id: str
    zh: str
    en: str
    aid: bool = False  # money or goods for people in need, also outside the district (六大类)
    example: bool = False  # our illustration: the source names only some of its categories


@dataclass(frozen=True, kw_only=True, slots=True)
class Group:
    """Residents whom a need is for, or an offer only for: 老人, 残障人士 …"""

    id: str
    zh: str
    en: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Clocks:
    """Days until something falls due."""

    answer_days: int = 10  # a proposal expires
    delivery_days: int = 60  # an accepted claim should be delivered
    confirm_days: int = 10  # a reported delivery should be confirmed
    feedback_days: int = 7  # the asker should hear the result
    link_days: int = 14  # a resident's link works


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    live_claims: int = 200  # an organisation
    members: int = 20  # of a joint claim
    links: int = 200  # residents' links of a project


@dataclass(frozen=True, kw_only=True, slots=True)
class RuleBook:
    district: str  # short name for subjects and files, e.g. "huangpu"
    area: str  # id of the district's area
    zh: str
    en: str
    tiers: tuple[Tier, ...]
    categories: tuple[Category, ...]
    endorse_needs: bool = False  # True: a posted need waits for the street
    clocks: Clocks = field(default_factory=Clocks)
    limits: Limits = field(default_factory=Limits)
    kinds: tuple[str, ...] = ()  # suggestions for lines; never a limit
    units: tuple[str, ...] = ()
    skills: tuple[str, ...] = ()
    groups: tuple[Group, ...] = ()
    matching: Policy = NORMAL
    emergency: Policy = EMERGENCY  # in force while an emergency is declared

    def category(self, category_id: str) -> Category:
        """By its id, or by its Chinese name as people write it."""
        for category in self.categories:
            if category_id in (category.id, category.zh):
                return category
        known = "、".join(f"{c.id}（{c.zh}）" for c in self.categories)
        raise Refused(
            "category.unknown", f"规则书里没有类别“{category_id}”。可用：{known}。",
            f"The rule book has no category “{category_id}”. There are: {known}.", kind="invalid", field="category",
        )  # fmt: skip

    def group(self, group_id: str, field: str = "group") -> Group:
        """By its id, or by its Chinese name as people write it."""
        for group in self.groups:
            if group_id in (group.id, group.zh):
                return group
        known = "、".join(f"{g.id}（{g.zh}）" for g in self.groups) or "—"
        raise Refused(
            "group.unknown", f"规则书里没有居民群体“{group_id}”。可用：{known}。",
            f"The rule book has no group of residents “{group_id}”. There are: {known}.", kind="invalid", field=field,
        )  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class RulesAdopted(Event):
    TYPE: ClassVar[str] = "rules.adopted"
    digest: str  # sha256 of the book's canonical JSON
    book: RuleBook


@dataclass(frozen=True, kw_only=True, slots=True)
class EmergencyDeclared(Event):
    TYPE: ClassVar[str] = "rules.emergency_declared"
    until: datetime  # UTC; it lapses then by itself
    reason: Text


@dataclass(frozen=True, kw_only=True, slots=True)
class EmergencyLifted(Event):
    TYPE: ClassVar[str] = "rules.emergency_lifted"
    reason: Text


RulesEvent = RulesAdopted | EmergencyDeclared | EmergencyLifted


@dataclass(frozen=True, kw_only=True, slots=True)
class Emergency:
    until: datetime  # UTC
    reason: Text


@dataclass(frozen=True, kw_only=True, slots=True)
class RulesState:
    digest: str
    book: RuleBook
    emergency: Emergency | None = None  # as it was declared last, also when its time is over


def evolve(state: RulesState | None, event: Event) -> RulesState:
    assert isinstance(event, RulesEvent)
    if state is None:
        assert isinstance(event, RulesAdopted)
        return RulesState(digest=event.digest, book=event.book)
    match event:
        case RulesAdopted():
            return replace(state, digest=event.digest, book=event.book)
        case EmergencyDeclared():
            return replace(state, emergency=Emergency(until=event.until, reason=event.reason))
        case EmergencyLifted():
            return replace(state, emergency=None)
        case _:
            assert_never(event)


def emergency_at(state: RulesState, at: datetime) -> Emergency | None:
    """The emergency that is in force at a moment."""
    return state.emergency if state.emergency is not None and at < state.emergency.until else None


def policy_in_force(state: RulesState, at: datetime) -> tuple[Policy, str]:
    """What matching goes by at a moment, and the mode: normal or emergency."""
    return (state.book.emergency, "emergency") if emergency_at(state, at) else (state.book.matching, "normal")


def adopt(current: RulesState | None, *, digest: str, book: RuleBook) -> tuple[Event, ...]:
    """The same book again writes nothing. An emergency goes on under a new book."""
    if current is not None and current.digest == digest:
        return ()
    return (RulesAdopted(digest=digest, book=book),)


def declare_emergency(state: RulesState, *, until: datetime, reason: Text, at: datetime) -> tuple[Event, ...]:
    """Until that moment, at most 30 days ahead; declared again it ends at the new one, sooner or later. The same end again
    writes nothing."""
    if not at < until <= at + timedelta(days=EMERGENCY_DAYS):
        raise Refused(
            "policy.emergency_until", f"应急状态须在今后 {EMERGENCY_DAYS} 天之内结束；到期仍需要的，可以再次启用。",
            f"An emergency ends within the next {EMERGENCY_DAYS} days; if it is still needed then, declare it again.",
            kind="invalid", field="until",
        )  # fmt: skip
    current = emergency_at(state, at)
    if current is not None and current.until == until:
        return ()
    return (EmergencyDeclared(until=until, reason=reason),)


def lift_emergency(state: RulesState, *, reason: Text, at: datetime) -> tuple[Event, ...]:
    """Where none is in force nothing is written."""
    return (EmergencyLifted(reason=reason),) if emergency_at(state, at) else ()
