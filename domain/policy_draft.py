"""A draft of the matching policy: written by one coordinator, compared with what is in force, adopted by another."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, assert_never

from domain.events import Event, Refused, Text
from domain.matching.digest import digest
from domain.matching.policy import Policy, check
from domain.rules import RuleBook

STREAM = "rules-policy"
VARIANTS = ("matching", "emergency")  # fields of the rule book: what is drafted may be either


@dataclass(frozen=True, kw_only=True, slots=True)
class Evenness:
    """How evenly things have fallen, see `domain.matching.outcome.Shares`. Shares in thousandths."""

    nothing: int  # askers that somebody could serve and that nobody has ever come for
    gini: int  # of all askers' shares; 0 is even
    worst: int  # the smallest share of any of them
    idle: int  # givers with an offer that somebody could use, and no engagement


@dataclass(frozen=True, kw_only=True, slots=True)
class Figures:
    """What a round comes to under one policy. Value is in that policy's own points."""

    served: int  # needs with a pair
    full: int  # needs with nothing left open
    value: int
    after: Evenness


@dataclass(frozen=True, kw_only=True, slots=True)
class Cut:
    """One moment of the past, solved under both policies."""

    position: int  # of the ledger
    at: int  # minutes since 1970 UTC
    needs: int  # open then
    before: Evenness  # as it stood, nothing proposed
    adopted: Figures
    draft: Figures
    gained: int  # needs served only under the draft
    lost: int  # needs served only under what is in force
    pairs: int  # that are in one of the two and not in the other


@dataclass(frozen=True, kw_only=True, slots=True)
class PolicyDrafted(Event):
    TYPE: ClassVar[str] = "rules.policy_drafted"
    policy: Policy
    variant: str  # matching, emergency
    note: Text | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class PolicyCompared(Event):
    TYPE: ClassVar[str] = "rules.policy_compared"
    draft: str  # digests of the two policies
    adopted: str
    cuts: tuple[Cut, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class PolicyDropped(Event):
    TYPE: ClassVar[str] = "rules.policy_dropped"
    adopted: str | None = None  # digest of the rule book that it became part of; None: it was given up


DraftEvent = PolicyDrafted | PolicyCompared | PolicyDropped


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    policy: Policy
    variant: str
    note: Text | None
    compared: PolicyCompared | None = None

    @property
    def digest(self) -> str:
        return digest(self.policy)


@dataclass(frozen=True, kw_only=True, slots=True)
class DraftState:
    draft: Draft | None = None

    @property
    def status(self) -> str:
        return "none" if self.draft is None else "compared" if self.draft.compared else "drafted"


def evolve(state: DraftState | None, event: Event) -> DraftState:
    assert isinstance(event, DraftEvent)
    match event:
        case PolicyDrafted():
            return DraftState(draft=Draft(policy=event.policy, variant=event.variant, note=event.note))
        case PolicyCompared():
            assert state is not None
            assert state.draft is not None
            return DraftState(draft=replace(state.draft, compared=event))
        case PolicyDropped():
            return DraftState()
        case _:
            assert_never(event)


def draft(state: DraftState | None, book: RuleBook, *, policy: Policy, variant: str, note: Text | None) -> tuple[Event, ...]:
    """In the place of the one before. The same one again writes nothing."""
    if variant not in VARIANTS:
        raise Refused(
            "policy.variant", "请说明要改的是平时规则还是应急规则。", "Say whether this is for normal times or for an emergency.",
            kind="invalid", field="variant",
        )  # fmt: skip
    current = state.draft if state else None
    if current is not None and (current.policy, current.variant) == (check(policy), variant):
        return ()
    if check(policy) == getattr(book, variant):
        raise Refused(
            "policy.unchanged", "草案与现行规则相同，没有改动。", "The draft is what is in force: nothing was changed.",
            kind="invalid", field="policy",
        )  # fmt: skip
    return (PolicyDrafted(policy=policy, variant=variant, note=note),)


def compared(state: DraftState | None, book: RuleBook, *, cuts: tuple[Cut, ...], of: str) -> tuple[Event, ...]:
    """What the two policies come to. `of`: the digest of the draft that was compared; another one since then is refused."""
    current = _of(drafted(state), of)
    found = PolicyCompared(draft=of, adopted=digest(getattr(book, current.variant)), cuts=cuts)
    return () if found == current.compared else (found,)


def drafted(state: DraftState | None) -> Draft:
    """The draft. Refused: policy.no_draft."""
    if state is None or state.draft is None:
        raise Refused("policy.no_draft", "现在没有规则草案。", "There is no draft of the policy now.")
    return state.draft


def ready(state: DraftState | None, book: RuleBook, *, of: str) -> Draft:
    """The draft of this digest, compared with what is in force now. Refused: policy.draft_changed, policy.not_compared."""
    found = _of(drafted(state), of)
    if not is_ready(found, book):
        raise Refused(
            "policy.not_compared", "采用之前，须先把这份草案与现行规则比较一次。",
            "Before it is adopted, this very draft must be compared with what is in force.",
        )  # fmt: skip
    return found


def is_ready(found: Draft, book: RuleBook) -> bool:
    """Whether this very draft was compared with what is in force now."""
    seen = found.compared
    return seen is not None and (seen.draft, seen.adopted) == (found.digest, digest(getattr(book, found.variant)))


def adopted(book: RuleBook, found: Draft) -> RuleBook:
    """The rule book with the draft in its place."""
    return replace(book, matching=found.policy) if found.variant == "matching" else replace(book, emergency=found.policy)


def drop(state: DraftState | None, *, adopted: str | None = None) -> tuple[Event, ...]:
    """Where there is none, nothing is written."""
    return (PolicyDropped(adopted=adopted),) if state is not None and state.draft is not None else ()


def _of(found: Draft, digest: str) -> Draft:
    if found.digest != digest:
        raise Refused(
            "policy.draft_changed", "草案已被修改，请看过新的草案再办理。", "The draft was changed meanwhile: look at the new one first."
        )
    return found
