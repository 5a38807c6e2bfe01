"""The labels of a row: everything a list can ask for, and who may see it. Each holds from a position to a position."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from domain.access import ACTIONS, PUBLIC, Principal
from domain.areas import AreaState
from domain.claim import ClaimState
from domain.need import NeedState
from domain.offer import OfferState
from domain.project import ProjectState
from domain.round import RoundState
from domain.units import UnitState
from services.due import due_at
from services.figures import PathOf, day_of
from services.items import Item, State

OPEN_KINDS = ("unit", "area")  # anybody may see these
DONE = ("confirmed", "settled")


def labels(item: Item, path_of: PathOf, line: str | None = None) -> frozenset[str]:
    """kind; kind/s/STATUS; kind/c/CATEGORY; kind/a/AREA for its area and all above; kind/p/PARTY (the owner too);
    kind/n/ITEM that it is about; kind/v when everybody may see it; area/up/PARENT; desk/ORG and desk@AREA for whom
    something is to do; due/DAY (UTC) of what the clock will end; kind/m/MONTH and kind/d/DAY (Shanghai time) when it
    began; kind/l/LINE of the unit that gives or asks; of rounds also desk@AREA of what is handed to it, round/n/PARENT,
    round/calendar and round/pending."""
    kind, state, status = item.kind, item.state, item.status
    areas = tuple(path_of(area) for area in direct_areas(state))
    found = [f"{kind}/s/{status}", *(f"desk/{org}" for org in _desks(state, status))]
    found += [f"{kind}/p/{org}" for org in parties(state)]
    if isinstance(state, NeedState | OfferState) and state.public:
        found.append(f"{kind}/v")
    if status in ("posted", "disputed") and kind in ("need", "project"):
        found += [f"desk@{area}" for path in areas for area in path]
    if due := due_at(state):
        found.append(f"due/{due.date()}")
    if began := day_of(item.opened_at) if kind not in OPEN_KINDS else None:
        found += [f"{kind}/d/{began}", f"{kind}/m/{began[:7]}"]
    if line:
        found.append(f"{kind}/l/{line}")
    return _fixed(kind, areas, category_of(state), _about(state)).union(found)


@lru_cache(maxsize=8192)
def _fixed(
    kind: str, areas: tuple[tuple[str, ...], ...], category: str | None, about: tuple[str, ...]
) -> frozenset[str]:
    """The labels that hardly ever change."""
    found = {kind, *(f"{kind}/a/{area}" for path in areas for area in path), *about}
    if category:
        found.add(f"{kind}/c/{category}")
    if kind in OPEN_KINDS:
        found.add(f"{kind}/v")
    return frozenset(found)


def sight(kind: str, viewer: Principal | None) -> tuple[str, ...] | None:
    """One of these labels makes a row visible to the viewer (None: without log-in); None when all rows are. Says of
    every row what `domain.access.decide(viewer, "KIND.see", …)` says of its item."""
    viewer = viewer or PUBLIC
    cell = ACTIONS[f"{kind}.see"].cells[viewer.role]
    if "R" in cell or viewer.role == "system":
        return None
    found = [f"{kind}/v"] if "P" in cell else []
    if "O" in cell:
        found.append(f"{kind}/p/{viewer.org}")
    if "A" in cell and viewer.area:
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
        case RoundState():
            return (state.area,)


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
        case RoundState():
            return ()


def giver(state: State) -> str:
    """Whose line it is counted by: who gives; of a need, who asks."""
    match state:
        case NeedState() | OfferState():
            return state.content.owner
        case ClaimState():
            return state.terms.provider
        case ProjectState():
            return state.provider
        case UnitState() | AreaState():
            return state.id
        case RoundState():
            return state.area


def category_of(state: State) -> str | None:
    match state:
        case NeedState() | OfferState():
            return state.content.category
        case ClaimState():
            return state.terms.category
        case ProjectState() | RoundState():
            return state.category
    return None


def _about(state: State) -> tuple[str, ...]:
    match state:
        case ClaimState():
            named: tuple[str | None, ...] = (state.terms.need, state.terms.offer)
            return tuple(f"claim/n/{item}" for item in named if item)
        case ProjectState():
            return tuple(f"project/n/{item}" for item in (state.need, state.offer, state.claim) if item)
        case AreaState():
            return (f"area/up/{state.parent or ''}",)
        case RoundState():
            return _of_round(state)
    return ()


def _of_round(state: RoundState) -> tuple[str, ...]:
    """Who is handed what it leaves over, which round it goes on from, and what the clock has to finish or to count."""
    return (
        *((f"desk@{state.to}",) if state.to else ()), *((f"round/n/{state.parent}",) if state.parent else ()),
        *(("round/calendar",) if state.calendar else ()), *(("round/pending",) if state.is_pending else ()),
    )  # fmt: skip


def _desks(state: State, status: str) -> Iterable[str]:
    """Organisations that should do something, or will have to by a day."""
    match state:
        case ClaimState():
            return state.awaiting if status in ("proposed", "released") else ()
        case NeedState() if status == "open" and state.content.respond_by:
            return (state.content.owner,)
        case ProjectState() if status == "active":
            return (state.provider,)
        case ProjectState() if status == "reported":
            return (state.receiver,)
        case ProjectState() if status == "disputed":
            sides = {"provider": state.provider, "receiver": state.receiver}
            return [org for side, org in sides.items() if side != state.disputing_side]
        case ProjectState() if status in DONE:
            evaluated = {role for role, _ in state.evaluations}
            receiver = (state.receiver,) if not state.fed_back or "receiver" not in evaluated else ()
            return (*receiver, *(() if "provider" in evaluated else (state.provider,)))
    return ()
