"""What a claim page tells: the terms and how they changed, who is awaited, and what an acceptance would bind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from api.pages import shown
from api.pages.claims.terms import as_told
from api.pages.places import Doc
from api.pages.words import Tongue
from domain.claim import ClaimState
from domain.claim_proposing import hold_amounts, wanted
from domain.events import Refused
from domain.need import NeedState
from domain.offer import OfferState
from services.engine import Engine

LEAD = ("牵头", "bound")
MEMBERS = {  # status of a member -> (word, tone)
    "joined": ("已加入", "bound"), "invited": ("待确认加入", "open"), "declined": ("已谢绝加入", "off"), "left": ("已退出", "off"),
}  # fmt: skip


def rounds(history: Sequence[Doc], called: Mapping[str, str], say: Tongue) -> list[dict[str, Any]]:
    """The proposal and each counter, oldest first: who, when, the note, and what changed: (what, before, after)."""
    found: list[dict[str, Any]] = []
    lines: dict[tuple[str, str], int] = {}
    window: Doc | None = None
    for entry in history:
        if entry["type"] not in ("claim.proposed", "claim.countered"):
            continue
        data = entry["data"]
        asked = data.get("terms", data)
        new, new_window = _by_line(asked["lines"]), as_told(asked["window"])
        changed = _changes(lines, new, say) if found else []
        if found and new_window != window:
            changed.append((say("时段"), _window(window, say), _window(new_window, say)))
        by = data["by"] if "by" in data else data["proposed_by"]["org"]
        found.append({
            "by": called.get(by, by), "at": entry["at"], "note": data.get("note"), "changed": changed,
            "lines": shown.amounts(asked["lines"], say), "window": _window(new_window, say),
        })  # fmt: skip
        lines, window = new, new_window
    return found


def _changes(before: Mapping[tuple[str, str], int], after: Mapping[tuple[str, str], int], say: Tongue) -> list[tuple[str, str, str]]:
    """Old → new, line by line; only what changed."""
    return [
        (kind, _amount(before.get((kind, unit)), unit, say), _amount(after.get((kind, unit)), unit, say))
        for kind, unit in dict.fromkeys((*before, *after))
        if before.get((kind, unit)) != after.get((kind, unit))
    ]


def _amount(n: int | None, unit: str, say: Tongue) -> str:
    return shown.amount({"unit": unit}, say, n) if n else "—"


def _by_line(lines: Sequence[Doc]) -> dict[tuple[str, str], int]:
    return {(line["kind"], line["unit"]): line["quantity"] for line in lines}


def _window(window: Doc | None, say: Tongue) -> str:
    return shown.window(window, say) if window else say("全部场次")


def binding(claim: ClaimState, item: NeedState | OfferState | None, say: Tongue) -> list[dict[str, str]]:
    """For each line of the item and occurrence that the claim takes: how much there is, taken already, by this claim,
    and left after it. At an occurrence that is short, `short` says so."""
    if item is None:
        return []
    asked = wanted(item, claim) if isinstance(item, NeedState) else _held(item, claim)
    own = {(a.kind, a.unit, a.occurrence): a.quantity for a in item.holds.get(claim.id, ())} if isinstance(item, OfferState) else {}
    found = []
    for amount in asked or ():
        bucket = (amount.kind, amount.unit, amount.occurrence)
        free = item.capacity.free(*bucket) + own.get(bucket, 0)
        line = {"unit": amount.unit}
        found.append({
            "kind": amount.kind, "when": shown.span(amount.occurrence, None) if amount.occurrence else "",
            "all": shown.amount(line, say, item.capacity.quantity(*bucket[:2])), "free": shown.amount(line, say, free),
            "this": shown.amount(line, say, amount.quantity), "left": shown.amount(line, say, max(free - amount.quantity, 0)),
            "short": "short" if amount.quantity > free else "",
        })  # fmt: skip
    return found


def _held(offer: OfferState, claim: ClaimState) -> Any:
    try:
        return hold_amounts(offer, claim.terms.lines, claim.terms.window)
    except Refused:
        return ()


async def place_in_queue(engine: Engine, claim: ClaimState) -> tuple[int, int]:
    """(place, how many wait) on the wait list of its need; (0, 0) when it is on none."""
    if claim.status != "waitlisted" or not claim.terms.need:
        return 0, 0
    waiting = []
    for id in await engine.log.citing(claim.terms.need):
        held = await engine.streams.load(id)
        if held is not None and held.state.status == "waitlisted":
            waiting.append(id)
    return (waiting.index(claim.id) + 1 if claim.id in waiting else 0), len(waiting)


def days_left(due: str | None, today: str) -> int | None:
    """Whole days of Shanghai from today to that day; below zero when it has passed."""
    if due is None:
        return None
    return (shown.local(due).date() - shown.local(f"{today}T00:00:00+08:00").date()).days
