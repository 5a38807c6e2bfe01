"""Who may see one item, and what they may do with it now."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from domain import claim_legal, need_acts, offer_acts, project_acts
from domain.access import PARTIES, Facts, Principal, decide, missing
from domain.areas import AreaState
from domain.claim import ClaimState
from domain.need import NeedState
from domain.offer import OfferState
from domain.project import ProjectState
from domain.units import UnitState
from services.command import Done, kind_of
from services.items import KINDS, State
from services.labels import OPEN_KINDS, direct_areas, parties
from services.streams import Streams

_ACTIONS = {  # acts of needs, offers and coordinators -> what `decide` is asked
    "publication": "amend", "amendment": "amend", "withdrawal": "withdraw", "reopening": "reopen", "merge": "merge",
    "endorsement": "endorse", "rejection": "endorse", "pause": "pause", "resumption": "pause", "retirement": "retire",
}  # fmt: skip


async def seen(streams: Streams, viewer: Principal, stream: str, kind: str) -> State:
    """The item as it is on disk. Refused: item.not_found, also when it is there but not for this viewer."""
    held = await streams.committed(stream) if kind_of(stream) == kind else None
    if held is None or not await may_see(streams, viewer, held.state):
        raise missing()
    state: State = held.state
    return state


async def may_see(streams: Streams, viewer: Principal, state: State) -> bool:
    """What the lists say of its row, from the state itself."""
    return isinstance(state, UnitState | AreaState) or decide(viewer, "see", await facts(streams, state)) is None


async def facts(streams: Streams, state: State) -> Facts:
    """Its parties, the areas above it, and whether everybody may see it."""
    path = [above for area in direct_areas(state) for above in await streams.path(area)]
    return Facts(parties=tuple(parties(state)), path=tuple(path), public=_public(state))


async def visible(streams: Streams, viewer: Principal, ids: Iterable[str]) -> list[str]:
    """Those of the ids (items, areas by their own id) that the viewer may see, in order."""
    found = []
    for id in sorted(ids):
        kind = kind_of(id)
        if kind in KINDS and kind not in OPEN_KINDS:
            held = await (streams.committed(id) if streams.shared else streams.load(id))
            if held is None or not await may_see(streams, viewer, held.state):
                continue
        found.append(id)
    return found


async def areas_of(streams: Streams, names: Iterable[str]) -> list[str]:
    """The areas, with all above them, in which these streams count."""
    found: set[str] = set()
    for stream in names:
        held = await streams.load(stream) if kind_of(stream) in KINDS else None
        if held is not None:
            found.update((await facts(streams, held.state)).path)
    return sorted(found)


async def acts(streams: Streams, viewer: Principal, state: State, at: datetime) -> tuple[str, ...]:
    """What the viewer may do with the item now."""
    known = await facts(streams, state)
    if viewer.role not in (*PARTIES, "system"):
        return ()
    match state:
        case NeedState():
            return _of_item(viewer, "need", state.content.owner, need_acts.legal(state), known)
        case OfferState():
            return _of_item(viewer, "offer", state.content.owner, offer_acts.legal(state), known)
        case ClaimState():
            return claim_legal.legal(state, viewer.org, at)
        case ProjectState():
            return _of_project(viewer, state, known)
    return ()


def _public(state: State) -> bool:
    """Whether anybody with a key may see it."""
    match state:
        case NeedState() | OfferState():
            return state.public
        case ClaimState() | ProjectState():
            return False
    return True


async def standing(streams: Streams, stream: str) -> Done:
    """A stored item as an answer, for acts that write nothing."""
    rows = await streams.log.read_stream(stream)
    held = streams.fold(stream, rows)
    if held is None:
        raise missing()
    state, last = held.state, rows[-1]
    return Done(
        id=stream, number=state.number, version=held.version, status=state.status, position=last.position,
        index=last.position - 1, leaf=last.leaf.hex(),
    )  # fmt: skip


def _of_item(viewer: Principal, noun: str, owner: str, legal: tuple[str, ...], known: Facts) -> tuple[str, ...]:
    """The owner does not claim its own; auditors do nothing."""
    legal = (*legal, "rejection") if "endorsement" in legal else legal
    claims = viewer.role in PARTIES and viewer.org != owner
    may = {act: decide(viewer, f"{noun}.{action}", known) is None for act, action in _ACTIONS.items() if act in legal}
    return tuple(act for act in legal if (claims if act == "claim" else may.get(act)))


def _of_project(viewer: Principal, state: ProjectState, known: Facts) -> tuple[str, ...]:
    found = list(project_acts.legal(state, viewer.org))
    if state.side_of(viewer.org) is None and decide(viewer, "project.settle", known) is None:
        found += ["settlement"] if state.status == "disputed" else []
        found += ["closure"] if state.status in project_acts.DONE else []
    return tuple(found)

