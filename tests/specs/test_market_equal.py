"""Whatever is done: a market that follows the ledger, one that begins anew and a full replay know the same."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from domain.matching.snapshot import Snapshot
from services import market, market_tallies
from services.market_facts import Promise
from services.market_states import LiveStates
from services.market_tallies import Tallies
from tests.specs.market_lives import any_acts, life, shown

LIVES, HISTORIES = 4, 30
Patch = pytest.MonkeyPatch
Fault = Callable[[Patch], None]


async def test_over_the_life_of_a_district(tmp_path: Path):
    seen: Counter[str] = Counter()
    for seed in range(LIVES):
        seen += await life(tmp_path, seed)
    assert [what for what in shown(Snapshot(position=0, at=0)) if not seen[what]] == []


def test_over_any_acts_in_any_order():
    for seed in range(HISTORIES):
        any_acts(seed)


def a_withdrawn_need_stays(patch: Patch) -> None:
    patch.delitem(market_tallies._NEED_PHASES, "need.withdrawn")


def a_resumed_offer_stays_away(patch: Patch) -> None:
    take = Tallies.take
    patch.setattr(Tallies, "take", lambda self, row: None if row.type == "offer.resumed" else take(self, row))


def a_suspended_units_items_stay(patch: Patch) -> None:
    patch.setattr(market, "takes_part", lambda *known: True)


def an_answer_to_a_claim_does_not_reach_its_need(patch: Patch) -> None:
    take = Tallies.take

    def takes(self: Tallies, row: Any) -> None:
        before = set(self.touched)
        take(self, row)
        if row.type in ("claim.declined", "claim.withdrawn", "claim.countered"):
            self.touched = before | {row.stream}

    patch.setattr(Tallies, "take", takes)


def what_arrives_meanwhile_is_seen_too_early(patch: Patch) -> None:
    move_on = LiveStates.move_on
    patch.setattr(LiveStates, "move_on", lambda self, streams, position: move_on(self, streams, position + 1000))


def a_release_that_was_taken_back_still_counts(patch: Patch) -> None:
    after = Tallies._claim_after

    def keeps(self: Tallies, promise: Promise, row: Any) -> Promise:
        found = after(self, promise, row)
        undone = row.type == "claim.reinstated" and found is not promise
        return replace(found, left=(*found.left, str(promise.released_by))) if undone else found

    patch.setattr(Tallies, "_claim_after", keeps)


def a_member_who_leaves_is_still_a_giver(patch: Patch) -> None:
    patch.setattr(market_tallies, "_without", lambda orgs, org: orgs)


FAULTS = (
    a_withdrawn_need_stays, a_resumed_offer_stays_away, a_suspended_units_items_stay,
    an_answer_to_a_claim_does_not_reach_its_need, what_arrives_meanwhile_is_seen_too_early,
    a_release_that_was_taken_back_still_counts, a_member_who_leaves_is_still_a_giver,
)  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_a_seeded_fault_is_caught(fault: Fault, monkeypatch: Patch, tmp_path: Path):
    fault(monkeypatch)
    with pytest.raises(AssertionError):
        all_lives(tmp_path)


def all_lives(folder: Path) -> None:
    for seed in range(LIVES):
        asyncio.run(life(folder, seed))
    for seed in range(HISTORIES):
        any_acts(seed)
