"""The labels of a row: everything a list can ask for, and who may see it. Each holds from a position to a position."""

from __future__ import annotations

from collections.abc import Iterable

from domain.access import Principal
from domain.areas import AreaState
from domain.claim import ClaimState
from domain.need import NeedState
from domain.offer import OfferState
from domain.project import ProjectState
from domain.units import UnitState
from services.due import due_at
from services.figures import PathOf
from services.items import State

OPEN_KINDS = ("unit", "area")  # anybody may see these
_HIDDEN = {"need": ("draft", "rejected"), "offer": ("draft",)}  # seen by the owner, those above and auditors
DONE = ("confirmed", "settled")


def labels(kind: str, state: State, path_of: PathOf) -> frozenset[str]:
    """kind; kind/s/STATUS; kind/c/CATEGORY; kind/a/AREA for its area and all above; kind/p/PARTY (the owner too);
    kind/n/ITEM that it is about; kind/v when everybody may see it; area/up/PARENT; desk/ORG and desk@AREA for whom
    something is to do; due/DAY (UTC) of what the clock will end."""
    found = {kind, f"{kind}/s/{state.status}"}
    above = [ancestor for area in direct_areas(state) for ancestor in path_of(area)]
    found.update(f"{kind}/a/{area}" for area in above)
    found.update(f"{kind}/p/{org}" for org in parties(state))
    found.update(f"{kind}/n/{item}" for item in _items(state))
    found.update(f"desk/{org}" for org in _desks(state))
    if category := category_of(state):
        found.add(f"{kind}/c/{category}")
    if kind in OPEN_KINDS or (kind in _HIDDEN and state.status not in _HIDDEN[kind]):
        found.add(f"{kind}/v")
    if for_tiers(state):
        found.update(f"desk@{area}" for area in above)
    if due := due_at(state):
        found.add(f"due/{due.date()}")
    if isinstance(state, AreaState):
        found.add(f"area/up/{state.parent or ''}")
    return frozenset(found)


def sight(kind: str, viewer: Principal | None) -> tuple[str, ...] | None:
    """One of these labels makes a row visible to the viewer (None: without log-in); None when all rows are. Says of
    every row what `domain.access.decide(viewer, "see", …)` says of its item."""
    if kind in OPEN_KINDS or (viewer is not None and viewer.role in ("auditor", "system")):
        return None
    found = [f"{kind}/v"] if kind in _HIDDEN else []
    if viewer is not None:
        found.append(f"{kind}/p/{viewer.org}")
        if viewer.role in ("street", "district") and viewer.area:
            found.append(f"{kind}/a/{viewer.area}")
    return tuple(found)


def direct_areas(state: State) -> tuple[str, ...]:
    """Where it is; a unit may be in several areas."""
    match state:
        case NeedState() | OfferState():
            return (state.content.area,)
        case ClaimState():
            return (state.terms.area,)
        case ProjectState():
            return (state.area,)
        case UnitState():
            return state.areas
        case AreaState():
            return (state.id,)


def parties(state: State) -> Iterable[str]:
    """Whose it is: the owner; of claims and projects everybody bound by it."""
    match state:
        case NeedState() | OfferState():
            return (state.content.owner,)
        case ClaimState():
            return state.parties
        case ProjectState():
            return (state.provider, *state.members, state.receiver)
        case UnitState() | AreaState():
            return (state.id,)


def category_of(state: State) -> str | None:
    match state:
        case NeedState() | OfferState():
            return state.content.category
        case ClaimState():
            return state.terms.category
        case ProjectState():
            return state.category
    return None


def for_tiers(state: State) -> bool:
    """A street or district has something to do: endorse a need, settle a dispute."""
    return isinstance(state, NeedState | ProjectState) and state.status in ("posted", "disputed")


def _items(state: State) -> Iterable[str]:
    match state:
        case ClaimState():
            named: tuple[str | None, ...] = (state.terms.need, state.terms.offer)
        case ProjectState():
            named = (state.need, state.offer, state.claim)
        case _:
            named = ()
    return [item for item in named if item]


def _desks(state: State) -> Iterable[str]:
    """Organisations that should do something, or will have to by a day."""
    match state:
        case ClaimState():
            return state.awaiting if state.status in ("proposed", "released") else ()
        case NeedState() if state.status == "open" and state.content.respond_by:
            return (state.content.owner,)
        case ProjectState() if state.status == "active":
            return (state.provider,)
        case ProjectState() if state.status == "reported":
            return (state.receiver,)
        case ProjectState() if state.status == "disputed":
            return [org for org in (state.provider, state.receiver) if org != state.disputed_by]
        case ProjectState() if state.status in DONE:
            evaluated = {role for role, _ in state.evaluations}
            receiver = (state.receiver,) if not state.fed_back or "receiver" not in evaluated else ()
            return (*receiver, *(() if "provider" in evaluated else (state.provider,)))
    return ()
