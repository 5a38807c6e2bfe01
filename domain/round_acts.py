"""What may be done with a round: open, pin, prohibit, compute, publish, discard, go on to the next wave; and its pairs."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from domain.events import Refused, Text
from domain.matching.candidates import LOST_IN_ROUND
from domain.matching.outcome import ALGORITHM, Outcome, Scope
from domain.round import (
    Digests,
    Names,
    PairDropped,
    PairPinned,
    PairProhibited,
    PairProposed,
    RoundComputed,
    RoundDiscarded,
    RoundEvent,
    RoundOpened,
    RoundPublished,
    RoundState,
    pinned,
    prohibited,
)

Changes = tuple[RoundEvent, ...]
MOST_DECISIONS = 500  # pairs that people decide about, of either sort
_BEFORE = ("computation", "pins", "prohibitions", "discard")


def legal(round: RoundState) -> tuple[str, ...]:
    """The acts that its state allows now: computation, pins, prohibitions, publication, discard, wave."""
    match round.status:
        case "opened":
            return _BEFORE
        case "computed":
            return ("publication", *_BEFORE)
        case "published":
            return ("publication",) if round.is_pending else ("wave",)
    return ()


def key_of(district: str, number: str, policy: str) -> str:
    """Of the lots: nobody chooses it, and nothing of the district's data goes into it."""
    return hashlib.sha256(f"{district}|{number}|{policy}".encode()).hexdigest()


def open(
    *, number: str, scope: Scope, cutoff: int, at: int, policy: str, mode: str, district: str,
    parent: RoundState | None = None, calendar: bool = False,
) -> Changes:  # fmt: skip
    """`at`: minutes since 1970 UTC. Of a pair that is both pinned and prohibited the prohibition counts."""
    _few(scope)
    clean = Scope(area=scope.area, category=scope.category)
    for names in scope.pins:
        clean = pinned(clean, names)
    for names in scope.prohibitions:
        clean = prohibited(clean, names)
    return (RoundOpened(
        number=number, scope=clean, cutoff=cutoff, at=at, policy=policy, algorithm=ALGORITHM,
        key=key_of(district, number, policy), mode=mode, wave=parent.wave + 1 if parent else 1,
        parent=parent.id if parent else None, calendar=calendar,
    ),)  # fmt: skip


def pin(round: RoundState, *, need: str, offer: str, reason: Text | None) -> Changes:
    """The pair must come about; a prohibition of it is taken back. Afterwards the round is computed again."""
    _require(round, "pins")
    after = pinned(round.scope, (need, offer))
    _few(after)
    return () if after == round.scope else (PairPinned(need=need, offer=offer, reason=_reason(reason)),)


def prohibit(round: RoundState, *, need: str, offer: str, reason: Text | None) -> Changes:
    """The pair must not come about; a pin of it is taken back. Afterwards the round is computed again."""
    _require(round, "prohibitions")
    after = prohibited(round.scope, (need, offer))
    _few(after)
    return () if after == round.scope else (PairProhibited(need=need, offer=offer, reason=_reason(reason)),)


def may_compute(round: RoundState) -> None:
    _require(round, "computation")


def compute(round: RoundState, *, scope: Scope, outcome: Outcome, digests: Digests, backend: str) -> Changes:
    """Records the result of `scope`. Nothing when people have decided otherwise meanwhile, or the same is known already."""
    may_compute(round)
    if scope != round.scope or (round.status == "computed" and round.digests == digests):
        return ()
    return (RoundComputed(
        outcome=outcome, inputs=digests.inputs, rules=digests.rules, result=digests.result,
        certificate=digests.certificate, backend=backend,
    ),)  # fmt: skip


def publish(round: RoundState, *, by: str, waves: int, above: str | None) -> Changes:
    """Claims of its pairs follow, each by itself. `waves`: how many the policy has; `above`: the area that stands over
    the round's, which is handed the needs that this round leaves without hope."""
    if round.status == "published":
        return ()
    _require(round, "publication")
    hopeless = _hopeless(round, waves) if above else ()
    return (RoundPublished(by=by, escalated=hopeless, to=above if hopeless else None),)


def discard(round: RoundState, *, reason: Text | None) -> Changes:
    if round.status == "discarded":
        return ()
    _require(round, "discard")
    return (RoundDiscarded(reason=reason),)


def next_scope(round: RoundState, *, waves: int) -> Scope:
    """What the next wave is about: the same, without the pins that have been proposed. Refused: round.wrong_state,
    round.being_published, round.last_wave."""
    if round.is_pending:
        raise Refused(
            "round.being_published", f"轮次 {round.number} 的配对还在逐项提出，请稍后再开下一轮补配。",
            f"The pairs of round {round.number} are still being proposed: open the next wave in a moment.",
            legal=legal(round),
        )  # fmt: skip
    _require(round, "wave")
    if round.wave >= waves:
        raise Refused(
            "round.last_wave", f"匹配规则只有 {waves} 轮，这已是最后一轮；未配上的需求已转交上级。",
            f"The policy has {waves} waves and this was the last: what is left was handed to the area above.",
        )  # fmt: skip
    return replace(round.scope, pins=tuple(names for names in round.scope.pins if names not in round.proposed))


def propose_pair(round: RoundState, *, need: str, offer: str, claim: str) -> Changes:
    """A claim has come of the pair."""
    return (PairProposed(need=need, offer=offer, claim=claim),) if _unsettled(round, (need, offer)) else ()


def drop_pair(round: RoundState, *, need: str, offer: str, code: str) -> Changes:
    """The door refused it, with this code."""
    return (PairDropped(need=need, offer=offer, code=code),) if _unsettled(round, (need, offer)) else ()


def _unsettled(round: RoundState, names: Names) -> bool:
    if round.pair(*names) is None or round.status != "published":
        raise Refused(
            "round.no_such_pair", f"轮次 {round.number} 没有公布这一对。", f"Round {round.number} has published no such pair.",
            kind="missing",
        )  # fmt: skip
    return names not in round.proposed and names not in round.dropped


def _hopeless(round: RoundState, waves: int) -> tuple[str, ...]:
    """Needs without a pair: in the last wave all, before it those that no offer would have fitted at all."""
    unserved = round.outcome.unserved if round.outcome else ()
    return tuple(
        each.need for each in unserved if round.wave >= waves or all(code != LOST_IN_ROUND for code, _ in each.reasons)
    )


def _reason(reason: Text | None) -> Text:
    """Who is left out, or put first, may ask why."""
    if reason is None:
        raise Refused(
            "round.no_reason", "请写明指定或排除这一对的理由。", "Say why this pair is pinned or ruled out.", kind="invalid",
            field="reason",
        )  # fmt: skip
    return reason


def _few(scope: Scope) -> None:
    if max(len(scope.pins), len(scope.prohibitions)) > MOST_DECISIONS:
        raise Refused(
            "round.too_many_decisions", f"一轮最多指定或排除 {MOST_DECISIONS} 对。",
            f"At most {MOST_DECISIONS} pairs of a round are pinned or prohibited.", kind="invalid", field="pins",
        )  # fmt: skip


def _require(round: RoundState, act: str) -> None:
    acts = legal(round)
    if act not in acts:
        raise Refused(
            "round.wrong_state", f"轮次 {round.number} 现为“{round.status}”，不能办理。可以办理：{'、'.join(acts) or '—'}。",
            f"Round {round.number} is {round.status}; this is not possible now. Possible: {', '.join(acts) or '—'}.",
            legal=acts,
        )  # fmt: skip
