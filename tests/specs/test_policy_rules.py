"""Which matching policy is in force, and how a draft of another comes to be."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from domain import policy_draft, rules
from domain.events import Event, Plain, Refused
from domain.matching.digest import digest
from domain.matching.policy import EMERGENCY, NORMAL, Policy, Weights
from domain.policy_draft import Cut, Draft, DraftState, Evenness, Figures, PolicyCompared, PolicyDrafted, PolicyDropped
from domain.rules import EmergencyDeclared, EmergencyLifted, RulesAdopted, RulesState, policy_in_force
from tests.support.world import BOOK

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
WEEK = NOW + timedelta(days=7)
FLOOD = Plain("防汛二级响应")
NEARER = replace(NORMAL, weights=replace(NORMAL.weights, near=250, fit=200))
EVEN = Evenness(nothing=0, gini=0, worst=1000, idle=0)
SOME = Figures(served=1, full=1, value=900, after=EVEN)
CUTS = (Cut(position=7, at=29_540_000, needs=2, before=EVEN, adopted=SOME, draft=SOME, gained=1, lost=0, pairs=3),)


def state(*events: Event) -> RulesState:
    found = rules.evolve(None, RulesAdopted(digest="d1", book=BOOK))
    for event in events:
        found = rules.evolve(found, event)
    return found


def drafts(*events: Event) -> DraftState | None:
    found = None
    for event in events:
        found = policy_draft.evolve(found, event)
    return found


def code(act, *args, **more) -> str:
    with pytest.raises(Refused) as refused:
        act(*args, **more)
    return refused.value.code


def declared(until: datetime = WEEK) -> EmergencyDeclared:
    return EmergencyDeclared(until=until, reason=FLOOD)


def drafted(policy: Policy = NEARER, variant: str = "matching") -> PolicyDrafted:
    return PolicyDrafted(policy=policy, variant=variant, note=None)


def compared(policy: Policy = NEARER, adopted: Policy = NORMAL) -> PolicyCompared:
    return PolicyCompared(draft=digest(policy), adopted=digest(adopted), cuts=CUTS)


# ---- the policy in force


def test_a_rule_book_that_says_nothing_of_matching_has_the_usual_policies():
    assert policy_in_force(state(), NOW) == (NORMAL, "normal")
    assert BOOK.emergency == EMERGENCY


def test_a_declared_emergency_is_in_force_until_its_end_and_lapses_by_itself():
    flood = state(declared())
    assert policy_in_force(flood, NOW) == (EMERGENCY, "emergency")
    assert policy_in_force(flood, WEEK - timedelta(microseconds=1))[1] == "emergency"
    assert policy_in_force(flood, WEEK) == (NORMAL, "normal")


def test_a_lifted_emergency_is_over_at_once():
    assert policy_in_force(state(declared(), EmergencyLifted(reason=FLOOD)), NOW) == (NORMAL, "normal")


def test_a_new_rule_book_does_not_end_an_emergency():
    calm = replace(EMERGENCY, waves=1)
    flood = state(declared(), RulesAdopted(digest="d2", book=replace(BOOK, emergency=calm)))
    assert (flood.digest, policy_in_force(flood, NOW)) == ("d2", (calm, "emergency"))


@pytest.mark.parametrize("until", [NOW, NOW - timedelta(days=1), NOW + timedelta(days=30, seconds=1)])
def test_an_emergency_ends_in_the_future_and_within_thirty_days(until):
    assert code(rules.declare_emergency, state(), until=until, reason=FLOOD, at=NOW) == "policy.emergency_until"


def test_it_is_extended_by_declaring_it_again_and_the_same_end_again_writes_nothing():
    flood = state(declared())
    later = WEEK + timedelta(days=20)
    assert rules.declare_emergency(flood, until=WEEK, reason=FLOOD, at=NOW) == ()
    assert rules.declare_emergency(flood, until=later, reason=FLOOD, at=NOW) == (declared(later),)
    assert rules.declare_emergency(flood, until=later + timedelta(days=10), reason=FLOOD, at=WEEK) != ()


def test_lifting_what_is_not_in_force_writes_nothing():
    assert rules.lift_emergency(state(), reason=FLOOD, at=NOW) == ()
    assert rules.lift_emergency(state(declared()), reason=FLOOD, at=WEEK) == ()
    assert rules.lift_emergency(state(declared()), reason=FLOOD, at=NOW) == (EmergencyLifted(reason=FLOOD),)


# ---- drafts


def test_a_draft_takes_the_place_of_the_one_before_and_the_same_one_again_writes_nothing():
    other = replace(NORMAL, waves=2)
    held = drafts(drafted())
    assert policy_draft.draft(held, BOOK, policy=NEARER, variant="matching", note=None) == ()
    assert policy_draft.draft(held, BOOK, policy=other, variant="matching", note=None) == (drafted(other),)
    assert drafts(drafted(), compared(), drafted(other)) == DraftState(draft=Draft(policy=other, variant="matching", note=None))


def test_what_cannot_be_meant_or_changes_nothing_is_no_draft():
    wrong = replace(NORMAL, weights=Weights(fit=240))
    assert code(policy_draft.draft, None, BOOK, policy=wrong, variant="matching", note=None) == "policy.invalid"
    assert code(policy_draft.draft, None, BOOK, policy=NORMAL, variant="matching", note=None) == "policy.unchanged"
    assert code(policy_draft.draft, None, BOOK, policy=NORMAL, variant="sometimes", note=None) == "policy.variant"
    assert policy_draft.draft(None, BOOK, policy=NORMAL, variant="emergency", note=None) == (drafted(NORMAL, "emergency"),)


def test_a_draft_is_ready_once_it_was_compared_with_what_is_in_force():
    assert code(policy_draft.ready, None, BOOK, of=digest(NEARER)) == "policy.no_draft"
    assert code(policy_draft.ready, drafts(drafted()), BOOK, of=digest(NEARER)) == "policy.not_compared"
    assert policy_draft.ready(drafts(drafted(), compared()), BOOK, of=digest(NEARER)).policy == NEARER


def test_a_comparison_counts_for_that_very_draft_and_that_very_book():
    since = replace(BOOK, matching=replace(NORMAL, waves=2))
    assert code(policy_draft.ready, drafts(drafted(), compared()), since, of=digest(NEARER)) == "policy.not_compared"
    again = drafts(drafted(), compared(), drafted(replace(NEARER, waves=1)))
    assert code(policy_draft.ready, again, BOOK, of=digest(replace(NEARER, waves=1))) == "policy.not_compared"
    assert code(policy_draft.ready, again, BOOK, of=digest(NEARER)) == "policy.draft_changed"
    held = drafts(drafted())
    assert code(policy_draft.compared, held, BOOK, cuts=CUTS, of=digest(NORMAL)) == "policy.draft_changed"
    assert policy_draft.compared(held, BOOK, cuts=CUTS, of=digest(NEARER)) == (compared(),)
    assert policy_draft.compared(drafts(drafted(), compared()), BOOK, cuts=CUTS, of=digest(NEARER)) == ()


def test_adopted_it_stands_in_the_rule_book_and_leaves_the_other_policy_alone():
    of_floods = Draft(policy=NEARER, variant="emergency", note=None)
    book = policy_draft.adopted(BOOK, of_floods)
    assert (book.matching, book.emergency) == (NORMAL, NEARER)


def test_a_settled_draft_is_no_more():
    assert policy_draft.drop(None) == policy_draft.drop(drafts(drafted(), PolicyDropped())) == ()
    assert policy_draft.drop(drafts(drafted()), adopted="d2") == (PolicyDropped(adopted="d2"),)
    assert drafts(drafted(), PolicyDropped()) == DraftState()
