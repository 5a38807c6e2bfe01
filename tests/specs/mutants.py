"""Faults as somebody might make them, one at a time, in the rules and in what serves them: each must be caught."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from domain import (
    capacity,
    claim_answers,
    claim_endings,
    claim_legal,
    claim_members,
    claim_proposing,
    need,
    need_acts,
    offer,
    project_acts,
)
from services import rivals, work

Fault = Callable[[pytest.MonkeyPatch], None]
Patch = pytest.MonkeyPatch


def one_place_too_many(patch: Patch) -> None:
    free = capacity.Capacity.free
    patch.setattr(capacity.Capacity, "free", lambda self, *bucket: free(self, *bucket) + 1)


def a_declined_claim_keeps_its_hold(patch: Patch) -> None:
    patch.setattr(claim_answers, "let_go", lambda deal: ())


def a_released_claim_gives_nothing_back(patch: Patch) -> None:
    patch.setattr(claim_endings, "give_back", lambda deal, **more: ())


def a_commitment_is_applied_twice(patch: Patch) -> None:
    once = need.evolve

    def twice(state: Any, event: Any, stream: str) -> Any:
        state = once(state, event, stream)
        return once(state, event, stream) if isinstance(event, need.NeedCommitted) else state

    patch.setattr(need, "evolve", twice)


def a_hold_is_not_taken_when_committed(patch: Patch) -> None:
    move = offer.move

    def keeps_held(state: Any, amounts: Any, *, out_of: str = "", into: str = "") -> Any:
        return move(state, amounts, out_of="" if (out_of, into) == ("held", "committed") else out_of, into=into)

    patch.setattr(offer, "move", keeps_held)


def who_proposed_answers_too(patch: Patch) -> None:
    awaiting = claim_proposing._awaiting

    def both(between: Any, org: str, members: Any) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*awaiting(between, org, members), between.provider, between.receiver)))

    patch.setattr(claim_proposing, "_awaiting", both)


def nothing_ever_expires(patch: Patch) -> None:
    patch.setattr(claim_answers, "expire", lambda deal, at: ())


def a_late_yes_counts(patch: Patch) -> None:
    legal = claim_legal.legal
    early = datetime.fromisoformat("2000-01-01T00:00:00+00:00")
    patch.setattr(claim_legal, "legal", lambda claim, org, at: legal(claim, org, early))


def nobody_moves_up(patch: Patch) -> None:
    patch.setattr(rivals, "promote", lambda *deals, **more: ())


def the_last_in_line_moves_up_first(patch: Patch) -> None:
    promote = rivals.promote
    patch.setattr(rivals, "promote", lambda state, waiting, **more: promote(state, waiting[::-1], **more))


def a_pair_claims_twice(patch: Patch) -> None:
    patch.setattr(rivals, "_not_live", lambda *claim: None)


def everybody_confirms_their_own_work(patch: Patch) -> None:
    patch.setattr(project_acts, "_side", lambda *project: None)


def losers_stay_on_the_board(patch: Patch) -> None:
    patch.setattr(claim_answers, "left_with_nothing", lambda *deals, **more: ())


def missing_parts_are_forgotten(patch: Patch) -> None:
    split = claim_endings.split
    patch.setattr(claim_endings, "split", lambda amounts, confirmed: (split(amounts, confirmed)[0], ()))


def a_member_takes_everything_along(patch: Patch) -> None:
    give_back = claim_endings.give_back
    patch.setattr(claim_members, "give_back", lambda deal, *, cause, only=None: give_back(deal, cause=cause))


def money_is_spent_before_it_arrives(patch: Patch) -> None:
    def spend(project: Any, *, amount_fen: int, voucher: Any, note: Any) -> Any:
        return (project_acts.FundsSpent(amount_fen=amount_fen, voucher=voucher, note=note),)

    patch.setattr(project_acts, "spend_funds", spend)


def a_need_closes_with_its_first_project(patch: Patch) -> None:
    patch.setattr(need_acts, "close", lambda state, waiver: ((state.id, need.NeedClosed(waiver=waiver)),))


def memory_runs_ahead_of_the_ledger(patch: Patch) -> None:
    change = work.Work.change

    def loses_the_last_event(self: Any, primary: str) -> Any:
        if len(self.events) > 2:
            del self.events[-1]
        return change(self, primary)

    patch.setattr(work.Work, "change", loses_the_last_event)


FAULTS: tuple[Fault, ...] = (
    one_place_too_many, a_declined_claim_keeps_its_hold, a_released_claim_gives_nothing_back,
    a_commitment_is_applied_twice, a_hold_is_not_taken_when_committed, who_proposed_answers_too, nothing_ever_expires,
    a_late_yes_counts, nobody_moves_up, the_last_in_line_moves_up_first, a_pair_claims_twice,
    everybody_confirms_their_own_work, losers_stay_on_the_board, missing_parts_are_forgotten,
    a_member_takes_everything_along, money_is_spent_before_it_arrives, a_need_closes_with_its_first_project,
    memory_runs_ahead_of_the_ledger,
)  # fmt: skip
