"""A round as it is read by itself: its pairs with what has become of each, who is left over and why, fairness and proof."""

from __future__ import annotations

from typing import Any

from domain.matching.candidates import named
from domain.matching.outcome import Outcome, Pair, Scope
from domain.round import RoundState
from services.items import Item
from services.shapes import Doc, instant, line_of, plain, window


def view(item: Item) -> Doc:
    """What `RoundOut` promises, without the acts. Parts that are not computed yet are empty or None."""
    state = item.state
    assert isinstance(state, RoundState)
    return {**_head(state, item), **_result(state, state.outcome), **_after(state)}


def _head(state: RoundState, item: Item) -> Doc:
    return {
        "id": state.id, "number": state.number, "version": item.version, "status": state.status, "position": item.position,
        "area": state.area, "category": state.category, "mode": state.mode, "wave": state.wave, "parent": state.parent,
        "calendar": state.calendar, "cutoff": state.cutoff, "at": state.at, "policy": state.policy, "key": state.key,
        "algorithm": state.algorithm, "backend": state.backend, "scope": _scope(state.scope),
        "created_at": instant(item.created_at), "updated_at": instant(item.updated_at),
    }  # fmt: skip


def _scope(scope: Scope) -> Doc:
    """What people have decided so far."""
    return {
        name: [{"need": need, "offer": offer} for need, offer in pairs]
        for name, pairs in (("pins", scope.pins), ("prohibitions", scope.prohibitions))
    }


def _result(state: RoundState, found: Outcome | None) -> Doc:
    if found is None or state.digests is None:
        return dict.fromkeys(("pairs", "unserved", "refused_pins"), ()) | dict.fromkeys(
            ("needs", "candidates", "served", "full", "value"), 0
        ) | {"proven": False} | dict.fromkeys(("fairness", "digests", "certificate"))  # fmt: skip
    return {
        "needs": found.needs, "candidates": found.candidates, "served": found.served, "full": found.full, "value": found.value,
        "proven": found.proven, "pairs": [_pair(state, pair) for pair in found.pairs],
        "unserved": [{"need": each.need, "reasons": dict(each.reasons)} for each in found.unserved],
        "refused_pins": [{"need": need, "offer": offer, "code": code} for need, offer, code in found.refused_pins],
        "fairness": {"before": _plain(found.before), "after": _plain(found.after)},
        "digests": _plain(state.digests), "certificate": _plain(found.certificate),
    }  # fmt: skip


def _pair(state: RoundState, pair: Pair) -> Doc:
    names = (pair.need, pair.offer)
    return {
        "need": pair.need, "offer": pair.offer, "unit": pair.unit, "lines": [line_of(line) for line in pair.lines],
        "window": window(pair.window) if pair.window else None, "score": pair.score, "parts": named(pair.parts),
        "tier": pair.tier, "halves": pair.halves, "cover": pair.cover, "by": pair.by, "claim": state.proposed.get(names),
        "dropped": state.dropped.get(names),
    }  # fmt: skip


def _after(state: RoundState) -> Doc:
    return {"published_by": state.by, "escalated": list(state.escalated), "to": state.to}


def _plain(fact: object) -> Any:
    return plain(fact, lambda text: None)
