"""A round of matching: opened, computed, decided about, published pair by pair; what it refuses, and what it writes once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from domain import round_acts
from domain.capacity import Line
from domain.events import Event, Plain, Refused
from domain.matching.outcome import Certificate, Outcome, Pair, Scope, Shares, Unserved
from domain.round import (
    Digests,
    PairDropped,
    PairPinned,
    PairProhibited,
    PairProposed,
    RoundComputed,
    RoundDiscarded,
    RoundOpened,
    RoundPublished,
    RoundState,
    evolve,
)

ROUND, STREET, DISTRICT = "round-1", "310101001", "310101"
SHARES = Shares(askers=1, nothing=0, small=0, large=0, gini=0, worst=0, givers=1, idle=0, busiest=1)
OPENED = RoundOpened(
    number="PP-310101-2026-000001", scope=Scope(area=STREET), cutoff=40, at=29_540_220, policy="p", algorithm="exact-flow/1",
    key="k", mode="normal",
)  # fmt: skip
FIRST, SECOND = ("need-1", "offer-1"), ("need-2", "offer-1")
WHY = Plain("去年合作过")


def pair(need: str, offer: str) -> Pair:
    return Pair(
        need=need, offer=offer, unit="unit-1", lines=(Line("志愿者", 5, "人"),), score=600, parts=(600, *(0,) * 7),
        tier="street", halves=0, cover=1000, by="flow",
    )  # fmt: skip


def outcome(*pairs: tuple[str, str], unserved: dict[str, tuple[str, ...]] | None = None) -> Outcome:
    left = tuple(Unserved(need=n, reasons=tuple((c, 1) for c in codes)) for n, codes in (unserved or {}).items())
    return Outcome(
        algorithm="exact-flow/1", pairs=tuple(pair(*names) for names in pairs), unserved=left, refused_pins=(), needs=3,
        candidates=3, proven=True, value=1000, served=len(pairs), full=0, before=SHARES, after=SHARES, marks=(),
        certificate=Certificate(bits=16, slots=(), rooms=(), chosen=(), prices=(), unique=True),
    )  # fmt: skip


def digests(result: str = "r") -> Digests:
    return Digests(inputs="i", rules="p", result=result, certificate="c")


def computed(found: Outcome | None = None) -> RoundComputed:
    return RoundComputed(
        outcome=found or outcome(FIRST, SECOND), inputs="i", rules="p", result="r", certificate="c", backend="own"
    )


PUBLISHED = RoundPublished(by="street-office")
PROPOSED = PairProposed(need=FIRST[0], offer=FIRST[1], claim="claim-1")
DROPPED = PairDropped(need=SECOND[0], offer=SECOND[1], code="claim.no_capacity")


def given(*events: Event) -> RoundState:
    state: RoundState | None = None
    for event in events:
        state = evolve(state, event, ROUND)
    assert state is not None
    return state


def refused(code: str, act: Any, *args: Any, **more: Any) -> Refused:
    with pytest.raises(Refused) as raised:
        act(*args, **more)
    assert raised.value.code == code
    return raised.value


def recorded(state: RoundState, found: Outcome, result: str = "r", scope: Scope | None = None) -> tuple[Event, ...]:
    return round_acts.compute(state, scope=scope or state.scope, outcome=found, digests=digests(result), backend="own")


def test_the_lots_are_fixed_by_the_number_and_the_policy_alone():
    asked: dict[str, Any] = {"scope": Scope(area=STREET), "cutoff": 40, "at": 1, "mode": "normal", "district": "huangpu"}
    (first,) = round_acts.open(number="PP-1", policy="p", **asked)
    (again,) = round_acts.open(number="PP-1", policy="p", **{**asked, "cutoff": 90, "at": 7})
    (other,) = round_acts.open(number="PP-2", policy="p", **asked)
    assert isinstance(first, RoundOpened)
    assert (first.key, len(first.key)) == (again.key, 64)  # type: ignore[union-attr]
    assert first.key != other.key  # type: ignore[union-attr]


def test_of_a_pair_both_pinned_and_prohibited_the_prohibition_counts():
    scope = Scope(area=STREET, pins=(FIRST, SECOND), prohibitions=(FIRST,))
    (event,) = round_acts.open(number="PP-1", scope=scope, cutoff=1, at=1, policy="p", mode="normal", district="d")
    assert isinstance(event, RoundOpened)
    assert (event.scope.pins, event.scope.prohibitions) == ((SECOND,), (FIRST,))


def test_a_round_is_opened_then_computed_then_published():
    assert [given(OPENED).status, given(OPENED, computed()).status, given(OPENED, computed(), PUBLISHED).status] == [
        "opened", "computed", "published",
    ]  # fmt: skip


def test_a_result_is_recorded_once():
    found = outcome(FIRST, SECOND)
    assert recorded(given(OPENED), found) == (computed(found),)
    assert recorded(given(OPENED, computed(found)), found) == ()
    assert recorded(given(OPENED, computed(found)), outcome(FIRST), "another") != ()


def test_a_result_of_what_people_have_decided_otherwise_meanwhile_is_not_recorded():
    state = given(OPENED, PairPinned(need="need-1", offer="offer-1", reason=WHY))
    assert recorded(state, outcome(FIRST), scope=Scope(area=STREET)) == ()


@pytest.mark.parametrize("events", [(OPENED,), (OPENED, computed())])
def test_a_pin_or_a_prohibition_sends_the_round_back_to_be_computed(events: tuple[Event, ...]):
    (pin,) = round_acts.pin(given(*events), need="need-1", offer="offer-1", reason=WHY)
    (ban,) = round_acts.prohibit(given(*events), need="need-1", offer="offer-1", reason=WHY)
    assert (given(*events, pin).status, given(*events, pin).scope.pins) == ("opened", (FIRST,))
    assert (given(*events, ban).status, given(*events, ban).scope.prohibitions) == ("opened", (FIRST,))


def test_the_same_decision_again_writes_nothing_and_the_last_word_counts():
    pin, ban = (cls(need="need-1", offer="offer-1", reason=WHY) for cls in (PairPinned, PairProhibited))
    assert round_acts.pin(given(OPENED, pin), need="need-1", offer="offer-1", reason=WHY) == ()
    assert round_acts.prohibit(given(OPENED, ban), need="need-1", offer="offer-1", reason=WHY) == ()
    both = given(OPENED, pin, ban)
    assert (both.scope.pins, both.scope.prohibitions) == ((), (FIRST,))
    assert given(OPENED, pin, ban, pin).scope.pins == (FIRST,)


def test_a_decision_about_a_pair_says_why():
    for act in (round_acts.pin, round_acts.prohibit):
        refused("round.no_reason", act, given(OPENED), need="need-1", offer="offer-1", reason=None)


def test_only_so_many_pairs_are_decided_by_hand():
    names = tuple((f"need-{n}", "offer-1") for n in range(round_acts.MOST_DECISIONS))
    full = given(replace(OPENED, scope=Scope(area=STREET, pins=names)))
    refused("round.too_many_decisions", round_acts.pin, full, need="need-x", offer="offer-1", reason=WHY)


def test_what_is_published_is_neither_decided_about_nor_computed_nor_discarded():
    state = given(OPENED, computed(), PUBLISHED)
    for act in (round_acts.pin, round_acts.prohibit):
        refused("round.wrong_state", act, state, need="need-1", offer="offer-1", reason=WHY)
    refused("round.wrong_state", recorded, state, outcome(FIRST), "another")
    assert refused("round.wrong_state", round_acts.discard, state, reason=None).legal == ("publication",)


def test_a_round_that_is_not_computed_is_not_published():
    told = refused("round.wrong_state", round_acts.publish, given(OPENED), by="o", waves=3, above=DISTRICT)
    assert told.legal == ("computation", "pins", "prohibitions", "discard")


def test_what_is_published_or_discarded_again_writes_nothing():
    assert round_acts.publish(given(OPENED, computed(), PUBLISHED), by="x", waves=3, above=None) == ()
    assert round_acts.discard(given(OPENED, RoundDiscarded()), reason=WHY) == ()


def test_needs_that_no_offer_fits_go_to_the_area_above_and_those_that_lost_wait_for_the_next_wave():
    found = outcome(FIRST, unserved={"need-2": ("CATEGORY",), "need-3": ("CATEGORY", "LOST_IN_ROUND"), "need-4": ()})
    (event,) = round_acts.publish(given(OPENED, computed(found)), by="street-office", waves=3, above=DISTRICT)
    assert event == RoundPublished(by="street-office", escalated=("need-2", "need-4"), to=DISTRICT)


def test_in_the_last_wave_everything_that_is_left_goes_to_the_area_above():
    found = outcome(unserved={"need-2": ("CATEGORY",), "need-3": ("LOST_IN_ROUND",)})
    last = given(replace(OPENED, wave=3), computed(found))
    assert round_acts.publish(last, by="o", waves=3, above=DISTRICT) == (
        RoundPublished(by="o", escalated=("need-2", "need-3"), to=DISTRICT),
    )


def test_above_the_district_there_is_nobody_to_hand_anything_to():
    found = outcome(unserved={"need-2": ("CATEGORY",)})
    assert round_acts.publish(given(OPENED, computed(found)), by="o", waves=1, above=None) == (RoundPublished(by="o"),)


def test_where_nothing_is_left_over_nobody_is_handed_anything():
    assert round_acts.publish(given(OPENED, computed()), by="o", waves=1, above=DISTRICT) == (RoundPublished(by="o"),)


def test_each_pair_becomes_a_claim_or_is_dropped_once():
    state = given(OPENED, computed(), PUBLISHED)
    assert round_acts.propose_pair(state, need="need-1", offer="offer-1", claim="claim-1") == (PROPOSED,)
    assert round_acts.drop_pair(state, need="need-2", offer="offer-1", code="claim.no_capacity") == (DROPPED,)
    settled = given(OPENED, computed(), PUBLISHED, PROPOSED, DROPPED)
    assert (len(state.pending), settled.pending) == (2, ())
    for names in (FIRST, SECOND):
        need, offer = names
        assert round_acts.propose_pair(settled, need=need, offer=offer, claim="claim-9") == ()
        assert round_acts.drop_pair(settled, need=need, offer=offer, code="x") == ()


def test_only_a_pair_of_a_published_round_becomes_a_claim():
    for state in (given(OPENED, computed()), given(OPENED, computed(outcome(SECOND)), PUBLISHED)):
        refused("round.no_such_pair", round_acts.propose_pair, state, need="need-1", offer="offer-1", claim="c")


def test_the_next_wave_comes_after_all_pairs_are_out_keeps_prohibitions_and_drops_what_was_proposed():
    scope = Scope(area=STREET, category="service", pins=(FIRST, ("need-9", "offer-1")), prohibitions=(("need-5", "offer-1"),))
    opened = replace(OPENED, scope=scope)
    told = refused("round.being_published", round_acts.next_scope, given(opened, computed(), PUBLISHED, PROPOSED), waves=3)
    assert told.legal == ("publication",)
    after = round_acts.next_scope(given(opened, computed(), PUBLISHED, PROPOSED, DROPPED), waves=3)
    assert after == replace(scope, pins=(("need-9", "offer-1"),))


def test_the_next_wave_names_its_parent_and_counts_on():
    parent = given(OPENED, computed(), PUBLISHED, PROPOSED, DROPPED)
    (event,) = round_acts.open(
        number="PP-2", scope=Scope(area=STREET), cutoff=90, at=2, policy="p", mode="normal", district="d", parent=parent
    )
    assert isinstance(event, RoundOpened)
    assert (event.wave, event.parent) == (2, ROUND)


def test_there_is_no_wave_before_publication_nor_after_the_last():
    refused("round.wrong_state", round_acts.next_scope, given(OPENED, computed()), waves=3)
    last = given(replace(OPENED, wave=3), computed(), PUBLISHED, PROPOSED, DROPPED)
    refused("round.last_wave", round_acts.next_scope, last, waves=3)
